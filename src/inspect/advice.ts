/** Explains why problems matter, and what likely caused them. */

import type { InspectCheck } from "./checks/signature-check.js";
import type { ExplainedProblem } from "./explanation.js";
import { headerAround } from "./kinds/kinds.js";
import type { Recognized } from "./kinds/recognize.js";
import type { InspectProblem, InspectProblemCode } from "./types.js";

/** Returns a sentence that explains why a problem matters. */
export function whyOf({ kind, code, why }: InspectProblem): string {
  if (why !== undefined) return why;
  const special = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  if (special !== undefined) return special;
  if (kind === "malformed") return "These bytes cannot be parsed, so no signature over them can verify.";
  if (kind === "broken_rule") return "The bytes are well-formed, but the sequencer rejects their content.";
  return "The sequencer encodes the message again before it verifies, so a signature over these bytes does not verify there.";
}

const rewritten = "so a signature over these bytes does not verify there.";

const reasons: Partial<Readonly<Record<InspectProblemCode, string>>> = {
  truncated: "Bytes are missing at the end, so the rest cannot be read.",
  length_beyond_end: "The length includes bytes that do not exist, so the message cannot be read.",
  wrong_wire_type:
    "A strict reader rejects it. A lenient one treats it as an unknown field, so that the value is missing.",
  wrong_field:
    "The sequencer expects the value in another field. With the right tag the complete message is valid.",
  unexpected_prefix:
    "It belongs to the transport. The signed bytes, and the content of an envelope or a REST body, begin after it.",
  wrong_length_prefix:
    "One wrong length moves everything after it, so the rest cannot be read. With the right length the complete message is valid.",
  non_minimal_varint: `The sequencer encodes the message again before it verifies, with the shortest varints, ${rewritten}`,
  varint_out_of_range: `The sequencer reads only the bits that the type has and encodes only those again, ${rewritten}`,
  field_order: `The sequencer encodes the message again before it verifies, by ascending field numbers and then as its Go library does, ${rewritten}`,
  explicit_default: `The sequencer encodes the message again before it verifies, without default values, ${rewritten}`,
  repeated_singular: `Readers keep the last one and the sequencer encodes only that one again, ${rewritten}`,
  second_of_oneof: `Readers keep the last field of the oneof and the sequencer encodes only that one again, ${rewritten}`,
  packing: `The sequencer encodes the list in the other form again, ${rewritten}`,
  payload_filler:
    "Every byte of a payload is part of the rendezvous key, so these lead to another key and intent id.",
  unknown_payload_kind: "The meaning of the other bytes is unknown, and wallets reject the code.",
  unknown_currency_index: "The currency is unknown, and wallets reject the code.",
  unknown_field:
    "Readers ignore it. If a reader drops unknown fields, the signature over the message no longer verifies.",
  reserved_field:
    "Readers ignore it. If a reader drops unknown fields, the signature over the message no longer verifies.",
  missing_wrapper: "The sequencer parses the request as the message, and the signature covers the Message.",
  unreadable_text: "From here on the text cannot be decoded.",
  too_large: "No message of this protocol is nearly that long.",
  trailing_bytes: "Everything after the end is not part of it.",
  parity: "A scanner corrects up to six wrong bytes and fails on more.",
  invalid_member: "The sequencer responds with 400.",
};

/** Describes a problem in a sentence. */
export function problemText({ offset, path, expected, found }: InspectProblem): string {
  return `byte ${offset}${path === "" ? "" : ` (${path})`}: expected ${expected}; found ${found}`;
}

/** The results that a verdict is based on. */
interface Findings {
  readonly problems: readonly ExplainedProblem[];
  readonly checks: readonly InspectCheck[];
  /** Titles of the sections. */
  readonly titles: readonly string[];
  /** What the input is recognized as; absent if it could not be read. */
  readonly found?: Recognized;
}

/**
 * Returns the first wrong byte and why it matters, else the first failed check, else doubtful values or
 * remaining steps.
 */
export function verdictOf({ problems, checks, titles, found }: Findings): string {
  const isOdd = found?.reading.brokenOff !== undefined;
  const odd = isOdd ? " The number of hex digits is odd, so one is missing or extra, here or earlier." : "";
  const wrong = problems.filter(({ kind }) => kind !== "doubtful");
  const [first = problems[0]] = wrong;
  const failed = checks.find(({ outcome }) => outcome === "failed");
  if (wrong.length === 0 && failed !== undefined) return `Every byte is valid, but ${failed.text}.`;
  if (first === undefined) {
    if (found?.isUnknown !== false) return "There is nothing to compare it with; pass `as` to name its type.";
    const todo = unsignedNote(found);
    return todo === undefined
      ? "No byte is wrong."
      : `No byte is wrong, but these are not the bytes to sign: ${todo}`;
  }
  const where = first.section === 0 ? "" : ` in ${titles[first.section]}:`;
  const more = problems.length - 1;
  const others = more > 0 ? ` ${more} more ${more > 1 ? "problems follow" : "problem follows"}.` : "";
  const lead = first.kind === "doubtful" ? "Accepted but doubtful" : "First wrong";
  return `${lead}:${where} ${problemText(first)}. ${first.why}${odd}${others}`;
}

/** Returns what must be put around a bare request before signing. */
function unsignedNote({ kind, reading, prefix }: Recognized): string | undefined {
  const header = headerAround(kind.name, reading.bytes.subarray(prefix?.length ?? 0));
  if (header === undefined) return undefined;
  return (
    `put ${header} before them, the tag and length that wrap the request in a Message, and sign all of that. ` +
    "Only the `message` of a REST body is the request without the Message."
  );
}
