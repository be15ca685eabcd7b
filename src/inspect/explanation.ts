import type { InspectCheck } from "./checks/signature-check.js";
import type { InspectNotation } from "./notations/types.js";
import type { Inspection, InspectProblem } from "./types.js";

/**
 * A stretch of bytes with a tree of its own: the input, and what is written in it in another notation, such as the
 * `message` of a REST body.
 */
export interface ExplainedSection {
  /** What it is taken for: the full name of a message, or one of {@link EXPLAINED_AS}. */
  readonly type: string;
  /** Where its bytes are from, in a few words. */
  readonly title: string;
  readonly tree: Inspection;
}

/** A problem, with the section that it is in and with why it matters. */
export interface ExplainedProblem extends InspectProblem {
  /** Index of the section in `sections`. */
  readonly section: number;
  /** Why it matters, in a sentence; for most problems, what it does to signatures. */
  readonly why: string;
}

/** The bytes that a writer would have made of the same fields. */
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
 * What {@link explain} makes of its input.
 *
 * @example
 * ```ts
 * const { summary, verdict, problems, checks } = explain("2a340a220a20...");
 * problems[0]?.offset; // of the first wrong byte
 * checks.every(({ outcome }) => outcome === "passed");
 * ```
 */
export interface Explanation {
  /** What the input is taken for: the full name of a message, or one of {@link EXPLAINED_AS}. */
  readonly type: string;
  /** How the bytes were written. */
  readonly notation: InspectNotation;
  /** What it is taken for and why, in a sentence, with what else it could be. */
  readonly summary: string;
  /** The first wrong byte, what was expected there and why it matters; or that no byte is wrong. */
  readonly verdict: string;
  /** Other types that fit as well, or nearly; the likeliest first. */
  readonly alternatives: readonly string[];
  /** The input first. */
  readonly sections: readonly ExplainedSection[];
  /** Of every section, in order; the first is the first wrong byte. */
  readonly problems: readonly ExplainedProblem[];
  readonly checks: readonly InspectCheck[];
  /** Where the message can be read, and would be written in another way. */
  readonly canonical?: CanonicalForm;
}
