import net from "node:net";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "vitest";
import { CodeClient } from "../../src/index.js";
import { Http2Sessions, type Http2SessionTimes } from "../../src/sequencer/transports/http2-sessions.js";
import { rightAnswer, startHostile, startRaw } from "../support/hostile-servers.js";
import { destination, failureOf, until } from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const unhurried: Http2SessionTimes = { idleMs: 60_000, connectMs: 60_000, silenceMs: 60_000 };

function connect(url: string, times: Partial<Http2SessionTimes>) {
  const sessionManager = new Http2Sessions(url, { ...unhurried, ...times });
  cleanups.push(() => sessionManager.abort());
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "2", sessionManager });
  const code = new CodeClient({ transport, retry: false });
  cleanups.push(() => code.close());
  const call = (timeoutMs = 30_000) => code.paymentIntents.getStatus(destination, { timeoutMs });
  return { sessionManager, call };
}

/** Starts a TCP proxy whose open connections can fall silent, as after a router has dropped them. */
async function startProxy(port: number) {
  const silent = new WeakSet<net.Socket>();
  const sockets = new Set<net.Socket>();
  const server = await startRaw((client) => {
    const upstream = net.connect(port, "127.0.0.1");
    sockets.add(client);
    upstream.on("error", () => {});
    client.on("data", (chunk) => silent.has(client) || upstream.write(chunk));
    upstream.on("data", (chunk) => silent.has(client) || client.write(chunk));
    client.once("close", () => {
      sockets.delete(client);
      upstream.destroy();
    });
  });
  cleanups.push(() => server.close());
  return {
    server,
    sockets,
    silence: () => {
      for (const socket of sockets) silent.add(socket);
    },
  };
}

async function startRight() {
  const server = await startHostile((exchange) => exchange.answer(rightAnswer(exchange)));
  cleanups.push(() => server.close());
  return server;
}

describe("a connection that fell silent", () => {
  it("takes no further calls once it has been silent for long enough", async () => {
    const proxy = await startProxy((await startRight()).port);
    const { call } = connect(proxy.server.url, { silenceMs: 50 });
    await call();
    proxy.silence();
    const outcomes: string[] = [];
    await until(async () => {
      outcomes.push(
        await call(20).then(
          ({ state }) => state,
          ({ code }) => code,
        ),
      );
      return outcomes.at(-1) === "pending";
    });
    expect(outcomes.slice(0, -1)).toContain("deadline_exceeded");
    expect(proxy.server.connections).toBe(2);
    // The silent one is closed.
    await until(() => proxy.sockets.size === 1);
  });

  it("is kept if calls end sooner than that, and if responses arrive in between", async () => {
    const proxy = await startProxy((await startRight()).port);
    const { call } = connect(proxy.server.url, {});
    for (let round = 0; round < 3; round++) {
      await call();
      await call(1).catch(() => {});
    }
    expect(proxy.server.connections).toBe(1);
  });

  it("is kept until its other calls have ended", async () => {
    const release: (() => void)[] = [];
    const server = await startHostile((exchange) => {
      if (exchange.number === 2) release.push(() => exchange.answer(rightAnswer(exchange)));
      if (exchange.number > 3) exchange.answer(rightAnswer(exchange));
    });
    cleanups.push(() => server.close());
    const { call } = connect(server.url, { silenceMs: 20 });
    const first = failureOf(call(60));
    await until(() => server.exchanges.length === 1);
    const slow = call();
    await until(() => server.exchanges.length === 2);
    expect((await first).code).toBe("deadline_exceeded");
    const third = failureOf(call(60));
    expect((await third).code).toBe("deadline_exceeded");
    expect((await call()).state).toBe("pending");
    expect(server.connections).toBeGreaterThan(1);
    for (const answer of release) answer();
    expect((await slow).state).toBe("pending");
  });
});

describe("a handshake that hangs", () => {
  it("is aborted, with nothing sent, and started again for the next call", async () => {
    let hang = true;
    const right = await startRight();
    const server = await startRaw((socket) => {
      if (hang) return;
      const upstream = net.connect(right.port, "127.0.0.1");
      socket.pipe(upstream).pipe(socket);
      upstream.on("error", () => {});
      socket.once("close", () => upstream.destroy());
    });
    cleanups.push(() => server.close());
    const { call } = connect(server.url.replace("http:", "https:"), { connectMs: 50 });
    const [first, second] = await Promise.all([failureOf(call()), failureOf(call())]);
    for (const error of [first, second]) {
      expect(error).toMatchObject({ code: "unavailable", retryable: true, mayHaveArrived: false });
      expect(error.message).toContain("within 50 ms");
    }
    await until(() => server.connections > 0);
    expect(server.connections).toBe(1);
    hang = false;
    // The server has no TLS, but it responds.
    let third = await failureOf(call());
    let calls = 1;
    // A busy machine can exceed the limit again.
    for (; third.message.includes("within 50 ms"); calls++) third = await failureOf(call());
    expect(third).toMatchObject({ code: "unavailable", retryable: false, mayHaveArrived: false });
    expect(third.message).toMatch(/does not use TLS on this port \(.*SSL.*\)/);
    await until(() => server.connections > calls);
    expect(server.connections).toBe(1 + calls);
  });
});

describe("sessions that were closed", () => {
  it("open no other connection", async () => {
    const server = await startRight();
    const { sessionManager, call } = connect(server.url, {});
    await call();
    sessionManager.abort();
    expect(await failureOf(call())).toMatchObject({ code: "client_closed", mayHaveArrived: false });
    expect(server.connections).toBe(1);
  });
});
