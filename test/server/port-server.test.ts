import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { createClient } from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { afterEach, describe, expect, test } from "vitest";
import { Messaging } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { MicroPayment } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import type { PortHandler } from "../../src/server/port/connection.js";
import type { PortResponse } from "../../src/server/port/http-guard.js";
import {
  type PortServer,
  type PortServerOptions,
  startPortServer,
} from "../../src/server/port/port-server.js";

const host = "127.0.0.1";
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Responds with the protocol, method and body of the request. */
const echo: PortHandler = async (req, res) => {
  let body = "";
  for await (const chunk of req) body += String(chunk);
  res.end(`${req.httpVersion} ${req.method} ${body}`);
};

/** Both response types have this method, but TypeScript cannot unify their signatures. */
const write = (res: PortResponse, text: string) => (res as http.ServerResponse).write(text);

async function serve(options: Partial<PortServerOptions> = {}): Promise<PortServer> {
  const server = await startPortServer({ host, port: 0, handler: echo, ...options });
  cleanups.push(() => server.close({ graceMs: 0 }));
  return server;
}

interface RawClient {
  socket: net.Socket;
  /** All bytes received until the connection ends or is reset. */
  closed: Promise<string>;
  bytes(): Buffer;
}

async function dial({ port }: PortServer): Promise<RawClient> {
  const socket = net.connect({ host, port });
  cleanups.push(() => socket.destroy());
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  const bytes = () => Buffer.concat(chunks);
  const closed = new Promise<string>((resolve) =>
    socket.once("close", () => resolve(bytes().toString("latin1"))),
  );
  return { socket, closed, bytes };
}

interface Answer {
  status: number;
  text: string;
  headers: http.IncomingHttpHeaders;
}

function get1(server: PortServer, agent?: http.Agent, path = "/"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host, port: server.port, path, agent: agent ?? false };
    const request = http.get(options, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

function connect2(server: PortServer): http2.ClientHttp2Session {
  const session = http2.connect(`http://${host}:${server.port}`);
  cleanups.push(() => session.destroy());
  session.on("error", () => {});
  return session;
}

function exchange2(stream: http2.ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let text = "";
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
    });
    stream.on("data", (chunk) => {
      text += chunk;
    });
    stream.on("error", reject);
    stream.on("close", () =>
      status === 0 ? reject(new Error("no response")) : resolve({ status, text, headers: {} }),
    );
  });
}

const get2 = (session: http2.ClientHttp2Session) => exchange2(session.request({ ":path": "/" }));
const tick = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await tick(5);
}

/** The HTTP/2 frames in the server's output. */
function frames(bytes: Buffer): { type: number; payload: Buffer }[] {
  const found: { type: number; payload: Buffer }[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    found.push({ type: bytes.readUInt8(at + 3), payload: bytes.subarray(at + 9, at + 9 + length) });
    at += 9 + length;
  }
  return found;
}

