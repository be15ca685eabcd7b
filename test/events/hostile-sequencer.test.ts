import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type Message,
  OpenMessageStreamResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { PaymentEvent, PaymentIntent, WatchOptions } from "../../src/index.js";
import { PaymentIntent as Intent } from "../../src/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { order } from "../support/outcomes.js";
import { account } from "../support/payment.js";
import {
  delivered,
  frameOf,
  inMemory,
  overHttp2,
  pingOf,
  requestOf,
  type Script,
  type Scripted,
  submissionOf,
  unavailable,
  untilAborted,
} from "../support/scripted-sequencer.js";
import { codeScanned, filled, type Kind, newKey } from "../support/sequencer.js";

const places = [
  { name: "in memory", start: inMemory },
  { name: "over HTTP/2", start: overHttp2 },
] as const;

const pending = async () => ({ exists: true });
const paid = async () => ({ exists: true, intentSubmitted: true });
const scannedAt = (seconds: number): Kind => ({
  case: "codeScanned",
  value: { timestamp: { seconds: BigInt(seconds) } },
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function hear(
  sequencer: Scripted,
  intent: PaymentIntent,
  options: WatchOptions = {},
  onEvent: (event: PaymentEvent) => unknown = () => {},
): Promise<{ events: PaymentEvent[]; error: unknown }> {
  const events: PaymentEvent[] = [];
  try {
    for await (const event of sequencer.client().paymentIntents.watch(intent, {
      intervalMs: 50,
      timeoutMs: 110_000,
      ...options,
    })) {
      events.push(event);
      await onEvent(event);
    }
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

const typesOf = (events: readonly PaymentEvent[]) => events.map(({ type }) => type);

/** Streams these messages, then stays open. */
function streaming(...messages: readonly Message[]): Script {
  return {
    async *openMessageStreamWithKeepAlive(_requests, { signal }) {
      yield pingOf();
      for (const message of messages) yield frameOf(message);
      await untilAborted(signal);
    },
  };
}

describe.each(places)("a lying sequencer $name", ({ start }) => {
  const intent = Intent.from(order);
  const key = rendezvousKey(intent.payload);

  it.each([
    ["destination", submissionOf(intent, { destination: filled(9) })],
    ["amount", submissionOf(intent, { nativeAmount: 0.01 })],
  ])("is not trusted if the payment has another %s, and neither is its status", async (field, message) => {
    await using sequencer = await start({ ...streaming(message), getStatus: paid });
    const { events, error } = await hear(sequencer, intent, { timeoutMs: 1_500 });
    expect(events).toEqual([expect.objectContaining({ type: "conflicting", subject: "payment", field })]);
    expect(error).toMatchObject({ code: "payment_timeout" });
  });

  it("yields a payment without details as such", async () => {
    const message = submissionOf(intent, { withoutMetadata: true });
    await using sequencer = await start({ ...streaming(message), getStatus: pending });
    const { events } = await hear(sequencer, intent);
    expect(events).toEqual([{ type: "submitted", heardFrom: "stream" }]);
  });

  it("cannot forge the payer's messages, and its replays are dropped", async () => {
    const scanned = delivered(codeScanned, key);
    const request = requestOf(intent, key);
    await using sequencer = await start({
      ...streaming(
        delivered(codeScanned),
        delivered(codeScanned, newKey()),
        request,
        scanned,
        scanned,
        request,
        delivered(codeScanned, key),
        submissionOf(intent),
      ),
      getStatus: pending,
    });
    const { events } = await hear(sequencer, intent);
    expect(typesOf(events)).toEqual(["forged", "forged", "requested", "scanned", "submitted"]);
  });

  it("that floods the stream is slowed to the reader's pace, and its status is still read", async () => {
    let sent = 0;
    let submitted = false;
    await using sequencer = await start({
      async *openMessageStreamWithKeepAlive(_requests, { signal }) {
        yield pingOf();
        while (!signal.aborted) {
          yield frameOf(delivered(scannedAt(sent++)));
          if (sent % 50 === 0) await turn();
        }
      },
      getStatus: async () => ({ exists: true, intentSubmitted: submitted }),
    });
    let firstAt: number | undefined;
    const { events, error } = await hear(sequencer, intent, {}, async () => {
      if (firstAt !== undefined) return;
      firstAt = sent;
      // While the reader is busy, the stream must stop.
      let before = -1;
      while (before !== sent) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      submitted = true;
    });
    expect(error).toBeUndefined();
    expect(events.at(-1)).toEqual({ type: "submitted", heardFrom: "status" });
    // The events that the reader received, and the buffers in between.
    expect(sent).toBeLessThan(50_000);
  });

  it("that pings without pause or with absurd delays does not disturb the watch", async () => {
    for (const seconds of [0n, -5n, 2n ** 40n]) {
      let submitted = false;
      await using sequencer = await start({
        async *openMessageStreamWithKeepAlive(_requests, { signal }) {
          for (let count = 0; !signal.aborted; count++) {
            yield pingOf(seconds);
            if (count > 200) submitted = true;
            if (count % 50 === 0) await turn();
          }
        },
        getStatus: async () => ({ exists: true, intentSubmitted: submitted }),
      });
      const { events } = await hear(sequencer, intent);
      expect(events).toEqual([{ type: "submitted", heardFrom: "status" }]);
      expect(sequencer.calls.openMessageStreamWithKeepAlive).toBe(1);
    }
  });

  it("that sends giant messages does not exhaust memory", async () => {
    const giant = delivered({
      case: "requestToGrabBill",
      value: { requestorAccount: { value: filled(1, 3_000_000) } },
    });
    const large = delivered({
      case: "requestToGrabBill",
      value: { requestorAccount: { value: filled(1, 500_000) } },
    });
    let asked = 0;
    await using sequencer = await start({
      async *openMessageStreamWithKeepAlive() {
        yield frameOf(large);
        yield frameOf(giant);
      },
      async *openMessageStream() {
        yield create(OpenMessageStreamResponseSchema, { messages: [giant] });
      },
      pollMessages: async () => ({ messages: [giant] }),
      getStatus: async () => ({ exists: true, intentSubmitted: ++asked > 6 }),
    });
    const { events } = await hear(sequencer, intent);
    expect(events.at(-1)).toMatchObject({ type: "submitted" });
    expect(typesOf(events).every((type) => type === "submitted" || type === "forged")).toBe(true);
  });

  it("that retracts its status yields one payment event", async () => {
    const enough = new AbortController();
    let asked = 0;
    await using sequencer = await start({
      ...streaming(),
      async getStatus() {
        if (++asked > 5) enough.abort();
        return { exists: true, intentSubmitted: asked === 1 || asked === 4 };
      },
    });
    const { events, error } = await hear(sequencer, intent, { until: "webhook", signal: enough.signal });
    expect(events).toEqual([{ type: "submitted", heardFrom: "status" }]);
    expect(error).toMatchObject({ code: "aborted" });
  });

  it("that fails every status check reports no payment, and the timeout names the failure", async () => {
    await using sequencer = await start({ ...streaming(), getStatus: unavailable });
    const { events, error } = await hear(sequencer, intent, { timeoutMs: 1_000 });
    expect(events).toEqual([]);
    expect(error).toMatchObject({
      code: "payment_timeout",
      message: expect.stringContaining("last status check failed"),
      cause: { code: "unavailable" },
    });
  });

  it("that refuses every status check does not end the watch, and the timeout names the refusal", async () => {
    await using sequencer = await start(streaming());
    const { error } = await hear(sequencer, intent, { timeoutMs: 1_000 });
    expect(error).toMatchObject({ code: "payment_timeout", cause: { code: "unimplemented" } });
  });

  it("that stores a request with another destination is ignored until a payment matches", async () => {
    const foreign = Intent.from({ ...order, destination: account(9), clientSecret: intent.clientSecret });
    expect(foreign.id).toBe(intent.id);
    await using alone = await start({ ...streaming(requestOf(foreign, key)), getStatus: paid });
    const { events, error } = await hear(alone, intent, { timeoutMs: 1_500 });
    expect(events).toEqual([
      expect.objectContaining({ type: "conflicting", subject: "request", field: "destination" }),
    ]);
    expect(error).toMatchObject({ code: "payment_timeout" });

    const messages = [requestOf(foreign, key), submissionOf(intent)];
    await using matching = await start({ ...streaming(...messages), getStatus: paid });
    const heard = await hear(matching, intent);
    expect(heard.error).toBeUndefined();
    expect(typesOf(heard.events)).toEqual(["conflicting", "submitted"]);
    expect(heard.events[1]).toMatchObject({ heardFrom: "stream", payment: { currency: "usd" } });
  });
});

describe("a sequencer whose streams always end at once", () => {
  const intent = Intent.from(order);
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Counts how often streams are opened within ten minutes of a fake clock. */
  async function openings(script: Script): Promise<{ calls: Scripted["calls"]; longestPauseMs: number }> {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    await using sequencer = await inMemory({ getStatus: pending, ...script });
    const watch = sequencer.client().paymentIntents.watch(intent);
    const next = watch.next();
    await vi.dynamicImportSettled();
    let last = 0;
    let lastAt = 0;
    let longestPauseMs = 0;
    for (let ms = 0; ms < 600_000; ms += 250) {
      await vi.advanceTimersByTimeAsync(250);
      const { openMessageStreamWithKeepAlive = 0, openMessageStream = 0 } = sequencer.calls;
      const opened = openMessageStreamWithKeepAlive + openMessageStream;
      if (opened === last) longestPauseMs = Math.max(longestPauseMs, ms - lastAt);
      else {
        last = opened;
        lastAt = ms;
      }
    }
    await watch.return();
    await next;
    return { calls: { ...sequencer.calls }, longestPauseMs };
  }

  it("is contacted with growing pauses, even if each stream pings first", async () => {
    const { calls, longestPauseMs } = await openings({
      pollMessages: async () => ({ messages: [] }),
      async *openMessageStreamWithKeepAlive() {
        yield pingOf();
      },
    });
    // Pauses average 5 seconds, with a few shorter ones at the start.
    expect(calls.openMessageStreamWithKeepAlive).toBeGreaterThan(90);
    expect(calls.openMessageStreamWithKeepAlive).toBeLessThan(140);
    expect(longestPauseMs).toBeLessThan(10_000);
    expect(calls.getStatus).toBeLessThan(130);
  });

  it("is polled instead if the streams are empty, and streams are tried again each minute", async () => {
    const { calls } = await openings({
      pollMessages: async () => ({ messages: [] }),
      async *openMessageStreamWithKeepAlive() {},
      async *openMessageStream() {},
    });
    expect(calls.openMessageStreamWithKeepAlive).toBeGreaterThan(20);
    expect(calls.openMessageStreamWithKeepAlive).toBeLessThan(35);
    expect(calls.openMessageStream).toBeGreaterThan(20);
    expect(calls.pollMessages).toBeGreaterThan(100);
    expect(calls.pollMessages).toBeLessThan(200);
  });

  it("is only polled if it has no streams", async () => {
    const { calls } = await openings({ pollMessages: async () => ({ messages: [] }) });
    expect(calls.openMessageStreamWithKeepAlive).toBeUndefined();
    expect(calls.pollMessages).toBeGreaterThan(110);
    expect(calls.pollMessages).toBeLessThan(130);
  });

  it("is contacted after random pauses", async () => {
    const drawn = vi.spyOn(Math, "random");
    await using sequencer = await inMemory({
      getStatus: pending,
      async *openMessageStreamWithKeepAlive() {
        yield pingOf();
      },
    });
    const watch = sequencer.client().paymentIntents.watch(intent);
    const next = watch.next();
    await vi.waitFor(
      () => expect(sequencer.calls.openMessageStreamWithKeepAlive).toBeGreaterThan(2),
      100_000,
    );
    await watch.return();
    await next;
    expect(drawn.mock.calls.length).toBeGreaterThanOrEqual(2);
  });
});
