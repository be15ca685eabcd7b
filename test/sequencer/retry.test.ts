import net from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import {
  CodeClient,
  type RetryOptions,
  SequencerError,
  type SequencerErrorCode,
  TransportError,
} from "../../src/index.js";
import { type CallPolicy, callWithRetries, DEFAULT_RETRY } from "../../src/sequencer/call.js";
import type { CallContext, CallOptions } from "../../src/sequencer/port.js";
import {
  closedPort,
  type Exchange,
  type HostileServer,
  refusalAnswer,
  rightAnswer,
  startHostile,
} from "../support/hostile-servers.js";
import {
  type ConnectingWay,
  connectingWays,
  destination,
  expectRegistrationUnknown,
  failureOf,
  order,
  until,
} from "../support/outcomes.js";
import { recordingStore } from "../support/recording-store.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const broke = () => new TransportError("unavailable", { message: "broke", retryable: true });
const neverSent = () =>
  new TransportError("unavailable", { message: "never sent", retryable: true, mayHaveArrived: false });
const sequencerError = (code: SequencerErrorCode, retryable = false) =>
  new SequencerError(code, {
    message: code,
    connectCode: "invalid_argument",
    sequencerMessage: "words",
    retryable,
  });

describe("the pauses between attempts", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });

  function policy(retry: RetryOptions = {}, timeoutMs = 60_000): CallPolicy {
    const given = Object.fromEntries(Object.entries(retry).filter(([, value]) => value !== undefined));
    const closed = new AbortController().signal;
    return { retry: { ...DEFAULT_RETRY, ...given }, timeoutMs, headers: {}, closed };
  }

  /**
   * Starts a call whose attempts fail with these errors in turn, and then succeed. Records their times.
   */
  function start(
    errors: readonly unknown[],
    { retry, timeoutMs, ...options }: { retry?: RetryOptions } & CallOptions = {},
  ) {
    const begun = performance.now();
    const times: number[] = [];
    const attempts: CallContext[] = [];
    const outcome = callWithRetries(policy(retry, timeoutMs), options, async (attempt) => {
      times.push(Math.round(performance.now() - begun));
      attempts.push(attempt);
      const error = errors[times.length - 1];
      if (error !== undefined) throw error;
      return "done";
    }).catch((error: unknown) => error);
    return { outcome, times, attempts };
  }

  async function settle<T>(running: { outcome: Promise<T> }): Promise<T> {
    await vi.runAllTimersAsync();
    return running.outcome;
  }

  const always = (count: number) => Array.from({ length: count }, broke);

  it.each([
    [0, [0, 0, 0, 0, 0, 0]],
    [0.5, [0, 50, 150, 350, 750, 1550]],
    [0.99, [0, 99, 297, 693, 1485, 3069]],
  ])("are %d of a bound that doubles from 100 ms", async (random, times) => {
    vi.spyOn(Math, "random").mockReturnValue(random);
    const running = start(always(5), { retry: { maxAttempts: 6 } });
    expect(await settle(running)).toBe("done");
    expect(running.times).toEqual(times);
  });

  it("are random for each attempt", async () => {
    const random = vi.spyOn(Math, "random");
    for (const value of [0.1, 0.9, 0.25]) random.mockReturnValueOnce(value);
    const running = start(always(3));
    await settle(running);
    expect(running.times).toEqual([0, 10, 190, 290]);
  });

  it("stop growing at the largest pause", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const retry = { maxAttempts: 8, initialDelayMs: 10, maxDelayMs: 40 };
    const running = start(always(7), { retry });
    await settle(running);
    expect(running.times).toEqual([0, 5, 15, 35, 55, 75, 95, 115]);
  });

  it("stay below the largest pause even after a hundred attempts", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const running = start(always(99), { retry: { maxAttempts: 100, maxDelayMs: 4 } });
    expect(await settle(running)).toBe("done");
    expect(running.times.at(-1)).toBe(2 * 99);
  });

  it.each([
    [4, undefined],
    [1, 1],
    [2, 2],
    [7, 7],
  ])("separate at most %d attempts if maxAttempts is %s", async (expected, maxAttempts) => {
    const running = start(always(200), { retry: { maxAttempts } });
    expect(await settle(running)).toMatchObject({ code: "unavailable", message: "broke" });
    expect(running.times).toHaveLength(expected);
  });

  it("leave each attempt the rest of the deadline", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const running = start(always(3), { timeoutMs: 1000 });
    await settle(running);
    expect(running.attempts.map(({ timeoutMs }) => timeoutMs)).toEqual([1000, 950, 850, 650]);
  });

  it("do not start if they would exceed the deadline: the last failure is thrown at once", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const begun = performance.now();
    const running = start(always(99), { retry: { maxAttempts: 100 }, timeoutMs: 1000 });
    expect(await settle(running)).toMatchObject({ code: "unavailable", message: "broke" });
    expect(running.times).toEqual([0, 50, 150, 350, 750]);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it("end at once when a signal fires", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.9);
    const controller = new AbortController();
    const retry = { initialDelayMs: 50_000, maxDelayMs: 50_000 };
    const running = start(always(9), { retry, signal: controller.signal, timeoutMs: 100_000 });
    await vi.advanceTimersByTimeAsync(10);
    controller.abort("mine");
    expect(await running.outcome).toMatchObject({ code: "aborted", cause: "mine", mayHaveArrived: true });
    expect(running.times).toEqual([0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leave no timer behind, however the call ends", async () => {
    for (const errors of [[], always(1), always(9), [sequencerError("request_refused")]]) {
      await settle(start(errors));
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it.each([
    "request_refused",
    "already_submitted",
    "intent_conflict",
    "unauthenticated",
    "permission_denied",
    "unimplemented",
  ] as const)("do not follow %s, which another attempt cannot change", async (code) => {
    const running = start([sequencerError(code)]);
    expect(await settle(running)).toMatchObject({ code });
    expect(running.times).toEqual([0]);
  });

  it("do not follow an error that is not of this package", async () => {
    const bug = new TypeError("bug");
    const running = start([bug]);
    expect(await settle(running)).toBe(bug);
    expect(running.times).toEqual([0]);
  });

  it("leave no listener on a signal that is used repeatedly", async () => {
    vi.useRealTimers();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    for (let call = 0; call < 5; call++) {
      await Promise.all([
        start([], { signal }).outcome,
        start([broke()], { signal, retry: { maxAttempts: 1 } }).outcome,
      ]);
    }
    expect(added.mock.calls.length).toBeGreaterThan(0);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
  });

  it("combine whether any attempt may have arrived", async () => {
    const rows: readonly (readonly [readonly unknown[], boolean])[] = [
      [[neverSent(), neverSent()], false],
      [[broke(), neverSent()], true],
      [[neverSent(), broke()], true],
      [[sequencerError("sequencer_failed", true), neverSent()], true],
      [[sequencerError("resource_exhausted", true), neverSent()], false],
    ];
    for (const [errors, mayHaveArrived] of rows) {
      const running = start(errors, { retry: { maxAttempts: 2 } });
      expect(await settle(running)).toMatchObject({ code: "unavailable", mayHaveArrived, retryable: true });
    }
  });

  it("end at the deadline during an attempt, which may have arrived", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const running = callWithRetries(policy({ maxAttempts: 2 }, 1000), {}, async () => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      throw neverSent();
    }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await running).toMatchObject({ code: "deadline_exceeded", mayHaveArrived: true });
  });

  it("end an attempt that ignores its signal at the deadline", async () => {
    const running = callWithRetries(policy({}, 1000), {}, () => new Promise(() => {})).catch(
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(await running).toMatchObject({ code: "deadline_exceeded", mayHaveArrived: true });
  });

  it("ignore an attempt that fails after its call has ended", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    cleanups.push(() => process.off("unhandledRejection", unhandled));
    let fail: (reason: unknown) => void = () => {};
    const running = callWithRetries(
      policy({}, 1000),
      {},
      () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
    ).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1000);
    await running;
    fail(new Error("late"));
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });
});

