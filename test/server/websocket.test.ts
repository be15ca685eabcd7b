import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { RequestSchema } from "../../gen/code/common/v1/model_pb.js";
import {
  type Message,
  MessageSchema,
  Messaging,
  OpenMessageStreamResponseSchema,
  OpenMessageStreamWithKeepAliveRequestSchema,
  OpenMessageStreamWithKeepAliveResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusResponseSchema,
  MicroPayment,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { Emulator } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { openMessageStream } from "../../src/server/calls/message-streams.js";
import { EnvelopeMethods } from "../../src/server/envelope/methods.js";
import { RequestQueue } from "../../src/server/envelope/queue.js";
import { WebSockets } from "../../src/server/envelope/websocket.js";
import { startPortServer } from "../../src/server/port/port-server.js";
import { memoryStore } from "../../src/server/store/memory.js";
import { StreamHub } from "../../src/server/streams/stream-hub.js";
import {
  cleanUp,
  emulated,
  isStreamOpen,
  later,
  stoppedRealTime,
  WatchedClock,
} from "../support/emulated.js";
import {
  type Answer,
  callOf,
  failed,
  keepAliveCall,
  messageCall,
  paymentCall,
  requestOf,
  statusCall,
  streamCall,
  unreadableBody,
} from "../support/envelope.js";
import { codeScanned, fiat, filled, newKey, payment, sendKind, sendPayment } from "../support/sequencer.js";
import { unhex, vectors } from "../support/vectors.js";
import { callOnce, frame, handshake, opcode, RawSocket, Socket } from "../support/websocket.js";

afterEach(cleanUp);

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 60_000 });

const { ackMessages, openMessageStreamWithKeepAlive } = Messaging.method;
const exists = toBinary(GetStatusResponseSchema, create(GetStatusResponseSchema, { exists: true }));

/** Opens a socket that is closed after the test. */
async function open(...given: Parameters<typeof Socket.open>): Promise<Socket> {
  const socket = await Socket.open(...given);
  later(() => socket.raw.terminate());
  return socket;
}

async function openRaw(at: { readonly port: number }): Promise<RawSocket> {
  const raw = await RawSocket.open(at);
  later(() => raw.net.destroy());
  return raw;
}

/** A test's own services on every path. */
async function serve(
  routes: (router: ConnectRouter) => void,
  limits: ConstructorParameters<typeof WebSockets>[2] = {},
) {
  const errors: unknown[] = [];
  const sockets = new WebSockets(new EnvelopeMethods(routes), (error) => errors.push(error), limits);
  const bound = { host: "127.0.0.1", port: 0 };
  const server = await startPortServer({
    ...bound,
    handler: (_req, res) => void res.end(),
    onUpgrade: (req, socket, head) => sockets.upgrade(req, socket, head, { bound }),
  });
  later(async () => {
    sockets.close();
    await server.close({ graceMs: 0 });
  });
  return { url: `http://127.0.0.1:${server.port}`, port: server.port, errors };
}

/** The kinds of the messages in the next frame of a plain stream. */
async function nextKinds(socket: Socket): Promise<(string | undefined)[]> {
  const answer = await socket.next();
  if (!answer.ok) throw new Error(answer.error);
  return fromBinary(OpenMessageStreamResponseSchema, answer.body).messages.map(({ kind }) => kind.case);
}

/** The content of the next frame of a stream with keep-alive: `ping`, the kinds of messages, or an error. */
async function nextAlive(socket: Socket): Promise<unknown> {
  const answer = await socket.next();
  if (!answer.ok) return answer;
  const { responseOrPing } = fromBinary(OpenMessageStreamWithKeepAliveResponseSchema, answer.body);
  if (responseOrPing.case !== "response") return responseOrPing.case;
  return responseOrPing.value.messages.map(({ kind }) => kind.case);
}

/** A frame whose body is a pong. */
function pong(names: { readonly service?: string; readonly method?: string } = {}): Uint8Array {
  const body = toBinary(
    OpenMessageStreamWithKeepAliveRequestSchema,
    create(OpenMessageStreamWithKeepAliveRequestSchema, {
      requestOrPong: { case: "pong", value: { timestamp: { seconds: 1n } } },
    }),
  );
  return toBinary(RequestSchema, create(RequestSchema, { ...names, body }));
}

