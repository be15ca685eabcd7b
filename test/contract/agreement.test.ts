import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type Transport } from "@connectrpc/connect";
import { hex } from "@scure/base";
import { afterAll, expect, test } from "vitest";
import { SendMessageRequestSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  type GetStatusRequestSchema,
  MicroPayment,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { scaled } from "../support/property.js";
import { filled } from "../support/sequencer.js";
import { Agreement } from "./agreement.js";
import { brokenIn, dependent, Judge } from "./judge.js";
import { requestOf, verifier } from "./requests.js";

const count = Number(process.env.AGREEMENT_COUNT ?? scaled(10_000));
const seed = Number(process.env.PROPERTY_SEED ?? 20_240_208);
// The test runner needs the event loop after this many requests.
const PER_TURN = 100;

const body = JSON.stringify({ public_keys: [toBase58(verifier.publicKey)] });
const judge = new Judge({
  allowLocalWebhooks: false,
  resolveHost: async () => {},
  fetchWellKnown: async () => ({ status: 200, body }),
});
afterAll(() => judge.close());

test(
  `the sequencer refuses what the explorer reports as broken, and nothing else, in ${count} requests`,
  async () => {
    const disagreements: string[] = [];
    const seen = { refused: 0, accepted: 0, depends: 0 };
    const kinds = new Map<string, Set<boolean>>();
    for (let index = 0; index < count && disagreements.length < 20; index++) {
      if (index % PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      const { schema, request } = requestOf(seed, index);
      const bytes = toBinary(schema, request);
      const broken = brokenIn(schema, bytes);
      const refusal = await judge.refusalOf(schema, bytes);
      const isDependent = refusal !== undefined && dependent.test(refusal);
      seen[isDependent ? "depends" : refusal === undefined ? "accepted" : "refused"]++;
      kinds.set(schema.name, (kinds.get(schema.name) ?? new Set()).add(refusal === undefined));
      if (isDependent || broken.length > 0 === (refusal !== undefined)) continue;
      const sides = `explorer: ${broken.join(" | ") || "nothing"}\n  sequencer: ${refusal ?? "accepted"}`;
      disagreements.push(
        `seed ${seed}, index ${index}, ${schema.name} ${hex.encode(bytes).slice(0, 1200)}\n  ${sides}`,
      );
    }
    expect(disagreements.join("\n")).toBe("");
    expect(Math.min(seen.refused, seen.accepted)).toBeGreaterThan(count / 10);
    expect([...kinds].filter(([, outcomes]) => outcomes.size < 2).map(([name]) => name)).toEqual([]);
    expect(kinds.size).toBe(9);
  },
  Math.max(120_000, count * 20),
);

test("a comparison of calls finds a sequencer that accepts all requests, and one that refuses all", async () => {
  const status = { intentId: { value: filled(1) } };
  const accepting = createRouterTransport(({ service }) => {
    service(MicroPayment, { getStatus: () => ({}) });
  });
  const refusing = createRouterTransport(({ service }) => {
    service(MicroPayment, {
      getStatus() {
        throw new ConnectError("no", Code.InvalidArgument);
      },
    });
  });
  const agreement = new Agreement();
  const call = (transport: Transport, request: MessageInitShape<typeof GetStatusRequestSchema>) =>
    createClient(MicroPayment, agreement.of({ transport }).transport).getStatus(request);
  await call(accepting, status);
  await expect(call(refusing, {})).rejects.toThrow("no");
  expect(agreement.disagreements).toEqual([]);
  await call(accepting, {});
  await expect(call(refusing, status)).rejects.toThrow("no");
  expect(agreement.disagreements).toEqual([
    expect.stringContaining("sequencer: accepted"),
    expect.stringContaining("explorer: nothing"),
  ]);
});

// Requests in which earlier runs found the two to disagree.
test.each([
  [
    "an inner rendezvous key of another message, before a field with another wire type",
    "0ad7012acf010a220a2001010101010101010101010101010101010101010101010101010101010101011a0e0a0375736411000000000000f03f220d0a0b6578616d706c652e636f6d2a220a20ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c32420a40c69429ac14b2e3c1ebae19bb32ba1b56e3ed3b8cc764d1b1b82378e0bca9a4e7d5ef13393eb6a523c5faa22a419e6dd479b88f16de7f9e0c6008c5bf60a6ee053a220a20545f469c22188e90015bdd85b889678d459f86bdf8f7bd34971b10b9b3858609650102030412220a20555f469c22188e90015bdd85b889678d459f86bdf8f7bd34971b10b9b38586091a420a4031dbffae0c40645c13e908c0501dbce676560c76b0c39175effc6fd5f369d081c849eac1d0c03d02bdde5cece82b2c30f273b88fd0bb474656aa7421e9d7b908",
  ],
  [
    "an intent id of another message, before a field with another wire type",
    "0a2b3a240a220a206c44f939f829d43598bcdedda90de01db69faa50caa33e8c6c328a4b900d4dac3d0102030412220a206d44f939f829d43598bcdedda90de01db69faa50caa33e8c6c328a4b900d4dac1a420a40f6a4682fe42841c76e46b026be96d52d035b16190f969867048b0f0051250edfdf8111fa732af5b47cf8f4fa6a3f4f940b6b9bc8a46bec4637a33d685a286508",
  ],
])("both reject %s", async (_, text) => {
  const bytes = hex.decode(text);
  expect(brokenIn(SendMessageRequestSchema, bytes)).not.toEqual([]);
  expect(await judge.refusalOf(SendMessageRequestSchema, bytes)).toBeDefined();
});
