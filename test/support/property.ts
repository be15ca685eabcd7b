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

/** Generates integers from 1 to `max`, spread evenly over their magnitudes. */
export function magnitudes(max: bigint): fc.Arbitrary<bigint> {
  const bits = max.toString(2).length - 1;
  return fc
    .tuple(fc.nat(bits), fc.bigInt({ min: 1n, max }))
    .map(([shift, value]) => value >> BigInt(shift) || 1n);
}
