import { toBase58 } from "../lib/bytes.js";

const ACCOUNT_LENGTH = 32;

/** Base58 of bytes of this length; empty for any other, as base58 takes for ever where they are many. */
export function textOf(bytes: Uint8Array | undefined, length: number): string {
  return bytes?.length === length ? toBase58(bytes) : "";
}

/** Base58 of a 32-byte account; empty for anything else. */
export function accountText(bytes: Uint8Array | undefined): string {
  return textOf(bytes, ACCOUNT_LENGTH);
}