const goAway = 7;
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const badData = Buffer.from([0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
/** HEADERS of `POST http://a/` without an end: the body follows. */
const openRequest = Buffer.from([0, 0, 6, 1, 4, 0, 0, 0, 1, 0x83, 0x84, 0x86, 0x41, 1, 0x61]);

describe("one port, two protocols", () => {
  test("serves HTTP/1.1 and HTTP/2 on the same port concurrently", async () => {
    const server = await serve();
    expect(server.host).toBe(host);
    expect(server.port).toBeGreaterThan(0);
    const session = connect2(server);
    const post = session.request({ ":method": "POST", ":path": "/" });
    post.end("hello");
    const answers = await Promise.all([get1(server), get2(session), get1(server), exchange2(post)]);
    expect(answers.map(({ status, text }) => `${status} ${text}`)).toEqual([
      "200 1.1 GET ",
      "200 2.0 GET ",
      "200 1.1 GET ",
      "200 2.0 POST hello",
    ]);
  });

  test.each([["HTTP/1.1"], ["HTTP/2"]])(
    "detects the protocol when the first bytes arrive one by one (%s)",
    async (protocol) => {
      const server = await serve();
      const { socket, bytes, closed } = await dial(server);
      socket.setNoDelay();
      const first =
        protocol === "HTTP/2" ? Buffer.concat([preface, emptySettings]) : Buffer.from("POST / HTTP/1.1\r\n");
      for (const byte of first) {
        socket.write(Buffer.of(byte));
        await tick(2);
      }
      if (protocol === "HTTP/2") {
        await until(() => frames(bytes()).some(({ type }) => type === 4));
        expect(frames(bytes()).map(({ type }) => type)).not.toContain(goAway);
      } else {
        socket.write("Host: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        expect(await closed).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*1\.1 POST ok/);
      }
    },
  );

  test("serves Connect, gRPC and gRPC-Web, unary and bidirectional", async () => {
    const handler = connectNodeAdapter({
      routes(router) {
        router.service(MicroPayment, { getStatus: () => ({ exists: true }) });
        router.rpc(Messaging.method.openMessageStreamWithKeepAlive, async function* (requests) {
          for await (const _ of requests) yield { responseOrPing: { case: "ping", value: {} } } as const;
        });
      },
    });
    // Shorter than the stream's lifetime: streams are not interrupted.
    const server = await serve({ handler, limits: { requestTimeoutMs: 100 } });
    const baseUrl = `http://${host}:${server.port}`;
    const sessionManager = new Http2SessionManager(baseUrl);
    const agent = new http.Agent();
    cleanups.push(() => sessionManager.abort());
    cleanups.push(() => agent.destroy());
    const h1 = { baseUrl, httpVersion: "1.1", nodeOptions: { agent } } as const;
    const h2 = { baseUrl, httpVersion: "2", sessionManager } as const;
    const transports = [
      createConnectTransport(h1),
      createConnectTransport(h2),
      createGrpcTransport({ baseUrl, sessionManager }),
      createGrpcWebTransport(h1),
      createGrpcWebTransport(h2),
    ];
    for (const transport of transports) {
      expect((await createClient(MicroPayment, transport).getStatus({})).exists).toBe(true);
    }
    for (const transport of [createConnectTransport(h2), createGrpcTransport({ baseUrl, sessionManager })]) {
      const requests = async function* () {
        yield {};
        await tick(300);
        yield {};
      };
      const cases: unknown[] = [];
      for await (const answer of createClient(Messaging, transport).openMessageStreamWithKeepAlive(
        requests(),
      )) {
        cases.push(answer.responseOrPing.case);
      }
      expect(cases).toEqual(["ping", "ping"]);
    }
  });

  test("rejects with the system's error if the port is in use", async () => {
    const { port } = await serve();
    await expect(startPortServer({ host, port, handler: echo })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });

  test("rejects invalid limits", async () => {
    const start = (limits: object) => startPortServer({ host, port: 0, handler: echo, limits });
    await expect(start({ peekTimeoutMs: -1 })).rejects.toMatchObject({ code: "invalid_option" });
    await expect(start({ maxConnections: 0 })).rejects.toMatchObject({ code: "invalid_option" });
    await expect(start({ maxConections: 1 })).rejects.toMatchObject({ code: "unknown_option" });
  });

  test("drops connections over the limit and accepts again later", async () => {
    const server = await serve({ limits: { maxConnections: 1 } });
    const first = await dial(server);
    const second = await dial(server);
    expect(await second.closed).toBe("");
    first.socket.destroy();
    // The server can take a moment to notice the free slot.
    let status = 0;
    while (status !== 200)
      status = await get1(server).then(
        (answer) => answer.status,
        () => tick().then(() => 0),
      );
  });

  test("holds many idle HTTP/2 streams on one connection", async () => {
    let open = 0;
    const handler: PortHandler = (_req, res) => {
      open++;
      res.writeHead(200);
      write(res, "x");
    };
    const server = await serve({ handler });
    const session = connect2(server);
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    expect(session.remoteSettings.maxConcurrentStreams).toBe(10_000);
    for (let i = 0; i < 2000; i++) session.request({ ":path": "/" }).on("error", () => {});
    await until(() => open === 2000);
    expect(session.destroyed).toBe(false);
  });
});

describe("misbehaving clients of a port", () => {
  test("sends 408 to a client that sends nothing, or too little to identify the protocol", async () => {
    const server = await serve({ limits: { peekTimeoutMs: 60 } });
    const silent = await dial(server);
    const slow = await dial(server);
    slow.socket.write("PR");
    expect(await silent.closed).toMatch(/^HTTP\/1.1 408 [\s\S]*"success":false/);
    expect(await slow.closed).toMatch(/^HTTP\/1.1 408 /);
  });

  test.each([
    ["garbage", "\x16\x03\x01 no HTTP at all\r\n\r\n", 400],
    ["a request without Host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400],
    ["a header over the limit", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405],
  ])("sends an error and closes for %s", async (_title, request, status) => {
    const server = await serve();
    const { socket, closed } = await dial(server);
    socket.write(request, "latin1");
    expect(await closed).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await get1(server)).status).toBe(200);
  });

  test.each([
    ["half a header", "GET / HTTP/1.1\r\nHost: a\r\nX: "],
    ["half a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"],
  ])("sends 408 after %s, and 400 if the client ends there", async (_title, request) => {
    const server = await serve({ limits: { headerTimeoutMs: 100, requestTimeoutMs: 120 } });
    const slow = await dial(server);
    slow.socket.write(request);
    expect(await slow.closed).toMatch(/^HTTP\/1.1 408 /);
    const early = await dial(server);
    early.socket.end(request);
    expect(await early.closed).toMatch(/^HTTP\/1.1 400 /);
  });

  test.each([
    ["", ""],
    ["P", "HTTP/1.1 400 "],
  ])("closes if the client ends after %j", async (first, answer) => {
    const server = await serve();
    const { socket, closed } = await dial(server);
    socket.end(first);
    expect((await closed).slice(0, answer.length || 1)).toBe(answer);
  });

  test("sends 408 for half a body on HTTP/2 and keeps the connection usable", async () => {
    const server = await serve({ limits: { requestTimeoutMs: 60 } });
    const session = connect2(server);
    const half = session.request({ ":method": "POST", ":path": "/", "content-type": "application/json" });
    half.write("half");
    expect(await exchange2(half)).toMatchObject({
      status: 408,
      text: expect.stringContaining('"success":false'),
    });
    expect((await get2(session)).status).toBe(200);
  });

  test("rejects a header over the limit on HTTP/2, before and after the client knows the limit", async () => {
    const server = await serve();
    const session = connect2(server);
    const large = { ":path": "/", x: "x".repeat(20_000) };
    await expect(exchange2(session.request(large))).resolves.toMatchObject({ status: 431 });
    await expect(exchange2(session.request(large))).rejects.toMatchObject({ code: "ERR_HTTP2_STREAM_ERROR" });
    expect((await get2(session)).status).toBe(200);
  });

  test("sends GOAWAY for a broken or slow preface and for an invalid frame", async () => {
    const server = await serve({ limits: { headerTimeoutMs: 80, idleTimeoutMs: 80 } });
    const starts = [
      Buffer.from("PRI * HTTP/2.0 is not what follows, whatever it is\r\n\r\n"),
      preface,
      preface.subarray(0, 10),
      // DATA on stream 0 is a connection error: once without and once with a request that has no response.
      Buffer.concat([preface, emptySettings, badData]),
      Buffer.concat([preface, emptySettings, openRequest, badData]),
    ];
    for (const start of starts) {
      const { socket, closed, bytes } = await dial(server);
      socket.write(start);
      await closed;
      expect(frames(bytes()).map(({ type }) => type)).toContain(goAway);
    }
    expect((await get1(server)).status).toBe(200);
  });

  test("survives resets during requests and notifies the handler", async () => {
    let started = 0;
    let gone = 0;
    const handler: PortHandler = (req, res) => {
      started++;
      res.once("close", () => gone++);
      const timer = setInterval(() => write(res, "more"), 5);
      res.once("close", () => setTimeout(() => clearInterval(timer), 20));
      req.resume();
    };
    const server = await serve({ handler });
    const h1 = await dial(server);
    h1.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    const session = connect2(server);
    const stream = session.request({ ":method": "POST", ":path": "/" });
    stream.on("error", () => {});
    stream.write("half");
    const other = await dial(server);
    other.socket.write(Buffer.concat([preface, emptySettings, openRequest]));
    await until(() => started === 3);
    h1.socket.resetAndDestroy();
    stream.close(http2.constants.NGHTTP2_CANCEL);
    // A client that only half-closes is also gone, without an error.
    other.socket.end();
    await until(() => gone === 3);
    await tick(50);
  });

  test("sends 500 for a handler that throws or rejects, and reports the error", async () => {
    const reported: unknown[] = [];
    const handlers: PortHandler[] = [
      () => {
        throw new Error("thrown");
      },
      async () => {
        throw new Error("rejected");
      },
      async (_req, res) => {
        write(res, "begun");
        await tick();
        throw new Error("late");
      },
    ];
    let next = 0;
    const server = await serve({
      handler: (req, res) => handlers[Math.floor(next++ / 2)]?.(req, res),
      onHandlerError: (error) => reported.push(error),
    });
    const session = connect2(server);
    for (let i = 0; i < 2; i++) {
      await expect(get1(server)).resolves.toMatchObject({
        status: 500,
        text: expect.stringContaining("internal"),
      });
      await expect(get2(session)).resolves.toMatchObject({ status: 500 });
    }
    await expect(get1(server)).rejects.toThrow();
    await expect(get2(session)).rejects.toThrow();
    expect(reported.map(String)).toEqual(
      ["thrown", "thrown", "rejected", "rejected", "late", "late"].map((text) => `Error: ${text}`),
    );
  });

  test("closes idle HTTP/2 connections without streams, and no others", async () => {
    const server = await serve({
      limits: { idleTimeoutMs: 80 },
      handler: async (_req, res) => {
        await tick(200);
        res.end("late");
      },
    });
    const idle = connect2(server);
    const busy = connect2(server);
    const answer = get2(busy);
    await new Promise((resolve) => idle.once("close", resolve));
    expect((await answer).text).toBe("late");
    await new Promise((resolve) => busy.once("close", resolve));
  });
});

describe("upgrades on a port", () => {
  const handshake = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

  test("sends 426 to a WebSocket handshake without a hook", async () => {
    const { socket, closed } = await dial(await serve());
    socket.write(handshake);
    expect(await closed).toMatch(/^HTTP\/1.1 426 [\s\S]*"success":false/);
  });

  test("passes the socket and the bytes after the header to the hook", async () => {
    const server = await serve({
      onUpgrade: (req, socket, head) => {
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${req.url} `);
        socket.unshift(head);
        socket.pipe(socket);
      },
    });
    const { socket, bytes, closed } = await dial(server);
    socket.write(`${handshake}first `);
    await until(() => bytes().includes("first "));
    socket.end("second");
    expect(await closed).toBe("HTTP/1.1 101 Switching Protocols\r\n\r\n/ws first second");
  });

  test("destroys the socket if the hook throws", async () => {
    const reported: unknown[] = [];
    const server = await serve({
      onHandlerError: (error) => reported.push(error),
      onUpgrade: () => {
        throw new Error("hook");
      },
    });
    const { socket, closed } = await dial(server);
    socket.write(handshake);
    expect(await closed).toBe("");
    expect(String(reported)).toBe("Error: hook");
  });

  test.each([["without"], ["with"]])("ignores an offer of h2c, %s a hook", async (hook) => {
    const server = await serve(hook === "with" ? { onUpgrade: (_req, socket) => socket.destroy() } : {});
    const { socket, bytes, closed } = await dial(server);
    const header =
      "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n";
    socket.write(`POST / HTTP/1.1\r\n${header}Content-Length: 4\r\n\r\nbo`);
    await tick();
    socket.write("dy");
    await until(() => bytes().includes("1.1 POST body"));
    // Twice on one connection, like such clients do.
    socket.write(`GET / HTTP/1.1\r\n${header}\r\n`);
    await until(() => bytes().includes("1.1 GET "));
    socket.end();
    expect(await closed).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });
});

describe("PortServer.close", () => {
  test("lets running requests finish, refuses new connections and leaves nothing open", async () => {
    const resources = () => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP")).length;
    const before = resources();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let running = 0;
    const server = await serve({
      handler: async (req, res) => {
        if (req.url === "/begun") write(res, "begun ");
        running++;
        await released;
        res.end("done");
      },
    });
    const agent = new http.Agent({ keepAlive: true });
    cleanups.push(() => agent.destroy());
    const session = connect2(server);
    const silent = await dial(server);
    const answers = [get1(server, agent), get1(server, agent, "/begun"), get2(session)];
    await until(() => running === 3);
    const closing = server.close({ graceMs: 20_000 });
    expect(server.close()).toBe(closing);
    await expect(get1(server)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await silent.closed).toBe("");
    release();
    const texts = (await Promise.all(answers)).map(({ text }) => text);
    expect(texts).toEqual(["done", "begun done", "done"]);
    await closing;
    await until(() => resources() <= before);
  });

  test("closes idle keep-alive sockets and HTTP/2 sessions immediately", async () => {
    const server = await serve();
    const agent = new http.Agent({ keepAlive: true });
    cleanups.push(() => agent.destroy());
    const session = connect2(server);
    await Promise.all([get1(server, agent), get2(session)]);
    const gone = new Promise((resolve) => session.once("close", resolve));
    // Without its own time limit, this test would wait for the full grace period.
    await server.close({ graceMs: 600_000 });
    await gone;
  });

  test("destroys what does not finish within the grace period, including upgraded sockets", async () => {
    let running = 0;
    const server = await serve({ handler: () => void running++, onUpgrade: () => void running++ });
    const session = connect2(server);
    const ended = [
      expect(get1(server)).rejects.toThrow(),
      expect(get2(session)).rejects.toThrow(),
      dial(server).then(({ socket, closed }) => {
        socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        return closed;
      }),
    ];
    await until(() => running === 3);
    await server.close({ graceMs: 50 });
    await Promise.all(ended);
  });
});
