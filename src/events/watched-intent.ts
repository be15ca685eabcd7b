import type { Fee } from "../intents/fees.js";
import type { Login } from "../intents/login.js";

/** What a watch needs of an intent. Not a class: a browser rebuilds a payment without what signs and registers one. */
export interface WatchedIntent {
  /** Base58 of the rendezvous public key. */
  readonly id: string;
  /** The 20 bytes of the scan code. */
  readonly payload: Uint8Array;
  readonly login: Login | undefined;
  /** The serialized request without the signature of a login's verifier; `undefined` without a login. */
  readonly bytesForVerifier: Uint8Array | undefined;
  /** Serialized `code.messaging.v1.Message`, as its sender signs it. */
  toBinary(): Uint8Array;
}

/** A payment among them. */
export interface WatchedPayment extends WatchedIntent {
  readonly destination: string;
  /** Decimal text. */
  readonly amount: string;
  readonly currency: string;
  readonly fees: readonly Fee[];
}

/** Whether a payment is asked for; a login otherwise. */
export function isPayment(intent: WatchedIntent): intent is WatchedPayment {
  return "destination" in intent;
}
