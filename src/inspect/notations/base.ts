/** Base64 in all its forms, and base58. */
import { base64, base64nopad, base64url, base64urlnopad } from "@scure/base";
import { fromBase58 } from "../../lib/bytes.js";
import type { Reading } from "./types.js";

/** Reads base64 or base64url, with or without padding. Lines can be wrapped. */
export function readBase64(text: string): Reading | undefined {
  const compact = text.replace(/\s+/g, "");
  if (compact.length < 2 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(compact)) return undefined;
  const padded = compact.endsWith("=");
  const isUrl = /[-_]/.test(compact) || (!padded && !/[+/]/.test(compact));
  const coder = isUrl ? (padded ? base64url : base64urlnopad) : padded ? base64 : base64nopad;
  try {
    return { notation: isUrl ? "base64url" : "base64", bytes: coder.decode(compact), prior: 0.9 };
  } catch {
    // An impossible length, both alphabets at once, or leftover bits.
    return undefined;
  }
}

// The lengths that this protocol writes in base58: nonces, keys and signatures, and one letter more or less.
// 20 bytes are a payload.
const base58Lengths = new Set([11, 20, 31, 32, 33, 63, 64, 65]);

/** Reads base58 of those lengths. */
export function readBase58(text: string): Reading | undefined {
  const bytes = fromBase58(text);
  if (bytes === undefined || !base58Lengths.has(bytes.length)) return undefined;
  return { notation: "base58", bytes, prior: 1 };
}
