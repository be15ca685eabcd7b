import type { OnceStore } from "./once.js";

/**
 * Creates an in-memory store for tests. It works within one process, loses its content when the process ends,
 * and grows without limit.
 *
 * @param options `now`: the clock, in milliseconds. Default: `performance.now`
 * @example
 * ```ts
 * import { memoryOnceStore } from "code-intents/webhook";
 *
 * let now = 0;
 * const store = memoryOnceStore({ now: () => now });
 * await store.claim(intent.id, 1_000); // "claimed"
 * await store.claim(intent.id, 1_000); // "busy"
 * now = 1_000;
 * await store.claim(intent.id, 1_000); // "claimed": the lease has expired
 * ```
 */
export function memoryOnceStore(options: { readonly now?: () => number } = {}): OnceStore {
  const now = options.now ?? (() => performance.now());
  const done = new Set<string>();
  const leaseEnds = new Map<string, number>();
  return {
    async claim(intentId, leaseMs) {
      if (done.has(intentId)) return "done";
      if ((leaseEnds.get(intentId) ?? Number.NEGATIVE_INFINITY) > now()) return "busy";
      leaseEnds.set(intentId, now() + leaseMs);
      return "claimed";
    },
    async complete(intentId) {
      leaseEnds.delete(intentId);
      done.add(intentId);
    },
    async release(intentId) {
      leaseEnds.delete(intentId);
    },
  };
}
