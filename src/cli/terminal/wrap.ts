import { stripVTControlCharacters } from "node:util";
import { wrapLine } from "../../lib/wrap.js";

/** Wraps at blanks. Lines after the first begin with `indent` blanks; a word that is longer than a line stays whole. */
export function wrap(text: string, width: number, indent = 0): string {
  return text
    .split("\n")
    .flatMap((line) =>
      wrapLine(withSingleBlanks(line), width, { indent: " ".repeat(indent), widthOf: visibleWidth }),
    )
    .join("\n");
}

/** A label, padded to `labelWidth`, and text that is wrapped beside it; both behind two blanks. */
export function labelled(label: string, labelWidth: number, text: string, width: number): string {
  const indent = 2 + labelWidth + 2;
  const body = wrap(`${" ".repeat(indent)}${text}`, width, indent);
  return `  ${label}${body.slice(2 + visibleWidth(label))}`;
}

/** A line whose words are one blank apart, behind its own indentation. */
function withSingleBlanks(line: string): string {
  return line.trimEnd().replace(/(?<=[^ ]) +/g, " ");
}

function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}
