import type net from "node:net";
import { create, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { ResponseSchema } from "../../gen/code/common/v1/model_pb.js";
import {
  type Message,
  Messaging,
  OpenMessageStreamRequestSchema,
  OpenMessageStreamResponseSchema,
  type OpenMessageStreamWithKeepAliveRequest,
  OpenMessageStreamWithKeepAliveRequestSchema,
  OpenMessageStreamWithKeepAliveResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { CodeIntentsError } from "../../src/errors.js";
import { CodeClient } from "../../src/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { fromConnectError } from "../../src/sequencer/connect-error.js";
import { envelopeTransport } from "../../src/sequencer/envelope.js";
import { transports } from "../../src/sequencer/transports/node.js";
import type { WebSocketConstructor, WebSocketEvent } from "../../src/sequencer/transports/types.js";
import { closedPort, type Exchange, errorFrame, startHostile, startRaw } from "../support/hostile-servers.js";
import {
  acceptOf,
  type Peer,
  type SocketServer,
  socketWith,
  startSockets,
  upgraded,
} from "../support/hostile-sockets.js";
import { order, until } from "../support/outcomes.js";
import { Frames } from "../support/reading.js";
import { frameOf, pingOf, requestOf, submissionOf } from "../support/scripted-sequencer.js";
import { codeScanned, lengthDelimited } from "../support/sequencer.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handle: (peer: Peer) => unknown): Promise<SocketServer> {
  const server = await startSockets(handle);
  cleanups.push(() => server.close());
  return server;
}

interface Opened {
  readonly client: Client<typeof Messaging>;
  close(): void;
}

function open(
  baseUrl: string,
  webSocket: WebSocketConstructor | undefined,
  interceptors: readonly Interceptor[] = [],
): Opened {
  const owned = envelopeTransport({
    baseUrl,
    interceptors,
    httpClient: transports.httpClient(undefined),
    openSockets: () => transports.socketOpener(webSocket),
  });
  cleanups.push(() => owned.close());
  return { client: createClient(Messaging, owned.transport), close: () => owned.close() };
}

const key = { value: new Uint8Array(32).fill(7) };
const request = { rendezvousKey: key };

/** Encodes a frame with the result OK and this reply. */
const ok = (body: Uint8Array): Uint8Array => (body.length === 0 ? body : lengthDelimited(2, body));

/** Encodes a frame of a keep-alive stream. */
const kept = (frame: MessageShape<typeof OpenMessageStreamWithKeepAliveResponseSchema>): Uint8Array =>
  ok(toBinary(OpenMessageStreamWithKeepAliveResponseSchema, frame));

/** Encodes a frame of OpenMessageStream with one message, which its time identifies. */
function scanned(seconds: number): Uint8Array {
  const kind = { ...codeScanned, value: { timestamp: { seconds: BigInt(seconds) } } };
  const response = create(OpenMessageStreamResponseSchema, { messages: [{ kind }] } as never);
  return ok(toBinary(OpenMessageStreamResponseSchema, response));
}

/**
 * Reads a stream until it fails. Returns the times of its messages, `empty` for a response without messages,
 * and the failure.
 */
async function heard(
  { client }: Opened,
  options: { signal?: AbortSignal; headers?: Record<string, string>; timeoutMs?: number } = {},
): Promise<{ times: (number | "empty")[]; failure: unknown }> {
  const times: (number | "empty")[] = [];
  try {
    for await (const { messages } of client.openMessageStream(request, { timeoutMs: 0, ...options })) {
      if (messages.length === 0) times.push("empty");
      for (const { kind } of messages)
        if (kind.case === "codeScanned") times.push(Number(kind.value.timestamp?.seconds));
    }
  } catch (failure) {
    return { times, failure };
  }
  throw new Error(`ended without a failure, after ${times.join()}`);
}

/** Returns the typed error of a failure, as callers receive it. */
async function typedOf(hearing: Promise<{ failure: unknown }>): Promise<CodeIntentsError> {
  return fromConnectError((await hearing).failure);
}

const kinds: readonly (readonly [string, WebSocketConstructor | undefined])[] = [
  ["the package ws", undefined],
  ["a given WebSocket", WebSocket],
];

describe.each(kinds)("a stream of the envelope over %s", (_, webSocket) => {
  const isGiven = webSocket !== undefined;

  it.each([
    ["", "/"],
    ["/v1", "/v1"],
    ["/behind/a/prefix", "/behind/a/prefix"],
    ["/behind/a/prefix/", "/behind/a/prefix/"],
    ["/v1/api/", "/v1/api/"],
  ])("sends one request frame, at the path of a base URL that ends in %j", async (path, seen) => {
    const server = await serve(async (peer) => {
      await peer.next();
      peer.send(errorFrame("[aborted]"));
    });
    await heard(open(`${server.url}${path}`, webSocket));
    const [peer] = server.peers;
    expect(peer?.request.url).toBe(seen);
    expect(peer?.requests).toHaveLength(1);
    const { version, service, method, body } = peer?.requests[0] ?? {};
    expect({ version, service, method }).toEqual({
      version: "",
      service: "Messaging",
      method: "openMessageStream",
    });
    expect(fromBinary(OpenMessageStreamRequestSchema, body ?? new Uint8Array())).toMatchObject(request);
  });

  it("yields the replies in order, an empty one for an empty frame, and then the error", async () => {
    const server = await serve(async (peer) => {
      await peer.next();
      for (const frame of [scanned(1), ok(new Uint8Array(0)), scanned(2), errorFrame("[deadline_exceeded]")])
        peer.send(frame);
    });
    const { times, failure } = await heard(open(server.url, webSocket));
    expect(times).toEqual([1, "empty", 2]);
    expect(failure).toBeInstanceOf(ConnectError);
    expect(failure).toMatchObject({ code: Code.DeadlineExceeded, rawMessage: "" });
  });

  it("is closed by the client after an error, and ignores later frames of a server that leaves it open", async () => {
    const server = await serve(async (peer) => {
      await peer.next();
      peer.send(errorFrame("[aborted] stream already exists"));
      for (let count = 0; count < 100; count++) peer.send(scanned(count));
    });
    const { times, failure } = await heard(open(server.url, webSocket));
    expect(times).toEqual([]);
    expect(failure).toMatchObject({ code: Code.Aborted, rawMessage: "stream already exists" });
    expect(fromConnectError(failure)).toMatchObject({ code: "deadline_exceeded", connectCode: "aborted" });
    expect(await server.peers[0]?.closed).toBe(1000);
  });

  it.each([
    ["a text frame", "[unavailable]", "text frame"],
    ["an empty text frame", "", "text frame"],
    ["a frame that is no envelope", Buffer.from("<html>"), "not an envelope"],
    ["an unknown result", Buffer.from([0x08, 2]), "result"],
    ["a reply of another shape", ok(Buffer.from("ffff", "hex")), "reply"],
    ["a frame of unknown fields alone", Buffer.from([0x20, 0x20]), "whether the call succeeded"],
  ])("that receives %s fails as malformed and is closed", async (_, frame, words) => {
    const server = await serve(async (peer) => {
      await peer.next();
      peer.send(scanned(1));
      peer.send(frame);
      peer.send(scanned(2));
    });
    const { times, failure } = await heard(open(server.url, webSocket));
    expect(times).toEqual([1]);
    const error = fromConnectError(failure);
    expect(error).toMatchObject({ code: "malformed_response", retryable: false });
    expect(error.message).toContain(words);
    await server.peers[0]?.closed;
  });

  it.each([
    ["in one piece", (peer: Peer) => peer.socket.send(Buffer.alloc(1024 * 1024 + 1))],
    [
      "in pieces",
      ({ socket }: Peer) => {
        for (let piece = 0; piece < 3; piece++) socket.send(Buffer.alloc(500_000), { fin: piece === 2 });
      },
    ],
    ["packed", ({ socket }: Peer) => socket.send(Buffer.alloc(1024 * 1024 + 1), { compress: true })],
  ])("that receives more than 1 MiB %s fails", async (_, send) => {
    const server = await serve(async (peer) => {
      await peer.next();
      send(peer);
    });
    expect(await typedOf(heard(open(server.url, webSocket)))).toMatchObject({
      code: "response_too_large",
      retryable: false,
    });
    await server.peers[0]?.closed;
  });

  it("accepts a frame of exactly 1 MiB", async () => {
    const padding = lengthDelimited(15, Buffer.alloc(1024 * 1024 - 300));
    const frame = ok(Buffer.concat([fromBinary(ResponseSchema, scanned(1)).body, padding]));
    expect(frame.length).toBeGreaterThan(1_048_000);
    const server = await serve(async (peer) => {
      await peer.next();
      peer.send(frame);
      peer.send(errorFrame("[aborted]"));
    });
    expect((await heard(open(server.url, webSocket))).times).toEqual([1]);
  });

  it.each([
    ["with 1000, as if all were well", (peer: Peer) => peer.socket.close(1000)],
    ["with 1001, as it goes away", (peer: Peer) => peer.socket.close(1001)],
    ["with 1011, as it fails", (peer: Peer) => peer.socket.close(1011, "reasons")],
    ["without a word", (peer: Peer) => peer.socket.close()],
    ["by cutting the connection", (peer: Peer) => peer.connection.resetAndDestroy()],
    ["by ending the connection", (peer: Peer) => peer.connection.end()],
  ])("that the server closes %s fails, and never ends silently", async (_, close) => {
    const server = await serve(async (peer) => {
      await peer.next();
      if (server.peers.length === 2) peer.socket.send(scanned(1), () => close(peer));
      else close(peer);
    });
    const opened = open(server.url, webSocket);
    for (const times of [[], [1]]) {
      const outcome = await heard(opened);
      expect(outcome.times).toEqual(times);
      expect(fromConnectError(outcome.failure)).toMatchObject({
        code: "unavailable",
        retryable: true,
        mayHaveArrived: true,
      });
    }
  });

  it("that is closed before its request fails", async () => {
    const server = await serve((peer) => peer.socket.close(1013));
    expect(await typedOf(heard(open(server.url, webSocket)))).toMatchObject({
      code: "unavailable",
      retryable: true,
    });
  });

  it.each([
    [301, "redirect_refused"],
    [307, "redirect_refused"],
    [200, "malformed_response"],
    [400, "request_refused"],
    [401, "unauthenticated"],
    [403, "permission_denied"],
    [404, "unimplemented"],
    [426, "request_refused"],
    [429, "resource_exhausted"],
    [500, "sequencer_failed"],
    [503, "unavailable"],
  ])(
    "whose handshake receives %d is reported by that status, if the WebSocket shows it",
    async (status, code) => {
      const target = await serve(() => {});
      const answer = (e: Exchange) =>
        e.answer({ status, headers: { location: target.url, "content-type": "text/html" }, body: "<p>" });
      await using server = await startHostile(answer);
      const error = await typedOf(heard(open(server.url, webSocket)));
      expect(error.code).toBe(isGiven ? "unavailable" : code);
      if (isGiven) expect(error).toMatchObject({ retryable: true, mayHaveArrived: false });
      await until(() => server.exchanges.length === 1);
      expect(target.peers).toEqual([]);
    },
  );

  it.each([
    ["a wrong key", (socket: net.Socket) => socket.write(upgraded("nonsense"))],
    [
      "a protocol that was not asked for",
      (socket: net.Socket, accept: string) => socket.write(upgraded(accept, "sec-websocket-protocol: x\r\n")),
    ],
    ["no HTTP", (socket: net.Socket) => socket.write("220 mail.example.com ESMTP\r\n")],
    ["nothing at all", (socket: net.Socket) => socket.end()],
  ])("whose handshake receives %s fails, with nothing sent", async (_, answer) => {
    await using server = await startRaw((socket) => {
      socket.once("data", (data: Buffer) => answer(socket, acceptOf(data)));
    });
    const error = await typedOf(heard(open(server.url, webSocket)));
    expect(["unavailable", "malformed_response"]).toContain(error.code);
    expect(server.connections).toBe(1);
  });

  it("whose handshake receives no response fails after five seconds", async () => {
    let connected = 0;
    await using server = await startRaw((socket) => {
      connected++;
      socket.resume();
      socket.once("close", () => connected--);
    });
    const opened = open(server.url, webSocket);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let over = false;
    const hearing = typedOf(heard(opened)).finally(() => {
      over = true;
    });
    while (connected === 0) await new Promise(setImmediate);
    await vi.advanceTimersByTimeAsync(4_999);
    expect({ over, open: connected }).toEqual({ over: false, open: 1 });
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    expect(await hearing).toMatchObject({ code: "unavailable", retryable: true, mayHaveArrived: false });
    await until(() => connected === 0);
  });

  it("to a port without a server fails, with nothing sent", async () => {
    const error = await typedOf(heard(open(`http://127.0.0.1:${await closedPort()}`, webSocket)));
    expect(error).toMatchObject({ code: "unavailable", retryable: true, mayHaveArrived: false });
    if (!isGiven) expect(error.message).toContain("ECONNREFUSED");
  });

  it("is closed when its signal fires, whatever has arrived", async () => {
    const server = await serve(async (peer) => {
      await peer.next();
      peer.send(scanned(1));
    });
    const controller = new AbortController();
    const { client } = open(server.url, webSocket);
    const stream = client.openMessageStream(request, { signal: controller.signal, timeoutMs: 0 });
    const frames = stream[Symbol.asyncIterator]();
    expect((await frames.next()).done).toBe(false);
    const next = frames.next();
    controller.abort(new Error("mine"));
    await expect(next).rejects.toMatchObject({ cause: { message: "mine" } });
    expect(await server.peers[0]?.closed).toBe(1000);
  });

  it("whose signal fires during the handshake closes the connection", async () => {
    const controller = new AbortController();
    let closed = false;
    await using server = await startRaw((socket) => {
      socket.once("close", () => {
        closed = true;
      });
      socket.once("data", () => controller.abort(new Error("mine")));
    });
    const { failure } = await heard(open(server.url, webSocket), { signal: controller.signal });
    expect(failure).toMatchObject({ cause: { message: "mine" } });
    await until(() => closed);
    expect(server.connections).toBe(1);
  });

  it("whose signal has already fired opens no connection", async () => {
    const server = await serve(() => {});
    const { failure } = await heard(open(server.url, webSocket), {
      signal: AbortSignal.abort(new Error("mine")),
    });
    expect(failure).toMatchObject({ cause: { message: "mine" } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.peers).toEqual([]);
  });

  it("with a deadline ends at the deadline", async () => {
    const server = await serve(() => {});
    const { failure } = await heard(open(server.url, webSocket), { timeoutMs: 50 });
    expect(failure).toMatchObject({ code: Code.DeadlineExceeded });
    await server.peers[0]?.closed;
  });

  it("runs its interceptors, and sends their headers with the handshake if the WebSocket can", async () => {
    const seen: string[] = [];
    const interceptor: Interceptor = (next) => async (call) => {
      seen.push(`${call.method.name} ${call.stream}`);
      call.header.set("x-mine", "1");
      return next(call);
    };
    const server = await serve((peer) => peer.socket.close());
    await heard(open(server.url, webSocket, [interceptor]), { headers: { authorization: "Bearer abc" } });
    expect(seen).toEqual(["OpenMessageStream true"]);
    const { authorization, "x-mine": mine } = server.peers[0]?.request.headers ?? {};
    expect([authorization, mine]).toEqual(isGiven ? [undefined, undefined] : ["Bearer abc", "1"]);
  });

  it("in both directions sends each request as a frame over one socket", async () => {
    const server = await serve(async (peer) => {
      await peer.next();
      peer.send(kept(pingOf()));
      await peer.next();
      peer.send(errorFrame("[aborted] terminating unhealthy stream"));
    });
    const { client } = open(server.url, webSocket);
    const first = { requestOrPong: { case: "request", value: request } } as const;
    const requests = new Frames<object>(first);
    const failure = await (async () => {
      for await (const { responseOrPing } of client.openMessageStreamWithKeepAlive(requests as never, {
        timeoutMs: 0,
      })) {
        expect(responseOrPing.case).toBe("ping");
        requests.send({ requestOrPong: { case: "pong", value: { timestamp: { seconds: 5n } } } });
      }
    })().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: Code.Aborted });
    expect(server.peers).toHaveLength(1);
    const bodies = server.peers[0]?.requests.map(({ method, body }) => {
      expect(method).toBe("openMessageStreamWithKeepAlive");
      return fromBinary(OpenMessageStreamWithKeepAliveRequestSchema, body).requestOrPong.case;
    });
    expect(bodies).toEqual(["request", "pong"]);
  });

  it("fails with the error of its requests, and is closed", async () => {
    const server = await serve(() => {});
    const { client } = open(server.url, webSocket);
    async function* requests(): AsyncGenerator<OpenMessageStreamWithKeepAliveRequest> {
      yield create(OpenMessageStreamWithKeepAliveRequestSchema);
      throw new ConnectError("no more", Code.DataLoss);
    }
    const frames = client.openMessageStreamWithKeepAlive(requests(), { timeoutMs: 0 });
    await expect(frames[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.DataLoss });
    await server.peers[0]?.closed;
  });

  it("ends when its transport is closed", async () => {
    const server = await serve(() => {});
    const opened = open(server.url, webSocket);
    const hearing = typedOf(heard(opened));
    await until(() => server.peers[0]?.requests.length === 1);
    opened.close();
    expect((await hearing).code).toBe("unavailable");
    await server.peers[0]?.closed;
  });

  const total = 200;
  const large = ok(lengthDelimited(15, Buffer.alloc(64 * 1024)));

  it(
    isGiven ? "that nobody reads is given up" : "that nobody reads holds its server back until it is read",
    async () => {
      let taken = 0;
      const server = await serve(async (peer) => {
        await peer.next();
        for (let count = 0; count < total; count++) peer.socket.send(large, () => taken++);
        peer.send(errorFrame("[aborted]"));
      });
      const { client } = open(server.url, webSocket);
      const frames = client.openMessageStream(request, { timeoutMs: 0 })[Symbol.asyncIterator]();
      await frames.next();
      let before = -1;
      // Until the sender is stuck.
      while (taken !== before) {
        before = taken;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      if (!isGiven) expect(taken).toBeLessThan(total);
      let read = 1;
      const failure = await (async () => {
        while (!(await frames.next()).done) read++;
      })().catch((error: unknown) => error);
      if (isGiven) {
        expect(fromConnectError(failure)).toMatchObject({ code: "unavailable", retryable: true });
        expect(read).toBeLessThan(4.5 * 16);
      } else {
        expect(failure).toMatchObject({ code: Code.Aborted });
        expect(read).toBe(total);
      }
    },
  );
});

describe("a WebSocket", () => {
  it.each(["blob", "nodebuffer"] as const)(
    "that gives every frame as %s is read in order, to the end",
    async (binaryType) => {
      const server = await serve(async (peer) => {
        await peer.next();
        for (let count = 0; count < 50; count++) peer.send(scanned(count));
        peer.send(ok(new Uint8Array(0)));
        peer.send(errorFrame("[aborted]"));
        peer.socket.close();
      });
      const { times, failure } = await heard(open(server.url, socketWith(binaryType)));
      expect(times).toEqual([...Array(50).keys(), "empty"]);
      expect(failure).toMatchObject({ code: Code.Aborted });
    },
  );

  it("that receives a Blob that is too large is closed before the Blob is read", async () => {
    const server = await serve(async (peer) => {
      await peer.next();
      peer.send(Buffer.alloc(1024 * 1024 + 1));
    });
    const read = vi.spyOn(Blob.prototype, "arrayBuffer");
    cleanups.push(() => read.mockRestore());
    const error = await typedOf(heard(open(server.url, socketWith("blob"))));
    expect(error.code).toBe("response_too_large");
    expect(read).not.toHaveBeenCalled();
  });

  it("keeps the order of its Blobs, however long each takes to read, and reports its end last", async () => {
    const slowBlob = (bytes: Uint8Array, ms: number) => ({
      [Symbol.toStringTag]: "Blob",
      size: bytes.length,
      arrayBuffer: () => new Promise((resolve) => setTimeout(resolve, ms, Uint8Array.from(bytes).buffer)),
    });
    class Scripted {
      binaryType = "blob";
      readonly bufferedAmount = 0;
      readonly #listeners: Record<string, (event: WebSocketEvent) => void> = {};
      constructor() {
        queueMicrotask(() => this.#tell("open"));
      }
      addEventListener(type: string, listener: (event: WebSocketEvent) => void): void {
        const before = this.#listeners[type];
        this.#listeners[type] = (event) => {
          before?.(event);
          listener(event);
        };
      }
      send(): void {
        for (const [index, ms] of [30, 1, 10].entries())
          this.#tell("message", { data: slowBlob(scanned(index), ms) });
        this.#tell("message", { data: Uint8Array.from(scanned(3)).buffer });
        this.#tell("close", { code: 1000 });
      }
      close(): void {}
      #tell(type: string, event: object = {}): void {
        this.#listeners[type]?.({ type, ...event });
      }
    }
    const { times, failure } = await heard(open("http://127.0.0.1:1", Scripted));
    expect(times).toEqual([0, 1, 2, 3]);
    expect(fromConnectError(failure).code).toBe("unavailable");
  });

  it("that throws when it is created or closed fails only its stream", async () => {
    class Refusing extends WebSocket {
      constructor(url: string) {
        super(url);
        throw new SyntaxError("blocked by policy");
      }
    }
    class Unclosable extends WebSocket {
      override close(): void {
        super.terminate();
        throw new Error("cannot");
      }
    }
    const server = await serve((peer) => peer.send("text"));
    expect((await typedOf(heard(open(server.url, Refusing)))).code).toBe("unavailable");
    expect((await typedOf(heard(open(server.url, Unclosable)))).code).toBe("malformed_response");
  });

  it("fails if the sequencer reads no frames", async () => {
    class Stuck extends WebSocket {
      constructor(url: string) {
        super(url);
        Object.defineProperty(this, "bufferedAmount", { value: 1024 * 1024 + 1 });
      }
    }
    const server = await serve(() => {});
    const error = await typedOf(heard(open(server.url, Stuck)));
    expect(error).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("does not read the frames"),
    });
    expect(server.peers[0]?.requests).toEqual([]);
  });

  it("of the platform is not used on Node if ws can be loaded", async () => {
    const platforms = vi.fn();
    vi.stubGlobal("WebSocket", platforms);
    const server = await serve((peer) => peer.socket.close());
    await heard(open(server.url, undefined));
    expect(platforms).not.toHaveBeenCalled();
    expect(server.peers).toHaveLength(1);
  });
});

