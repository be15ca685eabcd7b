import assert from "node:assert/strict";
import crypto from "node:crypto";
import { PaymentIntent } from "code-intents";
import { interleave, processorClock, speed } from "./measure.mjs";
import { assertSameBytes, clientSecret, details, officialBytes, PaymentRequestIntent } from "./official.mjs";

const official = "official: new PaymentRequestIntent + sign";
const ours = "PaymentIntent.from + sign + every encoding";
const bare = "node:crypto only: import seed, export public key, sign";

/**
 * Measures everything from options to the bytes to send, without a network. Both sides use a random nonce.
 *
 * @param {import("./measure.mjs").Effort} effort
 * @returns {Promise<import("./report.mjs").Table[]>}
 */
export async function compareSigning(effort) {
  await checkOurs();
  const keyOf = fastestImport();
  const timings = await interleave(
    [
      { name: official, run: repeat(() => new PaymentRequestIntent({ mode: "payment", ...details }).sign()) },
      { name: ours, run: repeat(buildAndSign) },
      { name: bare, run: repeat(barePrimitives(keyOf)) },
    ],
    effort,
    processorClock,
  );
  return [
    {
      title: "Build and sign one intent; official = 1, higher is faster",
      rows: [
        { name: ours, ratio: speed(timings, ours, official), target: { atLeast: 10 } },
        { name: bare, ratio: speed(timings, bare, official) },
      ],
    },
    {
      title: "Build and sign one intent; node:crypto only = 1, higher is faster",
      rows: [{ name: ours, ratio: speed(timings, ours, bare), target: { atLeast: 0.75 } }],
    },
  ];
}

function buildAndSign() {
  const intent = PaymentIntent.from(details);
  intent.toBinary();
  intent.sign();
  return intent.toSendMessageRequest();
}

async function checkOurs() {
  const expected = await officialBytes();
  const intent = PaymentIntent.from({ ...details, clientSecret });
  assert.equal(intent.id, expected.id, "intent id");
  assertSameBytes(intent.toBinary(), expected.message, "message");
  assertSameBytes(intent.sign().requestToReceiveBill, expected.inner, "inner message");
  assertSameBytes(intent.sign().signature, expected.signature, "signature");
  assertSameBytes(intent.toSendMessageRequest(), expected.request, "SendMessageRequest");
}

/** @typedef {(seed: Buffer) => crypto.KeyObject} ImportSeed */

/**
 * The fastest import of a seed into `node:crypto` on this Node. Up to Node 25 that is a JWK with a dummy
 * public key. Node 26 rejects it.
 *
 * @returns {ImportSeed}
 */
function fastestImport() {
  const x = Buffer.alloc(32).toString("base64url");
  /** @type {ImportSeed[]} */
  const ways = [
    (seed) =>
      crypto.createPrivateKey({
        key: { kty: "OKP", crv: "Ed25519", d: seed.toString("base64url"), x },
        format: "jwk",
      }),
    // The type declarations of the oldest supported Node lack this format.
    (seed) =>
      crypto.createPrivateKey(
        /** @type {any} */ ({ key: seed, format: "raw-private", asymmetricKeyType: "ed25519" }),
      ),
  ];
  const way = ways.find((importSeed) => works(() => importSeed(crypto.randomBytes(32))));
  assert.ok(way, "node:crypto cannot import a seed");
  return way;
}

/** @param {ImportSeed} keyOf */
function barePrimitives(keyOf) {
  const seed = crypto.randomBytes(32);
  const message = PaymentIntent.from(details).toBinary();
  return () => {
    // A different key each time, because every intent has a different key.
    seed.writeUInt32LE((seed.readUInt32LE(0) + 1) >>> 0, 0);
    const key = keyOf(seed);
    return [key.export({ format: "jwk" }).x, crypto.sign(null, message, key)];
  };
}

/** @param {() => unknown} attempt */
function works(attempt) {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/** @param {() => unknown} once */
function repeat(once) {
  /** @param {number} count */
  return (count) => {
    for (let i = 0; i < count; i++) once();
  };
}
