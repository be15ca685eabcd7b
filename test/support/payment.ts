import { base58 } from "@scure/base";
import {
  PaymentIntent,
  type PaymentIntentOptions,
  type RebuildOptions,
} from "../../src/intents/payment-intent.js";

/** Returns a token account of 32 equal bytes. */
export function account(byte: number): string {
  return base58.encode(new Uint8Array(32).fill(byte));
}

/** Options of an intent: 10 usd to an account. */
export const order = { destination: account(7), amount: "10", currency: "usd" } as const;

/** Builds from {@link order} with other options, which may be invalid. */
export function build(options: Record<string, unknown> = {}): PaymentIntent {
  return PaymentIntent.from({ ...order, ...options } as PaymentIntentOptions);
}

/** Rebuilds from {@link order} with other options, which may be invalid. */
export function rebuild(options: Record<string, unknown>): PaymentIntent {
  return PaymentIntent.fromClientSecret({ ...order, ...options } as unknown as RebuildOptions);
}

/** Returns the bytes in every notation that could be printed. */
export function spellings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes);
  const pairs = buffer.toString("hex").match(/../g) ?? [];
  return [
    buffer.toString("hex"),
    pairs.join(" "),
    buffer.toString("base64").replace(/=+$/, ""),
    buffer.toString("base64url"),
    base58.encode(bytes),
    [...bytes].join(","),
    [...bytes].join(", "),
  ];
}
