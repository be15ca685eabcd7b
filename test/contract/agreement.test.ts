import { toBinary } from "@bufbuild/protobuf";
import { hex } from "@scure/base";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { scaled } from "../support/property.js";
import { brokenIn, refusalOf } from "./judge.js";
import { requestOf, verifier } from "./requests.js";

const count = Number(process.env.AGREEMENT_COUNT ?? scaled(10_000));
const seed = Number(process.env.PROPERTY_SEED ?? 20_240_208);
// Each emulator keeps what it is sent.
const PER_EMULATOR = 20_000;

/** Refusals by configuration or state: limits of amounts, accounts of the wallet, a pong that is not preceded by a request. */
const depends =
  /currency has a (minimum|maximum) amount of|must be a temporary incoming account|request is nil/;

let emulator: Emulator;
async function restart(): Promise<void> {
  await emulator?.close();
  const body = JSON.stringify({ public_keys: [toBase58(verifier.publicKey)] });
  emulator = await Emulator.start({
    allowLocalWebhooks: false,
    resolveHost: async () => {},
    fetchWellKnown: async () => ({ status: 200, body }),
  });
}
beforeAll(restart);
afterAll(() => emulator.close());

test(
  `the sequencer refuses what the explorer reports as broken, and nothing else, in ${count} requests`,
  async () => {
    const disagreements: string[] = [];
    const seen = { refused: 0, accepted: 0, depends: 0 };
    const kinds = new Map<string, Set<boolean>>();
    for (let index = 0; index < count && disagreements.length < 20; index++) {
      if (index > 0 && index % PER_EMULATOR === 0) await restart();
      const { schema, request } = requestOf(seed, index);
      const broken = brokenIn(schema, request);
      const refusal = await refusalOf(emulator, schema, request);
      const isDependent = refusal !== undefined && depends.test(refusal);
      seen[isDependent ? "depends" : refusal === undefined ? "accepted" : "refused"]++;
      kinds.set(schema.name, (kinds.get(schema.name) ?? new Set()).add(refusal === undefined));
      if (isDependent || broken.length > 0 === (refusal !== undefined)) continue;
      const sides = `explorer: ${broken.join(" | ") || "nothing"}\n  sequencer: ${refusal ?? "accepted"}`;
      disagreements.push(
        `seed ${seed}, index ${index}, ${schema.name} ${hex.encode(toBinary(schema, request)).slice(0, 1200)}\n  ${sides}`,
      );
    }
    expect(disagreements.join("\n")).toBe("");
    expect(Math.min(seen.refused, seen.accepted)).toBeGreaterThan(count / 10);
    expect([...kinds].filter(([, outcomes]) => outcomes.size < 2).map(([name]) => name)).toEqual([]);
    expect(kinds.size).toBe(9);
  },
  Math.max(120_000, count * 20),
);
