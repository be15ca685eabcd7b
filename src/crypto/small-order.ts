/**
 * Encodings of the points of small order, without the sign bit. Anyone can make signatures that verify under
 * such a key, and no seed derives one.
 */
const smallOrder: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

const firstBytes: ReadonlySet<number> = new Set(
  [...smallOrder].map((text) => Number.parseInt(text.slice(0, 2), 16)),
);

/** Whether a 32-byte public key is a point of small order. */
export function hasSmallOrder(publicKey: Uint8Array): boolean {
  // Spares almost all keys the comparison.
  if (!firstBytes.has(publicKey[0] ?? 0)) return false;
  let text = "";
  for (const [index, byte] of publicKey.entries()) {
    text += (index === 31 ? byte & 0x7f : byte).toString(16).padStart(2, "0");
  }
  return smallOrder.has(text);
}
