/** The orders of the tests of the official clients, and our equivalents. */
import { PaymentIntent, type RebuildOptions } from "../../src/index.js";
import { account } from "../support/payment.js";
import { verifier } from "./sequencer.js";

/** The result of the official `create`. */
export interface Created {
  readonly id: string;
  readonly clientSecret: string;
}

/** 1 usd to an account. */
export const details = { destination: account(7), amount: 1, currency: "usd" } as const;

/** The same order as options of the official clients. */
export const order = { mode: "payment", ...details } as const;

export const url = "https://shop.example.com/paid";

/** A login as an option of the official client. */
export const login = { domain: "example.com", verifier: verifier.publicKey } as const;

/** The same login for our client, which signs with the same key. */
export const ownLogin = { domain: "example.com", verifier: verifier.secretKey } as const;

/** The official client's status by the state at the emulator. */
export const statuses = {
  unknown: { status: "pending", exists: false, codeScanned: false, intentSubmitted: false },
  pending: { status: "pending", exists: true, codeScanned: false, intentSubmitted: false },
  scanned: { status: "pending", exists: true, codeScanned: true, intentSubmitted: false },
  confirmed: { status: "confirmed", exists: true, codeScanned: false, intentSubmitted: true },
} as const;

/** Builds our intent from the options and the result of an official client. */
export function paymentOf({ id, clientSecret }: Created, more: object = {}): PaymentIntent {
  const options = { ...details, ...more, rounding: "nearest", clientSecret, expectedId: id };
  return PaymentIntent.fromClientSecret(options as RebuildOptions);
}
