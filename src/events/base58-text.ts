import { toBase58 } from "../lib/bytes.js";

const ACCOUNT_LENGTH = 32;

/**
 * Returns the base58 text of bytes with this length, or `""` for any other length. Base58 is quadratic, so
 * the length is checked first.
 */
export function textOf(bytes: Uint8Array | undefined, length: number): string {
  return bytes?.length === length ? toBase58(bytes) : "";
}

/** Returns the base58 text of a 32-byte account, or `""` for any other length. */
export function accountText(bytes: Uint8Array | undefined): string {
  return textOf(bytes, ACCOUNT_LENGTH);
}