describe("a unary call over a WebSocket", () => {
  it.each(["/", "/v1/api", "/any/path?with=query", "/code.messaging.v1.Messaging/SendMessage"])(
    "receives one frame at %s, and the client closes the socket",
    async (path) => {
      const { emulator } = await emulated();
      const key = newKey();
      await sendPayment(emulator, key, payment());
      const socket = await open(emulator, { path });
      socket.send(statusCall(key));
      expect(await socket.next()).toEqual({ ok: true, body: exists });
      expect(socket.raw.readyState).toBe(socket.raw.OPEN);
      socket.raw.close(1000);
      expect(await socket.closed).toEqual({ code: 1000, reason: "" });
      expect(socket.unread).toBe(0);
    },
  );

  it.each([
    ["a status that is all false", statusCall()],
    [
      "an acknowledgement",
      callOf(ackMessages, { rendezvousKey: { value: filled(1) }, messageIds: [{ value: filled(2, 16) }] }),
    ],
  ])("receives an empty frame for an empty reply: %s", async (_, call) => {
    const { emulator } = await emulated();
    const socket = await open(emulator);
    socket.send(call);
    expect(await socket.nextBytes()).toEqual(new Uint8Array());
  });

  it("can arrive in fragments", async () => {
    const { emulator } = await emulated();
    const raw = await openRaw(emulator);
    const call = statusCall();
    for (const [i, byte] of call.entries()) {
      const fin = i === call.length - 1;
      raw.net.write(frame(i === 0 ? opcode.binary : opcode.more, Uint8Array.of(byte), { fin }));
    }
    await raw.until(() => raw.frames.length > 0);
    expect(raw.frames).toEqual([{ opcode: opcode.binary, payload: Buffer.alloc(0) }]);
  });

  it("can arrive with the handshake, and byte by byte", async () => {
    const { emulator } = await emulated();
    const raw = await RawSocket.connect(emulator);
    later(() => raw.net.destroy());
    raw.net.setNoDelay();
    raw.net.write(Buffer.concat([Buffer.from(handshake(emulator)), frame(opcode.binary, statusCall())]));
    await raw.until((bytes) => bytes.includes("\r\n\r\n") && raw.frames.length === 1);
    const slow = await openRaw(emulator);
    slow.net.setNoDelay();
    for (const byte of frame(opcode.binary, statusCall()))
      await new Promise((resolve) => slow.net.write(Uint8Array.of(byte), resolve));
    await slow.until(() => slow.frames.length === 1);
  });
});

describe("a failed call over a WebSocket", () => {
  const key = newKey();
  it.each<[string, Uint8Array, string | RegExp]>([
    ["without words", messageCall(key, codeScanned, filled(1, 64)), "[unauthenticated]"],
    [
      "with the sequencer's words",
      paymentCall(key, payment({ exchangeData: fiat("usd", 6) })),
      "[invalid_argument] usd currency has a maximum amount of 5.00",
    ],
    ["of a service that is not there", requestOf("X", "y"), "Invalid service name: X"],
    [
      "of the emulator's own services",
      requestOf("WalletService", "pay"),
      "Invalid service name: WalletService",
    ],
    ["of a method that is not there", requestOf("Messaging", "y"), "Invalid method name: Messaging.y"],
    ["of a body that cannot be read", requestOf("Messaging", "sendMessage", unhex("0a7f")), unreadableBody],
    [
      "of a stream",
      requestOf("Messaging", "openMessageStream"),
      /^\[invalid_argument\] invalid OpenMessageStreamRequest/,
    ],
    [
      "of a stream both ways",
      requestOf("Messaging", "openMessageStreamWithKeepAlive"),
      /^\[invalid_argument\] invalid /,
    ],
    ["of nothing at all", new Uint8Array(), "Invalid service name: "],
  ])("sends %s as a frame and keeps the socket open", async (_, call, error) => {
    const { emulator } = await emulated();
    const socket = await open(emulator);
    socket.send(call);
    expect(await socket.next()).toEqual(
      failed(typeof error === "string" ? error : expect.stringMatching(error)),
    );
    await pingPong(socket);
    expect(socket.raw.readyState).toBe(socket.raw.OPEN);
  });

  it("sends Internal without text for an unexpected error", async () => {
    const mistake = new Error("secret");
    const server = await serve((router) =>
      router.rpc(MicroPayment.method.getStatus, () => {
        throw mistake;
      }),
    );
    expect(await callOnce(server, statusCall())).toEqual(failed("[internal]"));
    expect(server.errors).toEqual([mistake]);
  });
});

