/** Why problems matter, and what is likely to have caused them. */

import type { InspectCheck } from "./checks/signature-check.js";
import type { ExplainedProblem } from "./explanation.js";
import { headerAround } from "./kinds/kinds.js";
import type { Recognized } from "./kinds/recognize.js";
import type { InspectProblem, InspectProblemCode } from "./types.js";

/** Why a problem matters, in a sentence. */
export function whyOf({ kind, code, why }: InspectProblem): string {
  if (why !== undefined) return why;
  const special = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  if (special !== undefined) return special;
  if (kind === "malformed")
    return "No reader takes these bytes, so there is nothing that a signature could be over.";
  if (kind === "broken_rule") return "The bytes are well-formed, but the sequencer refuses what they say.";
  return "A signature over these bytes does not verify at the sequencer, which writes the message again first.";
}

const rewritten = "so a signature over these bytes does not verify there.";

const reasons: Partial<Readonly<Record<InspectProblemCode, string>>> = {
  truncated: "Bytes are missing at the end, so no reader takes the rest.",
  length_beyond_end: "The length counts bytes that are not there, so no reader takes the message.",
  wrong_wire_type:
    "A strict reader refuses it, and a lenient one takes it for a field that it does not know, so that the value is missing.",
  wrong_field: "The sequencer looks for the value in another field; with the right tag all of it reads well.",
  unexpected_prefix:
    "It belongs to the transport. What is signed, and what an envelope or a REST body holds, begins after it.",
  wrong_length_prefix:
    "One wrong length moves everything after it, and no reader finds its way; with the right one all of it reads well.",
  non_minimal_varint: `The sequencer writes the message again before it verifies, with the shortest varints, ${rewritten}`,
  varint_out_of_range: `The sequencer reads only the bits that the type has and writes only those again, ${rewritten}`,
  field_order: `The sequencer writes the message again before it verifies, by ascending field numbers and then as its own Go library does, ${rewritten}`,
  explicit_default: `The sequencer writes the message again before it verifies, and writes no defaults, ${rewritten}`,
  repeated_singular: `Readers keep the last one and the sequencer writes only that again, ${rewritten}`,
  second_of_oneof: `Readers keep the last field of the choice and the sequencer writes only that again, ${rewritten}`,
  packing: `The sequencer writes the list again in the other way, ${rewritten}`,
  payload_filler:
    "Every byte of a payload goes into the rendezvous key, so these lead to another key and intent id.",
  unknown_payload_kind: "Nobody can tell what follows, and wallets refuse the code.",
  unknown_currency_index: "Nobody knows the currency, and wallets refuse the code.",
  unknown_field:
    "Nobody reads it; and where a reader drops fields that it does not know, the signature over the message breaks.",
  reserved_field:
    "Nobody reads it; and where a reader drops fields that it does not know, the signature over the message breaks.",
  missing_wrapper:
    "The sequencer reads the request as if it were the message, and the signature covers the Message.",
  unreadable_text: "From here on the text cannot be turned into bytes.",
  too_large: "No message of this protocol is nearly as long.",
  trailing_bytes: "Everything beyond the end is not part of it.",
  parity: "A scanner corrects up to six wrong bytes and gives up on more.",
  invalid_member: "The sequencer answers 400.",
};

/** The problem in a sentence. */
export function problemText({ offset, path, expected, found }: InspectProblem): string {
  return `byte ${offset}${path === "" ? "" : ` (${path})`}: expected ${expected}; found ${found}`;
}

/** Everything that there is to say. */
interface Findings {
  readonly problems: readonly ExplainedProblem[];
  readonly checks: readonly InspectCheck[];
  /** Titles of the sections. */
  readonly titles: readonly string[];
  /** What the input was taken for; absent where it could not be read. */
  readonly found?: Recognized;
}

/** The first wrong byte and why it matters, else the first failed check, else what is doubtful or still to be done. */
export function verdictOf({ problems, checks, titles, found }: Findings): string {
  const isOdd = found?.reading.brokenOff !== undefined;
  const odd = isOdd
    ? " The hex digits are odd in number, so one is missing or too many, here or before."
    : "";
  const wrong = problems.filter(({ kind }) => kind !== "doubtful");
  const [first = problems[0]] = wrong;
  const failed = checks.find(({ outcome }) => outcome === "failed");
  if (wrong.length === 0 && failed !== undefined) return `Every byte is in order, but ${failed.text}.`;
  if (first === undefined) {
    if (found?.isUnknown !== false)
      return "There is nothing to hold it against; say by `as` what it should be.";
    const todo = unsignedNote(found);
    return todo === undefined
      ? "No byte is wrong."
      : `No byte is wrong, but these are not the bytes to sign: ${todo}`;
  }
  const where = first.section === 0 ? "" : ` in ${titles[first.section]}:`;
  const more = problems.length - 1;
  const others = more > 0 ? ` ${more} more ${more > 1 ? "problems follow" : "problem follows"}.` : "";
  const lead = first.kind === "doubtful" ? "Nothing that is refused, but doubtful" : "First wrong";
  return `${lead}:${where} ${problemText(first)}. ${first.why}${odd}${others}`;
}

/** What has to be put around a request that stands alone. */
function unsignedNote({ kind, reading, prefix }: Recognized): string | undefined {
  const header = headerAround(kind.name, reading.bytes.subarray(prefix?.length ?? 0));
  if (header === undefined) return undefined;
  return (
    `put ${header} before them, the tag and length that make a Message of the request, and sign all of that. ` +
    "Only the `message` of a REST body is the request alone."
  );
}
