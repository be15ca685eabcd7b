import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type Transport } from "@connectrpc/connect";
import { hex } from "@scure/base";
import { afterAll, expect, test } from "vitest";
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
