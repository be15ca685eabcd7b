/** Returns every reading of an input as bytes. The kinds decide which one is right. */
import { readBase58, readBase64 } from "./base.js";
import { hexFlaw, readHex, readHexDump } from "./hex.js";
import { readEscapedText, readJsonBytes, readNumbers } from "./literals.js";
import type { Reading, TextFlaw } from "./types.js";

/**
 * Returns the readings of text as bytes, without any that would need much more than `maxBytes`. With
 * `asText`, returns only the text itself.
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

/** Decodes bytes as UTF-8 text, or returns `undefined` if the text is not printable or is blank. */
export function printableText(bytes: Uint8Array): string | undefined {
  // A short prefix shows for most binary input that it is not text.
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

/** Returns the reading of text that is not decoded: a JSON object, or a JWT. */
function readDocument(text: string): Reading | undefined {
  const notation = /^\{\s*(?:"|\}$)/.test(text)
    ? "JSON"
    : /^eyJ[\w+/=-]*\.[\w+/=.-]*$/.test(text)
      ? "JWT"
      : undefined;
  return notation && { notation, bytes: new TextEncoder().encode(text), prior: 1 };
}

/** Finds where text that starts as hex stops being hex, or returns `undefined` if it does not start so. */
export function flawOf(text: string): TextFlaw | undefined {
  const inner = unwrap(text.trim());
  const flaw = hexFlaw(inner);
  return flaw && { ...flaw, at: flaw.at + text.indexOf(inner) };
}

/**
 * Returns the content of the braces, brackets or quotes of an array or string literal, or of Node's
 * `<Buffer ...>`.
 */
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

/** Removes C comments. A loop and not a pattern, to take linear time for every text. */
function withoutComments(text: string): string {
  if (!text.includes("/*") && !text.includes("//")) return text;
  // Base64 has slashes too, but no spaces or commas.
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