describe("a stream over a WebSocket", () => {
  it("sends stored messages, then new ones, one message per frame", async () => {
    const { emulator } = await emulated();
    const key = newKey();
    await sendPayment(emulator, key, payment());
    const socket = await open(emulator);
    socket.send(streamCall(key));
    expect(await nextKinds(socket)).toEqual(["requestToReceiveBill"]);
    await sendKind(emulator, key, codeScanned);
    await sendKind(emulator, key, codeScanned);
    expect([await nextKinds(socket), await nextKinds(socket)]).toEqual([["codeScanned"], ["codeScanned"]]);
  });

  it("ends after a minute with an error and keeps the socket open", async () => {
    const { emulator, clock } = await emulated();
    const key = newKey();
    await sendPayment(emulator, key, payment());
    const socket = await open(emulator);
    socket.send(streamCall(key));
    await nextKinds(socket);
    await clock.advance(60_999);
    await pingPong(socket);
    expect(socket.unread).toBe(0);
    await clock.advance(1);
    expect(await socket.next()).toEqual(failed("[deadline_exceeded]"));
    await pingPong(socket);
  });

  it("is the only one at its key", async () => {
    const { emulator } = await emulated();
    const key = newKey();
    await sendPayment(emulator, key, payment());
    const first = await open(emulator);
    first.send(streamCall(key));
    await nextKinds(first);
    expect(await callOnce(emulator, streamCall(key))).toEqual(failed("[aborted] stream already exists"));
    await sendKind(emulator, key, codeScanned);
    expect(await nextKinds(first)).toEqual(["codeScanned"]);
  });

  it("opens with the frame of the official packages", async () => {
    const { emulator } = await emulated();
    const vector = (id: string) => vectors.otherMessages.find((each) => each.id === id);
    const usdMin = unhex(vector("client-rejected-payment")?.requestHex ?? "");
    expect(await callOnce(emulator, requestOf("Messaging", "sendMessage", usdMin))).toMatchObject({
      ok: true,
    });
    const socket = await open(emulator);
    socket.send(unhex(vector("open-message-stream-signed")?.wsFrameHex ?? ""));
    expect(await nextKinds(socket)).toEqual(["clientRejectedPayment"]);
  });

  it("closes the socket when it ends without an error", async () => {
    const server = await serve((router) =>
      router.rpc(Messaging.method.openMessageStream, async function* () {
        yield { messages: [] };
      }),
    );
    const socket = await open(server);
    socket.send(streamCall(newKey()));
    expect(await socket.nextBytes()).toEqual(new Uint8Array());
    expect(await socket.closed).toEqual({ code: 1000, reason: "" });
  });
});

describe("a stream with keep-alive over a WebSocket", () => {
  it("pings and continues on pongs, whose names are ignored", async () => {
    const real = stoppedRealTime();
    const { emulator } = await emulated();
    const key = newKey();
    await sendPayment(emulator, key, payment());
    const socket = await open(emulator);
    socket.send(keepAliveCall(key));
    expect([await nextAlive(socket), await nextAlive(socket)]).toEqual(["ping", ["requestToReceiveBill"]]);
    const names = [
      {},
      { service: "Messaging", method: "openMessageStreamWithKeepAlive" },
      { service: "X", method: "y" },
    ];
    for (let i = 0; i < 9; i++) {
      await real.advance(5_000);
      expect(await nextAlive(socket)).toBe("ping");
      socket.send(pong(names[i % names.length]));
      // Handled in order, so the pong has been read.
      await pingPong(socket);
    }
    await sendKind(emulator, key, codeScanned);
    expect(await nextAlive(socket)).toEqual(["codeScanned"]);
  });

  it.each<[string, (socket: Socket, real: WatchedClock) => unknown, string]>([
    ["silence", (_, real) => real.advance(10_000), "[aborted] terminating unhealthy stream"],
    [
      "a frame that is no pong",
      (socket) => socket.send(keepAliveCall(newKey())),
      "[aborted] terminating unhealthy stream",
    ],
    ["a body that cannot be read", (socket) => socket.send(requestOf("", "", unhex("0a7f"))), unreadableBody],
  ])("ends by %s and keeps the socket open", async (_, end, error) => {
    const real = stoppedRealTime();
    const { emulator } = await emulated();
    const key = newKey();
    const socket = await open(emulator);
    socket.send(keepAliveCall(key));
    expect(await nextAlive(socket)).toBe("ping");
    await end(socket, real);
    let last = await nextAlive(socket);
    while (last === "ping") last = await nextAlive(socket);
    expect(last).toEqual(failed(error));
    // A frame that was sent before the end arrived is not an error.
    for (let i = 0; i < 100; i++) socket.send(pong());
    socket.send(requestOf("", "", unhex("0a7f")));
    await pingPong(socket);
    expect([socket.unread, socket.raw.readyState]).toEqual([0, socket.raw.OPEN]);
    const again = await open(emulator);
    again.send(keepAliveCall(key));
    expect(await nextAlive(again)).toBe("ping");
  });

  it("accepts a burst of frames", async () => {
    const { emulator } = await emulated();
    const raw = await openRaw(emulator);
    const pongs = Array.from({ length: 500 }, () => frame(opcode.binary, pong()));
    raw.net.write(
      Buffer.concat([frame(opcode.binary, keepAliveCall(newKey())), ...pongs, frame(opcode.ping)]),
    );
    await raw.until(() => raw.frames.some((each) => each.opcode === opcode.pong));
    expect(raw.frames.map((each) => each.opcode)).toEqual([opcode.binary, opcode.pong]);
  });

  it("rejects more requests than its call can read", async () => {
    let canceled = false;
    const server = await serve((router) =>
      router.rpc(openMessageStreamWithKeepAlive, async function* (_requests, { signal }) {
        yield { responseOrPing: { case: "ping", value: {} } } as const;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        canceled = true;
      }),
    );
    const socket = await open(server);
    socket.send(keepAliveCall(newKey()));
    expect(await nextAlive(socket)).toBe("ping");
    for (let i = 0; i < 64; i++) socket.send(pong());
    expect(await socket.next()).toEqual(failed("[resource_exhausted] more requests than the call can read"));
    expect(await socket.closed).toMatchObject({ code: 1008 });
    expect(canceled).toBe(true);
    // Few, but large.
    const second = await open(server);
    second.send(keepAliveCall(newKey()));
    const large = requestOf("", "", Buffer.concat([unhex("7a808020"), new Uint8Array(512 * 1024)]));
    for (let i = 0; i < 3; i++) second.send(large);
    expect(await second.closed).toMatchObject({ code: 1008 });
  });
});

