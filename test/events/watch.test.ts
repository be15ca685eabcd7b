import { getEventListeners } from "node:events";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  AckMesssagesResponseSchema,
  type Message,
  OpenMessageStreamResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { Emulator } from "../../src/emulator/index.js";
import { CodeClient, type PaymentEvent, PaymentIntent, type WatchOptions } from "../../src/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { buildScript } from "../support/child-process.js";
import { failureOf, order } from "../support/outcomes.js";
import { clientOf, type Way, ways } from "../support/protocols.js";
import {
  delivered,
  frameOf,
  inMemory,
  overHttp2,
  pingOf,
  requestOf,
  type Script,
  submissionOf,
  unavailable,
  untilAborted,
} from "../support/scripted-sequencer.js";
import { filled, type Kind, messagingOf, poll, sendKind } from "../support/sequencer.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const quick = { intervalMs: 50, timeoutMs: 110_000 } as const;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const scannedAt = (seconds: number): Kind => ({
  case: "codeScanned",
  value: { timestamp: { seconds: BigInt(seconds) } },
});
const typesOf = (events: readonly PaymentEvent[]) => events.map(({ type }) => type);
const keyOf = (intent: PaymentIntent) => rendezvousKey(intent.payload);

async function hear(
  code: CodeClient,
  intent: PaymentIntent,
  options: WatchOptions = {},
  onEvent: (event: PaymentEvent, events: readonly PaymentEvent[]) => unknown = () => {},
): Promise<PaymentEvent[]> {
  const events: PaymentEvent[] = [];
  for await (const event of code.paymentIntents.watch(intent, { ...quick, ...options })) {
    events.push(event);
    await onEvent(event, events);
  }
  return events;
}

/**
 * Watches an intent. `requested` resolves with the first event, so that the test continues once the watch
 * runs.
 */
function listen(code: CodeClient, intent: PaymentIntent) {
  let begin = () => {};
  const requested = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const events = hear(code, intent, {}, begin);
  return { events, requested };
}

function wayNamed(name: string): Way {
  const way = ways.find((candidate) => candidate.name === name);
  if (way === undefined) throw new Error(`no way is named ${name}`);
  return way;
}

