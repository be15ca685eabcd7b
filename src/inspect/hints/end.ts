/** Reports a missing end if a length that reaches beyond it is more likely right than wrong. */
import { type Draft, report } from "../tree.js";
import type { Inspection } from "../types.js";
import { count } from "../words.js";

// No message is longer, so a greater length is wrong.
const MAX_DECLARED = 65_536;

/** Reports how many bytes are missing, in place of the length problem. Returns whether it did. */
export function hintAtEnd(root: Draft, { bytes }: Inspection): boolean {
  // A nested message has another length around it, which would be wrong too.
  const cut = root.children.find(({ ownProblems }) =>
    ownProblems.some(({ code }) => code === "length_beyond_end"),
  );
  const declared = cut?.lengthPrefix?.value;
  const body = cut?.body;
  if (cut?.lengthPrefix === undefined || body === undefined || declared === undefined) return false;
  if (declared > MAX_DECLARED || body.offset + body.length !== bytes.length) return false;
  const at = cut.ownProblems.findIndex(({ code }) => code === "length_beyond_end");
  cut.ownProblems.splice(at, 1);
  const expected = `${count(declared - body.length, "more byte")}, since the length at byte ${cut.lengthPrefix.offset} is ${declared}`;
  report(cut, "malformed", "truncated", bytes.length, expected, "the end");
  return true;
}
