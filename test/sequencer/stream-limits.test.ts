import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { CodeClient, type ConnectingClientOptions, type PaymentIntent } from "../../src/index.js";
import { MAX_STREAM_SOCKETS } from "../../src/sequencer/transports/http1.js";
import { streamsWithin } from "../../src/sequencer/transports/http2-connection.js";
import { MAX_CONNECTIONS } from "../../src/sequencer/transports/http2-pool.js";
import { Http2Sessions, type Http2SessionTimes } from "../../src/sequencer/transports/http2-sessions.js";
import { nodeSocketOpener } from "../../src/sequencer/transports/node-sockets.js";
import { startRaw } from "../support/hostile-servers.js";
import { type LimitedPeer, startLimitedPeer } from "../support/limited-peer.js";
import { destination, failureOf, order, until } from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startEmulator(): Promise<Emulator> {
  const emulator = await Emulator.start();
  cleanups.push(() => emulator.close());
  return emulator;
}

async function startPeer(limit: number, maxConnections?: number) {
  const emulator = await startEmulator();
  const peer = await startLimitedPeer(emulator.url, limit, maxConnections);
  cleanups.push(() => peer.close());
  return { emulator, peer };
}

function clientOf(url: string, options: Partial<ConnectingClientOptions> = {}): CodeClient {
  const code = new CodeClient({ baseUrl: url, logger: { warn() {} }, ...options });
  cleanups.push(() => code.close());
  return code;
}

/** Registers intents, and watches each until its payment. */
async function watchAll(emulator: Emulator, code: CodeClient, count: number) {
  const direct = new CodeClient({ transport: emulator.transport });
  const intents: PaymentIntent[] = [];
  for (let i = 0; i < count; i++) intents.push(await direct.paymentIntents.create(order));
  const heard = intents.map((intent) =>
    code.paymentIntents.waitForPayment(intent, { intervalMs: 1_000 }).then(({ heardFrom }) => heardFrom),
  );
  // A client that is closed ends its watches.
  for (const watch of heard) watch.catch(() => {});
  const pay = async () => {
    for (const intent of intents) await emulator.wallet.pay(intent);
  };
  return { heard, pay };
}

const unhurried: Http2SessionTimes = { idleMs: 60_000, connectMs: 60_000, silenceMs: 60_000 };

/** A client whose connections have these times. */
function clientWith(url: string, times: Partial<Http2SessionTimes>): CodeClient {
  const sessionManager = new Http2Sessions(url, { ...unhurried, ...times });
  cleanups.push(() => sessionManager.abort());
  const interceptors = [sessionManager.interceptor];
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "2", sessionManager, interceptors });
  const code = new CodeClient({ transport, retry: false });
  cleanups.push(() => code.close());
  return code;
}

function connectionsFor(streams: number, limit: number): number {
  return Math.ceil(streams / streamsWithin(limit));
}

describe.each(["connect", "grpc", "grpc-web"] as const)("150 watches over %s", (protocol) => {
  it("use further connections where the peer allows 10 streams, and keep room for calls", async () => {
    const { emulator, peer } = await startPeer(10);
    const code = clientOf(peer.url, { protocol });
    const { heard, pay } = await watchAll(emulator, code, 150);
    await until(() => peer.openStreams === 150);
    await Promise.all(Array.from({ length: 20 }, () => code.paymentIntents.create(order)));
    expect(peer.mostConnections).toBeGreaterThanOrEqual(connectionsFor(150, 10));
    await pay();
    expect(new Set(await Promise.all(heard))).toEqual(new Set(["stream"]));
    expect(peer.refused).toBe(0);
  });
});

