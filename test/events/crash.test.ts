import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { buildScript, type Child, type Script } from "../support/child-process.js";
import { destination } from "../support/outcomes.js";
import { recordingStore } from "../support/recording-store.js";

// A shop as documented: build, persist, create, and fulfil once when the webhook or the status reports the
// payment. After a crash, it resumes from its files. It ships by a call with the intent id as its idempotency
// key; here, a file that can be created only once.
const shop = `
  import { randomUUID } from "node:crypto";
  import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
  import { createServer } from "node:http";
  import { CodeClient, PaymentIntent } from "./src/index.js";
  import { nodeWebhookHandler, onceOnly } from "./src/webhook/index.js";
  const [directory, baseUrl, publicKey, haltAt] = process.argv.slice(2);
  const halt = async (point) => {
    console.log(point);
    if (point === haltAt) await new Promise((resolve) => setTimeout(resolve, 60_000));
  };
  const read = (name) => {
    const file = directory + "/" + name;
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  };
  const write = (name, value) => {
    const file = directory + "/" + name;
    writeFileSync(file + ".new", JSON.stringify(value));
    renameSync(file + ".new", file);
  };
  const store = {
    async claim(intent, leaseMs) {
      const claim = read("claim.json");
      if (claim?.done) return "done";
      if (claim !== undefined && claim.leaseUntil > Date.now()) return "busy";
      const token = randomUUID();
      write("claim.json", { token, leaseUntil: Date.now() + leaseMs });
      return { token };
    },
    async complete(intent, token) {
      if (read("claim.json")?.token !== token) return false;
      write("claim.json", { token, done: true });
      return true;
    },
    async release(intent, token) {
      const claim = read("claim.json");
      if (claim?.token === token && !claim.done) write("claim.json", { leaseUntil: 0 });
    },
  };
  const fulfil = async ({ intent }) => {
    await halt("claimed");
    writeFileSync(directory + "/called-" + process.pid, "");
    try {
      writeFileSync(directory + "/goods-" + intent, "", { flag: "wx" });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    await halt("delivered");
  };
  const details = { destination: "${destination}", amount: "2.50", currency: "usd" };
  const expected = (intentId) => {
    const order = read("order.json");
    return order?.id === intentId ? { intentId, ...details } : undefined;
  };
  const handler = nodeWebhookHandler({ publicKey, expect: expected, store, fulfil, leaseMs: 300 });
  const server = createServer(handler).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  write("port.json", server.address().port);

  const code = new CodeClient({ baseUrl, idempotencySecret: "a secret of at least thirty-two bytes" });
  const order = read("order.json");
  const webhook = { url: "https://shop.example.com/paid" };
  const intent =
    order === undefined
      ? code.paymentIntents.build({ ...details, webhook, idempotencyKey: "order-1042" })
      : PaymentIntent.fromClientSecret({
          ...details,
          webhook,
          clientSecret: order.clientSecret,
          expectedId: order.id,
        });
  await halt("built");
  const row = { id: intent.id, clientSecret: intent.clientSecret };
  if (order === undefined) write("order.json", row);
  await halt("persisted");
  if (order?.created !== true) {
    await code.paymentIntents.create(intent);
    write("order.json", { ...row, created: true });
  }
  await halt("created");
  await code.paymentIntents.waitForPayment(intent, { intervalMs: 50, timeoutMs: 110_000 });
  await halt("heard");
  const fulfilOnce = onceOnly(store, fulfil, { leaseMs: 300 });
  for (;;) {
    const outcome = await fulfilOnce({ intent: intent.id });
    if (outcome !== "busy") break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await halt("completed");
  await code.close();
  server.closeAllConnections();
  server.close();
  console.log("done");
`;

const points = ["built", "persisted", "created", "heard", "claimed", "delivered", "completed"] as const;

let script: Script;
beforeAll(async () => {
  script = await buildScript(shop);
});
afterAll(() => script.remove());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function kill(child: Child): Promise<void> {
  child.process.kill("SIGKILL");
  await child.exit;
}

describe("a shop that is killed", () => {
  it.each(points)("ends with one intent and one fulfilment if killed when it is “%s”", async (point) => {
    const directory = await mkdtemp(join(tmpdir(), "code-intents-"));
    cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const read = async (name: string) => JSON.parse(await readFile(join(directory, name), "utf8"));
    const recording = recordingStore();
    // Otherwise a webhook could start the fulfilment before the shop is killed.
    let isReachable = point !== "heard";
    const options: Parameters<typeof Emulator.start>[0] = {
      store: recording.store,
      logger: { error() {} },
      resolveHost: async () => {},
      // The address of the shop's current process.
      deliverWebhook: async ({ headers, body, signal }) => {
        if (!isReachable) throw new Error("unreachable");
        const url = `http://127.0.0.1:${await read("port.json")}/`;
        const init = { method: "POST", headers: { ...headers, connection: "close" }, body, signal };
        const { status } = await fetch(url, init);
        return { status };
      },
    };
    const emulator = await Emulator.start(options);
    cleanups.push(() => emulator.close());
    const start = (haltAt: string) =>
      script.run([directory, emulator.url, emulator.webhookPublicKey, haltAt]);

    const first = start(point);
    const pay = async (child: Child) => {
      await child.printed("created");
      await emulator.wallet.pay((await read("order.json")).id);
    };
    const isPaidBefore = points.indexOf(point) > points.indexOf("created");
    await Promise.all([first.printed(point), isPaidBefore ? pay(first) : undefined]);
    await kill(first);
    isReachable = true;
    // The payer does not wait for the shop.
    if (point === "created") await emulator.wallet.pay((await read("order.json")).id);

    const second = start("never");
    if (point === "built" || point === "persisted") await pay(second);
    await second.printed("heard");
    await emulator.clock.advance(20_000);
    const { code, stdout, stderr } = await second.exit;
    expect({ code, stderr, last: stdout.trimEnd().split("\n").at(-1) }).toEqual({
      code: 0,
      stderr: "",
      last: "done",
    });
    const { id } = await read("order.json");
    expect([...recording.requests]).toEqual([[id, 1]]);
    const files = await readdir(directory);
    expect(files.filter((name) => name.startsWith("goods-"))).toEqual([`goods-${id}`]);
    expect(files.filter((name) => name.startsWith("called-")).length).toBe(point === "delivered" ? 2 : 1);
    expect(await read("claim.json")).toMatchObject({ done: true });
  });
});
