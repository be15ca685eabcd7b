/** Bytes as programming languages print them: escaped text and lists of decimal numbers. */
import type { Reading } from "./types.js";

const letters: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  "\\": 0x5c,
  "'": 0x27,
  '"': 0x22,
};

// One byte in hex or octal, or one of the letters.
const escaped = /\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|([abtnvfr\\'"]))/y;

/**
 * Reads escaped text, as printed for bytes by Python, C, Go, Rust and protobuf's text format:
 * `b'*4\n"\n \x00'`, `"\x2a\x34"`, `\052\064`. Returns `undefined` if there is no escape.
 */
export function readEscapedText(text: string): Reading | undefined {
  if (!text.includes("\\")) return undefined;
  // The quotes, with the prefixes and suffixes of Python and others.
  const source = /^[\w(]*(["'])([\s\S]*)\1[);]*$/.exec(text)?.[2] ?? text;
  const bytes: number[] = [];
  for (let at = 0; at < source.length; ) {
    const code = source.charCodeAt(at);
    if (code !== 0x5c) {
      if (code < 0x20 || code > 0x7e) return undefined;
      bytes.push(code);
      at++;
      continue;
    }
    escaped.lastIndex = at;
    const match = escaped.exec(source);
    if (match === null) return undefined;
    const [whole, hex, octal, letter] = match;
    const byte =
      hex !== undefined
        ? Number.parseInt(hex, 16)
        : octal !== undefined
          ? Number.parseInt(octal, 8)
          : (letters[letter ?? ""] ?? 0);
    if (byte > 255) return undefined;
    bytes.push(byte);
    at += whole.length;
  }
  return { notation: "escaped text", bytes: Uint8Array.from(bytes), prior: 0.9 };
}

/**
 * Reads a list of decimal numbers, as printed for bytes by JavaScript, Go and Java: `[42, 52, 10]`,
 * `[42 52 10]`. Java prints negative numbers. Returns `undefined` for anything else.
 */
export function readNumbers(text: string): Reading | undefined {
  const numbers = text.split(/[\s,;]+/).filter((token) => token !== "");
  if (numbers.length < 2 || !numbers.every((token) => /^-?\d{1,3}$/.test(token))) return undefined;
  const values = numbers.map(Number);
  if (!values.every((value) => value >= -128 && value <= 255)) return undefined;
  return { notation: "numbers", bytes: Uint8Array.from(values), prior: 0.9 };
}

/**
 * Reads bytes as written by `JSON.stringify`: `{"type":"Buffer","data":[42,52]}` for a Node `Buffer`,
 * `{"0":42,"1":52}` for a `Uint8Array`. Returns `undefined` for anything else.
 */
export function readJsonBytes(text: string): Reading | undefined {
  if (!/^\{\s*"(?:type|data|0)"\s*:/.test(text)) return undefined;
  const values = valuesIn(parsed(text));
  if (values === undefined || !values.every(isByte)) return undefined;
  return { notation: "numbers", bytes: Uint8Array.from(values), prior: 1 };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function valuesIn(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, data } = value as Readonly<Record<string, unknown>>;
  if (type === "Buffer") return Array.isArray(data) ? data : undefined;
  const entries = Object.entries(value);
  return entries.every(([name], index) => name === `${index}`) ? entries.map(([, byte]) => byte) : undefined;
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}