describe("streams that use their share of a connection", () => {
  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [8, 7],
    [10, 8],
    [100, 87],
    [128, 112],
    [1_000, 984],
  ])("of %d requests number at most %d", (limit, streams) => {
    expect(streamsWithin(limit)).toBe(streams);
  });

  it("leave the rest of it to calls: both need one connection", async () => {
    const { emulator, peer } = await startPeer(10);
    const code = clientOf(peer.url);
    const { heard, pay } = await watchAll(emulator, code, streamsWithin(10));
    await until(() => peer.openStreams === streamsWithin(10));
    for (let i = 0; i < 3; i++) await code.paymentIntents.create(order);
    await pay();
    expect(new Set(await Promise.all(heard))).toEqual(new Set(["stream"]));
    // Status checks of several watches can coincide, and need more room than one connection has.
    expect(peer.mostConnections).toBeLessThanOrEqual(2);
  });

  it("leave none where the peer allows one request: watches poll, and calls take turns", async () => {
    const { emulator, peer } = await startPeer(1);
    const code = clientOf(peer.url);
    const { heard, pay } = await watchAll(emulator, code, 5);
    await Promise.all(Array.from({ length: 5 }, () => code.paymentIntents.create(order)));
    await pay();
    const sources = await Promise.all(heard);
    expect(sources).toHaveLength(5);
    expect(sources).not.toContain("stream");
    expect(peer.requests.join()).not.toContain("OpenMessageStream");
    expect(peer.refused).toBe(0);
  });

  it("poll beyond the maximum number of connections, and all report their payment", async () => {
    const { emulator, peer } = await startPeer(2);
    const code = clientOf(peer.url);
    const { heard, pay } = await watchAll(emulator, code, MAX_CONNECTIONS + 6);
    await until(() => peer.openStreams === MAX_CONNECTIONS);
    await code.paymentIntents.create(order);
    await pay();
    await Promise.all(heard);
    expect(peer.mostConnections).toBe(MAX_CONNECTIONS);
    expect(peer.refused).toBe(0);
  });

  it("poll if the peer takes no further connection, and no call fails with it", async () => {
    const { emulator, peer } = await startPeer(4, 1);
    const code = clientOf(peer.url);
    const { heard, pay } = await watchAll(emulator, code, 6);
    await until(() => peer.openStreams === streamsWithin(4));
    for (let i = 0; i < 3; i++) await code.paymentIntents.create(order);
    await pay();
    const sources = await Promise.all(heard);
    expect(sources.filter((source) => source === "stream").length).toBeGreaterThanOrEqual(streamsWithin(4));
    expect(peer.mostConnections).toBe(1);
  });
});

describe("a peer that changes its limit", () => {
  /** Applies a limit to every connection, and resolves when the client has acknowledged it. */
  async function limitTo(peer: LimitedPeer, maxConcurrentStreams: number): Promise<void> {
    const acknowledged = peer.sessions.map(
      (session) =>
        new Promise<void>((resolve) => session.settings({ maxConcurrentStreams }, () => resolve())),
    );
    await Promise.all(acknowledged);
  }

  it("gets no request beyond a lower limit, and loses no stream by it", async () => {
    const { emulator, peer } = await startPeer(10);
    const code = clientOf(peer.url);
    const { heard, pay } = await watchAll(emulator, code, 6);
    await until(() => peer.openStreams === 6);
    await limitTo(peer, 2);
    await code.paymentIntents.create(order);
    expect(peer.mostConnections).toBeGreaterThan(1);
    await pay();
    expect(new Set(await Promise.all(heard))).toEqual(new Set(["stream"]));
    expect(peer.refused).toBe(0);
  });

  it("gets calls that waited when it allows them", async () => {
    const { peer } = await startPeer(0);
    const code = clientWith(peer.url, {});
    // A call that does not wait for SETTINGS is refused.
    await code.paymentIntents.getStatus(destination).catch(() => {});
    const call = code.paymentIntents.getStatus(destination);
    await until(() => peer.sessions.length === 1);
    await limitTo(peer, 3);
    expect((await call).state).toBe("unknown");
  });
});

describe("a call for which no connection has room", () => {
  it("fails after a while, with nothing sent", async () => {
    const { peer } = await startPeer(0);
    const code = clientWith(peer.url, { connectMs: 500 });
    await code.paymentIntents.getStatus(destination).catch(() => {});
    const sent = peer.refused;
    const error = await failureOf(code.paymentIntents.getStatus(destination));
    expect(error).toMatchObject({ code: "unavailable", retryable: true, mayHaveArrived: false });
    expect(error.message).toContain("in use for 500 ms");
    expect(peer.refused).toBe(sent);
    expect(peer.requests).toEqual([]);
  });

  it("is never sent if it is aborted meanwhile", async () => {
    const { peer } = await startPeer(0);
    const code = clientWith(peer.url, {});
    await code.paymentIntents.getStatus(destination).catch(() => {});
    const abort = new AbortController();
    const call = failureOf(code.paymentIntents.getStatus(destination, { signal: abort.signal }));
    abort.abort();
    expect((await call).code).toBe("aborted");
    await Promise.all(
      peer.sessions.map(
        (session) =>
          new Promise<void>((resolve) => session.settings({ maxConcurrentStreams: 10 }, () => resolve())),
      ),
    );
    await code.paymentIntents.getStatus(destination);
    expect(peer.requests).toHaveLength(1);
  });
});

