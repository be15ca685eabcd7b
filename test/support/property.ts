import fc from "fast-check";

/** Whether property tests run their full counts: `PROPERTY_RUNS=full npm test`. `npm test` runs a part. */
export const fullRuns: boolean = process.env.PROPERTY_RUNS === "full";

/** Returns the number of random inputs of this run: the full count, or a tenth. */
export function scaled(count: number): number {
  return fullRuns ? count : Math.ceil(count / 10);
}

/**
 * Returns the parameters of a property test. The inputs are the same in every run. A failure prints its seed;
 * `PROPERTY_SEED` sets another. The number of inputs is the full count, or a tenth of it and at least 20.
 */
export function runs(count: number): { numRuns: number; seed: number } {
  const numRuns = Math.max(scaled(count), Math.min(count, 20));
  return { numRuns, seed: Number(process.env.PROPERTY_SEED ?? 20_240_208) };
}

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Generates a code point that is no surrogate. As the unit of a string it generates what `"binary"` does, for
 * which fast-check first builds a table of a million code points.
 */
export const codePoints: fc.Arbitrary<string> = fc.nat(0x10ffff - SURROGATES.count).map(
  (index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count),
  (text) => {
    const point = typeof text === "string" ? (text.codePointAt(0) ?? -1) : -1;
    const isSurrogate = point >= SURROGATES.first && point < SURROGATES.first + SURROGATES.count;
    if (point === -1 || isSurrogate || String.fromCodePoint(point) !== text) throw new Error("no code point");
    return point < SURROGATES.first ? point : point - SURROGATES.count;
  },
);

/** Generates integers from 1 to `max`, spread evenly over their magnitudes. */
export function magnitudes(max: bigint): fc.Arbitrary<bigint> {
  const bits = max.toString(2).length - 1;
  return fc
    .tuple(fc.nat(bits), fc.bigInt({ min: 1n, max }))
    .map(([shift, value]) => value >> BigInt(shift) || 1n);
}
