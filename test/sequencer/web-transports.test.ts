import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { Emulator } from "../../src/emulator/index.js";
import { CodeClient, type FetchFunction } from "../../src/index.js";
import { envelopeTransport } from "../../src/sequencer/envelope.js";
import { restSequencer } from "../../src/sequencer/rest.js";
import { transports } from "../../src/sequencer/transports/web.js";
import {
  closedPort,
  contentType,
  type Exchange,
  envelope,
  type HostileServer,
  refusalAnswer,
  reply,
  rightAnswer,
  startHostile,
} from "../support/hostile-servers.js";
import {
  destination,
  expectCreateFailure,
  expectStatusFailure,
  type Failure,
  failureOf,
  order,
} from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handle: (exchange: Exchange) => unknown): Promise<HostileServer> {
  const server = await startHostile(handle);
  cleanups.push(() => server.close());
  return server;
}

const unavailable: Failure = { code: "unavailable", retryable: true, ambiguous: true };
const malformed: Failure = { code: "malformed_response", retryable: false, ambiguous: true };
const tooLarge: Failure = { code: "response_too_large", retryable: false, ambiguous: true };
const failed: Failure = { code: "sequencer_failed", retryable: true, ambiguous: true };
const redirected: Failure = { code: "redirect_refused", retryable: false, ambiguous: false };

it("web transports support the protocols that fetch allows", () => {
  expect(transports.runtime).toBe("web");
  expect(transports.protocols).toEqual(["connect", "grpc-web", "rest", "envelope"]);
  for (const protocol of transports.protocols) expect(transports.usesFetch(protocol)).toBe(true);
});

describe.each(["connect", "grpc-web"] as const)("a web transport of %s", (protocol) => {
  async function connect(baseUrl: string, fetch?: FetchFunction): Promise<CodeClient> {
    const { transport } = await transports.connectTransport({
      protocol,
      baseUrl,
      httpVersion: "1.1",
      interceptors: [],
      fetch,
    });
    const code = new CodeClient({ transport, retry: false, timeoutMs: 60_000 });
    cleanups.push(() => code.close());
    return code;
  }

  async function check(answer: (exchange: Exchange) => unknown, failure: Failure): Promise<void> {
    const code = await connect((await serve(answer)).url);
    await expectCreateFailure(code, failure);
    await expectStatusFailure(code, failure);
  }

  it("registers an intent and reads its status", async () => {
    const code = await connect((await serve((e) => e.answer(rightAnswer(e)))).url);
    await code.paymentIntents.create(order);
    expect((await code.paymentIntents.getStatus(destination)).state).toBe("pending");
  });

  it.each([301, 302, 307, 308])("does not follow a redirect of %d", async (status) => {
    const target = await serve((e) => e.answer(rightAnswer(e)));
    await check((e) => e.answer({ status, headers: { location: target.url }, body: "moved" }), redirected);
    expect(target.connections).toBe(0);
  });

  const padding = Buffer.alloc(1024 * 1024 + 1, 0x20);
  it.each([
    ["declared", (e: Exchange) => e.answer(reply(e.family, padding, {}))],
    [
      "in chunks",
      (e: Exchange) => {
        const whole = Buffer.from(reply(e.family, padding, {}).body as Buffer);
        const body = [whole.subarray(0, 9e5), whole.subarray(9e5)];
        e.answer({ headers: { "content-type": contentType(e.family) }, body });
      },
    ],
    [
      "packed",
      (e: Exchange) => {
        const whole = Buffer.from(reply(e.family, padding, {}).body as Buffer);
        const headers = { "content-type": contentType(e.family), "content-encoding": "gzip" };
        e.answer({ headers, body: gzipSync(whole) });
      },
    ],
    [
      "as an error",
      (e: Exchange) => {
        const headers = {
          "content-type": protocol === "connect" ? "application/json" : contentType(e.family),
        };
        const body = protocol === "connect" ? JSON.stringify(padding.toString()) : envelope(padding);
        e.answer({ status: protocol === "connect" ? 500 : 200, headers, body });
      },
    ],
  ])("reads at most 1 MiB, %s", async (_, answer) => {
    await check(answer, tooLarge);
  });

  it("reads a response that arrives byte by byte", async () => {
    const server = await serve((e) => {
      const { headers, body } = rightAnswer(e);
      e.answer({
        headers: headers ?? {},
        body: Array.from(body as Uint8Array, (byte) => Uint8Array.of(byte)),
      });
    });
    const code = await connect(server.url);
    await code.paymentIntents.create(order);
    expect((await code.paymentIntents.getStatus(destination)).state).toBe("pending");
  });

  it("fails without a correct response", async () => {
    await check((e) => e.cut(), unavailable);
    await check((e) => e.answer({ headers: { "content-type": "text/html" }, body: "<p>" }), malformed);
    await check((e) => e.answer({ status: 500 }), failed);
    await check((e) => e.answer({ status: 503 }), unavailable);
    await check((e) => {
      const { headers, body } = rightAnswer(e);
      e.head(200, { ...headers, "content-length": 1000 });
      e.write(Buffer.from(body as Uint8Array));
      setTimeout(() => e.cut(), 10);
    }, unavailable);
  });

  it("reports a refusal with the sequencer's text", async () => {
    const server = await serve((e) =>
      e.answer(refusalAnswer(e.family, "invalid_argument", "destination mismatches original request")),
    );
    const error = await failureOf((await connect(server.url)).paymentIntents.create(order));
    expect(error.code).toBe("intent_conflict");
  });

  it("reports that nothing was sent without a connection", async () => {
    const code = await connect(`http://127.0.0.1:${await closedPort()}`);
    await expectCreateFailure(code, { ...unavailable, ambiguous: false });
  });

  it("uses the caller's fetch, and never lets it follow a redirect", async () => {
    const calls: Parameters<FetchFunction>[] = [];
    const server = await serve((e) => e.answer(rightAnswer(e)));
    const fetch: FetchFunction = (url, init) => {
      calls.push([url, init]);
      return globalThis.fetch(url, init) as ReturnType<FetchFunction>;
    };
    const code = await connect(server.url, fetch);
    await code.paymentIntents.getStatus(destination);
    expect(calls.map(([, { redirect }]) => redirect)).toEqual(["manual"]);
  });

  it("ends at the deadline, and when the signal fires", async () => {
    const code = await connect((await serve(() => {})).url);
    await expectCreateFailure(
      code,
      { code: "deadline_exceeded", retryable: true, ambiguous: true },
      { timeoutMs: 30 },
    );
    const signal = AbortSignal.timeout(30);
    expect((await failureOf(code.paymentIntents.create(order, { signal }))).code).toBe("aborted");
  });
});

