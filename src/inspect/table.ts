/** Rows of four columns, wrapped to a width and coloured. */
import { hexByte } from "./words.js";

/** What a cell is; each has a colour. */
type Style = "plain" | "name" | "tag" | "length" | "value" | "problem";

export interface Cell {
  readonly text: string;
  readonly style: Style;
}

export interface Row {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly bytesStyle: Style;
  /** Levels by which `what` is indented. */
  readonly depth: number;
  readonly what: Cell;
  readonly meaning: Cell;
}

const MIN_WIDTH = 60;
const GAP = "  ";
// Deeper levels stay here, so that something is left to write in.
const MAX_INDENT = 20;

const escapes: Readonly<Record<Style, string>> = {
  plain: "",
  name: "\u001b[1m",
  tag: "\u001b[36m",
  length: "\u001b[33m",
  value: "\u001b[32m",
  problem: "\u001b[31m",
};
const reset = "\u001b[0m";

/**
 * Writes rows under a heading; no line is longer than `width` or ends in a blank, and there is no last line
 * break.
 */
export function layOut(rows: readonly Row[], width: number, color: boolean): string {
  // NaN is no width, and neither is what leaves no room.
  const total = width >= MIN_WIDTH ? Math.floor(width) : MIN_WIDTH;
  const perLine = total >= 140 ? 16 : total >= 80 ? 8 : 4;
  const hexWidth = 3 * perLine - 1;
  const offsetWidth = rows.reduce(
    (most, { offset, bytes }) => Math.max(most, String(offset + bytes.length).length),
    "offset".length,
  );
  const longest = rows.reduce(
    (most, { depth, what }) => Math.max(most, indentOf(depth).length + what.text.length),
    0,
  );
  const whatWidth = Math.min(longest, Math.floor(total * 0.4));
  const rest = total - offsetWidth - hexWidth - whatWidth - 3 * GAP.length;
  const widths = [offsetWidth, hexWidth, whatWidth];

  const lines: string[] = [];
  const write = (cells: readonly Cell[]): void => {
    lines.push(line(cells, widths, color));
  };
  const plain = (text: string): Cell => ({ text, style: "plain" });
  write([plain("offset".padStart(offsetWidth)), plain("bytes"), plain("what"), plain("meaning")]);
  for (const { offset, bytes, bytesStyle, depth, what, meaning } of rows) {
    const indent = indentOf(depth);
    const whats = wrap(what.text, Math.max(1, whatWidth - indent.length));
    const meanings = wrap(meaning.text, rest);
    const count = Math.max(1, Math.ceil(bytes.length / perLine), whats.length, meanings.length);
    for (let i = 0; i < count; i++) {
      const start = i * perLine;
      const hex = Array.from(bytes.subarray(start, start + perLine), hexByte).join(" ");
      const at = i === 0 || start < bytes.length ? String(offset + start) : "";
      write([
        plain(at.padStart(offsetWidth)),
        { text: hex, style: bytesStyle },
        { text: indent + (whats[i] ?? ""), style: what.style },
        { text: meanings[i] ?? "", style: meaning.style },
      ]);
    }
  }
  return lines.join("\n");
}

function indentOf(depth: number): string {
  return " ".repeat(Math.min(2 * depth, MAX_INDENT));
}

/**
 * Joins cells; the blanks before a cell are written with it, so that none are left where the rest is empty.
 */
function line(cells: readonly Cell[], widths: readonly number[], color: boolean): string {
  let out = "";
  let column = 0;
  let pending = 0;
  cells.forEach(({ text, style }, i) => {
    const shown = text.trimEnd();
    const inner = shown.trimStart();
    if (inner !== "") {
      out += " ".repeat(pending - column + shown.length - inner.length);
      out += color && escapes[style] !== "" ? `${escapes[style]}${inner}${reset}` : inner;
      column = pending + lengthOf(shown);
    }
    pending += (widths[i] ?? 0) + GAP.length;
  });
  return out;
}

/** Breaks text at blanks, and within a word where it is longer than a line. Lengths count code points. */
function wrap(text: string, width: number): string[] {
  const characters = Array.from(text);
  const lines: string[] = [];
  let start = 0;
  while (characters.length - start > width) {
    let end = start + width;
    while (end > start && characters[end] !== " ") end--;
    const atBlank = end > start;
    if (!atBlank) end = start + width;
    lines.push(characters.slice(start, end).join(""));
    start = atBlank ? end + 1 : end;
  }
  if (start < characters.length) lines.push(characters.slice(start).join(""));
  return lines;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