it("accepts more requests after the call has read some", async () => {
  const queue = new RequestQueue();
  const request = create(OpenMessageStreamWithKeepAliveRequestSchema);
  const half = 512 * 1024;
  for (let i = 0; i < 3; i++) {
    expect([queue.push(request, half), queue.push(request, half), queue.push(request, 1)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([await queue.next(), await queue.next()]).toMatchObject([{ value: request }, { value: request }]);
  }
  // drops unread requests when the call ends
  queue.push(request, 1);
  queue.end();
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});

describe("a WebSocket client that disconnects", () => {
  /** The stream of a key with a stored message, on a socket of the given kind. */
  async function streaming<S extends Socket | RawSocket>(
    emulator: Emulator,
    connect: (emulator: Emulator) => Promise<S>,
    call: (key: ReturnType<typeof newKey>) => Uint8Array = streamCall,
  ) {
    const key = newKey();
    await sendPayment(emulator, key, payment());
    const socket = await connect(emulator);
    if (socket instanceof Socket) {
      socket.send(call(key));
      await socket.nextBytes();
    } else {
      socket.net.write(frame(opcode.binary, call(key)));
      await socket.until(() => socket.frames.length > 0);
    }
    const id = toBase58(key.publicKey);
    expect(await isStreamOpen(emulator, id)).toBe(true);
    return { key, id, socket };
  }

  it.each([
    ["a stream", streamCall],
    ["a stream with keep-alive", keepAliveCall],
  ])("frees the key of %s by a close frame before the server answers it", async (_, call) => {
    const { emulator } = await emulated();
    const { key, id, socket } = await streaming(emulator, openRaw, call);
    // The connection stays open.
    socket.net.write(frame(opcode.close, Uint8Array.of(3, 0xe8)));
    await socket.until(() => socket.closeCode !== undefined);
    expect(socket.closeCode).toBe(1000);
    expect(await isStreamOpen(emulator, id)).toBe(false);
    expect(await callOnce(emulator, call(key))).toMatchObject({ ok: true });
  });

  it.each<[string, (socket: Socket) => unknown]>([
    ["closing", (socket) => socket.raw.close()],
    ["leaving without a word", (socket) => socket.raw.terminate()],
  ])("by %s frees its key", async (_, leave) => {
    const { emulator, clock } = await emulated();
    const timers = clock.pending;
    for (let i = 0; i < 5; i++) {
      const { key, id, socket } = await streaming(emulator, open);
      leave(socket);
      await eventually(() => isStreamOpen(emulator, id)).toBe(false);
      const second = await open(emulator);
      second.send(streamCall(key));
      expect(await nextKinds(second)).toEqual(["requestToReceiveBill"]);
      second.raw.terminate();
    }
    await eventually(() => clock.pending).toBe(timers);
  });

  it.each<[string, (socket: RawSocket) => unknown]>([
    ["saying that it sends no more", (socket) => socket.net.end()],
    ["a reset", (socket) => socket.net.resetAndDestroy()],
    [
      "a frame that breaks the rules",
      (socket) => socket.net.write(frame(opcode.binary, filled(1), { masked: false })),
    ],
  ])("by %s frees its key", async (_, leave) => {
    const { emulator } = await emulated();
    const { id, socket } = await streaming(emulator, openRaw);
    leave(socket);
    await eventually(() => isStreamOpen(emulator, id)).toBe(false);
  });

  it("cancels its running unary call", async () => {
    let canceled = () => {};
    const cancellation = new Promise<void>((resolve) => {
      canceled = resolve;
    });
    let begun = () => {};
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const server = await serve((router) =>
      router.rpc(MicroPayment.method.getStatus, async (_request, { signal }) => {
        signal.addEventListener("abort", canceled);
        begun();
        await cancellation;
        throw new ConnectError("", Code.Canceled);
      }),
    );
    const socket = await open(server);
    socket.send(statusCall());
    await beginning;
    socket.raw.terminate();
    await cancellation;
    expect(server.errors).toEqual([]);
  });
});

describe("an invalid frame", () => {
  it("closes the socket with an error if it is text", async () => {
    const { emulator } = await emulated();
    const socket = await open(emulator);
    socket.send("hello");
    expect(await socket.next()).toEqual(failed("[invalid_argument] frames must be binary"));
    expect(await socket.closed).toMatchObject({ code: 1003 });
  });

  it.each(["0a7f", "0b", "ffffffffffffffffffffff", "1202c328"])(
    "closes the socket with an error if it is not an envelope: %s",
    async (bytes) => {
      const { emulator } = await emulated();
      const socket = await open(emulator);
      socket.send(unhex(bytes));
      expect(await socket.next()).toMatchObject({ ok: false });
      expect(await socket.closed).toMatchObject({ code: 1007 });
    },
  );

  it("ends a running stream and frees its key", async () => {
    const { emulator } = await emulated();
    const key = newKey();
    const socket = await open(emulator);
    socket.send(keepAliveCall(key));
    expect(await nextAlive(socket)).toBe("ping");
    socket.send(unhex("0a7f"));
    expect(await socket.next()).toEqual(failed(unreadableBody));
    expect(await socket.closed).toMatchObject({ code: 1007 });
    expect(await callOnce(emulator, keepAliveCall(key))).toMatchObject({ ok: true });
  });

  const second = failed("[invalid_argument] a socket takes one call, and this call one request");
  it.each<[string, Uint8Array, (socket: Socket) => Promise<unknown>]>([
    ["a call that was answered", statusCall(), (socket) => socket.next()],
    ["a call that failed", requestOf("Messaging", "sendMessage"), (socket) => socket.next()],
    ["a call that could not be made", requestOf("X", "y"), (socket) => socket.next()],
    ["a call that runs", streamCall(newKey()), (socket) => pingPong(socket)],
  ])("closes the socket if it is a second request after %s", async (_, first, answered) => {
    const { emulator } = await emulated();
    const socket = await open(emulator);
    socket.send(first);
    await answered(socket);
    socket.send(statusCall());
    expect(await socket.next()).toEqual(second);
    expect(await socket.closed).toMatchObject({ code: 1008 });
  });

  const large = 1024 * 1024;
  it.each<[string, Buffer | Buffer[], number]>([
    ["a frame that is too large", frame(opcode.binary, new Uint8Array(large + 1)), 1009],
    ["a frame that only claims to be", frame(opcode.binary, filled(1), { length: 0x7fffffff }), 1009],
    [
      "pieces that are too large together",
      [
        frame(opcode.binary, new Uint8Array(large), { fin: false }),
        frame(opcode.more, new Uint8Array(1), { fin: true }),
      ],
      1009,
    ],
    [
      "too many pieces",
      [
        frame(opcode.binary, filled(1, 1), { fin: false }),
        ...Array.from({ length: 1100 }, () => frame(opcode.more, filled(1, 1), { fin: false })),
      ],
      1008,
    ],
    ["a frame that is not masked", frame(opcode.binary, statusCall(), { masked: false }), 1002],
    ["a reserved bit", frame(opcode.binary, statusCall(), { reserved: 4 }), 1002],
    ["an opcode that does not exist", frame(3, statusCall()), 1002],
    ["a piece of nothing", frame(opcode.more, statusCall()), 1002],
    ["text that is not UTF-8", frame(opcode.text, Uint8Array.of(0xff)), 1007],
    ["a ping that is too large", frame(opcode.ping, filled(1, 126)), 1002],
  ])("closes the socket with a code: %s", async (_, bytes, code) => {
    const { emulator } = await emulated();
    const raw = await openRaw(emulator);
    raw.net.write(Buffer.concat([bytes].flat()));
    await raw.until(() => raw.closeCode !== undefined);
    expect(raw.closeCode).toBe(code);
    expect(await callOnce(emulator, statusCall())).toMatchObject({ ok: true });
  });

  it("is accepted up to a megabyte", async () => {
    const { emulator } = await emulated();
    const rest = large - statusCall().length - 4;
    const head = Uint8Array.of(0x7a, (rest & 0x7f) | 0x80, ((rest >> 7) & 0x7f) | 0x80, rest >> 14);
    const call = Buffer.concat([statusCall(), head, new Uint8Array(rest)]);
    expect(call).toHaveLength(large);
    expect(await callOnce(emulator, call)).toMatchObject({ ok: true });
  });
});

describe("the time limits of a WebSocket", () => {
  const answersAtOnce = (router: ConnectRouter) => {
    router.rpc(MicroPayment.method.getStatus, () => ({}));
  };

  it("end a socket that never sends a first frame, with or without pings", async () => {
    const server = await serve(answersAtOnce, { firstFrameMs: 200 });
    const [silent, pinging] = [await open(server), await open(server)];
    const timer = setInterval(() => pinging.raw.ping(), 20);
    later(() => clearInterval(timer));
    const error = failed("[deadline_exceeded] no request was received in time");
    for (const socket of [silent, pinging]) {
      expect(await socket.next()).toEqual(error);
      expect(await socket.closed).toMatchObject({ code: 1008 });
    }
  });

  it("end a socket whose first frame never ends", async () => {
    const server = await serve(answersAtOnce, { firstFrameMs: 200 });
    const raw = await openRaw(server);
    raw.net.write(frame(opcode.binary, filled(1), { length: 1000 }));
    await raw.until(() => raw.closeCode !== undefined);
    expect(raw.closeCode).toBe(1008);
  });

  it.each([
    ["was answered", statusCall()],
    ["failed", requestOf("X", "y")],
  ])("end a socket whose call %s, without an error", async (_, call) => {
    const server = await serve(answersAtOnce, { idleMs: 100 });
    const socket = await open(server);
    socket.send(call);
    await socket.nextBytes();
    expect(await socket.closed).toEqual({ code: 1000, reason: "" });
    expect(socket.unread).toBe(0);
  });

  it("end a socket that does not answer a close frame", async () => {
    const server = await serve(answersAtOnce, { closeMs: 100 });
    const raw = await openRaw(server);
    raw.net.write(frame(opcode.text, filled(0x61)));
    expect((await raw.closed).length).toBeGreaterThan(0);
    expect(raw.closeCode).toBe(1003);
  });

  it("do not end a socket whose call is running", async () => {
    let answer = (_: object) => {};
    const answered = new Promise<object>((resolve) => {
      answer = resolve;
    });
    const server = await serve(
      (router) => {
        router.rpc(MicroPayment.method.getStatus, () => answered);
      },
      { firstFrameMs: 1000, idleMs: 50 },
    );
    const running = await open(server);
    running.send(statusCall());
    // Opened after the running one, and ended nevertheless.
    await (await open(server)).closed;
    answer({ exists: true });
    expect(await running.next()).toEqual({ ok: true, body: exists });
  });
});

describe("a WebSocket client that does not read", () => {
  const large = create(MessageSchema, {
    kind: { case: "requestToLogin", value: { domain: { value: "x".repeat(100_000) } } },
  });

  it("blocks the call that writes to it, and is dropped", async () => {
    let asked = 0;
    let canceled = () => {};
    const cancellation = new Promise<void>((resolve) => {
      canceled = resolve;
    });
    const server = await serve(
      (router) =>
        router.rpc(Messaging.method.openMessageStream, async function* (_request, { signal }) {
          signal.addEventListener("abort", canceled);
          for (;;) {
            asked++;
            yield { messages: [large] };
          }
        }),
      { takeMs: 300 },
    );
    const socket = await open(server);
    socket.raw.pause();
    socket.send(streamCall(newKey()));
    await cancellation;
    // The two systems buffer several megabytes between them.
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(300);
    socket.raw.resume();
    expect(await socket.closed).toMatchObject({ code: 1006 });
  });

  it("ends its call with a close frame before all replies are read", async () => {
    let canceled = () => {};
    const cancellation = new Promise<void>((resolve) => {
      canceled = resolve;
    });
    let asked = 0;
    const server = await serve(
      (router) =>
        router.rpc(Messaging.method.openMessageStream, async function* (_request, { signal }) {
          signal.addEventListener("abort", canceled);
          for (; ; asked++) yield { messages: [large] };
        }),
      { takeMs: 0 },
    );
    const raw = await openRaw(server);
    raw.net.pause();
    raw.net.write(frame(opcode.binary, streamCall(newKey())));
    let before = -1;
    for (; asked === 0 || asked > before; await new Promise((resolve) => setTimeout(resolve, 20)))
      before = asked;
    raw.net.end();
    await cancellation;
  });

  it("loses its stream after a message has waited ten seconds, as over every protocol", async () => {
    const clock = new WatchedClock();
    const real = stoppedRealTime();
    const hub = new StreamHub();
    const context = { store: memoryStore(), hub, clock, onError: () => {} };
    const server = await serve((router) =>
      router.rpc(Messaging.method.openMessageStream, (request, { signal }) =>
        openMessageStream(context, request, signal),
      ),
    );
    const key = newKey();
    const id = toBase58(key.publicKey);
    const socket = await open(server);
    socket.send(streamCall(key));
    await eventually(() => hub.has(id)).toBe(true);
    socket.raw.pause();
    // Each message goes at once to the socket, to the buffer, or to no reader.
    const delivered = (message: Message) =>
      Promise.race([
        hub.deliver(id, message).then(() => true),
        new Promise((resolve) => setTimeout(() => resolve(false), 200)),
      ]);
    let count = 0;
    while (count < 1000 && (await delivered(large))) count++;
    expect(count).toBeGreaterThan(64);
    expect(count).toBeLessThan(1000);
    await real.advance(10_000);
    expect(hub.has(id)).toBe(false);
    socket.raw.resume();
    let last: Answer;
    do last = await socket.next();
    while (last.ok);
    expect(last).toEqual(failed("[aborted]"));
  });

  it("is dropped if it requests pongs endlessly", async () => {
    const { emulator } = await emulated();
    const raw = await openRaw(emulator);
    raw.net.pause();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(opcode.ping, filled(1, 125))));
    const write = () => {
      while (!raw.net.destroyed && raw.net.write(pings));
    };
    raw.net.on("drain", write);
    write();
    // A reset, because the client does not read.
    await raw.closed;
    expect(await callOnce(emulator, statusCall())).toMatchObject({ ok: true });
  });
});