describe("the envelope by web transports", () => {
  function connect(baseUrl: string): CodeClient {
    const { transport, close } = envelopeTransport({
      baseUrl,
      interceptors: [],
      httpClient: transports.httpClient(undefined),
      openSockets: () => transports.socketOpener(undefined),
    });
    const code = new CodeClient({ transport, retry: false, timeoutMs: 60_000, logger: { warn() {} } });
    cleanups.push(async () => {
      await code.close();
      close();
    });
    return code;
  }

  it("uses fetch and the platform's WebSocket", async () => {
    const opened: string[] = [];
    class Platforms extends WebSocket {
      constructor(url: string) {
        super(url);
        opened.push(url);
      }
    }
    vi.stubGlobal("WebSocket", Platforms);
    cleanups.push(() => vi.unstubAllGlobals());
    const emulator = await Emulator.start();
    cleanups.push(() => emulator.close());
    const code = connect(emulator.url);
    const intent = await code.paymentIntents.create(order);
    await emulator.wallet.pay(intent);
    expect((await code.paymentIntents.waitForPayment(intent, { intervalMs: 60_000 })).heardFrom).toBe(
      "stream",
    );
    expect(opened).toEqual([emulator.url.replace("http", "ws")]);
  });

  it("reports that there is no WebSocket, and still receives a payment", async () => {
    vi.stubGlobal("WebSocket", undefined);
    cleanups.push(() => vi.unstubAllGlobals());
    await expect(transports.socketOpener(undefined)).rejects.toMatchObject({
      code: "unsupported_by_runtime",
      message: expect.stringMatching(/^webSocket: .*Pass one/),
    });
    const emulator = await Emulator.start();
    cleanups.push(() => emulator.close());
    const code = connect(emulator.url);
    const intent = await code.paymentIntents.create(order);
    await emulator.wallet.pay(intent);
    expect((await code.paymentIntents.waitForPayment(intent)).heardFrom).not.toBe("stream");
  });

  it("does not follow a redirect", async () => {
    const target = await serve((e) => e.answer(rightAnswer(e)));
    const server = await serve((e) => e.answer({ status: 307, headers: { location: target.url } }));
    await expectStatusFailure(connect(server.url), redirected);
    expect(target.connections).toBe(0);
  });
});

it("REST over web transports uses fetch", async () => {
  const server = await serve((e) => e.answer(rightAnswer(e)));
  const sequencer = restSequencer(server.url, transports.httpClient(undefined));
  const attempt = {
    signal: new AbortController().signal,
    timeoutMs: 60_000,
    headers: { "x-trace": "1" },
    mayRepeat: false,
  };
  expect((await sequencer.getStatus(new Uint8Array(32), attempt)).state).toBe("pending");
  expect(server.exchanges[0]?.headers).toMatchObject({ "x-trace": "1", accept: "application/json" });
});
