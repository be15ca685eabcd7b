import { stripVTControlCharacters } from "node:util";

/** Wraps at blanks. Lines after the first begin with `indent` blanks; a word that is longer than a line stays whole. */
export function wrap(text: string, width: number, indent = 0): string {
  const pad = " ".repeat(indent);
  return text
    .split("\n")
    .map((line) => wrapLine(line, width, pad))
    .join("\n");
}

/** A label, padded to `labelWidth`, and text that is wrapped beside it; both behind two blanks. */
export function labelled(label: string, labelWidth: number, text: string, width: number): string {
  const indent = 2 + labelWidth + 2;
  const body = wrap(`${" ".repeat(indent)}${text}`, width, indent);
  return `  ${label}${body.slice(2 + stripVTControlCharacters(label).length)}`;
}

function wrapLine(line: string, width: number, pad: string): string {
  const lines: string[] = [];
  let current = /^ */.exec(line)?.[0] ?? "";
  let empty = true;
  let length = current.length;
  for (const word of line.trim().split(/ +/)) {
    const visible = stripVTControlCharacters(word).length;
    if (!empty && length + 1 + visible > width) {
      lines.push(current);
      current = pad;
      length = pad.length;
      empty = true;
    }
    current += empty ? word : ` ${word}`;
    length += empty ? visible : 1 + visible;
    empty = false;
  }
  return [...lines, current].join("\n");
}
