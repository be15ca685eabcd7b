import { base58 } from "@scure/base";
import { InputError } from "../errors.js";

/** Encodes bytes as base58 text (Bitcoin alphabet). Each leading zero byte is one leading `1`. */
export function toBase58(bytes: Uint8Array): string {
  return base58.encode(bytes);
}

// 64 bytes are at most 88 base58 characters. Decoding is quadratic, so longer text is rejected first.
const longestBase58 = 90;

/** Decodes base58 text. Returns `undefined` if the text is not base58. The text never appears in an error. */
export function fromBase58(text: string): Uint8Array | undefined {
  if (text.length > longestBase58) return undefined;
  try {
    return base58.decode(text);
  } catch {
    return undefined;
  }
}

/** Reads a required base58 option of exactly `length` bytes. Errors name the field, never the value. */
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
      `must be base58 (Bitcoin alphabet, without 0, O, I and l): ${what}`,
    );
  }
  if (bytes.length !== length) {
    throw new InputError("invalid_option", field, `is ${bytes.length} bytes; must be ${length}: ${what}`);
  }
  return bytes;
}

/** Returns whether two byte arrays are equal. Not constant time: use it for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Concatenates byte arrays. */
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
