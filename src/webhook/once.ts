import { InputError } from "../errors.js";
import { durationText } from "../lib/duration.js";
import { checkDuration, checkOptions } from "../lib/options.js";
import { WebhookError } from "./errors.js";

/** The lease of the caller that holds an intent. */
export interface OnceLease {
  /**
   * Identifies this claim. Random and new for each claim, such as `crypto.randomUUID()`, so that a caller
   * whose lease expired cannot end the lease of the next one.
   */
  readonly token: string;
}

/** The response of a store to a claim. */
export type OnceClaim =
  /** The caller holds the intent for the duration of the lease. Other callers get `"busy"` until then. */
  | OnceLease
  /** Another caller's lease is active. */
  | "busy"
  /** The intent is already fulfilled. */
  | "done";

/**
 * Remembers fulfilled intents. Processes that share a store fulfil each intent once between them.
 *
 * @example
 * ```ts
 * import type { OnceStore } from "code-intents/webhook";
 *
 * async function fulfilHeld(store: OnceStore, work: () => Promise<void>): Promise<void> {
 *   const claim = await store.claim(intent.id, 60_000);
 *   if (claim === "busy" || claim === "done") return;
 *   await work();
 *   const recorded = await store.complete(intent.id, claim.token); // false: another caller holds it now
 *   if (!recorded) console.warn("the lease expired before the work ended");
 * }
 * ```
 */
export interface OnceStore {
  /**
   * Claims an intent for `leaseMs` milliseconds, atomically: of several concurrent callers, one gets a lease.
   * An expired lease blocks no one, and the next claim replaces its token.
   */
  claim(intentId: string, leaseMs: number): OnceClaim | Promise<OnceClaim>;
  /**
   * Marks the intent as fulfilled, permanently, if `token` is of the latest claim, even if its lease has
   * expired. Returns whether it is. Otherwise it changes nothing: another caller has claimed the intent
   * since. Resolves only after the record is durable. The same token again returns `true` again.
   */
  complete(intentId: string, token: string): boolean | Promise<boolean>;
  /**
   * Ends the lease early after a failure, so that the next delivery can try again. Changes nothing if
   * `token` is not of the latest claim, or if the intent is fulfilled.
   */
  release(intentId: string, token: string): unknown;
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
 * kept, because the order is fulfilled: the lease blocks repetitions until it expires. If `fulfil` outlives
 * its lease and another caller claims the intent meanwhile, both fulfil the order. The returned function then
 * throws `webhook_lease_lost`.
 *
 * @throws InputError for invalid options. The returned function throws WebhookError `webhook_lease_lost`, and
 * rethrows the errors of `fulfil` and of the store
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
  checkOptions(options as unknown, "options", ["leaseMs"]);
  checkStore(store);
  if (typeof fulfil !== "function") throw new InputError("missing_option", "fulfil", "required: a function");
  const leaseMs = checkDuration(options.leaseMs ?? defaultLeaseMs, "leaseMs");

  return async (claims) => {
    const { intent } = claims;
    const claim: unknown = await store.claim(intent, leaseMs);
    if (claim === "done") return "already";
    if (claim === "busy") return "busy";
    const token = leaseToken(claim);
    try {
      await fulfil(claims);
    } catch (error) {
      await releaseQuietly(store, intent, token);
      throw error;
    }
    const recorded: unknown = await store.complete(intent, token);
    if (recorded === true) return "fulfilled";
    if (recorded === false) throw leaseLost(intent, leaseMs);
    throw new TypeError(
      "store.complete must return whether the token is of the latest claim: true or false, " +
        `got ${typeof recorded}`,
    );
  };
}

function leaseToken(claim: unknown): string {
  const token = typeof claim === "object" && claim !== null ? (claim as Partial<OnceLease>).token : undefined;
  if (typeof token === "string" && token !== "") return token;
  throw new TypeError(
    'store.claim must return "busy", "done", or { token } with a new random string, ' +
      `got ${typeof claim === "string" ? JSON.stringify(claim) : typeof claim}`,
  );
}

function leaseLost(intent: string, leaseMs: number): WebhookError {
  return new WebhookError("webhook_lease_lost", {
    message:
      `fulfil took longer than its lease of ${durationText(leaseMs)}, and another delivery has claimed intent ${intent} ` +
      "since. Both can fulfil the order: check it, and raise leaseMs",
  });
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
async function releaseQuietly(store: OnceStore, intentId: string, token: string): Promise<void> {
  try {
    await store.release(intentId, token);
  } catch {
    // The lease expires.
  }
}