describe("a watch over the emulator", () => {
  let emulator: Emulator;
  let code: CodeClient;
  const hooks: string[] = [];
  beforeAll(async () => {
    emulator = await Emulator.start({
      deliverWebhook: async ({ url }) => {
        hooks.push(url);
        return { status: 200 };
      },
      resolveHost: async () => {},
    } as Parameters<typeof Emulator.start>[0]);
    code = clientOf(emulator, wayNamed("Connect over HTTP/2"));
  });
  afterAll(async () => {
    await code.close();
    await emulator.close();
  });
  const register = () => code.paymentIntents.create(order);

  it("reports a payment after a rejection", async () => {
    const intent = await register();
    const events = await hear(code, intent, {}, async ({ type }) => {
      if (type === "requested") await emulator.wallet.scan(intent);
      if (type === "scanned") await emulator.wallet.reject(intent);
      if (type === "rejected") await emulator.wallet.pay(intent);
    });
    expect(typesOf(events)).toEqual(["requested", "scanned", "rejected", "submitted"]);
  });

  it('ends on a rejection with until: "rejected"', async () => {
    const intent = await register();
    const events = await hear(code, intent, { until: "rejected" }, async ({ type }) => {
      if (type === "requested") await emulator.wallet.reject(intent);
    });
    expect(typesOf(events)).toEqual(["requested", "rejected"]);
    const paid = await register();
    await emulator.wallet.pay(paid);
    expect(typesOf(await hear(code, paid, { until: "rejected" })).at(-1)).toBe("submitted");
  });

  it("times out if the payer leaves", async () => {
    const intent = await register();
    await emulator.wallet.scan(intent);
    await emulator.wallet.vanish(intent);
    const told: PaymentEvent[] = [];
    const watching = (async () => {
      for await (const event of code.paymentIntents.watch(intent, { intervalMs: 50, timeoutMs: 500 }))
        told.push(event);
    })();
    expect(await failureOf(watching)).toMatchObject({ code: "payment_timeout", intentId: intent.id });
    expect(typesOf(told)).toEqual(["requested", "scanned"]);
  });

  it('continues until the webhook was called with until: "webhook"', async () => {
    const url = "https://shop.example.com/paid";
    const intent = await code.paymentIntents.create({ ...order, webhook: { url } });
    const events = await hear(code, intent, { until: "webhook" }, async ({ type }) => {
      if (type === "requested") await emulator.wallet.pay(intent);
    });
    expect(typesOf(events)).toEqual(["requested", "submitted", "webhookCalled"]);
    expect(hooks).toContain(url);
  });

  it("reports the payment once to each of three listeners at one key", async () => {
    const intent = await register();
    const others = [wayNamed("gRPC"), wayNamed("Connect over HTTP/1.1")].map((way) =>
      clientOf(emulator, way),
    );
    const listening = [code, ...others].map((client) => listen(client, intent));
    const heard = listening.map(({ events }) => events);
    await Promise.all(listening.map(({ requested }) => requested));
    await emulator.wallet.scan(intent);
    await pause(300);
    await emulator.wallet.pay(intent);
    for (const events of await Promise.all(heard)) {
      expect(typesOf(events).filter((type) => type === "submitted")).toHaveLength(1);
      expect(typesOf(events).slice(0, 1)).toEqual(["requested"]);
      expect(new Set(typesOf(events)).size).toBe(events.length);
    }
    for (const client of others) await client.close();
  });

  it("runs beside another watch of the same client", async () => {
    const intent = await register();
    const listening = [listen(code, intent), listen(code, intent)];
    await Promise.all(listening.map(({ requested }) => requested));
    await emulator.wallet.pay(intent);
    for (const events of await Promise.all(listening.map(({ events }) => events)))
      expect(typesOf(events)).toEqual(["requested", "submitted"]);
  });

  it.each(["Connect over HTTP/2", "Connect over HTTP/1.1", "memory"])(
    "reports a payment after 300 scans, of which a poll returns 257 messages, over %s",
    async (name) => {
      const intent = await register();
      for (let count = 0; count < 300; count++) await sendKind(emulator, keyOf(intent), scannedAt(count));
      await emulator.wallet.pay(intent.id);
      expect(await poll(emulator, keyOf(intent))).toHaveLength(257);
      const other = clientOf(emulator, wayNamed(name));
      // Another party holds the key's only stream.
      const busy = new AbortController();
      const blocking = (async () => {
        for await (const _ of messagingOf(emulator).openMessageStream(
          { rendezvousKey: { value: keyOf(intent).publicKey } },
          { signal: busy.signal },
        ));
      })().catch(() => {});
      await pause(50);
      const events = await hear(other, intent);
      expect(typesOf(events).at(-1)).toBe("submitted");
      expect(typesOf(events).filter((type) => type === "submitted")).toHaveLength(1);
      busy.abort();
      await blocking;
      await other.close();
    },
  );

  it("reports a payment whose messages another party acknowledged", async () => {
    const intent = await register();
    await emulator.wallet.pay(intent);
    const messageIds = (await poll(emulator, keyOf(intent))).map(({ id }) => ({
      value: id?.value ?? filled(0, 16),
    }));
    await messagingOf(emulator).ackMessages({
      rendezvousKey: { value: keyOf(intent).publicKey },
      messageIds,
    });
    expect(await hear(code, intent)).toEqual([{ type: "submitted", heardFrom: "status" }]);
  });

  it("deletes emitted messages for the sole listener only", async () => {
    for (const soleListener of [false, true]) {
      const intent = await register();
      await hear(code, intent, { soleListener }, async ({ type }) => {
        if (type === "requested") await emulator.wallet.scan(intent);
        if (type === "scanned") await emulator.wallet.reject(intent);
        if (type === "rejected") setTimeout(() => void emulator.wallet.pay(intent), 200);
      });
      await pause(50);
      const left = (await poll(emulator, keyOf(intent))).map(({ kind }) => kind.case);
      // The payer reads the request, even if there is a sole listener.
      expect(left).toEqual(
        soleListener
          ? ["requestToReceiveBill", "intentSubmitted"]
          : ["requestToReceiveBill", "codeScanned", "clientRejectedPayment", "intentSubmitted"],
      );
    }
  });

  it("reports the details of a payment made before the watch", async () => {
    const intent = await register();
    await emulator.wallet.pay(intent);
    const events = await hear(code, intent);
    expect(events.at(-1)).toMatchObject({ type: "submitted", payment: { nativeAmount: 2.5 } });
  });

  it("waits for an intent that is created later or never", async () => {
    const intent = code.paymentIntents.build(order);
    const { events, requested } = listen(code, intent);
    await pause(200);
    await code.paymentIntents.create(intent);
    await requested;
    await emulator.wallet.pay(intent);
    expect(typesOf(await events)).toEqual(["requested", "submitted"]);
    const never = code.paymentIntents.waitForPayment(code.paymentIntents.build(order), {
      intervalMs: 50,
      timeoutMs: 300,
    });
    expect(await failureOf(never)).toMatchObject({ code: "payment_timeout" });
  });

  it("makes waitForPayment reject on rejection and timeout, and resolve on payment", async () => {
    const intent = await register();
    await emulator.wallet.reject(intent);
    const timedOut = await failureOf(
      code.paymentIntents.waitForPayment(intent, { intervalMs: 50, timeoutMs: 1_500 }),
    );
    const [rejection] = (await poll(emulator, keyOf(intent))).flatMap(({ kind, id }) =>
      kind.case === "clientRejectedPayment" ? [id?.value] : [],
    );
    expect(rejection).toBeDefined();
    const { lastRejectionId } = timedOut as { lastRejectionId?: string };
    expect(lastRejectionId).toMatch(/^[1-9A-HJ-NP-Za-km-z]{16,22}$/);
    expect(timedOut.code).toBe("payment_timeout");
    expect(timedOut.message).toContain("within 1.5 s");
    expect(timedOut.message).toContain(`declined before (last message: ${lastRejectionId})`);
    expect(timedOut.message).toContain(`Intent ${intent.id} stays payable`);
    const declined = await failureOf(code.paymentIntents.waitForPayment(intent, { until: "rejected" }));
    expect(declined).toMatchObject({ code: "payment_rejected", lastRejectionId, intentId: intent.id });
    expect(declined.message).toContain("stays payable");
    await emulator.wallet.pay(intent);
    expect(await code.paymentIntents.waitForPayment(intent)).toMatchObject({ type: "submitted" });
  });

  it("rejects invalid options at once", async () => {
    const intent = code.paymentIntents.build(order);
    const watch = (options: unknown, of: unknown = intent) =>
      code.paymentIntents.watch(of as PaymentIntent, options as WatchOptions);
    for (const [options, field] of [
      [{ until: "paid" }, "until"],
      [{ intervalMs: 0 }, "intervalMs"],
      [{ intervalMs: Number.NaN }, "intervalMs"],
      [{ timeoutMs: 2 ** 31 }, "timeoutMs"],
      [{ timeoutMs: "1" }, "timeoutMs"],
      [{ soleListener: "yes" }, "soleListener"],
      [{ signal: {} }, "signal"],
      [{ headers: [] }, "headers"],
      [{ timeout: 1 }, "watch.timeout"],
      [null, "watch"],
      ["submitted", "watch"],
    ] as const)
      expect(() => watch(options), field).toThrow(expect.objectContaining({ field }));
    expect(() => watch({}, intent.id)).toThrow(expect.objectContaining({ field: "intent" }));
    const rest = clientOf(emulator, wayNamed("REST"));
    for (const until of ["webhook", "rejected"] as const)
      expect(() => rest.paymentIntents.watch(intent, { until })).toThrow(
        expect.objectContaining({ code: "unsupported_by_protocol" }),
      );
    await rest.close();
  });
});

