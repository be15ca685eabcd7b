import { concatBytes } from "../lib/bytes.js";
import { checkEncodedLength } from "./codec.js";

/** The four bytes of ring 0, equal in every code. They show the orientation. */
const FINDER = Uint8Array.of(0xb2, 0xcb, 0x25, 0xc6);

/** Slots of each ring, innermost first: 32, 40, 48, 56, 64, 72. */
export const RING_SLOTS: readonly number[] = Array.from({ length: 6 }, (_, ring) => 32 + 8 * ring);

/** Ring 0, equal in every code. */
export const FINDER_RING: readonly boolean[] = bitsOf(FINDER);

/**
 * Returns the six rings of a scan code, innermost first: `true` for each slot with ink. Slot 0 is at 12
 * o'clock, and slots advance clockwise. Ring 0 is the finder, equal in every code. The 35 bytes fill the
 * other rings from the inside outwards, each byte with its least significant bit first.
 *
 * @param encoded the 35 bytes of `encodeScanCode`
 * @throws InputError `invalid_option` unless there are 35 bytes
 * @example
 * ```ts
 * import { encodeScanCode, scanCodeRings } from "code-intents/scan-code";
 *
 * for (const ring of scanCodeRings(encodeScanCode(intent.payload))) {
 *   console.log(ring.map((ink) => (ink ? "o" : ".")).join(""));
 * }
 * ```
 */
export function scanCodeRings(encoded: Uint8Array): boolean[][] {
  checkEncodedLength(encoded);
  const bits = bitsOf(concatBytes(FINDER, encoded));
  return RING_SLOTS.map((slots) => bits.splice(0, slots));
}

/** Returns the 35 bytes of six rings: the inverse of {@link scanCodeRings}. */
export function encodedOfRings(rings: readonly (readonly boolean[])[]): Uint8Array {
  const bits = rings.slice(1).flat();
  return Uint8Array.from({ length: bits.length / 8 }, (_, at) =>
    bits.slice(8 * at, 8 * at + 8).reduceRight((byte, bit) => 2 * byte + Number(bit), 0),
  );
}

function bitsOf(bytes: Uint8Array): boolean[] {
  return Array.from({ length: 8 * bytes.length }, (_, k) => (((bytes[k >> 3] ?? 0) >> (k & 7)) & 1) === 1);
}
