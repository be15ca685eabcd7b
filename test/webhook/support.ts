import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { base64urlnopad } from "@scure/base";
import { expect } from "vitest";
import * as crypto from "#crypto";
import { PaymentIntent } from "../../src/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { type PaymentClaimsInput, signTestWebhook, WebhookError } from "../../src/webhook/index.js";

interface WebhookVector {
  readonly id: string;
  readonly signerSeedHex: string;
  readonly signerPublicKey: string;
  readonly headerJson: string;
  readonly claimsJson: string;
  readonly token: string;
}

/** Webhook tokens with the sequencer's encoding. */
export const webhookVectors: readonly WebhookVector[] = JSON.parse(
  readFileSync(new URL("../vectors/intents.json", import.meta.url), "utf8"),
).webhookJwt;

export const seed: Uint8Array = new Uint8Array(32).fill(7);
export const publicKey: string = toBase58(crypto.keyFromSeed(seed).publicKey);
export const otherSeed: Uint8Array = new Uint8Array(32).fill(8);
export const otherPublicKey: string = toBase58(crypto.keyFromSeed(otherSeed).publicKey);

/** The order used by the tests. */
export const intent: PaymentIntent = PaymentIntent.from({
  destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR",
  amount: "2.50",
  currency: "usd",
  idempotencyKey: "order-1042",
  idempotencySecret: "0123456789".repeat(4),
});

/** A second valid intent. */
export const otherIntent: PaymentIntent = PaymentIntent.from({
  destination: "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz",
  amount: "0.05",
  currency: "eur",
  idempotencyKey: "order-1043",
  idempotencySecret: "0123456789".repeat(4),
});

export const user = "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1";

/** Claims that pay the order. */
export const paid: PaymentClaimsInput = {
  intent: intent.id,
  destination: intent.destination,
  currency: "usd",
  amount: 2.5,
  exchangeRate: 0.00001,
  quarks: 25_000_000_000n,
  fees: 100_000_000n,
};

/** Returns a valid webhook of the order, with changes. */
export function paidToken(changes: Partial<PaymentClaimsInput> = {}, privateKey = seed): string {
  return signTestWebhook({ ...paid, ...changes }, { privateKey });
}

/** A valid login-only webhook. */
export const loginToken: string = signTestWebhook({ user }, { privateKey: seed });

export const header = '{"alg":"EdDSA","typ":"JWT"}';

/** Signs any header and any claims with Ed25519. */
export function signText(headerJson: string, claimsJson: string | Uint8Array, privateKey = seed): string {
  const signed = `${encode(headerJson)}.${encode(claimsJson)}`;
  return `${signed}.${encode(crypto.keyFromSeed(privateKey).sign(new TextEncoder().encode(signed)))}`;
}

/** Encodes base64url without padding. */
export function encode(data: string | Uint8Array): string {
  return base64urlnopad.encode(typeof data === "string" ? new TextEncoder().encode(data) : data);
}

/** Returns the JSON of the order's claims, with some replaced or (`undefined`) omitted. */
export function claimsJson(changes: Record<string, string | undefined> = {}): string {
  const members: Record<string, string | undefined> = {
    amount: "2.5",
    currency: '"USD"',
    destination: `"${intent.destination}"`,
    exchangeRate: "0.00001",
    fees: "100000000",
    intent: `"${intent.id}"`,
    quarks: "25000000000",
    state: '"SUBMITTED"',
    ...changes,
  };
  return `{${Object.entries(members)
    .flatMap(([name, json]) => (json === undefined ? [] : [`"${name}":${json}`]))
    .join(",")}}`;
}

/** The Ed25519 public key as SPKI PEM, the form that a confused receiver uses as an HMAC secret. */
export function publicKeyPem(): string {
  const x = encode(crypto.keyFromSeed(seed).publicKey);
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" })
    .export({ type: "spki", format: "pem" })
    .toString();
}

/** Returns the WebhookError that `act` rejects with. Throws if it resolves or rejects with another error. */
async function refusalOf(act: Promise<unknown>): Promise<WebhookError> {
  let result: unknown;
  try {
    result = await act;
  } catch (error) {
    if (error instanceof WebhookError) return error;
    throw new Error(`failed with ${String(error)} instead of a WebhookError`, { cause: error });
  }
  throw new Error(`was accepted, with ${String(result)}`);
}

/** Expects `act` to reject with this code and this field. */
export async function expectRefused(
  act: Promise<unknown>,
  code: string,
  field?: string,
): Promise<WebhookError> {
  const error = await refusalOf(act);
  expect({ code: error.code, field: error.field }).toEqual({ code, field });
  expect(error.retryable).toBe(false);
  expect(error.message.length).toBeGreaterThan(20);
  if (field !== undefined) expect(error.message.startsWith(`${field}: `)).toBe(true);
  return error;
}

/** Creates a webhook request of the Fetch API. */
export function webhookRequest(
  body: RequestInit["body"] = paidToken(),
  { url = "https://shop.example/webhooks/code", type = "application/jwt", method = "POST" } = {},
): Request {
  const headers = type === "" ? undefined : { "content-type": type };
  return new Request(url, {
    method,
    body,
    ...(headers === undefined ? {} : { headers }),
    duplex: "half",
  } as RequestInit);
}

/** Creates a promise and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