describe("a watch whose sequencer never responds", () => {
  const never = () => new Promise<never>(() => {});
  const hanging = {
    getStatus: never,
    pollMessages: never,
    ackMessages: never,
    openMessageStream: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
    openMessageStreamWithKeepAlive: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
  };
  /** A transport that ignores everything. */
  const deaf: Transport = { unary: never, stream: never };

  const places: readonly (readonly [string, () => Promise<{ code: CodeClient } & AsyncDisposable>])[] = [
    ["in memory", () => withClient(inMemory(hanging))],
    ["over HTTP/2", () => withClient(overHttp2(hanging))],
    [
      "over a transport that ignores the signal",
      async () => {
        const code = new CodeClient({ transport: deaf });
        return { code, [Symbol.asyncDispose]: () => code.close() };
      },
    ],
  ];
  async function withClient(starting: ReturnType<typeof inMemory>) {
    const sequencer = await starting;
    return { code: sequencer.client(), [Symbol.asyncDispose]: () => sequencer[Symbol.asyncDispose]() };
  }

  describe.each(places)("%s", (_, start) => {
    it("ends at once on return, throw and disposal while an event is awaited", async () => {
      await using place = await start();
      const { code } = place;
      const intent = code.paymentIntents.build(order);
      const watch = () => code.paymentIntents.watch(intent, { timeoutMs: 60_000 });
      const returned = watch();
      const pending = returned.next();
      await pause(50);
      expect(await returned.return()).toEqual({ done: true, value: undefined });
      expect(await pending).toEqual({ done: true, value: undefined });
      expect(await returned.next()).toEqual({ done: true, value: undefined });

      const thrown = watch();
      const other = thrown.next();
      await pause(50);
      await expect(thrown.throw(new Error("enough"))).rejects.toThrow("enough");
      expect(await other).toEqual({ done: true, value: undefined });

      const disposed = watch();
      const last = disposed.next();
      await pause(50);
      await disposed[Symbol.asyncDispose]();
      expect((await last).done).toBe(true);

      expect((await watch().return()).done).toBe(true);
    });

    it("ends at once on the signal, the timeout and the client's close", async () => {
      await using place = await start();
      const { code } = place;
      const intent = code.paymentIntents.build(order);
      const controller = new AbortController();
      const reason = new Error("the tab was closed");
      const aborted = failureOf(hear(code, intent, { signal: controller.signal }));
      await pause(50);
      controller.abort(reason);
      expect(await aborted).toMatchObject({ code: "aborted", cause: reason });
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
      const before = await failureOf(hear(code, intent, { signal: controller.signal }));
      expect(before).toMatchObject({ code: "aborted", mayHaveArrived: false });
      expect(await failureOf(hear(code, intent, { timeoutMs: 100 }))).toMatchObject({
        code: "payment_timeout",
      });
      const closed = failureOf(hear(code, intent));
      await pause(50);
      await code.close();
      expect(await closed).toMatchObject({ code: "client_closed" });
      expect(await failureOf(hear(code, intent))).toMatchObject({ code: "client_closed" });
    });
  });

  it("lets the process exit, however the watch was left", async () => {
    const script = await buildScript(`
      import { CodeClient } from "./src/index.js";
      const [baseUrl] = process.argv.slice(2);
      const order = { destination: "${order.destination}", amount: "2.50", currency: "usd" };
      const long = { intervalMs: 600_000, timeoutMs: 600_000 };
      const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      for (const options of [{ protocol: "connect" }, { protocol: "connect", httpVersion: "1.1" }, { protocol: "grpc" }]) {
        const code = new CodeClient({ baseUrl, ...options });
        const intent = await code.paymentIntents.create(order);
        const watch = (more) => code.paymentIntents.watch(intent, { ...long, ...more });
        for await (const event of watch()) break;
        const returned = watch();
        const first = returned.next();
        await after(50);
        await returned.return();
        await first;
        try {
          for await (const event of watch({ timeoutMs: 200 }));
        } catch (error) {
          console.log(error.code);
        }
        // Never asked for again: the end alone has to release it.
        const controller = new AbortController();
        const left = watch({ signal: controller.signal });
        left.next().catch(() => {});
        await after(50);
        controller.abort();
        watch();
        await code.close();
      }
      console.log("left");
    `);
    const emulator = await Emulator.start();
    const { code, stdout, stderr } = await script.run([emulator.url]).exit;
    await emulator.close();
    await script.remove();
    expect({ code, stdout: stdout.trim().split("\n"), stderr }).toEqual({
      code: 0,
      stdout: [...Array(3).fill("payment_timeout"), "left"],
      stderr: "",
    });
  });

  it("releases every timer and socket", async () => {
    const emulator = await Emulator.start();
    const resources = () =>
      process.getActiveResourcesInfo().filter((name) => name === "Timeout" || name.startsWith("TCP")).length;
    const before = resources();
    for (const way of ways) {
      const code = clientOf(emulator, way);
      const intent = await code.paymentIntents.create(order);
      const watch = code.paymentIntents.watch(intent, { timeoutMs: 600_000, intervalMs: 600_000 });
      const first = watch.next();
      await pause(50);
      await watch.return();
      await first;
      const controller = new AbortController();
      const aborted = failureOf(hear(code, intent, { signal: controller.signal, timeoutMs: 600_000 }));
      await pause(50);
      controller.abort();
      await aborted;
      // This reader never reads the error.
      const leaving = new AbortController();
      const left = code.paymentIntents.watch(intent, { signal: leaving.signal, timeoutMs: 600_000 });
      if (way.capabilities.messages) await left.next();
      leaving.abort();
      await code.close();
    }
    for (let tries = 0; resources() > before + 1 && tries < 1_000; tries++) await pause(50);
    expect(resources()).toBeLessThanOrEqual(before + 1);
    await emulator.close();
  });
});

