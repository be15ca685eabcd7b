import { InputError } from "../errors.js";
import { checkDuration, checkOptions } from "../lib/options.js";

/** What a store says to a claim. */
export type OnceClaim =
  /** It is yours for the lease; nobody else gets it meanwhile. */
  | "claimed"
  /** Somebody else's lease is running. */
  | "busy"
  /** It was completed before. */
  | "done";

/** Remembers which intents are fulfilled. One that several processes share makes them count together. */
export interface OnceStore {
  /**
   * Claims an intent for `leaseMs` milliseconds, atomically: of several callers at once, one gets `"claimed"`. A lease
   * that ran out is as if it had never been.
   */
  claim(intentId: string, leaseMs: number): OnceClaim | Promise<OnceClaim>;
  /** Marks the intent as fulfilled, for good. Resolves only once that is durable. */
  complete(intentId: string): unknown;
  /** Ends the lease early, after a failure, so that the next delivery may try. */
  release(intentId: string): unknown;
}

/** What became of one delivery. */
export type OnceOutcome =
  /** This delivery fulfilled the order. Answer 200. */
  | "fulfilled"
  /** An earlier one did. Answer 200. */
  | "already"
  /** Another one is at it. Answer 409, so that this one is sent again. */
  | "busy";

/** Options of {@link onceOnly}. */
export interface OnceOptions {
  /** Milliseconds until the claim of a crashed process is free again; more than `fulfil` ever takes. Default 60,000. */
  readonly leaseMs?: number | undefined;
  /** The clock, in milliseconds. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

/** Fulfils by claims; whatever has the id of an intent will do. */
export type FulfilOnce<Claims> = (claims: Claims) => Promise<OnceOutcome>;

const defaultLeaseMs = 60_000;

/**
 * Fulfils an order once, however often its webhook arrives: at least once, and exactly once where `fulfil` commits in
 * the same transaction as the store.
 *
 * Between a finished `fulfil` and a recorded `complete` a process can die; the lease then runs out and the next delivery
 * fulfils again. So let `fulfil` be repeatable (a key of its own per intent), or let it share the store's transaction.
 * Where `fulfil` throws, the claim is released and the error passed on. Where `complete` throws, it is not: the order is
 * fulfilled, and the lease keeps repetitions away for a while.
 *
 * @throws InputError for options that cannot be used
 * @example
 * ```ts
 * import { memoryOnceStore, onceOnly } from "code-intents/webhook";
 *
 * const fulfilOnce = onceOnly(memoryOnceStore(), async ({ intent }) => orders.save({ intent, paid: true }));
 * await fulfilOnce({ intent: intent.id }); // "fulfilled"
 * await fulfilOnce({ intent: intent.id }); // "already"
 * ```
 */
export function onceOnly<Claims extends { readonly intent: string }>(
  store: OnceStore,
  fulfil: (claims: Claims) => unknown,
  options: OnceOptions = {},
): FulfilOnce<Claims> {
  checkOptions(options as unknown, "options", ["leaseMs", "now"]);
  checkStore(store);
  if (typeof fulfil !== "function") throw new InputError("missing_option", "fulfil", "required: a function");
  const leaseMs = checkDuration(options.leaseMs ?? defaultLeaseMs, "leaseMs");
  const now = options.now ?? (() => performance.now());

  return async (claims) => {
    const { intent } = claims;
    const leaseEnd = now() + leaseMs;
    const claim = await store.claim(intent, leaseMs);
    if (claim === "done") return "already";
    if (claim === "busy") return "busy";
    if (claim !== "claimed") {
      throw new TypeError(
        `The store answered a claim with ${String(claim)}, not "claimed", "busy" or "done"`,
      );
    }
    try {
      await fulfil(claims);
    } catch (error) {
      // After the end of the lease, the claim may be somebody else's.
      if (now() < leaseEnd) await releaseQuietly(store, intent);
      throw error;
    }
    await store.complete(intent);
    return "fulfilled";
  };
}

/** Refuses what is no {@link OnceStore}. */
export function checkStore(store: unknown): void {
  if (typeof store !== "object" || store === null) {
    throw new InputError("missing_option", "store", "required: a store with claim, complete and release");
  }
  for (const method of ["claim", "complete", "release"]) {
    if (typeof (store as Record<string, unknown>)[method] !== "function") {
      throw new InputError("invalid_option", `store.${method}`, "must be a function");
    }
  }
}

// What went wrong in `fulfil` is worth more than that the release failed too; the lease ends by itself.
async function releaseQuietly(store: OnceStore, intentId: string): Promise<void> {
  try {
    await store.release(intentId);
  } catch {
    // See above.
  }
}
