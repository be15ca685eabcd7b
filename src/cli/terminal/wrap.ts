import { stripVTControlCharacters } from "node:util";
import { wrapLine } from "../../lib/wrap.js";

/**
 * Wraps text at spaces. Lines after the first begin with `indent` spaces. Words longer than a line are not
 * broken.
 */
export function wrap(text: string, width: number, indent = 0): string {
  return text
    .split("\n")
    .flatMap((line) =>
      wrapLine(withSingleSpaces(line), width, { indent: " ".repeat(indent), widthOf: visibleWidth }),
    )
    .join("\n");
}

/** Formats a label, padded to `labelWidth`, with text wrapped beside it. Both are preceded by two spaces. */
export function labelled(label: string, labelWidth: number, text: string, width: number): string {
  const indent = 2 + labelWidth + 2;
  const body = wrap(`${" ".repeat(indent)}${text}`, width, indent);
  return `  ${label}${body.slice(2 + visibleWidth(label))}`;
}

/** Reduces the spaces between words to one, and keeps the indentation. */
function withSingleSpaces(line: string): string {
  return line.trimEnd().replace(/(?<=[^ ]) +/g, " ");
}

function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}
