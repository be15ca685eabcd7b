/** Explains input that cannot be read: it is too long, or text in an unknown notation. */
import { verdictOf, whyOf } from "./advice.js";
import type { Explanation } from "./explanation.js";
import { unknownDraft, valueDraft } from "./kinds/bare.js";
import { addArea } from "./kinds/payload.js";
import { flawOf } from "./notations/readings.js";
import { type Draft, inspection, report } from "./tree.js";
import { quote } from "./words.js";

/** Reports that a source is longer than the limit. */
export function tooLarge(source: string | Uint8Array, maxBytes: number): Explanation {
  const root = unknownDraft(typeof source === "string" ? new TextEncoder().encode(source) : source);
  report(root, "malformed", "too_large", maxBytes, `at most ${maxBytes} bytes`, "more");
  return explanation(source, root, `The input is longer than the limit of ${maxBytes} bytes.`);
}

/** Reports where text stops being readable in any notation. */
export function unreadableText(text: string): Explanation {
  const bytes = new TextEncoder().encode(text);
  const root = valueDraft("text", bytes);
  const whole = addArea(root, "text", "characters", bytes, 0, bytes.length);
  whole.meaning = "text that cannot be decoded";
  const flaw = flawOf(text);
  const at = flaw?.at ?? 0;
  const offset = new TextEncoder().encode(text.slice(0, at)).length;
  const expected = flaw?.expected ?? "hex, base64, base58, the JSON of a REST body or a webhook token";
  // The line break at the end of a file is not shown.
  const shown = text.slice(at, at + 12).trimEnd();
  const found = shown === "" ? "the end" : quote(shown);
  report(whole, "malformed", "unreadable_text", offset, expected, found);
  const summary =
    flaw === undefined
      ? "Text in an unknown notation."
      : `Text that is valid ${flaw.notation} only up to character ${at}.`;
  return explanation(text, root, summary);
}

function explanation(source: string | Uint8Array, root: Draft, summary: string): Explanation {
  const tree = inspection(root);
  const problems = tree.problems.map((problem) => ({ ...problem, section: 0, why: whyOf(problem) }));
  return {
    type: "bytes",
    notation: typeof source === "string" ? "text" : "bytes",
    summary,
    verdict: verdictOf({ problems, checks: [], titles: [] }),
    alternatives: [],
    sections: [{ type: "bytes", title: "the input", tree }],
    problems,
    checks: [],
  };
}
