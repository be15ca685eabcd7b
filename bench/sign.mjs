import assert from "node:assert/strict";
import crypto from "node:crypto";
import { PaymentIntent } from "code-intents";
import { interleave, processorClock, speed } from "./measure.mjs";
import { assertSameBytes, clientSecret, details, officialBytes, PaymentRequestIntent } from "./official.mjs";

const official = "official: new PaymentRequestIntent + sign";
const ours = "PaymentIntent.from + sign + every form of the bytes";
const bare = "node:crypto alone: import the seed, public key, signature";

/**
 * From options to everything that is sent, without a network; the nonce is random on both sides.
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
      title: "The same; node:crypto alone = 1, higher is faster",
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
 * The fastest way into `node:crypto` that this Node has. Up to 25 a JWK whose public half is a dummy; 26 refuses that.
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
    // Unknown to the type declarations of the oldest Node that is supported.
    (seed) =>
      crypto.createPrivateKey(
        /** @type {any} */ ({ key: seed, format: "raw-private", asymmetricKeyType: "ed25519" }),
      ),
  ];
  const way = ways.find((importSeed) => works(() => importSeed(crypto.randomBytes(32))));
  assert.ok(way, "node:crypto imports no seed");
  return way;
}

/** @param {ImportSeed} keyOf */
function barePrimitives(keyOf) {
  const seed = crypto.randomBytes(32);
  const message = PaymentIntent.from(details).toBinary();
  return () => {
    // Another key each time, as every intent has its own.
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
