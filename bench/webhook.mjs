import assert from "node:assert/strict";
import { base58, base64urlnopad } from "@scure/base";
import { PaymentIntent } from "code-intents";
import { signTestWebhook, verifyWebhook } from "code-intents/webhook";
import { compactVerify, importJWK } from "jose";
import { interleave, speed, wallClock } from "./measure.mjs";

const ours = "verifyWebhook, bound to its order";
const bare = "jose only: compactVerify, signature only";

/**
 * Compares verifying one webhook, from text to typed claims, with the library that verifies its signature.
 *
 * @param {import("./measure.mjs").Effort} effort
 * @returns {Promise<import("./report.mjs").Table[]>}
 */
export async function compareWebhooks(effort) {
  const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
  const expect = PaymentIntent.from({ destination, amount: "2.50", currency: "usd" });
  const privateKey = new Uint8Array(32).fill(7);
  const publicKey = "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB";
  const claims = { intent: expect.id, destination, currency: "usd", amount: 2.5, exchangeRate: 0.00001 };
  const token = signTestWebhook({ ...claims, quarks: 25_000_000_000n, fees: 0n }, { privateKey });
  const x = base64urlnopad.encode(base58.decode(publicKey));
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x }, "EdDSA");

  assert.equal((await verifyWebhook(token, { publicKey, expect })).intent, expect.id);
  assert.ok(await compactVerify(token, key, { algorithms: ["EdDSA"] }));

  const timings = await interleave(
    [
      { name: ours, run: repeat(() => verifyWebhook(token, { publicKey, expect })) },
      { name: bare, run: repeat(() => compactVerify(token, key, { algorithms: ["EdDSA"] })) },
    ],
    effort,
    wallClock,
  );
  return [
    {
      title: "Verify one webhook; jose only = 1, higher is faster",
      rows: [{ name: ours, ratio: speed(timings, ours, bare) }],
    },
  ];
}

/** @param {() => Promise<unknown>} verify */
function repeat(verify) {
  return async (/** @type {number} */ count) => {
    for (let i = 0; i < count; i++) await verify();
  };
}
