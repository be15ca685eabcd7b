import type { Interceptor, Transport } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { CodeClient, type CodeClientOptions } from "../../src/index.js";
import { buildScript, type Script } from "../support/child-process.js";
import { type Exchange, type HostileServer, rightAnswer, startHostile } from "../support/hostile-servers.js";
import {
  type ConnectingWay,
  connectingWays,
  destination,
  failureOf,
  http2Ways,
  order,
  until,
} from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(
  handle: (exchange: Exchange) => unknown = (e) => e.answer(rightAnswer(e)),
): Promise<HostileServer> {
  const server = await startHostile(handle);
  cleanups.push(() => server.close());
  return server;
}

function clientOf(way: ConnectingWay, baseUrl: string, more: Partial<CodeClientOptions> = {}): CodeClient {
  const code = new CodeClient({ ...way.connecting, baseUrl, ...more } as CodeClientOptions);
  cleanups.push(() => code.close());
  return code;
}

describe.each(connectingWays)("a client over $name", (way) => {
  it("opens nothing before its first call", async () => {
    const server = await serve();
    const code = clientOf(way, server.url);
    code.paymentIntents.build(order);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(server.connections).toBe(0);
  });

  it("opens no connection if it is closed while its transport loads", async () => {
    const server = await serve();
    const code = clientOf(way, server.url);
    const call = failureOf(code.paymentIntents.create(order));
    const closing = code.close();
    expect((await call).code).toBe("client_closed");
    await closing;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.connections).toBe(0);
    expect((await failureOf(code.paymentIntents.create(order))).code).toBe("client_closed");
  });

  it("ends running calls when it is closed, and closes once even if close is called repeatedly", async () => {
    const server = await serve(() => {});
    const code = clientOf(way, server.url);
    const call = failureOf(code.paymentIntents.create(order));
    await until(() => server.exchanges.length === 1);
    const first = code.close();
    expect(code.close()).toBe(first);
    await Promise.all([first, code[Symbol.asyncDispose]()]);
    expect(await call).toMatchObject({ code: "client_closed", mayHaveArrived: true, retryable: false });
  });

  it("is closed at the end of its scope", async () => {
    const server = await serve();
    let escaped: CodeClient;
    {
      await using code = new CodeClient({ ...way.connecting, baseUrl: server.url });
      escaped = code;
      expect((await code.paymentIntents.getStatus(destination)).state).toBe("pending");
    }
    expect((await failureOf(escaped.paymentIntents.getStatus(destination))).code).toBe("client_closed");
  });

  it("makes 64 concurrent calls with one signal without a listener warning of Node", async () => {
    const warnings: string[] = [];
    const onWarning = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
    process.on("warning", onWarning);
    cleanups.push(() => process.off("warning", onWarning));
    const waiting: Exchange[] = [];
    const server = await serve((exchange) => {
      if (waiting.push(exchange) === 64) for (const e of waiting) e.answer(rightAnswer(e));
    });
    const code = clientOf(way, server.url);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 64 }, (_, index) =>
      index % 2 === 0
        ? code.paymentIntents.create(order, { signal }).then(({ id }) => id)
        : code.paymentIntents.getStatus(destination, { signal }).then(({ state }) => state),
    );
    expect(new Set(await Promise.all(calls)).size).toBe(33);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it("makes forty attempts in one call without a listener warning of Node", async () => {
    const warnings: string[] = [];
    const onWarning = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
    process.on("warning", onWarning);
    cleanups.push(() => process.off("warning", onWarning));
    const server = await serve((e) => e.answer({ status: 503 }));
    const code = clientOf(way, server.url, { retry: { maxAttempts: 40, initialDelayMs: 0, maxDelayMs: 0 } });
    const { signal } = new AbortController();
    expect((await failureOf(code.paymentIntents.getStatus(destination, { signal }))).code).toBe(
      "unavailable",
    );
    expect(server.exchanges).toHaveLength(40);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it("sends its own headers and those of the call, which take precedence in any case", async () => {
    const server = await serve();
    const code = clientOf(way, server.url, { headers: { Authorization: "Bearer client", "X-Client": "1" } });
    await code.paymentIntents.getStatus(destination);
    await code.paymentIntents.create(order, { headers: { AUTHORIZATION: "Bearer call", "x-call": "2" } });
    await code.paymentIntents.getStatus(destination);
    const seen = server.exchanges.map(({ headers }) => [
      headers.authorization,
      headers["x-client"],
      headers["x-call"],
    ]);
    expect(seen).toEqual([
      ["Bearer client", "1", undefined],
      ["Bearer call", "1", "2"],
      ["Bearer client", "1", undefined],
    ]);
  });
});

describe.each(connectingWays.filter(({ family }) => family !== "rest"))("a client over $name", (way) => {
  it("runs its interceptors around every attempt, in order", async () => {
    const seen: string[] = [];
    const note =
      (name: string): Interceptor =>
      (next) =>
      async (request) => {
        seen.push(`${name} ${request.method.name}`);
        request.header.set(`x-${name}`, "1");
        return next(request);
      };
    const server = await serve((e) => e.answer(e.number === 1 ? { status: 503 } : rightAnswer(e)));
    const interceptors = [note("outer"), note("inner")];
    const code = clientOf(way, server.url, { interceptors, retry: { initialDelayMs: 0 } });
    interceptors.length = 0;
    await code.paymentIntents.getStatus(destination);
    expect(seen).toEqual(["outer GetStatus", "inner GetStatus", "outer GetStatus", "inner GetStatus"]);
    expect(server.exchanges[1]?.headers).toMatchObject({ "x-outer": "1", "x-inner": "1" });
  });
});

// The other protocols have no header for it.
const timedWays = connectingWays.filter(({ family }) => family !== "rest" && family !== "envelope");
describe.each(timedWays)("a client over $name", (way) => {
  it("sends its remaining time to the server, less with each attempt", async () => {
    const server = await serve((e) => {
      if (e.number < 3) setTimeout(() => e.answer({ status: 503 }), 15);
      else e.answer(rightAnswer(e));
    });
    const code = clientOf(way, server.url, { timeoutMs: 110_000, retry: { initialDelayMs: 0 } });
    await code.paymentIntents.getStatus(destination, { timeoutMs: 10_000 });
    const told = server.exchanges.map(({ headers }) =>
      Number(String(headers["connect-timeout-ms"] ?? headers["grpc-timeout"]).replace(/m$/, "")),
    );
    expect(told[0]).toBeGreaterThan(0);
    expect(told[0]).toBeLessThanOrEqual(10_000);
    expect(told).toEqual([...new Set(told)].sort((a, b) => b - a));
  });

  it("sends no longer timeout than the protocol can express", async () => {
    const server = await serve();
    const code = clientOf(way, server.url, { timeoutMs: 2 ** 31 - 1 });
    await code.paymentIntents.getStatus(destination);
    const headers = server.exchanges[0]?.headers ?? {};
    const told = String(headers["connect-timeout-ms"] ?? headers["grpc-timeout"]);
    expect(told).toMatch(way.family === "connect" ? /^\d{1,10}$/ : /^\d{1,8}m$/);
  });
});

describe.each(http2Ways)("a client over $name", (way) => {
  it("makes concurrent calls over one connection", async () => {
    const server = await serve();
    const code = clientOf(way, server.url);
    await Promise.all([
      code.paymentIntents.create(order),
      code.paymentIntents.getStatus(destination),
      code.paymentIntents.create(order),
    ]);
    await code.paymentIntents.getStatus(destination);
    expect(server.connections).toBe(1);
  });
});

describe("a custom transport", () => {
  const bytes = { message: { exists: true, codeScanned: false, intentSubmitted: false } };
  function transportOf(unary: () => unknown): Transport {
    return { unary, stream: unary } as unknown as Transport;
  }

  it("that never responds ends every call at its deadline, with its signal or with its client", async () => {
    const transport = transportOf(() => new Promise(() => {}));
    const code = new CodeClient({ transport, timeoutMs: 30 });
    expect((await failureOf(code.paymentIntents.getStatus(destination))).code).toBe("deadline_exceeded");
    expect((await failureOf(code.paymentIntents.create(order))).code).toBe("registration_unknown");
    const controller = new AbortController();
    const options = { signal: controller.signal, timeoutMs: 60_000 };
    const aborted = failureOf(code.paymentIntents.create(order, options));
    controller.abort();
    expect((await aborted).code).toBe("aborted");
    const closed = failureOf(code.paymentIntents.getStatus(destination, { timeoutMs: 60_000 }));
    await code.close();
    expect((await closed).code).toBe("client_closed");
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("bug");
      },
    ],
    ["rejects", () => Promise.reject(new Error("bug"))],
    ["rejects with a non-error", () => Promise.reject("bug")],
    ["resolves with nothing", async () => undefined],
  ])("that %s never makes create succeed", async (_, unary) => {
    await using code = new CodeClient({ transport: transportOf(unary), retry: false });
    expect((await failureOf(code.paymentIntents.create(order))).code).toBe("registration_unknown");
    expect((await failureOf(code.paymentIntents.getStatus(destination))).code).toBe("unavailable");
  });

  it("is not closed with the client", async () => {
    const close = vi.fn();
    const transport = Object.assign(
      transportOf(async () => bytes),
      { close, abort: close },
    );
    const code = new CodeClient({ transport });
    await code.paymentIntents.getStatus(destination);
    await code.close();
    expect(close).not.toHaveBeenCalled();
  });

  it("takes 10,000 calls with one signal, and leaves no listeners on it", async () => {
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown) => warnings.push(warning);
    process.on("warning", onWarning);
    cleanups.push(() => process.off("warning", onWarning));
    await using code = new CodeClient({ transport: transportOf(async () => bytes) });
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    for (let round = 0; round < 100; round++) {
      await Promise.all(
        Array.from({ length: 100 }, () => code.paymentIntents.getStatus(destination, { signal })),
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
  });
});