describe("a WebSocket handshake", () => {
  /** The response to a handshake that is rejected and closed. */
  async function refusal(emulator: Emulator, text: string) {
    const raw = await RawSocket.connect(emulator);
    later(() => raw.net.destroy());
    raw.net.write(text);
    await raw.until((bytes) => bytes.includes("}"));
    const [head = "", body = ""] = raw.bytes.toString("latin1").split("\r\n\r\n");
    raw.net.end();
    await raw.closed;
    return { status: Number(head.split(" ")[1]), body: JSON.parse(body) };
  }

  it.each<[string, Record<string, string | undefined>, number, RegExp]>([
    ["from a page of another site", { Origin: "https://evil.example" }, 403, /^origin not allowed: /],
    ["from an opaque origin", { Origin: "null" }, 403, /^origin not allowed: null$/],
    ["to another host", { Host: "evil.example" }, 421, /^host not allowed: evil\.example$/],
    [
      "to another host, from an allowed page",
      { Host: "evil.example", Origin: "http://localhost" },
      421,
      /host/,
    ],
    ["to an impossible port", { Host: "localhost:65536" }, 400, /^not a valid host: localhost:65536$/],
    ["without a key", { "Sec-WebSocket-Key": undefined }, 400, /Sec-WebSocket-Key/],
    ["with an incomplete key", { "Sec-WebSocket-Key": "AQID" }, 400, /Sec-WebSocket-Key/],
    ["without a version", { "Sec-WebSocket-Version": undefined }, 400, /version 13 expected/],
    [
      "of the version that sends the origin in another header",
      { "Sec-WebSocket-Version": "8", "Sec-WebSocket-Origin": "https://evil.example" },
      400,
      /version 13 expected/,
    ],
    ["of an unknown version", { "Sec-WebSocket-Version": "99" }, 400, /version 13 expected/],
  ])("is rejected: %s", async (_, headers, status, error) => {
    const { emulator } = await emulated();
    const answer = await refusal(emulator, handshake(emulator, headers));
    expect(answer).toEqual({ status, body: { success: false, error: expect.stringMatching(error) } });
    expect(await callOnce(emulator, statusCall())).toMatchObject({ ok: true });
  });

  it("is rejected if it is not a GET", async () => {
    const { emulator } = await emulated();
    const text = handshake(emulator, {}, "POST /v1/api HTTP/1.1");
    expect(await refusal(emulator, text)).toMatchObject({ status: 405, body: { success: false } });
  });

  it.each<[Record<string, string>]>([
    [{}],
    [{ Origin: "http://localhost:5173" }],
    [{ Origin: "https://127.0.0.1" }],
    [{ "Sec-WebSocket-Protocol": "one, two" }],
    [{ "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" }],
  ])("is accepted with %j, without extensions", async (headers) => {
    const { emulator } = await emulated();
    const raw = await RawSocket.connect(emulator);
    later(() => raw.net.destroy());
    raw.net.write(
      Buffer.concat([Buffer.from(handshake(emulator, headers)), frame(opcode.binary, statusCall())]),
    );
    await raw.until((bytes) => bytes.includes("\r\n\r\n") && raw.frames.length === 1);
    expect(raw.bytes.toString("latin1")).toMatch(/^HTTP\/1\.1 101 /);
    expect(raw.bytes.toString("latin1")).not.toMatch(/sec-websocket-extensions/i);
  });

  it("is accepted for a page of an allowed origin only", async () => {
    const { emulator } = await emulated({ allowedOrigins: ["https://shop.example"] });
    await open(emulator, { headers: { origin: "https://shop.example" } });
    await expect(open(emulator, { headers: { origin: "http://localhost" } })).rejects.toThrow("403");
  });
});