it("a frame that is announced as too large is rejected before it arrives", async () => {
  await using server = await startRaw((socket) => {
    socket.once("data", (data: Buffer) => {
      socket.write(upgraded(acceptOf(data)));
      // The head of a binary frame of 16 MB.
      socket.write(Buffer.from([0x82, 0x7f, 0, 0, 0, 0, 1, 0, 0, 0]));
    });
  });
  const error = await typedOf(heard(open(server.url, undefined), { timeoutMs: 5_000 }));
  expect(error.code).toBe("response_too_large");
});

it("a server that does not answer a close frame does not keep the client's connection", async () => {
  let closed = false;
  await using server = await startRaw((socket) => {
    socket.once("data", (data: Buffer) => {
      // An error in a frame, and then silence.
      const frame = errorFrame("[aborted]");
      socket.write(upgraded(acceptOf(data)));
      socket.write(Buffer.concat([Buffer.from([0x82, frame.length]), frame]));
    });
    socket.once("close", () => {
      closed = true;
    });
    socket.resume();
  });
  const { failure } = await heard(open(server.url, undefined));
  expect(failure).toMatchObject({ code: Code.Aborted });
  await until(() => closed);
});

it("a client-streaming call is rejected, because the envelope cannot end its requests", async () => {
  const { transport } = envelopeTransport({
    baseUrl: "http://127.0.0.1:1",
    interceptors: [],
    httpClient: transports.httpClient(undefined),
    openSockets: () => transports.socketOpener(undefined),
  });
  const method = {
    ...Messaging.method.openMessageStreamWithKeepAlive,
    methodKind: "client_streaming",
  } as const;
  const call = transport.stream(method as never, undefined, undefined, undefined, new Frames<never>());
  await expect(call).rejects.toMatchObject({ code: Code.Unimplemented });
});

