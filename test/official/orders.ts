/** What the tests of the official clients order, and ours for what those made of it. */
import { PaymentIntent, type RebuildOptions } from "../../src/index.js";
import { account } from "../support/payment.js";
import { verifier } from "./sequencer.js";

/** What the official `create` gives. */
export interface Created {
  readonly id: string;
  readonly clientSecret: string;
}

/** 1 usd to an account. */
export const details = { destination: account(7), amount: 1, currency: "usd" } as const;

/** The same as the official clients are told. */
export const order = { mode: "payment", ...details } as const;

export const url = "https://shop.example.com/paid";

/** A login as the official client is told. */
export const login = { domain: "example.com", verifier: verifier.publicKey } as const;

/** The same for ours, which signs by the same key. */
export const ownLogin = { domain: "example.com", verifier: verifier.secretKey } as const;

/** What the official client tells of an intent, by what the emulator knows of it. */
export const statuses = {
  unknown: { status: "pending", exists: false, codeScanned: false, intentSubmitted: false },
  pending: { status: "pending", exists: true, codeScanned: false, intentSubmitted: false },
  scanned: { status: "pending", exists: true, codeScanned: true, intentSubmitted: false },
  confirmed: { status: "confirmed", exists: true, codeScanned: false, intentSubmitted: true },
} as const;

/** Ours from what an official client was told and gave. */
export function paymentOf({ id, clientSecret }: Created, more: object = {}): PaymentIntent {
  const options = { ...details, ...more, rounding: "nearest", clientSecret, expectedId: id };
  return PaymentIntent.fromClientSecret(options as RebuildOptions);
}
