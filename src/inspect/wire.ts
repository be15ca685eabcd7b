/** The protobuf wire format: enough to identify every byte, even if the input is broken. */
import type { InspectWireType } from "./types.js";

/** Longest varint: 64 bits, seven to a byte. */
export const MAX_VARINT_LENGTH = 10;

/** Numbers of the wire types. */
export const WIRE = { VARINT: 0, I64: 1, LEN: 2, SGROUP: 3, EGROUP: 4, I32: 5 } as const;

const names = ["VARINT", "I64", "LEN", "SGROUP", "EGROUP", "I32"] as const;

/** Number and name of a wire type. */
export function wireType(number: number): InspectWireType {
  return { number, name: names[number] };
}

/** Returns a wire type in words: `LEN`, or its number if it has no name. */
export function wireTypeText(type: InspectWireType): string {
  return type.name ?? `wire type ${type.number}`;
}

/** A readable varint. */
export interface Varint {
  readonly ok: true;
  /** The 64 bits, unsigned. */
  readonly value: bigint;
  /** Number of bytes. */
  readonly length: number;
  /** Whether it has no more bytes than it needs. */
  readonly minimal: boolean;
}

/** An unreadable varint. */
export interface BrokenVarint {
  readonly ok: false;
  /** `overflow` has a valid length but more than 64 bits; the bytes after it can still be read. */
  readonly fault: "truncated" | "too_long" | "overflow";
  /** Offset of the first wrong byte. */
  readonly offset: number;
}

/** Reads the varint at `at`, never beyond `end`. */
export function readVarint(bytes: Uint8Array, at: number, end: number): Varint | BrokenVarint {
  let value = 0n;
  for (let length = 1; length <= MAX_VARINT_LENGTH; length++) {
    const offset = at + length - 1;
    const byte = bytes[offset];
    if (byte === undefined || offset >= end) return { ok: false, fault: "truncated", offset };
    value |= BigInt(byte & 0x7f) << BigInt(7 * (length - 1));
    if (byte < 0x80) {
      if (length === MAX_VARINT_LENGTH && byte > 1) return { ok: false, fault: "overflow", offset };
      return { ok: true, value, length, minimal: length === 1 || byte !== 0 };
    }
  }
  return { ok: false, fault: "too_long", offset: at + MAX_VARINT_LENGTH - 1 };
}

/**
 * Returns the index of the first byte that is not UTF-8, or -1. A truncated character is reported at its
 * first byte.
 */
export function invalidUtf8At(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return -1;
}

// The well-formed sequences of the Unicode Standard, table 3-7, which exclude overlong forms and surrogates.
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  const second = bytes[at + 1] ?? 0;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}