describe.each(kinds)("a watch over the envelope, by %s", (_, webSocket) => {
  function clientOf(baseUrl: string): CodeClient {
    const options = { baseUrl, protocol: "envelope", retry: false, logger: { warn() {} } } as const;
    const code = new CodeClient({ ...options, ...(webSocket === undefined ? {} : { webSocket }) });
    cleanups.push(() => code.close());
    return code;
  }

  const events = async (code: CodeClient, server: SocketServer) => {
    const intent = code.paymentIntents.build(order);
    current = { request: requestOf(intent, rendezvousKey(intent.payload)), submission: submissionOf(intent) };
    const types: string[] = [];
    for await (const { type } of code.paymentIntents.watch(intent, {
      intervalMs: 60_000,
      timeoutMs: 110_000,
    }))
      types.push(type);
    return { types, methods: server.peers.map(({ requests }) => requests[0]?.method) };
  };
  let current: { request: Message; submission: Message };

  it("keeps its stream alive, and answers pings", async () => {
    const server = await serve(async (peer) => {
      await peer.next();
      peer.send(kept(pingOf()));
      await peer.next();
      peer.send(kept(frameOf(current.request, current.submission)));
    });
    expect(await events(clientOf(server.url), server)).toEqual({
      types: ["requested", "submitted"],
      methods: ["openMessageStreamWithKeepAlive"],
    });
    await server.peers[0]?.closed;
  });

  it("opens another stream if the server or the network closes the first", async () => {
    const server = await serve(async (peer) => {
      await peer.next();
      switch (server.peers.length) {
        case 1:
          return peer.socket.close(1000);
        case 2:
          return peer.socket.send(kept(frameOf(current.request)), () => peer.connection.resetAndDestroy());
        default:
          return peer.send(kept(frameOf(current.request, current.submission)));
      }
    });
    expect(await events(clientOf(server.url), server)).toEqual({
      types: ["requested", "submitted"],
      methods: Array(3).fill("openMessageStreamWithKeepAlive"),
    });
  });

  it("uses a plain stream if the server has no other", async () => {
    const server = await serve(async (peer) => {
      const { method } = await peer.next();
      if (method !== "openMessageStream")
        return peer.send(errorFrame(`Invalid method name: Messaging.${method}`));
      const messages = [current.request, current.submission];
      const response = create(OpenMessageStreamResponseSchema, { messages });
      peer.send(ok(toBinary(OpenMessageStreamResponseSchema, response)));
    });
    expect(await events(clientOf(server.url), server)).toEqual({
      types: ["requested", "submitted"],
      methods: ["openMessageStreamWithKeepAlive", "openMessageStream"],
    });
  });
});
