import { InputError } from "../errors.js";
import { requireBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { verdictOf, whyOf } from "./advice.js";
import type { ExplainedProblem, ExplainedSection, Explanation } from "./explanation.js";
import { EXPLAINED_AS, type Kind, kindNamed } from "./kinds/kinds.js";
import { recognize } from "./kinds/recognize.js";
import type { SectionDraft } from "./kinds/sections.js";
import { hintAtLength } from "./length-hint.js";
import { readingsOf } from "./notations/readings.js";
import type { InspectNotation } from "./notations/types.js";
import { canonicalForm } from "./rules/canonical-form.js";
import { summaryOf } from "./summary.js";
import { inputBytes, inspection, report } from "./tree.js";
import { tooLarge, unreadableText } from "./unreadable.js";

/** How to explain an input. */
export interface ExplainOptions {
  /**
   * What the input is, where it is not what `explain` would take it for: the name of a message, full
   * (`code.messaging.v1.Message`) or short, or one of {@link EXPLAINED_AS}.
   */
  readonly as?: string | undefined;
  /**
   * Key to verify with where the input does not hold it: of the rendezvous for a delivered message, of the sequencer for
   * a webhook token. 32 bytes, or their base58 text.
   */
  readonly publicKey?: string | Uint8Array | undefined;
  /** Longest input, in bytes. Default 65536; longer ones are not looked at, and a problem says so. */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_BYTES = 65_536;
// `0x2A, ` and the lines of a hex dump take six characters or fewer for a byte.
const CHARACTERS_PER_BYTE = 8;

// Notations that nothing else looks like.
const written: ReadonlySet<InspectNotation> = new Set(["hex", "hex dump", "escaped text", "numbers", "text"]);

/**
 * Explains bytes in whatever notation they come: what they are and why, what every byte means, whether signatures and keys
 * in them agree, and which byte is the first wrong one.
 *
 * Text may be hex (with blanks, commas, `0x`, `\x`, braces), a hex dump, escaped text, a list of numbers, base64, base64url,
 * base58, the JSON body of a REST call, or a webhook token. Bytes may be any of these too, as a file is.
 *
 * No input throws, whatever it is. Payloads, nonces and client secrets are secrets, and the explanation shows them.
 *
 * @throws InputError only where `input` is neither text nor bytes, or for the options
 * @example
 * ```ts
 * import { explain, renderExplanation } from "code-intents/inspect";
 *
 * const explanation = explain("0x2A, 0x34, 0x0A, 0x22, 0x0A, 0x20");
 * explanation.type; // "code.messaging.v1.Message"
 * explanation.verdict; // "First wrong: byte 1 ...: expected a length of at most 4; found 52. ..."
 * console.log(renderExplanation(explanation));
 * ```
 */
export function explain(input: string | Uint8Array, options: ExplainOptions = {}): Explanation {
  checkOptions(options, "", ["as", "publicKey", "maxBytes"]);
  const source = typeof input === "string" ? input : bytesOf(input);
  const as = options.as === undefined ? undefined : kindOf(options.as);
  const publicKey = options.publicKey === undefined ? undefined : keyOf(options.publicKey);
  const maxBytes = limitOf(options.maxBytes);
  if (source.length > (typeof source === "string" ? CHARACTERS_PER_BYTE * maxBytes : maxBytes)) {
    return tooLarge(source, maxBytes);
  }
  const readings = readingsOf(source, maxBytes, as?.isText ?? false);
  const [first, ...rest] = readings.filter(({ bytes }) => bytes.length <= maxBytes);
  if (first === undefined) {
    return readings.length > 0 || typeof source !== "string"
      ? tooLarge(source, maxBytes)
      : unreadableText(source);
  }
  const found = recognize([first, ...rest], as);
  // Letters that happen to be base64 of nothing known are more likely a slip in something else.
  if (found.isUnknown && typeof source === "string" && !written.has(found.reading.notation)) {
    return unreadableText(source);
  }
  const { kind, reading } = found;
  const { sections: drafts, checks } = kind.read(reading.bytes);
  const root = drafts[0]?.root;
  if (reading.brokenOff !== undefined && root !== undefined) {
    report(root, "malformed", "truncated", reading.bytes.length, reading.brokenOff, "the end");
  }
  if (found.tagHint !== undefined && root !== undefined) {
    const { expected, found: instead } = found.tagHint;
    report(root, "malformed", "wrong_field", 0, expected, instead);
  }
  const sections = drafts.map((section, index) => finished(section, index === 0 ? kind : undefined));
  const problems = problemsOf(sections);
  const canonical = canonicalForm(sections);
  const checked = checks({ publicKey });
  return {
    type: kind.name,
    notation: reading.notation,
    summary: summaryOf(found, {
      forced: as !== undefined,
      isClean: problems.every(({ kind }) => kind === "not_canonical"),
    }),
    verdict: verdictOf({
      problems,
      checks: checked,
      titles: sections.map(({ title }) => title),
      isUnknown: found.isUnknown,
    }),
    alternatives: found.alternatives,
    sections,
    problems,
    checks: checked,
    ...(canonical === undefined ? {} : { canonical }),
  };
}

function finished({ type, title, root }: SectionDraft, kind: Kind | undefined): ExplainedSection {
  const tree = inspection(root);
  if (kind?.message === undefined) return { type, title, tree };
  return { type, title, tree: hintAtLength(root, kind.message, tree) ? inspection(root) : tree };
}

function problemsOf(sections: readonly ExplainedSection[]): ExplainedProblem[] {
  return sections.flatMap(({ tree }, section) =>
    tree.problems.map((problem) => ({ ...problem, section, why: whyOf(problem) })),
  );
}

function bytesOf(input: unknown): Uint8Array {
  if (input instanceof Uint8Array) return inputBytes(input);
  throw new InputError("invalid_option", "input", "must be text or a Uint8Array");
}

function kindOf(as: unknown): Kind {
  const kind = typeof as === "string" ? kindNamed(as) : undefined;
  if (kind !== undefined) return kind;
  const others = EXPLAINED_AS.join(", ");
  throw new InputError(
    "invalid_option",
    "as",
    `must be the name of a message, such as Message, or one of ${others}`,
  );
}

function keyOf(publicKey: unknown): Uint8Array {
  if (!(publicKey instanceof Uint8Array)) {
    return requireBase58(publicKey, "publicKey", 32, "the public key to verify with, base58 of 32 bytes");
  }
  if (publicKey.length !== 32) {
    throw new InputError("invalid_option", "publicKey", `is ${publicKey.length} bytes, must be 32`);
  }
  return publicKey;
}

function limitOf(maxBytes: unknown): number {
  if (maxBytes === undefined) return DEFAULT_MAX_BYTES;
  if (typeof maxBytes === "number" && Number.isSafeInteger(maxBytes) && maxBytes > 0) return maxBytes;
  throw new InputError("invalid_option", "maxBytes", "must be a whole number of bytes, greater than 0");
}
