import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { PROTOCOLS, type Protocol } from "../../src/index.js";
import { buildScript, type Child, type Script } from "../support/child-process.js";
import { destination } from "../support/outcomes.js";
import { recordingStore } from "../support/recording-store.js";

// A merchant's backend as documented: build, persist, create, and resume from the record after a crash. Until
// there is a record, the idempotency key identifies the order.
const merchant = `
  import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
  import { CodeClient, PaymentIntent } from "./src/index.js";
  const [file, baseUrl, protocol, haltAt] = process.argv.slice(2);
  const halt = async (point) => {
    console.log(point);
    if (point === haltAt) await new Promise((resolve) => setTimeout(resolve, 60_000));
  };
  const persist = (record) => {
    writeFileSync(file + ".new", JSON.stringify(record));
    renameSync(file + ".new", file);
  };
  const order = { destination: "${destination}", amount: "2.50", currency: "usd" };
  const idempotencySecret = "a secret of at least thirty-two bytes";
  const code = new CodeClient({ baseUrl, protocol, idempotencySecret });
  let intent;
  if (existsSync(file)) {
    const { id, clientSecret } = JSON.parse(readFileSync(file, "utf8"));
    intent = PaymentIntent.fromClientSecret({ ...order, clientSecret, expectedId: id });
  } else {
    intent = code.paymentIntents.build({ ...order, idempotencyKey: "order-1042" });
    await halt("built");
    persist({ id: intent.id, clientSecret: intent.clientSecret });
  }
  await halt("persisted");
  await code.paymentIntents.create(intent);
  await halt("created");
  const { state } = await code.paymentIntents.getStatus(intent);
  persist({ id: intent.id, clientSecret: intent.clientSecret, state });
  await code.close();
  console.log("done");
`;

let script: Script;
beforeAll(async () => {
  script = await buildScript(merchant);
});
afterAll(() => script.remove());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function kill(child: Child): Promise<void> {
  child.process.kill("SIGKILL");
  expect((await child.exit).signal).toBe("SIGKILL");
}

interface Row {
  readonly point: string;
  readonly protocol: Protocol;
  /** The point at which the merchant stops to be killed. */
  readonly haltAt?: string;
  /** The point at which the sequencer stops, so that the merchant is killed. */
  readonly commit?: "before" | "after";
}

const rows: readonly Row[] = [
  { point: "after it built the intent", haltAt: "built", protocol: "connect" },
  { point: "after it persisted the intent", haltAt: "persisted", protocol: "connect" },
  { point: "after it heard that the intent is registered", haltAt: "created", protocol: "connect" },
  ...PROTOCOLS.flatMap((protocol): Row[] => [
    { point: "while the sequencer has the request, and nothing is stored", commit: "before", protocol },
    { point: "while the message is stored, and the answer on its way", commit: "after", protocol },
  ]),
];

describe("a merchant that is killed", () => {
  it.each(rows)(
    "$point, over $protocol, ends with one registered intent",
    async ({ protocol, haltAt, commit }) => {
      const directory = await mkdtemp(join(tmpdir(), "code-intents-"));
      cleanups.push(() => rm(directory, { recursive: true, force: true }));
      const recording = recordingStore();
      const emulator = await Emulator.start({ store: recording.store, logger: { error() {} } });
      cleanups.push(() => emulator.close());
      const file = join(directory, "order.json");
      const start = (haltAt = "never") => script.run([file, emulator.url, protocol, haltAt]);

      let first: Child;
      if (haltAt !== undefined) {
        first = start(haltAt);
        await first.printed(haltAt);
        await kill(first);
      } else {
        const killed = new Promise<void>((resolve, reject) => {
          const stepIn = () => {
            recording.beforeCommit = () => {};
            recording.afterCommit = () => {};
            const gone = kill(first);
            gone.then(resolve, reject);
            return gone;
          };
          if (commit === "before") recording.beforeCommit = stepIn;
          else recording.afterCommit = stepIn;
        });
        first = start();
        await killed;
        expect((await first.exit).stdout).not.toContain("created");
      }

      const { code, stdout, stderr } = await start().exit;
      expect({ code, stderr, last: stdout.trimEnd().split("\n").at(-1) }).toEqual({
        code: 0,
        stderr: "",
        last: "done",
      });
      const { id, state } = JSON.parse(await readFile(file, "utf8"));
      expect(state).toBe("pending");
      expect([...recording.requests]).toEqual([[id, 1]]);
      expect([...recording.messages.keys()]).toEqual([id]);
    },
  );
});
