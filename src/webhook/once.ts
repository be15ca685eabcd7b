import { InputError } from "../errors.js";
import { checkDuration, checkOptions } from "../lib/options.js";

/** The response of a store to a claim. */
export type OnceClaim =
  /** The caller holds the intent for the duration of the lease. Other callers get `"busy"` until then. */
  | "claimed"
  /** Another caller's lease is active. */
  | "busy"
  /** The intent is already fulfilled. */
  | "done";

/** Remembers fulfilled intents. Processes that share a store fulfil each intent once between them. */
export interface OnceStore {
  /**
   * Claims an intent for `leaseMs` milliseconds, atomically: of several concurrent callers, one gets
   * `"claimed"`. An expired lease has no effect.
   */
  claim(intentId: string, leaseMs: number): OnceClaim | Promise<OnceClaim>;
  /** Marks the intent as fulfilled, permanently. Resolves only after the record is durable. */
  complete(intentId: string): unknown;
  /** Ends the lease early after a failure, so that the next delivery can try again. */
  release(intentId: string): unknown;
}

/** The outcome of one delivery. */
export type OnceOutcome =
  /** This delivery fulfilled the order. Respond with 200. */
  | "fulfilled"
  /** An earlier delivery fulfilled the order. Respond with 200. */
  | "already"
  /** Another delivery is in progress. Respond with 409, so that the sequencer sends this one again. */
  | "busy";

/** Options of {@link onceOnly}. */
export interface OnceOptions {
  /**
   * Milliseconds until the claim of a crashed process expires. Must be longer than `fulfil` ever takes.
   * Default: 60,000.
   */
  readonly leaseMs?: number | undefined;
  /** The clock, in milliseconds. Default: `performance.now`. */
  readonly now?: (() => number) | undefined;
}

/** Fulfils an order by its claims. Any object with an intent id fits. */
export type FulfilOnce<Claims> = (claims: Claims) => Promise<OnceOutcome>;

const defaultLeaseMs = 60_000;

/**
 * Returns a function that fulfils an order once, however often its webhook arrives. The guarantee is at least
 * once, and exactly once if `fulfil` commits in the same transaction as the store.
 *
 * A process can crash after `fulfil` finished and before `complete` is recorded. The lease then expires and
 * the next delivery fulfils again. So make `fulfil` repeatable (an idempotency key per intent), or run it in
 * the store's transaction.
 *
 * If `fulfil` throws, the claim is released and the error is rethrown. If `complete` throws, the claim is
 * kept, because the order is fulfilled: the lease blocks repetitions until it expires.
 *
 * @throws InputError for invalid options
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
      throw new TypeError(`store.claim must return "claimed", "busy" or "done", got ${String(claim)}`);
    }
    try {
      await fulfil(claims);
    } catch (error) {
      // After the lease expires, another caller can hold the claim.
      if (now() < leaseEnd) await releaseQuietly(store, intent);
      throw error;
    }
    await store.complete(intent);
    return "fulfilled";
  };
}

/** Rejects a value that is not an {@link OnceStore}. */
export function checkStore(store: unknown): void {
  if (typeof store !== "object" || store === null) {
    throw new InputError(
      "missing_option",
      "store",
      "required: a store with the methods claim, complete and release",
    );
  }
  for (const method of ["claim", "complete", "release"]) {
    if (typeof (store as Record<string, unknown>)[method] !== "function") {
      throw new InputError("invalid_option", `store.${method}`, "must be a function");
    }
  }
}

// The error of `fulfil` matters more than a failed release, and the lease expires anyway.
async function releaseQuietly(store: OnceStore, intentId: string): Promise<void> {
  try {
    await store.release(intentId);
  } catch {
    // The lease expires.
  }
}
