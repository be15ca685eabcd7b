/**
 * Hex in its usual notations: `2a34`, `2a 34`, `2a:34`, `0x2A, 0x34`, `{ 0x2a, (byte) 0x34 };`,
 * `<Buffer 2a 34>`.
 */
import type { Reading, TextFlaw } from "./types.js";

/** The digits of hex text, in pairs, and where the text stops being hex. */
interface HexText {
  readonly bytes: Uint8Array;
  /** Whether one digit is left over. */
  readonly odd: boolean;
  readonly flaw?: TextFlaw;
}

/** Reads text as hex, or returns `undefined` if any part of it is not hex. */
export function readHex(text: string): Reading | undefined {
  const { bytes, odd, flaw } = scanHex(text);
  if (flaw !== undefined || (bytes.length === 0 && !odd)) return undefined;
  const reading: Reading = { notation: "hex", bytes, prior: 1 };
  return odd ? { ...reading, brokenOff: "the second hex digit of the last byte" } : reading;
}

// A shorter start can also be the start of a word.
const LEAST_DIGITS = 8;

/**
 * Finds the first character that is not hex in text that starts as hex, or returns `undefined` if it does not
 * start so.
 */
export function hexFlaw(text: string): TextFlaw | undefined {
  const { flaw } = scanHex(text);
  const begins =
    flaw !== undefined && text.slice(0, flaw.at).replace(/[^0-9a-fA-F]+/g, "").length >= LEAST_DIGITS;
  return begins ? flaw : undefined;
}

const digits = /[0-9a-fA-F]/;
// Separators between the bytes: whitespace, and the separators of array literals.
const separators = /[\s,;:|_-]/;
// Prefixes of a byte.
const prefix = /(?:0[xX]|\\x|\(byte\)\s*(?:0[xX])?)/y;

function scanHex(text: string): HexText {
  const bytes: number[] = [];
  let at = 0;
  while (at < text.length) {
    if (separators.test(text.charAt(at))) {
      at++;
      continue;
    }
    prefix.lastIndex = at;
    const prefixed = prefix.exec(text)?.[0].length ?? 0;
    const start = at + prefixed;
    let end = start;
    while (end < text.length && digits.test(text.charAt(end))) end++;
    const length = end - start;
    const follows = text.charAt(end);
    if (length === 0 || (follows !== "" && !separators.test(follows) && follows !== "\\")) {
      return { bytes: Uint8Array.from(bytes), odd: false, flaw: hexProblem(end) };
    }
    // `0x5` is one byte, and so is the last digit of truncated text; all other digits come in pairs.
    if (prefixed > 0 && length === 1) {
      bytes.push(Number.parseInt(text.slice(start, end), 16));
    } else {
      for (let pair = start; pair + 1 < end; pair += 2) {
        bytes.push(Number.parseInt(text.slice(pair, pair + 2), 16));
      }
      if (length % 2 === 1) {
        const last = end === text.length && length > 1;
        return last
          ? { bytes: Uint8Array.from(bytes), odd: true }
          : { bytes: Uint8Array.from(bytes), odd: false, flaw: hexProblem(end) };
      }
    }
    at = end;
  }
  return { bytes: Uint8Array.from(bytes), odd: false };
}

function hexProblem(at: number): TextFlaw {
  return { notation: "hex", at, expected: "a hex digit" };
}

/**
 * Reads the output of `xxd` or `hexdump -C`, whose `*` means repeated lines. Returns `undefined` for anything
 * else, and beyond `maxBytes`.
 */
export function readHexDump(text: string, maxBytes: number): Reading | undefined {
  const bytes: number[] = [];
  let last: readonly number[] = [];
  let repeated = false;
  for (const line of text.split("\n").map((row) => row.trim())) {
    if (line === "") continue;
    if (line === "*") {
      repeated = true;
      continue;
    }
    const row = dumpRow(line);
    if (row === undefined || row.offset > maxBytes) return undefined;
    if (repeated && last.length > 0) while (bytes.length < row.offset) bytes.push(...last);
    repeated = false;
    if (row.offset !== bytes.length) return undefined;
    last = row.bytes;
    bytes.push(...last);
  }
  if (bytes.length === 0 || bytes.length > maxBytes) return undefined;
  return { notation: "hex dump", bytes: Uint8Array.from(bytes), prior: 1 };
}

/** A line of a dump: an offset, and bytes up to the text column. */
function dumpRow(line: string): { readonly offset: number; readonly bytes: readonly number[] } | undefined {
  const [offset = ""] = /^[0-9a-fA-F]{4,16}/.exec(line) ?? [];
  const rest = line.slice(offset.length);
  // `xxd` has a colon, and two spaces before the text; `hexdump -C` has a bar. The last line of `hexdump -C`
  // is only an offset.
  const isXxd = rest.startsWith(":");
  if (offset === "" || (!isXxd && rest !== "" && !rest.includes("|"))) return undefined;
  const [shown = ""] = isXxd ? rest.slice(1).trim().split("  ") : rest.split("|");
  const groups = shown.split(/\s+/).filter((group) => group !== "");
  if (!groups.every((group) => /^(?:[0-9a-fA-F]{2}){1,16}$/.test(group))) return undefined;
  const pairs = groups.join("").match(/../g) ?? [];
  return { offset: Number.parseInt(offset, 16), bytes: pairs.map((pair) => Number.parseInt(pair, 16)) };
}