function clientOf(
  way: ConnectingWay,
  baseUrl: string,
  retry: RetryOptions | false = { initialDelayMs: 1 },
): CodeClient {
  const code = new CodeClient({ ...way.connecting, baseUrl, retry });
  cleanups.push(() => code.close());
  return code;
}

/** Starts a server that uses the next of these responses for each request, and then correct ones. */
async function serve(...answers: readonly ((exchange: Exchange) => unknown)[]): Promise<HostileServer> {
  const server = await startHostile((exchange) => {
    const answer = answers[exchange.number - 1];
    return answer === undefined ? exchange.answer(rightAnswer(exchange)) : answer(exchange);
  });
  cleanups.push(() => server.close());
  return server;
}

const cut = (exchange: Exchange) => exchange.cut();
const status = (code: number) => (exchange: Exchange) => exchange.answer({ status: code });
const refuse = (text: string) => (exchange: Exchange) =>
  exchange.answer(refusalAnswer(exchange.family, "invalid_argument", text));

describe.each(connectingWays)("over $name", (way) => {
  it("a call is repeated until an attempt succeeds", async () => {
    const server = await serve(cut, status(503), status(500));
    await clientOf(way, server.url).paymentIntents.create(order);
    expect(server.exchanges).toHaveLength(4);
    const another = await serve(status(429), status(502), cut);
    expect((await clientOf(way, another.url).paymentIntents.getStatus(destination)).state).toBe("pending");
    expect(another.exchanges).toHaveLength(4);
  });

  it("a call is repeated with the same bytes", async () => {
    const bodies: Promise<Buffer>[] = [];
    const server = await serve(
      (e) => {
        bodies.push(e.body());
        e.answer({ status: 503 });
      },
      (e) => {
        bodies.push(e.body());
        e.answer(rightAnswer(e));
      },
    );
    await clientOf(way, server.url).paymentIntents.create(order);
    const [first, second] = await Promise.all(bodies);
    expect(first?.length).toBeGreaterThan(100);
    expect(second).toEqual(first);
  });

  it("a violation is not repeated", async () => {
    const server = await serve(refuse("usd currency has a maximum amount of 5.00"));
    const error = await failureOf(clientOf(way, server.url).paymentIntents.create(order));
    expect(error.code).toBe("request_refused");
    expect(server.exchanges).toHaveLength(1);
  });

  it("no call is repeated if retry is false", async () => {
    const server = await serve(cut);
    const code = clientOf(way, server.url, false);
    const intent = code.paymentIntents.build(order);
    expectRegistrationUnknown(await failureOf(code.paymentIntents.create(intent)), intent);
    expect(server.exchanges).toHaveLength(1);
    await code.paymentIntents.create(intent);
    expect(server.exchanges).toHaveLength(2);
  });

  it("a call without a connection ends with the response of the server that starts later", async () => {
    const port = await closedPort();
    const code = clientOf(way, `http://127.0.0.1:${port}`, {
      maxAttempts: 100,
      initialDelayMs: 10,
      maxDelayMs: 10,
    });
    const call = failureOf(code.paymentIntents.create(order));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const server = await startHostile(refuse("destination mismatches original request"), port);
    cleanups.push(() => server.close());
    expect((await call).code).toBe("intent_conflict");
    expect(server.exchanges).toHaveLength(1);
  });

  it("a call that may have arrived has an unknown outcome if the server stops afterwards", async () => {
    const server: HostileServer = await startHostile((e) => {
      void server.close();
      e.cut();
    });
    const code = clientOf(way, server.url);
    const intent = code.paymentIntents.build(order);
    const cause = expectRegistrationUnknown(await failureOf(code.paymentIntents.create(intent)), intent);
    expect(cause).toMatchObject({ code: "unavailable", mayHaveArrived: true });
    expect(cause.message).toContain("ECONNREFUSED");
    expect(server.exchanges).toHaveLength(1);
  });

  it.each([
    ["401 of a gateway", status(401), "unauthenticated"],
    ["403 of a gateway", status(403), "permission_denied"],
    ["404 of a gateway", status(404), "unimplemented"],
    ["413 of a gateway", status(413), "request_refused"],
    ["a redirect", status(302), "redirect_refused"],
    [
      "a refusal that another request would have met as well",
      refuse("error resolving hostname"),
      "request_refused",
    ],
  ])("a call that may have arrived has an unknown outcome if %s follows", async (_, answer, code) => {
    const server = await serve(cut, answer);
    const client = clientOf(way, server.url);
    const intent = client.paymentIntents.build(order);
    const cause = expectRegistrationUnknown(await failureOf(client.paymentIntents.create(intent)), intent);
    expect(cause.code).toBe(code);
  });

  it("a call that may have arrived has an unknown outcome if the server is then over its limit", async () => {
    const server = await serve(cut, ...Array.from({ length: 3 }, () => status(429)));
    const client = clientOf(way, server.url);
    const intent = client.paymentIntents.build(order);
    const cause = expectRegistrationUnknown(await failureOf(client.paymentIntents.create(intent)), intent);
    expect(cause.code).toBe("resource_exhausted");
  });

  it.each([
    ["client submitted intent", "already_submitted"],
    ["destination mismatches original request", "intent_conflict"],
  ])("a call that may have arrived ends with %s, which reports what is registered", async (text, code) => {
    const server = await serve(cut, refuse(text));
    const error = await failureOf(clientOf(way, server.url).paymentIntents.create(order));
    expect(error.code).toBe(code);
  });

  it.each(["abort", "close"])("%s during a pause ends the call at once", async (by) => {
    vi.spyOn(Math, "random").mockReturnValue(0.9);
    const controller = new AbortController();
    const server = await serve(...Array.from({ length: 9 }, () => status(503)));
    const code = new CodeClient({
      ...way.connecting,
      baseUrl: server.url,
      timeoutMs: 3_600_000,
      retry: { initialDelayMs: 1_800_000, maxDelayMs: 1_800_000 },
    });
    cleanups.push(() => code.close());
    const call = failureOf(code.paymentIntents.create(order, { signal: controller.signal }));
    await until(() => server.exchanges.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (by === "abort") controller.abort();
    else await code.close();
    expect((await call).code).toBe(by === "abort" ? "aborted" : "client_closed");
    expect(server.exchanges).toHaveLength(1);
  });

  it("a message that was stored, and whose response was lost, is one intent", async () => {
    const recording = recordingStore();
    const emulator = await Emulator.start({ store: recording.store });
    cleanups.push(() => emulator.close());
    let drops = 2;
    let stored = false;
    recording.afterCommit = () => {
      stored = true;
    };
    const proxy = await startProxy(emulator.port, () => {
      if (!stored || drops === 0) return true;
      drops--;
      stored = false;
      return false;
    });
    const code = clientOf(way, proxy);
    const intent = await code.paymentIntents.create(order);
    expect(drops).toBe(0);
    expect([...recording.requests]).toEqual([[intent.id, 1]]);
    expect([...recording.messages]).toEqual([[intent.id, 3]]);
    expect((await code.paymentIntents.getStatus(intent)).state).toBe("pending");
  });

  it("a message that was stored, and whose every response was lost, is registered although the client cannot know", async () => {
    const recording = recordingStore();
    const emulator = await Emulator.start({ store: recording.store });
    cleanups.push(() => emulator.close());
    let stored = false;
    recording.afterCommit = () => {
      stored = true;
    };
    const proxy = await startProxy(emulator.port, () => !stored);
    const code = clientOf(way, proxy, { maxAttempts: 2, initialDelayMs: 1 });
    const intent = code.paymentIntents.build(order);
    expectRegistrationUnknown(await failureOf(code.paymentIntents.create(intent)), intent);
    const again = clientOf(way, emulator.url);
    expect((await again.paymentIntents.getStatus(intent)).state).toBe("pending");
    await again.paymentIntents.create(intent);
    expect([...recording.requests]).toEqual([[intent.id, 1]]);
  });
});

/** Starts a TCP proxy that resets both connections instead of forwarding the server's bytes, if told to. */
async function startProxy(port: number, mayPass: () => boolean): Promise<string> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(port, "127.0.0.1");
    for (const [socket, peer] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        sockets.delete(socket);
        peer.destroy();
      });
    }
    client.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk) => {
      if (mayPass()) client.write(chunk);
      else client.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}
