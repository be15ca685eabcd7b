import type { Fee } from "../intents/fees.js";
import type { Login } from "../intents/login.js";

/**
 * The parts of an intent that a watch uses. An interface, because a page rebuilds a payment without the code
 * that signs and registers it.
 */
export interface WatchedIntent {
  /** Base58 of the rendezvous public key. */
  readonly id: string;
  /** The 20 bytes of the scan code. */
  readonly payload: Uint8Array;
  readonly login: Login | undefined;
  /** The serialized request without the signature of a login's verifier; `undefined` without a login. */
  readonly bytesForVerifier: Uint8Array | undefined;
  /** Returns the serialized `code.messaging.v1.Message`, as its sender signs it. */
  toBinary(): Uint8Array;
}

/** A {@link WatchedIntent} that is a payment. */
export interface WatchedPayment extends WatchedIntent {
  readonly destination: string;
  /** Decimal text. */
  readonly amount: string;
  readonly currency: string;
  readonly fees: readonly Fee[];
}

/** Returns whether the intent is a payment. Otherwise it is a login. */
export function isPayment(intent: WatchedIntent): intent is WatchedPayment {
  return "destination" in intent;
}
