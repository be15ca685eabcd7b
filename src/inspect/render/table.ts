/** Renders rows of four columns, wrapped to a width and colored. */
import { wrapLine } from "../../lib/wrap.js";
import { hexByte } from "../words.js";

/** The kind of a piece of rendered text. */
export type RenderStyle = "plain" | "offset" | "name" | "tag" | "length" | "value" | "problem" | "heading";

/** Puts the color of a style around a piece of text without line breaks. */
export type Stylist = (text: string, style: RenderStyle) => string;

export interface Cell {
  readonly text: string;
  readonly style: RenderStyle;
}

export interface Row {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly bytesStyle: RenderStyle;
  /** Whether the bytes are shown as text instead of hex. */
  readonly isText: boolean;
  /** Number of levels by which `what` is indented. */
  readonly depth: number;
  readonly what: Cell;
  readonly meaning: Cell;
}

/** Narrowest output, in characters. */
export const MIN_WIDTH = 60;
const GAP = "  ";
// Deeper levels are not indented further, so that there is space for text.
const MAX_INDENT = 20;

const escapes: Readonly<Record<RenderStyle, string>> = {
  plain: "",
  offset: "",
  heading: "\u001b[1m",
  name: "\u001b[1m",
  tag: "\u001b[36m",
  length: "\u001b[33m",
  value: "\u001b[32m",
  problem: "\u001b[31m",
};
const reset = "\u001b[0m";

/** Adds colors by ANSI escapes. */
export const ansi: Stylist = (text, style) =>
  escapes[style] === "" ? text : `${escapes[style]}${text}${reset}`;

/** Adds no colors. */
export const unstyled: Stylist = (text) => text;

/**
 * Renders rows under a heading. No line is longer than `width` or ends in a space, and there is no final line
 * break.
 */
export function layOut(rows: readonly Row[], width: number, stylist: Stylist): string {
  // NaN and widths without space for text are ignored.
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
    lines.push(line(cells, widths, stylist));
  };
  const heading = ["offset".padStart(offsetWidth), "bytes", "what", "meaning"];
  write(heading.map((text) => ({ text, style: "heading" })));
  for (const { offset, bytes, bytesStyle, isText, depth, what, meaning } of rows) {
    const indent = indentOf(depth);
    const inLine = isText ? hexWidth : perLine;
    const whats = wrapLine(what.text, Math.max(1, whatWidth - indent.length), { breakWords: true });
    const meanings = wrapLine(meaning.text, rest, { breakWords: true });
    const count = Math.max(1, Math.ceil(bytes.length / inLine), whats.length, meanings.length);
    for (let i = 0; i < count; i++) {
      const start = i * inLine;
      const shown = Array.from(bytes.subarray(start, start + inLine), isText ? asciiOf : hexByte);
      const at = i === 0 || start < bytes.length ? String(offset + start) : "";
      write([
        { text: at.padStart(offsetWidth), style: "offset" },
        { text: shown.join(isText ? "" : " "), style: bytesStyle },
        { text: indent + (whats[i] ?? ""), style: what.style },
        { text: meanings[i] ?? "", style: meaning.style },
      ]);
    }
  }
  return lines.join("\n");
}

/** Returns a byte as a character, as hex dumps show it. */
function asciiOf(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
}

function indentOf(depth: number): string {
  return " ".repeat(Math.min(2 * depth, MAX_INDENT));
}

/** Joins cells. The spaces before a cell are written with it, so that no line ends in spaces. */
function line(cells: readonly Cell[], widths: readonly number[], stylist: Stylist): string {
  let out = "";
  let column = 0;
  let pending = 0;
  cells.forEach(({ text, style }, i) => {
    const shown = text.trimEnd();
    const inner = shown.trimStart();
    if (inner !== "") {
      out += " ".repeat(pending - column + shown.length - inner.length);
      out += stylist(inner, style);
      column = pending + lengthOf(shown);
    }
    pending += (widths[i] ?? 0) + GAP.length;
  });
  return out;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