describe("a watch over a scripted sequencer", () => {
  const intent = PaymentIntent.from(order);
  const key = keyOf(intent);
  const pending = async () => ({ exists: true });
  const paid = async () => ({ exists: true, intentSubmitted: true });
  const request = requestOf(intent, key);
  const scanned = delivered(scannedAt(1), key);
  const rejection = delivered(
    { case: "clientRejectedPayment", value: { intentId: { value: key.publicKey } } },
    key,
  );
  const webhookCalled = delivered({ case: "webhookCalled", value: { timestamp: { seconds: 1n } } });
  const submission = submissionOf(intent);

  const streaming = (...messages: readonly Message[]): Script => ({
    async *openMessageStreamWithKeepAlive(_requests, { signal }) {
      yield pingOf();
      for (const message of messages) yield frameOf(message);
      await untilAborted(signal);
    },
  });

  it("emits each event once in order of arrival, even if messages repeat or arrive out of order", async () => {
    const messages = [scanned, webhookCalled, rejection, scanned, request, rejection, request, submission];
    await using sequencer = await inMemory({ ...streaming(...messages), getStatus: pending });
    const events = await hear(sequencer.client(), intent);
    expect(typesOf(events)).toEqual(["scanned", "webhookCalled", "rejected", "requested", "submitted"]);
  });

  it("does not treat the webhook's message as the payment", async () => {
    for (const until of ["submitted", "webhook", "rejected"] as const) {
      let submitted = false;
      await using sequencer = await inMemory({
        ...streaming(webhookCalled),
        getStatus: async () => ({ exists: true, intentSubmitted: submitted }),
      });
      const events = await hear(sequencer.client(), intent, { until }, () => {
        submitted = true;
      });
      expect(typesOf(events)).toEqual(["webhookCalled", "submitted"]);
    }
    await using sequencer = await inMemory({ ...streaming(webhookCalled, submission), getStatus: pending });
    const event = await sequencer.client().paymentIntents.waitForPayment(intent, quick);
    expect(event).toMatchObject({ type: "submitted", heardFrom: "stream" });
  });

  it("reports a payment by its status alone if messages fail", async () => {
    for (const script of [
      {},
      {
        pollMessages: unavailable,
        openMessageStream: unavailable,
        openMessageStreamWithKeepAlive: unavailable,
      },
    ]) {
      await using sequencer = await inMemory({ ...script, getStatus: paid });
      expect(await hear(sequencer.client(), intent)).toEqual([{ type: "submitted", heardFrom: "status" }]);
    }
  });

  it("uses plain streams if there are no others, and polls if there are none", async () => {
    await using plain = await inMemory({
      async *openMessageStream(_request, { signal }) {
        yield create(OpenMessageStreamResponseSchema, { messages: [request, submission] });
        await untilAborted(signal);
      },
      getStatus: pending,
    });
    const overStream = await hear(plain.client(), intent);
    expect(overStream.at(-1)).toMatchObject({ type: "submitted", heardFrom: "stream" });
    await using polled = await inMemory({
      pollMessages: async () => ({ messages: [request, submission] }),
      getStatus: pending,
    });
    const overPoll = await hear(polled.client(), intent);
    expect(overPoll.at(-1)).toMatchObject({ type: "submitted", heardFrom: "poll" });
    expect(typesOf(overPoll)).toEqual(["requested", "submitted"]);
  });

  it("lets the stream report a payment before the status", async () => {
    await using sequencer = await inMemory({
      async *openMessageStreamWithKeepAlive(_requests, { signal }) {
        await pause(200);
        yield frameOf(submission);
        await untilAborted(signal);
      },
      getStatus: paid,
    });
    const events = await hear(sequencer.client(), intent);
    expect(events).toEqual([expect.objectContaining({ heardFrom: "stream", payment: expect.anything() })]);
  });

  it("emits a payment known at the timeout instead of a timeout error", async () => {
    await using waiting = await inMemory({ ...streaming(), getStatus: paid });
    const event = waiting
      .client()
      .paymentIntents.waitForPayment(intent, { intervalMs: 50, timeoutMs: 1_000 });
    expect(await event).toEqual({ type: "submitted", heardFrom: "status" });

    await using queued = await inMemory({
      ...streaming(request, scanned, submission),
      getStatus: pending,
    });
    const events = await hear(queued.client(), intent, { timeoutMs: 1_000 }, ({ type }) =>
      type === "requested" ? pause(1_500) : undefined,
    );
    expect(typesOf(events)).toEqual(["requested", "submitted"]);
  });

  it("emits nothing after the caller ended it", async () => {
    await using sequencer = await inMemory({
      ...streaming(request, scanned, submission),
      getStatus: pending,
    });
    const controller = new AbortController();
    const told: PaymentEvent[] = [];
    const watching = hear(sequencer.client(), intent, { signal: controller.signal }, async (event) => {
      told.push(event);
      await pause(100);
      controller.abort();
    });
    expect(await failureOf(watching)).toMatchObject({ code: "aborted" });
    expect(typesOf(told)).toEqual(["requested"]);
  });

  it("makes one acknowledging call at a time for any number of messages", async () => {
    let running = 0;
    let most = 0;
    const acknowledged: string[] = [];
    const many = Array.from({ length: 300 }, (_, count) => delivered(scannedAt(count), key));
    await using sequencer = await inMemory({
      ...streaming(...many, submission),
      getStatus: pending,
      async ackMessages({ messageIds }) {
        most = Math.max(most, ++running);
        await pause(5);
        for (const { value } of messageIds) acknowledged.push(Buffer.from(value).toString("hex"));
        running--;
        if (acknowledged.length < 100) throw new Error("not yet");
        return create(AckMesssagesResponseSchema);
      },
    });
    await hear(sequencer.client(), intent, { soleListener: true }, (_event, events) =>
      events.length % 100 === 0 ? pause(50) : undefined,
    );
    expect(most).toBe(1);
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(sequencer.calls.ackMessages).toBeLessThan(150);
  });

  it("survives a restart of the sequencer", async () => {
    const first = await Emulator.start();
    const code = new CodeClient({ baseUrl: first.url });
    const created = await code.paymentIntents.create(order);
    const state = await first.exportState();
    const { port } = first;
    const { events, requested } = listen(code, created);
    await requested;
    await first.close();
    await pause(300);
    await using second = await Emulator.start({ port });
    await second.importState(state);
    await second.wallet.pay(created);
    expect(typesOf(await events)).toEqual(["requested", "submitted"]);
    await code.close();
  });

  it("opens another stream if a keep-alive stream is idle for too long", async () => {
    let opened = 0;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    await using sequencer = await inMemory({
      async *openMessageStreamWithKeepAlive(_requests, { signal }) {
        opened++;
        yield pingOf(5n);
        if (opened === 2) yield frameOf(submission);
        await untilAborted(signal);
      },
      getStatus: pending,
      pollMessages: async () => ({ messages: [] }),
    });
    const watch = sequencer.client().paymentIntents.watch(intent);
    const next = watch.next();
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(opened).toBe(1);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(opened).toBe(2);
    expect((await next).value).toMatchObject({ type: "submitted", heardFrom: "stream" });
    await watch.return();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps an idle plain stream open", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    await using sequencer = await inMemory({
      async *openMessageStream(_request, { signal }) {
        await Promise.race([untilAborted(signal), pause(61_000)]);
        // Ends as the sequencer ends it.
        yield Promise.reject(new ConnectError("", Code.DeadlineExceeded));
      },
      getStatus: pending,
      pollMessages: async () => ({ messages: [] }),
    });
    const watch = sequencer.client().paymentIntents.watch(intent);
    const next = watch.next();
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    expect(sequencer.calls.openMessageStream).toBeGreaterThan(18);
    expect(sequencer.calls.pollMessages ?? 0).toBe(0);
    await watch.return();
    await next;
  });

  it("keeps no listeners on a signal, however long it runs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    const kept = new Map<unknown, number>();
    const { addEventListener, removeEventListener } = AbortSignal.prototype;
    vi.spyOn(AbortSignal.prototype, "addEventListener").mockImplementation(function (
      this: AbortSignal,
      ...given: unknown[]
    ) {
      kept.set(this, (kept.get(this) ?? 0) + 1);
      return Reflect.apply(addEventListener, this, given);
    });
    vi.spyOn(AbortSignal.prototype, "removeEventListener").mockImplementation(function (
      this: AbortSignal,
      ...given: unknown[]
    ) {
      kept.set(this, (kept.get(this) ?? 0) - 1);
      return Reflect.apply(removeEventListener, this, given);
    });
    const controller = new AbortController();
    await using sequencer = await inMemory({
      getStatus: pending,
      pollMessages: async () => ({ messages: [request] }),
      async *openMessageStreamWithKeepAlive() {
        yield frameOf(request);
      },
    });
    const watch = sequencer
      .client()
      .paymentIntents.watch(intent, { signal: controller.signal, intervalMs: 1_000 });
    const first = watch.next();
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(1_000);
    await first;
    const next = watch.next();
    await vi.advanceTimersByTimeAsync(8 * 60_000);
    expect(sequencer.calls.getStatus).toBeGreaterThan(400);
    // Only the running calls keep listeners.
    expect(Math.max(...kept.values())).toBeLessThan(10);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    await watch.return();
    await next;
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("makes one status check at a time if the sequencer is slow", async () => {
    let running = 0;
    let most = 0;
    await using sequencer = await inMemory({
      ...streaming(request),
      async getStatus() {
        most = Math.max(most, ++running);
        await pause(100);
        running--;
        return { exists: true };
      },
    });
    const watching = hear(sequencer.client(), intent, { intervalMs: 1, timeoutMs: 500 });
    expect(await failureOf(watching)).toMatchObject({ code: "payment_timeout" });
    expect(most).toBe(1);
  });
});

