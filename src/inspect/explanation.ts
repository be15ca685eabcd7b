import type { InspectCheck } from "./checks/signature-check.js";
import type { InspectNotation } from "./notations/types.js";
import type { Inspection, InspectProblem } from "./types.js";

/**
 * A range of bytes with its own tree: the input, or content in another notation within it, such as the
 * `message` of a REST body.
 */
export interface ExplainedSection {
  /** The recognized type: the full name of a message, or one of {@link EXPLAINED_AS}. */
  readonly type: string;
  /** The source of its bytes, in a few words. */
  readonly title: string;
  readonly tree: Inspection;
}

/** A problem, with its section and why it matters. */
export interface ExplainedProblem extends InspectProblem {
  /** Index of the section in `sections`. */
  readonly section: number;
  /** Why it matters, in a sentence; for most problems, the effect on signatures. */
  readonly why: string;
}

/** The bytes that a writer creates for the same fields. */
export interface CanonicalForm {
  /** Full name of the message. */
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Index of the section that the message is in. */
  readonly section: number;
  /** Offset of the message in its section. */
  readonly offset: number;
  /** Offset in the section of the first byte that differs. */
  readonly firstDifference: number;
}

/**
 * The result of {@link explain}.
 *
 * @example
 * ```ts
 * const { summary, verdict, problems, checks } = explain("2a340a220a20...");
 * problems[0]?.offset; // of the first wrong byte
 * checks.every(({ outcome }) => outcome === "passed");
 * ```
 */
export interface Explanation {
  /** The recognized type of the input: the full name of a message, or one of {@link EXPLAINED_AS}. */
  readonly type: string;
  /** The notation of the bytes. */
  readonly notation: InspectNotation;
  /** The recognized type and the reason, in a sentence, with alternatives. */
  readonly summary: string;
  /** The first wrong byte, what was expected there and why it matters; or that no byte is wrong. */
  readonly verdict: string;
  /** Other types that fit equally or almost as well; the likeliest first. */
  readonly alternatives: readonly string[];
  /** The sections; the first one is the input. */
  readonly sections: readonly ExplainedSection[];
  /** The problems of every section, in order; the first is the first wrong byte. */
  readonly problems: readonly ExplainedProblem[];
  readonly checks: readonly InspectCheck[];
  /** The canonical form, if the message can be read and is not canonical. */
  readonly canonical?: CanonicalForm;
}
