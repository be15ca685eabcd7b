import fc from "fast-check";

/** Whether property tests take their full counts. `npm test` takes a part of them; `PROPERTY_RUNS=full npm test`, all. */
export const fullRuns: boolean = process.env.PROPERTY_RUNS === "full";

/** The part of a full count of random inputs that this run takes. */
export function scaled(count: number): number {
  return fullRuns ? count : Math.ceil(count / 10);
}

/**
 * Parameters of a property test: the same inputs at every run. A failure prints its seed; `PROPERTY_SEED` tries others.
 * Takes the full count, or a tenth of it and no fewer than 20 where that is enough for a common run.
 */
export function runs(count: number): { numRuns: number; seed: number } {
  const numRuns = Math.max(scaled(count), Math.min(count, 20));
  return { numRuns, seed: Number(process.env.PROPERTY_SEED ?? 20_240_208) };
}

/** Whole numbers from 1 to `max`, spread over their magnitudes rather than crowded at the top. */
export function magnitudes(max: bigint): fc.Arbitrary<bigint> {
  const bits = max.toString(2).length - 1;
  return fc
    .tuple(fc.nat(bits), fc.bigInt({ min: 1n, max }))
    .map(([shift, value]) => value >> BigInt(shift) || 1n);
}
