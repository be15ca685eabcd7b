import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { base58, base64urlnopad } from "@scure/base";
import { CodeClient } from "code-intents";
import { RequestSchema } from "code-intents/proto/common";
import { interleave, speed, wallClock } from "./measure.mjs";
import { assertSameBytes, clientSecret, details, officialBytes, paymentIntents } from "./official.mjs";
import { startStub } from "./stub.mjs";

const IN_FLIGHT = 64;
const official = "official: paymentIntents.create";

/**
 * A client and protocol that registers an intent.
 *
 * @typedef {object} Way
 * @property {string} name
 * @property {(nonce?: { clientSecret: string }) => Promise<{ id: string }>} create
 * @property {(body: Buffer) => Uint8Array} requestIn Extracts the SendMessageRequest from the request body.
 * @property {number | undefined} [target] Minimum speed, as a multiple of the official client's.
 * @property {() => Promise<void>} close
 */

/**
 * Measures complete calls: build, sign, send, read the response. Sequential and concurrent.
 *
 * @param {import("./measure.mjs").Effort} effort
 * @returns {Promise<import("./report.mjs").Table[]>}
 */
export async function compareCreating(effort) {
  const stub = await startStub();
  const ways = [officialWay(stub), ...ourWays(stub)];
  try {
    for (const way of ways) await checkWay(way, stub);
    return [
      await compareWays(ways, "sequential", oneByOne, effort),
      await compareWays(ways, `${IN_FLIGHT} concurrent`, inFlight, effort),
    ];
  } finally {
    await Promise.all(ways.map((way) => way.close()));
    await stub.close();
  }
}

/**
 * @param {readonly Way[]} ways
 * @param {string} mode
 * @param {(create: Way["create"]) => (count: number) => Promise<void>} repeat
 * @param {import("./measure.mjs").Effort} effort
 * @returns {Promise<import("./report.mjs").Table>}
 */
async function compareWays(ways, mode, repeat, { callRounds, callMs, warmUpMs }) {
  const cases = ways.map(({ name, create }) => ({ name, run: repeat(create) }));
  const effort = { rounds: callRounds, batchMs: callMs, warmUpMs };
  const timings = await interleave(cases, effort, wallClock);
  return {
    title: `Complete create(), ${mode}; official client = 1, higher is faster`,
    rows: ways.slice(1).map(({ name, target }) => ({
      name,
      ratio: speed(timings, name, official),
      ...(target === undefined ? {} : { target: { atLeast: target } }),
    })),
  };
}

/**
 * @param {import("./stub.mjs").Stub} stub
 * @returns {Way}
 */
function officialWay(stub) {
  return {
    name: official,
    create: (nonce) => paymentIntents.create({ mode: "payment", ...details, ...nonce, endpoint: stub.http1 }),
    requestIn: (body) => fromBinary(RequestSchema, body).body,
    async close() {},
  };
}

/**
 * @param {import("./stub.mjs").Stub} stub
 * @returns {Way[]}
 */
function ourWays({ http1, http2 }) {
  return [
    ourWay("REST", { protocol: "rest", baseUrl: http1 }, requestInRest, 4),
    ourWay("Connect, HTTP/2", { protocol: "connect", baseUrl: http2 }, (body) => body, 1.8),
    ourWay(
      "Connect, HTTP/1.1",
      { protocol: "connect", httpVersion: "1.1", baseUrl: http1 },
      (body) => body,
      1.8,
    ),
    ourWay("gRPC", { protocol: "grpc", baseUrl: http2 }, unframed),
    ourWay("gRPC-Web, HTTP/2", { protocol: "grpc-web", baseUrl: http2 }, unframed),
  ];
}

/**
 * @param {string} name
 * @param {import("code-intents").ConnectingClientOptions} options
 * @param {Way["requestIn"]} requestIn
 * @param {number} [target]
 * @returns {Way}
 */
function ourWay(name, options, requestIn, target) {
  const client = new CodeClient(options);
  return {
    name,
    create: (nonce) => client.paymentIntents.create(nonce === undefined ? details : { ...details, ...nonce }),
    requestIn,
    target,
    close: () => client.close(),
  };
}

/**
 * Registers one known intent and asserts that its id and the received bytes equal the official ones.
 *
 * @param {Way} way
 * @param {import("./stub.mjs").Stub} stub
 */
async function checkWay({ name, create, requestIn }, stub) {
  const expected = await officialBytes();
  const { id } = await create({ clientSecret });
  assert.equal(id, expected.id, name);
  assertSameBytes(requestIn(await stub.lastBody()), expected.request, name);
}

/** @param {Buffer} body */
function unframed(body) {
  return body.subarray(5);
}

/**
 * REST carries the three parts separately. Joined as fields 1, 2 and 3 they are the SendMessageRequest.
 *
 * @param {Buffer} body
 */
function requestInRest(body) {
  const { intent, message, signature } = JSON.parse(body.toString());
  const outer = field(5, base64urlnopad.decode(message));
  return Buffer.concat([
    field(1, outer),
    field(2, field(1, base58.decode(intent))),
    field(3, field(1, base58.decode(signature))),
  ]);
}

/**
 * Encodes a field of fewer than 128 bytes.
 *
 * @param {number} number
 * @param {Uint8Array} bytes
 */
function field(number, bytes) {
  return Buffer.concat([Buffer.of((number << 3) | 2, bytes.length), bytes]);
}

/** @param {Way["create"]} create */
function oneByOne(create) {
  /** @param {number} count */
  return async (count) => {
    for (let i = 0; i < count; i++) await create();
  };
}

/**
 * Runs rounds of concurrent calls, without a pause between rounds.
 *
 * @param {Way["create"]} create
 */
function inFlight(create) {
  /** @param {number} count */
  return async (count) => {
    let left = IN_FLIGHT * count;
    const worker = async () => {
      while (left-- > 0) await create();
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  };
}
