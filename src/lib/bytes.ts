import { base58 } from "@scure/base";
import { InputError } from "../errors.js";

/** Base58 (Bitcoin alphabet) text of bytes; each leading 00 byte is one leading `1`. */
export function toBase58(bytes: Uint8Array): string {
  return base58.encode(bytes);
}

// 64 bytes are at most 88 base58 characters; decoding is quadratic, so longer text is refused unread.
const longestBase58 = 90;

/** Bytes of base58 text, or `undefined` where the text is not base58. Never says what the text was. */
export function fromBase58(text: string): Uint8Array | undefined {
  if (text.length > longestBase58) return undefined;
  try {
    return base58.decode(text);
  } catch {
    return undefined;
  }
}

/** A required base58 option of exactly `length` bytes. The error names the field, not the value. */
export function requireBase58(value: unknown, field: string, length: number, what: string): Uint8Array {
  if (value === undefined || value === null || value === "") {
    throw new InputError("missing_option", field, `required: ${what}`);
  }
  if (typeof value !== "string")
    throw new InputError("invalid_option", field, `must be a base58 string: ${what}`);
  const bytes = fromBase58(value);
  if (bytes === undefined) {
    throw new InputError(
      "invalid_option",
      field,
      `not base58 (Bitcoin alphabet, without 0, O, I and l): ${what}`,
    );
  }
  if (bytes.length !== length) {
    throw new InputError("invalid_option", field, `is ${bytes.length} bytes, must be ${length}: ${what}`);
  }
  return bytes;
}

/** Whether two byte strings are equal. Not constant time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** One byte string of several. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
