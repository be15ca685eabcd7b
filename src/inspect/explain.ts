import { InputError } from "../errors.js";
import { requireBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { verdictOf, whyOf } from "./advice.js";
import { canonicalForm } from "./canonical-form.js";
import { messageOfType } from "./catalog.js";
import type { ExplainedProblem, ExplainedSection, Explanation } from "./explanation.js";
import { addHint } from "./hints/hints.js";
import { reportTag } from "./hints/tag.js";
import { EXPLAINED_AS, type Kind, kindNamed } from "./kinds/kinds.js";
import type { Recognized } from "./kinds/recognize.js";
import type { SectionDraft } from "./kinds/sections.js";
import { take } from "./kinds/take.js";
import { lowerAccepted } from "./rules/accepted.js";
import { summaryOf } from "./summary.js";
import { type Draft, inputBytes, inspection, report } from "./tree.js";
import { tooLarge, unreadableText } from "./unreadable.js";

/** Options for {@link explain}. */
export interface ExplainOptions {
  /**
   * The type of the input, if it cannot be recognized: the name of a message, full
   * (`code.messaging.v1.Message`) or short, or one of {@link EXPLAINED_AS}.
   */
  readonly as?: string | undefined;
  /**
   * Key to verify with if the input does not contain it: the rendezvous key for a delivered message, the
   * sequencer's key for a webhook token. 32 bytes, or their base58 text.
   */
  readonly publicKey?: string | Uint8Array | undefined;
  /** Longest input, in bytes. Default: 65536. A longer input is not read and has the problem `too_large`. */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_BYTES = 65_536;

/**
 * Explains bytes in any notation: what they are and why, what every byte means, whether the signatures and
 * keys in them agree, and which byte is the first wrong one.
 *
 * Text can be hex (with spaces, commas, `0x`, `\x`, braces), a hex dump, escaped text, a list of numbers,
 * base64, base64url, base58, a `Buffer` as JSON, the JSON body of a REST call, or a webhook token. Bytes that
 * are printable text, such as the content of a file, are read as that text.
 *
 * Does not throw for any text or bytes. Payloads, nonces and client secrets are secrets, and the explanation
 * shows them.
 *
 * @throws InputError only if `input` is not text or bytes, or for invalid options
 * @example
 * ```ts
 * import { explain, renderExplanation } from "code-intents/inspect";
 *
 * const explanation = explain("0x2A, 0x34, 0x0A, 0x22, 0x0A, 0x20");
 * explanation.type; // "code.messaging.v1.Message"
 * explanation.verdict; // "First wrong: byte 6 ...: expected 48 more bytes, since the length at byte 1 ..."
 * console.log(renderExplanation(explanation));
 * ```
 */
export function explain(input: string | Uint8Array, options: ExplainOptions = {}): Explanation {
  checkOptions(options, "", ["as", "publicKey", "maxBytes"]);
  const source = typeof input === "string" ? input : bytesOf(input);
  const as = options.as === undefined ? undefined : kindOf(options.as);
  const publicKey = options.publicKey === undefined ? undefined : keyOf(options.publicKey);
  const maxBytes = limitOf(options.maxBytes);
  const found = take(source, as, maxBytes);
  if ("refused" in found) {
    return found.refused === "too large" ? tooLarge(source, maxBytes) : unreadableText(found.text);
  }
  const { kind, reading, prefix } = found;
  const { sections: drafts, checks } = kind.read(reading.bytes, prefix);
  const root = drafts[0]?.root;
  if (root !== undefined) reportReading(root, found);
  const sections = drafts.map((section) => finished(section, found));
  const problems = problemsOf(sections);
  const canonical = canonicalForm(sections);
  const checked = checks({ publicKey });
  return {
    type: kind.name,
    notation: reading.notation,
    summary: summaryOf(found, {
      forced: as !== undefined,
      isClean: problems.every(({ kind }) => kind === "not_canonical" || kind === "doubtful"),
    }),
    verdict: verdictOf({
      problems,
      checks: checked,
      titles: sections.map(({ title }) => title),
      found,
    }),
    alternatives: found.alternatives,
    sections,
    problems,
    checks: checked,
    ...(canonical === undefined ? {} : { canonical }),
  };
}

/** Reports the problems found while the input was decoded. */
function reportReading(root: Draft, { reading, firstTag }: Recognized): void {
  if (reading.brokenOff !== undefined) {
    report(root, "malformed", "truncated", reading.bytes.length, reading.brokenOff, "the end");
  }
  if (firstTag !== undefined) reportTag(root, 0, firstTag.tag, firstTag.name, reading.bytes[0]);
}

function finished({ type, title, root }: SectionDraft, { firstTag }: Recognized): ExplainedSection {
  const tree = inspection(root);
  const message = firstTag === undefined ? messageOfType(type) : undefined;
  if (message === undefined) return { type, title, tree };
  if (!addHint(root, message, tree)) lowerAccepted(root);
  return { type, title, tree: inspection(root) };
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
    throw new InputError("invalid_option", "publicKey", `is ${publicKey.length} bytes; must be 32`);
  }
  return publicKey;
}

function limitOf(maxBytes: unknown): number {
  if (maxBytes === undefined) return DEFAULT_MAX_BYTES;
  if (typeof maxBytes === "number" && Number.isSafeInteger(maxBytes) && maxBytes > 0) return maxBytes;
  throw new InputError("invalid_option", "maxBytes", "must be a whole number of bytes, greater than 0");
}
