/** Every way to read the input as bytes. Which of them is meant is for others to say, who know the messages. */
import { readBase58, readBase64 } from "./base.js";
import { hexFlaw, readHex, readHexDump } from "./hex.js";
import { readEscapedText, readJsonBytes, readNumbers } from "./literals.js";
import type { Reading, TextFlaw } from "./types.js";

/**
 * The readings of text as bytes; none is made that would take much more than `maxBytes`. With `asText` it is only read as
 * itself.
 */
export function readingsOf(input: string, maxBytes: number, asText: boolean): Reading[] {
  const text = input.trim();
  if (asText || text === "") return [{ notation: "text", bytes: new TextEncoder().encode(text), prior: 1 }];
  const document = readJsonBytes(text) ?? readDocument(text);
  if (document !== undefined) return [document];
  const dump = readHexDump(text, maxBytes);
  if (dump !== undefined) return [dump];
  const plain = unwrap(withoutComments(text));
  const readings = [
    readHex(plain),
    readEscapedText(text) ?? readEscapedText(plain),
    readNumbers(plain),
    readBase58(plain),
    readBase64(plain) ?? readBase64(text),
  ];
  return readings.filter((reading) => reading !== undefined);
}

/** What bytes say as UTF-8 text, as those of a file may be; `undefined` where that cannot be printed, or is blank. */
export function printableText(bytes: Uint8Array): string | undefined {
  // Most bytes that are no text show soon that they are not.
  if (bytes.length === 0 || bytes.some(isControl)) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.trim() === "" ? undefined : text;
  } catch {
    return undefined;
  }
}

function isControl(byte: number): boolean {
  return byte < 9 || (byte > 13 && byte < 0x20) || byte === 0x7f;
}

/** Text whose own bytes are looked at: a JSON object, or a JWT. */
function readDocument(text: string): Reading | undefined {
  const notation = /^\{\s*(?:"|\}$)/.test(text)
    ? "JSON"
    : /^eyJ[\w+/=-]*\.[\w+/=.-]*$/.test(text)
      ? "JWT"
      : undefined;
  return notation && { notation, bytes: new TextEncoder().encode(text), prior: 1 };
}

/** Where text that begins as hex stops being that; `undefined` where it does not begin so. */
export function flawOf(text: string): TextFlaw | undefined {
  const inner = unwrap(text.trim());
  const flaw = hexFlaw(inner);
  return flaw && { ...flaw, at: flaw.at + text.indexOf(inner) };
}

/** What is between the braces, brackets or quotes of an array or string literal, or of Node's `<Buffer ...>`. */
function unwrap(text: string): string {
  const buffer = /^<Buffer ([^>]*)>?$/.exec(text);
  if (buffer !== null) return buffer[1] ?? "";
  for (const [open, close] of [
    ["{", "}"],
    ["[", "]"],
    ['"', '"'],
    ["'", "'"],
  ] as const) {
    const start = text.indexOf(open);
    const end = text.lastIndexOf(close);
    if (start >= 0 && end > start) return text.slice(start + 1, end).trim();
  }
  return text;
}

/** C's comments taken out; what a pattern would do, in linear time for every text. */
function withoutComments(text: string): string {
  if (!text.includes("/*") && !text.includes("//")) return text;
  // Base64 has slashes too, but neither blanks nor commas.
  if (!/[\s,]/.test(text)) return text;
  let out = "";
  let at = 0;
  while (at < text.length) {
    const block = text.indexOf("/*", at);
    const line = text.indexOf("//", at);
    const isBlock = block >= 0 && (line < 0 || block < line);
    const start = isBlock ? block : line;
    if (start < 0) break;
    out += `${text.slice(at, start)} `;
    const end = isBlock ? text.indexOf("*/", start + 2) : text.indexOf("\n", start);
    if (end < 0) return out;
    at = isBlock ? end + 2 : end;
  }
  return out + text.slice(at);
}
