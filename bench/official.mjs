import assert from "node:assert/strict";
import { createRequire } from "node:module";
import client from "@code-wallet/client";
import intents from "@code-wallet/intents";

/** The official client's `paymentIntents`. */
export const { paymentIntents } = client;
export const { PaymentRequestIntent } = intents;

/** The message classes of the official packages. They are their dependency, so resolve them from there. */
export const officialMessages = createRequire(import.meta.resolve("@code-wallet/intents"))(
  "@code-wallet/rpc",
);

/** Options of the intent that both sides build. Its message has 54 bytes. */
export const details = {
  destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR",
  amount: 10,
  currency: /** @type {const} */ ("usd"),
};

/** Client secret of the intents that are compared byte by byte. */
export const clientSecret = "uqM86tVJL9rhqS";

/**
 * Returns the bytes that the official packages build from {@link details} and {@link clientSecret}.
 *
 * @returns {Promise<{ id: string, message: Uint8Array, inner: Uint8Array, signature: Uint8Array, request: Uint8Array }>}
 */
export async function officialBytes() {
  const intent = new PaymentRequestIntent({ mode: "payment", ...details, clientSecret });
  const { envelope, signedBytes, signature } = intent.sign();
  const request = await intent.getSendMessageRequestProto();
  return {
    id: intent.getIntentId(),
    message: envelope.toBinary(),
    inner: signedBytes,
    signature,
    request: request.toBinary(),
  };
}

/**
 * @param {Uint8Array} actual
 * @param {Uint8Array} expected
 * @param {string} what
 */
export function assertSameBytes(actual, expected, what) {
  assert.equal(hex(actual), hex(expected), `${what}: bytes differ from the official ones`);
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}
