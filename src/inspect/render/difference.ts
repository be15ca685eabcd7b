import { wrapLine } from "../../lib/wrap.js";
import type { Difference } from "../diff/difference.js";
import { MIN_WIDTH, type RenderStyle } from "./table.js";
import { checkRendered, DEFAULT_WIDTH, type RenderOptions, stylistOf } from "./tree.js";

/**
 * Renders a difference as text: the first byte, the fields, and the consequences.
 *
 * @throws InputError if `difference` is not a difference, or for invalid options
 * @example
 * ```ts
 * import { diff, renderDifference } from "code-intents/inspect";
 *
 * console.log(renderDifference(diff(intent, "2a340a220a20...")));
 * ```
 */
export function renderDifference(difference: Difference, options: RenderOptions = {}): string {
  checkRendered(difference, "difference", "consequences", options);
  const { equal, summary, fields, consequences, faults } = difference;
  const width = Math.max(MIN_WIDTH, Math.floor(options.width ?? DEFAULT_WIDTH) || MIN_WIDTH);
  const stylist = stylistOf(options);
  const lines: string[] = [];
  const write = (text: string, style: RenderStyle = "plain", indent = 0): void => {
    const blanks = " ".repeat(indent);
    for (const line of wrapLine(text, width - indent, { breakWords: true }))
      lines.push(`${blanks}${stylist(line, style)}`);
  };
  write(summary, equal ? "plain" : "problem");
  for (const { piece, path, here, there } of fields) {
    lines.push("");
    write(piece === "input" ? path : `${piece}: ${path}`, "name");
    write(`here   ${here ?? "absent"}`, "plain", 2);
    write(`there  ${there ?? "absent"}`, "plain", 2);
  }
  if (consequences.length > 0) lines.push("");
  for (const consequence of consequences) write(consequence);
  if (faults.length > 0) lines.push("");
  for (const { side, text } of faults) write(`${side === "here" ? "Here" : "There"}: ${text}`, "problem");
  return lines.join("\n");
}