describe("a watch until the webhook", () => {
  it("reports the payment as submitted in its timeout error if the webhook never came", async () => {
    await using emulator = await Emulator.start();
    await using code = new CodeClient({ transport: emulator.transport });
    const intent = await code.paymentIntents.create(order);
    await emulator.wallet.pay(intent);
    const told: string[] = [];
    const heard = (async () => {
      const options = { until: "webhook", timeoutMs: 1_500, intervalMs: 50 } as const;
      for await (const { type } of code.paymentIntents.watch(intent, options)) told.push(type);
    })();
    await expect(heard).rejects.toMatchObject({
      code: "webhook_unconfirmed",
      message: expect.stringMatching(/webhook was not confirmed within 1.5 s.*is submitted/),
    });
    expect(told).toEqual(["requested", "submitted"]);
  });

  it("is not available in waitForPayment", async () => {
    await using code = new CodeClient({ baseUrl: "http://127.0.0.1:1" });
    const intent = code.paymentIntents.build(order);
    const options = { until: "webhook" } as unknown as { until: "submitted" };
    await expect(code.paymentIntents.waitForPayment(intent, options)).rejects.toMatchObject({
      code: "invalid_option",
      field: "until",
    });
  });

  it("logs one warning when an outage begins and one when it ends", async () => {
    const warnings: string[] = [];
    const logger = { warn: (message: string) => warnings.push(message) };
    const { port } = await (async () => {
      await using closed = await Emulator.start();
      return closed;
    })();
    await using code = new CodeClient({
      baseUrl: `http://127.0.0.1:${port}`,
      protocol: "rest",
      retry: false,
      logger,
    });
    const intent = code.paymentIntents.build(order);
    const waiting = code.paymentIntents.waitForPayment(intent, { intervalMs: 20, timeoutMs: 110_000 });
    await expect.poll(() => warnings.length).toBe(1);
    await using emulator = await Emulator.start({ port });
    await code.paymentIntents.create(intent);
    await emulator.wallet.pay(intent);
    expect((await waiting).heardFrom).toBe("status");
    expect(warnings).toEqual([
      expect.stringContaining("fails to respond; the watch continues to check"),
      expect.stringContaining("responds again"),
    ]);
  });
});