it("supports a browser's order: a socket first, then its status and request, then its stream on the first", async () => {
  const { emulator } = await emulated();
  const key = newKey();
  const first = await open(emulator);
  expect(await callOnce(emulator, statusCall(key))).toEqual({ ok: true, body: new Uint8Array() });
  expect(await callOnce(emulator, paymentCall(key))).toMatchObject({ ok: true });
  first.send(streamCall(key));
  expect(await nextKinds(first)).toEqual(["requestToReceiveBill"]);
  await sendKind(emulator, key, codeScanned);
  expect(await nextKinds(first)).toEqual(["codeScanned"]);
  expect(await callOnce(emulator, statusCall(key))).toMatchObject({ ok: true });
});

describe("closing the emulator with open WebSockets", () => {
  it("closes every socket in any state", async () => {
    const { emulator, errors } = await emulated();
    const [waiting, answered, plain, alive] = await Promise.all([1, 2, 3, 4].map(() => open(emulator)));
    answered?.send(statusCall());
    await answered?.next();
    plain?.send(streamCall(newKey()));
    alive?.send(keepAliveCall(newKey()));
    await alive?.next();
    await emulator.close();
    for (const socket of [waiting, answered, plain, alive])
      expect(await socket?.closed).toEqual({ code: 1001, reason: "" });
    expect(errors).toEqual([]);
  });

  it("does not wait for a client that does not answer", async () => {
    const { emulator } = await emulated();
    const raw = await openRaw(emulator);
    raw.net.write(frame(opcode.binary, streamCall(newKey())));
    await emulator.close();
    await raw.closed;
    expect(raw.closeCode).toBe(1001);
  });

  it("opens no further socket", async () => {
    const { emulator } = await emulated();
    const raw = await openRaw(emulator);
    const half = await RawSocket.connect(emulator);
    const [head = "", last = ""] = handshake(emulator).split(/(?=Sec-WebSocket-Key)/);
    half.net.write(head);
    await pingPongRaw(raw);
    const closing = emulator.close();
    half.net.write(last);
    await closing;
    expect((await half.closed).toString("latin1")).not.toContain(" 101 ");
  });

  it("leaves nothing behind", async () => {
    const resources = () =>
      process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = resources();
    const emulator = await Emulator.start();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => Socket.open(emulator)));
    for (const socket of sockets) socket.send(streamCall(newKey()));
    await emulator.close();
    await Promise.all(sockets.map(({ closed }) => closed));
    await eventually(resources).toBeLessThanOrEqual(before);
  });
});

/** Resolves when the peer has answered a ping: it has read all earlier frames and is still connected. */
async function pingPong(socket: Socket): Promise<void> {
  const answered = new Promise<void>((resolve) => socket.raw.once("pong", () => resolve()));
  socket.raw.ping();
  await answered;
}

async function pingPongRaw(raw: RawSocket): Promise<void> {
  raw.net.write(frame(opcode.ping));
  await raw.until(() => raw.frames.some((each) => each.opcode === opcode.pong));
}
