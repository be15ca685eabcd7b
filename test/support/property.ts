import fc from "fast-check";

/**
 * Parameters of a property test: the same inputs at every run. A failure prints its seed; `PROPERTY_SEED` tries others.
 */
export function runs(numRuns: number): { numRuns: number; seed: number } {
  return { numRuns, seed: Number(process.env.PROPERTY_SEED ?? 20_240_208) };
}

/** Whole numbers from 1 to `max`, spread over their magnitudes rather than crowded at the top. */
export function magnitudes(max: bigint): fc.Arbitrary<bigint> {
  const bits = max.toString(2).length - 1;
  return fc
    .tuple(fc.nat(bits), fc.bigInt({ min: 1n, max }))
    .map(([shift, value]) => value >> BigInt(shift) || 1n);
}