describe("connections of the pool", () => {
  it("take no further request after GOAWAY, and keep their streams", async () => {
    const { emulator, peer } = await startPeer(10);
    const code = clientOf(peer.url);
    const { heard, pay } = await watchAll(emulator, code, 3);
    await until(() => peer.openStreams === 3);
    const [old] = peer.sessions;
    if (old === undefined) throw new Error("no session");
    old.goaway(0);
    await until(async () => {
      await code.paymentIntents.create(order);
      return peer.mostConnections > 1;
    });
    expect(peer.openStreams).toBe(3);
    await pay();
    expect(new Set(await Promise.all(heard))).toEqual(new Set(["stream"]));
    await until(() => !peer.sessions.includes(old));
  });

  it("close when they are idle", async () => {
    const { emulator, peer } = await startPeer(3);
    const code = clientWith(peer.url, { idleMs: 20 });
    const { heard, pay } = await watchAll(emulator, code, 8);
    await until(() => peer.openStreams === 8);
    expect(peer.sessions.length).toBeGreaterThanOrEqual(connectionsFor(8, 3));
    await pay();
    await Promise.all(heard);
    await until(() => peer.sessions.length === 0);
    expect((await code.paymentIntents.getStatus(destination)).state).toBe("unknown");
  });

  it("all close with the client", async () => {
    const { emulator, peer } = await startPeer(3);
    const code = clientOf(peer.url);
    const { heard } = await watchAll(emulator, code, 8);
    await until(() => peer.openStreams === 8);
    await code.close();
    const ends = await Promise.all(heard.map(failureOf));
    expect(new Set(ends.map((end) => end.code))).toEqual(new Set(["client_closed"]));
    await until(() => peer.sessions.length === 0);
    expect(await failureOf(code.paymentIntents.create(order))).toMatchObject({ code: "client_closed" });
  });

  it("give the room of an aborted stream to the next", async () => {
    const { peer } = await startPeer(2);
    const code = clientWith(peer.url, {});
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      const intent = code.paymentIntents.build(order);
      const watch = failureOf(code.paymentIntents.waitForPayment(intent, { signal: abort.signal }));
      await until(() => peer.openStreams === 1);
      abort.abort();
      await watch;
      await until(() => peer.openStreams === 0);
    }
    expect(peer.mostConnections).toBeLessThanOrEqual(2);
    expect(peer.refused).toBe(0);
  });
});

describe.each(["connect", "grpc-web"] as const)("watches over %s and HTTP/1.1", (protocol) => {
  it("poll beyond the sockets for streams, and no call waits for a stream", async () => {
    const emulator = await startEmulator();
    const code = clientOf(emulator.url, { protocol, httpVersion: "1.1" });
    const { heard, pay } = await watchAll(emulator, code, MAX_STREAM_SOCKETS + 10);
    await Promise.all(Array.from({ length: 5 }, () => code.paymentIntents.create(order)));
    await pay();
    expect(await Promise.all(heard)).toHaveLength(MAX_STREAM_SOCKETS + 10);
  });
});

describe("WebSockets of a client", () => {
  it("are opened up to a maximum; a stream beyond it has no room, until one is closed", async () => {
    const server = await startRaw(() => {});
    cleanups.push(() => server.close());
    const opener = nodeSocketOpener(2);
    cleanups.push(() => opener.close());
    let ended = 0;
    const events = { onOpen() {}, onFrame() {}, onEnd: () => void ended++ };
    const url = server.url.replace("http", "ws");
    const first = opener.open(url, {}, events);
    opener.open(url, {}, events);
    expect(() => opener.open(url, {}, events)).toThrow(
      expect.objectContaining({
        code: "unavailable",
        connectCode: "resource_exhausted",
        mayHaveArrived: false,
      }),
    );
    first.close();
    await until(() => ended > 0);
    opener.open(url, {}, events);
  });
});
