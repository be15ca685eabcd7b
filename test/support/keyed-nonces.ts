import { readFileSync } from "node:fs";
import type { Currency } from "../../src/money/currency.js";
import type { PaymentKind } from "../../src/rendezvous/payload.js";

/** A nonce derived with an idempotency secret, as `test/vectors/keyed-nonces.py` computed it. */
export interface KeyedNonceVector {
  id: string;
  kind: PaymentKind;
  kindByte: number;
  currency: Currency;
  currencyIndex: number;
  amount: string;
  units: string;
  idempotencyKey: string;
  secretHex: string;
  hmacInputHex: string;
  nonceHex: string;
  clientSecret: string;
  payloadHex: string;
  seedHex: string;
}

/** All of `test/vectors/keyed-nonces.json`. */
export const keyedNonces: KeyedNonceVector[] = JSON.parse(
  readFileSync(new URL("../vectors/keyed-nonces.json", import.meta.url), "utf8"),
);
