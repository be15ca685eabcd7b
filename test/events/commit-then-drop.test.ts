import net from "node:net";
import { describe, expect, it } from "vitest";
import { Emulator, memoryStore, type Store } from "../../src/emulator/index.js";
import type { CodeClient } from "../../src/index.js";
import { type HostileServer, startRaw } from "../support/hostile-servers.js";
import { order } from "../support/outcomes.js";
import { clientOf, type Way, ways } from "../support/protocols.js";

const url = "https://shop.example.com/paid";

type Written = "request" | "webhook";

/** Starts an emulator that commits each request, and drops its response while `lose` is above zero. */
interface Losing extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly code: CodeClient;
  /** Number of responses still to drop. */
  readonly lose: Record<Written, number>;
  /** Number of writes of each kind. */
  readonly wrote: Record<Written, number>;
  readonly warnings: string[];
}

async function losing(way: Way): Promise<Losing> {
  const lose = { request: 0, webhook: 0 };
  const wrote = { request: 0, webhook: 0 };
  let proxy: HostileServer | undefined;
  const inner = memoryStore();
  const store: Store = {
    dump: () => inner.dump(),
    load: (states) => inner.load(states),
    close: () => inner.close(),
    async transaction(intentId, work) {
      const written: Written[] = [];
      const result = await inner.transaction(intentId, (transaction) =>
        work(
          new Proxy(transaction, {
            get(target, name) {
              if (name === "addMessage") written.push("request");
              if (name === "putWebhook") written.push("webhook");
              const value: unknown = Reflect.get(target, name);
              return typeof value === "function" ? value.bind(target) : value;
            },
          }),
        ),
      );
      for (const what of written) {
        wrote[what]++;
        if (lose[what] === 0) continue;
        lose[what]--;
        // In memory, no connection can break.
        if (proxy === undefined) throw new Error("lost");
        proxy.dropConnections();
      }
      return result;
    },
  };
  const emulator = await Emulator.start({
    store,
    resolveHost: async () => {},
    logger: { error() {} },
  } as Parameters<typeof Emulator.start>[0]);
  if (way.connecting !== undefined) {
    proxy = await startRaw((socket) => {
      const upstream = net.connect(emulator.port, "127.0.0.1");
      upstream.on("error", () => {});
      upstream.once("close", () => socket.destroy());
      socket.once("close", () => upstream.destroy());
      socket.pipe(upstream).pipe(socket);
    });
  }
  const warnings: string[] = [];
  const code = clientOf(emulator, way, {
    ...(proxy === undefined ? {} : { baseUrl: proxy.url }),
    retry: { maxAttempts: 5, initialDelayMs: 5, maxDelayMs: 20 },
    logger: { warn: (message: string) => warnings.push(message) },
  } as Parameters<typeof clientOf>[2]);
  return {
    emulator,
    code,
    lose,
    wrote,
    warnings,
    async [Symbol.asyncDispose]() {
      await code.close();
      await proxy?.close();
      await emulator.close();
    },
  };
}

describe.each(ways)("a response dropped after the commit, over $name", (way) => {
  it.each([1, 2, 3])("leaves one intent after %d dropped responses", async (times) => {
    await using place = await losing(way);
    const { code, emulator, lose, wrote } = place;
    lose.request = times;
    const intent = await code.paymentIntents.create(order);
    expect(wrote.request).toBe(times + 1);
    expect(lose.request).toBe(0);
    expect(await code.paymentIntents.getStatus(intent)).toMatchObject({ state: "pending" });
    expect(JSON.stringify(await emulator.exportState()).split(intent.id)).toHaveLength(2);
    await emulator.wallet.pay(intent.id);
    const events = [];
    for await (const event of code.paymentIntents.watch(intent, { intervalMs: 50, timeoutMs: 110_000 }))
      events.push(event.type);
    expect(events.filter((type) => type === "submitted")).toHaveLength(1);
    expect(events.filter((type) => type === "requested")).toHaveLength(way.capabilities.messages ? 1 : 0);
  });

  it("is reported as unknown if every response is dropped, and a repeated create leaves one intent", async () => {
    await using place = await losing(way);
    const { code, lose, wrote } = place;
    lose.request = 5;
    const intent = code.paymentIntents.build(order);
    await expect(code.paymentIntents.create(intent)).rejects.toMatchObject({
      code: "registration_unknown",
      intent,
    });
    expect(wrote.request).toBe(5);
    expect(await code.paymentIntents.create(intent)).toBe(intent);
    expect(await code.paymentIntents.getStatus(intent)).toMatchObject({ state: "pending" });
  });

  it("makes a webhook registration probably ours, and registers one webhook", async () => {
    await using place = await losing(way);
    const { code, lose, wrote, warnings } = place;
    const intent = await code.paymentIntents.create(order);
    lose.webhook = 1;
    const result = await code.webhooks.register({ intent, url });
    expect(result).toBe(way.capabilities.separateWebhook ? "probably_ours" : "registered_or_existing");
    expect(wrote.webhook).toBe(1);
    expect(warnings).toEqual([]);
  });

  it("of a create with a webhook logs no warning about another party's webhook", async () => {
    await using place = await losing(way);
    const { code, lose, wrote, warnings } = place;
    lose.webhook = 1;
    await code.paymentIntents.create({ ...order, webhook: { url } });
    expect(wrote.webhook).toBe(1);
    expect(warnings).toEqual([]);
  });
});
