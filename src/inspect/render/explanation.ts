import { hex } from "@scure/base";
import { wrapLine } from "../../lib/wrap.js";
import type { InspectCheckOutcome } from "../checks/signature-check.js";
import type { CanonicalForm, Explanation } from "../explanation.js";
import { count } from "../words.js";
import { MIN_WIDTH, type RenderStyle, type Stylist } from "./table.js";
import { checkRendered, DEFAULT_WIDTH, type RenderOptions, renderText, stylistOf } from "./tree.js";

const outcomes: Readonly<Record<InspectCheckOutcome, string>> = {
  passed: "ok     ",
  failed: "WRONG  ",
  skipped: "skipped",
};

/**
 * Renders an explanation as text: the type and why, the first wrong byte, the trees, the checks and, if it
 * differs, the canonical form.
 *
 * Text of the input is escaped so that it cannot control a terminal.
 *
 * @throws InputError if `explanation` is not an explanation, or for invalid options
 * @example
 * ```ts
 * import { explain, renderExplanation } from "code-intents/inspect";
 *
 * console.log(renderExplanation(explain("028ce803000000000003ac674216f3e15c761ee1"), { width: 100 }));
 * ```
 */
export function renderExplanation(explanation: Explanation, options: RenderOptions = {}): string {
  checkRendered(explanation, "explanation", "sections", options);
  const { summary, verdict, problems, sections, checks, canonical } = explanation;
  const width = Math.max(MIN_WIDTH, Math.floor(options.width ?? DEFAULT_WIDTH) || MIN_WIDTH);
  const stylist = stylistOf(options);
  const paragraph = paragraphs(width, stylist);
  const failed = checks.some(({ outcome }) => outcome === "failed");
  const blocks = [[...paragraph(summary), ...paragraph(verdict, problems.length > 0 ? "problem" : "plain")]];
  for (const [index, { title, tree }] of sections.entries()) {
    const heading = index === 0 ? [] : paragraph(`${capital(title)}:`, "heading");
    blocks.push([...heading, renderText(tree, { ...options, width })]);
  }
  if (checks.length > 0) {
    const lines = checks.flatMap(({ outcome, text, path }) => {
      const where = path === "" ? "" : ` (${path})`;
      const style = outcome === "failed" ? "problem" : "plain";
      return paragraph(`${capital(text)}${where}.`, style, outcomes[outcome]);
    });
    blocks.push([...paragraph(failed ? "Checks (not all passed):" : "Checks:", "heading"), ...lines]);
  }
  if (canonical !== undefined) blocks.push(canonicalLines(canonical, paragraph));
  return blocks.map((lines) => lines.join("\n")).join("\n\n");
}

type Paragraph = (text: string, style?: RenderStyle, mark?: string) => string[];

/** Wraps text over several lines, with a mark on the first one. */
function paragraphs(width: number, stylist: Stylist): Paragraph {
  return (text, style = "plain", mark = "") => {
    const indent = mark === "" ? "" : " ".repeat(mark.length + 2);
    return wrapLine(text, width - indent.length, { breakWords: true }).map((line, index) => {
      const start =
        index === 0 && mark !== ""
          ? `${stylist(mark.trimEnd(), style)}${" ".repeat(2 + mark.length - mark.trimEnd().length)}`
          : indent;
      return `${start}${stylist(line, style)}`;
    });
  };
}

function canonicalLines(
  { type, bytes, offset, firstDifference }: CanonicalForm,
  paragraph: Paragraph,
): string[] {
  const at = firstDifference - offset;
  const heading =
    `Canonical form of this ${type}, ${count(bytes.length, "byte")}: the sequencer verifies the signature over these bytes; ` +
    `they differ from byte ${firstDifference} on${offset === 0 ? "" : ` (byte ${at} of the message)`}:`;
  return [...paragraph(heading, "heading"), ...paragraph(hex.encode(bytes))];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