/** Options as source text, for a script that builds a client with them. */
function optionsText({ name, connecting: { fetch, ...options } }: ConnectingWay, more: object): string {
  return JSON.stringify({ name, ...options, viaFetch: fetch !== undefined, ...more });
}

describe("a script", () => {
  let script: Script;
  beforeAll(async () => {
    script = await buildScript(`
      import { CodeClient } from "./src/index.js";
      const [task, ...targets] = process.argv.slice(2);
      const order = { destination: "${destination}", amount: 1, currency: "usd" };
      const outcome = (call) => call.then(() => "done", ({ code }) => code);
      // The pipes are what is printed on.
      const resources = () => process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap").sort().join();
      await Promise.all(targets.map(async (target) => {
        const { name, viaFetch, ...options } = JSON.parse(target);
        const code = new CodeClient({ ...options, retry: false, ...(viaFetch ? { fetch: globalThis.fetch } : {}) });
        const create = () => outcome(code.paymentIntents.create(order));
        const getStatus = () => outcome(code.paymentIntents.getStatus(order.destination));
        const running = task === "close while running" ? [create(), getStatus(), getStatus()] : [];
        if (running.length > 0) await new Promise((resolve) => setTimeout(resolve, 200));
        else running.push(await create(), await getStatus());
        if (task !== "forget") await code.close();
        console.log(name + ":", ...(await Promise.all(running)));
      }));
      for (let turn = 0; turn < 1000 && resources() !== ""; turn++) await new Promise(setImmediate);
      if (task !== "forget") console.log(resources() === "" ? "nothing is left" : resources());
    `);
  });
  afterAll(() => script.remove());

  const rightly = (e: Exchange) => e.answer(rightAnswer(e));
  const redirect = (e: Exchange) => {
    e.head(302, { location: "/" });
    e.write(Buffer.alloc(500_000));
  };
  const rows = [
    {
      title: "closes its client after valid responses",
      task: "close",
      handle: rightly,
      outcome: "done done",
    },
    {
      title: "forgets to close its client after valid responses",
      task: "forget",
      handle: rightly,
      outcome: "done done",
    },
    {
      title: "closes its client after missing responses",
      task: "close",
      handle: () => {},
      outcome: "registration_unknown deadline_exceeded",
      timeoutMs: 200,
    },
    {
      title: "forgets to close its client after missing responses",
      task: "forget",
      handle: () => {},
      outcome: "registration_unknown deadline_exceeded",
      timeoutMs: 200,
    },
    {
      title: "forgets to close its client after redirects with a body",
      task: "forget",
      handle: redirect,
      outcome: "redirect_refused redirect_refused",
    },
    {
      title: "closes its client in the middle of its calls",
      task: "close while running",
      handle: () => {},
      outcome: "client_closed client_closed client_closed",
    },
  ];
  it.each(rows)(
    "that $title exits, over every protocol",
    async ({ task, handle, outcome, timeoutMs = 15_000 }) => {
      const server = await serve(handle);
      // The platform's fetch keeps its connections for a while. The client cannot close them.
      const ways = connectingWays.filter(
        ({ connecting }) => task === "forget" || connecting.fetch === undefined,
      );
      const targets = ways.map((way) => optionsText(way, { baseUrl: server.url, timeoutMs }));
      const { code, signal, stdout, stderr } = await script.run([task, ...targets]).exit;
      const lines = [
        ...ways.map(({ name }) => `${name}: ${outcome}`),
        ...(task === "forget" ? [] : ["nothing is left"]),
      ];
      expect({ code, signal, stderr, lines: stdout.trimEnd().split("\n").sort() }).toEqual({
        code: 0,
        signal: null,
        stderr: "",
        lines: lines.sort(),
      });
    },
  );
});
