import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Message,
  MessageSchema,
  Messaging,
  OpenMessageStreamRequestSchema,
  OpenMessageStreamResponseSchema,
  type OpenMessageStreamWithKeepAliveRequest,
  OpenMessageStreamWithKeepAliveRequestSchema,
  type OpenMessageStreamWithKeepAliveResponse,
  SendMessageRequestSchema,
  SendMessageResponse_Result,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { type Emulator, memoryStore } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { openMessageStream, openMessageStreamWithKeepAlive } from "../../src/server/calls/message-streams.js";
import { type SequencerServices, sequencerServices } from "../../src/server/calls/services.js";
import { checkServerOptions } from "../../src/server/options.js";
import { StreamHub } from "../../src/server/streams/stream-hub.js";
import {
  cleanUp,
  connectHttp1,
  connectHttp2,
  emulated,
  grpc,
  isStreamOpen,
  later,
  memory,
  rawWays,
  stoppedRealTime,
  WatchedClock,
} from "../support/emulated.js";
import { Frames, type Reading, reading } from "../support/reading.js";
import {
  codeScanned,
  filled,
  type Kind,
  kin,
  messagingOf,
  newKey,
  payment,
  poll,
  refusalOf,
  sendKind,
  sendPayment,
} from "../support/sequencer.js";
import { storeWith } from "../support/stores.js";
import { turns, until } from "../support/turns.js";

afterEach(cleanUp);

type KeepAliveFrame = MessageInitShape<typeof OpenMessageStreamWithKeepAliveRequestSchema>;
type MessagingClient = Client<typeof Messaging>;

const keyOf = ({ publicKey }: SigningKey) => ({ value: publicKey });

function signatureOf(key: SigningKey): { value: Uint8Array } {
  const request = create(OpenMessageStreamRequestSchema, { rendezvousKey: keyOf(key) });
  return { value: key.sign(toBinary(OpenMessageStreamRequestSchema, request)) };
}

const firstFrame = (key: SigningKey): KeepAliveFrame => ({
  requestOrPong: { case: "request", value: { rendezvousKey: keyOf(key), signature: signatureOf(key) } },
});
const pong: KeepAliveFrame = {
  requestOrPong: { case: "pong", value: { timestamp: { seconds: 1n } } },
};

const kindsIn = (responses: readonly { messages: readonly Message[] }[]) =>
  responses.map(({ messages }) => messages.map(({ kind }) => kind.case).join());

const shown = (items: readonly OpenMessageStreamWithKeepAliveResponse[]) =>
  items.map(({ responseOrPing: { case: name, value } }) =>
    name === "response" ? kindsIn([value]).join() : name,
  );

/** A registered order, so that its state can be read. */
async function registered(emulator: Emulator): Promise<SigningKey> {
  const key = newKey();
  await sendPayment(emulator, key, payment());
  return key;
}

function opened(client: MessagingClient, key: SigningKey, signal?: AbortSignal) {
  return reading(
    client.openMessageStream({ rendezvousKey: keyOf(key) }, signal === undefined ? {} : { signal }),
  );
}

const received = (stream: Reading<unknown>, count: number) =>
  until(() => stream.items.length >= count || stream.ended);

describe.each(rawWays)("a stream over $name", ({ open }) => {
  it("sends the stored messages, including the own request, then new ones, one message per response", async () => {
    const { emulator } = await emulated();
    const key = await registered(emulator);
    await sendKind(emulator, key, codeScanned);
    const stream = opened(createClient(Messaging, open(emulator)), key);
    await received(stream, 2);
    await emulator.wallet.pay(toBase58(key.publicKey));
    await sendKind(emulator, key, { case: "clientRejectedPayment", value: { intentId: keyOf(key) } });
    await received(stream, 4);
    expect(kindsIn(stream.items)).toEqual([
      "requestToReceiveBill",
      "codeScanned",
      "intentSubmitted",
      "clientRejectedPayment",
    ]);
    const delivered = stream.items.flatMap(({ messages }) => messages);
    expect(delivered).toEqual(await poll(emulator, key));
    expect(delivered.map(({ id }) => id?.value.length)).toEqual([16, 16, 16, 16]);
    expect(delivered.map((message) => message.sendMessageRequestSignature?.value.length)).toEqual([
      64,
      64,
      undefined,
      64,
    ]);
  });

  it("rejects a second stream at the same key and keeps the first", async () => {
    const { emulator } = await emulated();
    const key = await registered(emulator);
    const client = createClient(Messaging, open(emulator));
    const stream = opened(client, key);
    await received(stream, 1);
    const second = opened(client, key);
    expect(await second.ending).toEqual({ code: "Aborted", text: "stream already exists" });
    expect(second.items).toEqual([]);
    const elsewhere = opened(client, await registered(emulator));
    await received(elsewhere, 1);
    await sendKind(emulator, key, codeScanned);
    await received(stream, 2);
    expect(kindsIn(elsewhere.items)).toEqual(["requestToReceiveBill"]);
  });

  it("frees its key when the client cancels", async () => {
    const { emulator, clock } = await emulated();
    const key = await registered(emulator);
    const client = createClient(Messaging, open(emulator));
    for (let i = 0; i < 3; i++) {
      const end = new AbortController();
      const stream = opened(client, key, end.signal);
      await received(stream, 1);
      expect(await isStreamOpen(emulator, toBase58(key.publicKey))).toBe(true);
      end.abort();
      expect(await stream.ending).toMatchObject({ code: "Canceled" });
      await until(async () => !(await isStreamOpen(emulator, toBase58(key.publicKey))));
    }
    expect(clock.pending).toBe(0);
  });

  it("ends after 61 seconds without text", async () => {
    const { emulator, clock } = await emulated();
    const key = await registered(emulator);
    const stream = opened(createClient(Messaging, open(emulator)), key);
    await received(stream, 1);
    await clock.advance(60_999);
    await sendKind(emulator, key, codeScanned);
    await received(stream, 2);
    expect(stream.ended).toBe(false);
    await clock.advance(1);
    expect(await stream.ending).toEqual({ code: "DeadlineExceeded", text: "" });
    expect(clock.pending).toBe(0);
    expect(await isStreamOpen(emulator, toBase58(key.publicKey))).toBe(false);
  });

  it("accepts a valid signature or none, and rejects a wrong one", async () => {
    const { emulator } = await emulated();
    const key = await registered(emulator);
    const client = createClient(Messaging, open(emulator));
    for (const signature of [signatureOf(newKey()), { value: filled(0, 64) }]) {
      const refused = reading(client.openMessageStream({ rendezvousKey: keyOf(key), signature }));
      expect(await refused.ending).toEqual({ code: "Unauthenticated", text: "" });
    }
    const stream = reading(
      client.openMessageStream({ rendezvousKey: keyOf(key), signature: signatureOf(key) }),
    );
    await received(stream, 1);
    expect(kindsIn(stream.items)).toEqual(["requestToReceiveBill"]);
  });

  it("reports the violation of an invalid request", async () => {
    const { emulator } = await emulated();
    const client = createClient(Messaging, open(emulator));
    const refusal = async (request: MessageInitShape<typeof OpenMessageStreamRequestSchema>) =>
      reading(client.openMessageStream(request)).ending;
    expect(await refusal({})).toEqual({
      code: "InvalidArgument",
      text: "invalid OpenMessageStreamRequest.RendezvousKey: value is required",
    });
    expect(await refusal({ rendezvousKey: { value: filled(1, 31) } })).toEqual({
      code: "InvalidArgument",
      text: "invalid OpenMessageStreamRequest.RendezvousKey: embedded message failed validation | caused by: invalid RendezvousKey.Value: value length must be 32 bytes",
    });
    expect(
      await refusal({ rendezvousKey: { value: filled(1) }, signature: { value: filled(1, 63) } }),
    ).toEqual({
      code: "InvalidArgument",
      text: "invalid OpenMessageStreamRequest.Signature: embedded message failed validation | caused by: invalid Signature.Value: value length must be 64 bytes",
    });
  });

  it.each(["close", "reset"] as const)("ends when the emulator receives %s", async (what) => {
    const { emulator, clock } = await emulated();
    const keys = [await registered(emulator), await registered(emulator)];
    const client = createClient(Messaging, open(emulator));
    const streams = keys.map((key) => opened(client, key));
    for (const stream of streams) await received(stream, 1);
    await emulator[what]();
    for (const stream of streams) expect(await stream.ending).toMatchObject({ code: "Unavailable" });
    expect(clock.pending).toBe(0);
  });

  it("opens again after a reset without earlier messages", async () => {
    const { emulator } = await emulated();
    const key = await registered(emulator);
    const client = createClient(Messaging, open(emulator));
    await received(opened(client, key), 1);
    await emulator.reset();
    const stream = opened(client, key);
    await turns();
    await sendKind(emulator, key, codeScanned);
    await received(stream, 1);
    expect(kindsIn(stream.items)).toEqual(["codeScanned"]);
  });
});

describe.each(rawWays.filter((way) => way.http2))("a stream with keep-alive over $name", ({ name, open }) => {
  it("pings immediately and every five seconds, and sends stored and new messages in between", async () => {
    const real = stoppedRealTime();
    const { emulator, clock } = await emulated();
    const key = await registered(emulator);
    const frames = new Frames(firstFrame(key));
    const started = clock.now();
    const stream = reading(createClient(Messaging, open(emulator)).openMessageStreamWithKeepAlive(frames));
    await received(stream, 2);
    await real.advance(5_000);
    await received(stream, 3);
    await sendKind(emulator, key, codeScanned);
    await received(stream, 4);
    frames.send(pong);
    await turns(200);
    await clock.advance(60_000);
    expect(stream.items.length).toBe(4);
    await real.advance(5_000);
    await received(stream, 5);
    expect(shown(stream.items)).toEqual(["ping", "requestToReceiveBill", "ping", "codeScanned", "ping"]);
    const pings = stream.items.flatMap(({ responseOrPing: { case: name, value } }) =>
      name === "ping" ? [value] : [],
    );
    expect(pings.map(({ pingDelay }) => pingDelay?.seconds)).toEqual([5n, 5n, 5n]);
    expect(pings.map(({ pingDelay }) => pingDelay?.nanos)).toEqual([0, 0, 0]);
    // The time that a ping states is the protocol's.
    expect(pings.map(({ timestamp }) => Number(timestamp?.seconds) * 1000 - started)).toEqual([0, 0, 60_000]);
    await real.advance(4_999);
    expect(stream.ended).toBe(false);
    await real.advance(1);
    expect(await stream.ending).toEqual({ code: "Aborted", text: "terminating unhealthy stream" });
    expect([clock.pending, real.pending]).toEqual([0, 0]);
  });

  it("waits a quarter of a second for the first frame", async () => {
    const real = stoppedRealTime();
    const { emulator, clock } = await emulated();
    const stream = reading(
      createClient(Messaging, open(emulator)).openMessageStreamWithKeepAlive(new Frames<KeepAliveFrame>()),
    );
    await until(() => real.pending === 1);
    await clock.advance(3_600_000);
    await real.advance(249);
    await turns();
    expect(stream.ended).toBe(false);
    await real.advance(1);
    expect(await stream.ending).toEqual({ code: "DeadlineExceeded", text: "timed out receiving message" });
    expect([clock.pending, real.pending]).toEqual([0, 0]);
  });

  const unsigned = (key: SigningKey): KeepAliveFrame => ({
    requestOrPong: { case: "request", value: { rendezvousKey: keyOf(key) } },
  });
  const refusedFrames: readonly [string, (key: SigningKey) => KeepAliveFrame, string, string][] = [
    ["a pong", () => pong, "InvalidArgument", "request is nil"],
    ["no signature", unsigned, "InvalidArgument", "signature is nil"],
    [
      "a signature by another key",
      (key) => ({
        requestOrPong: {
          case: "request",
          value: { rendezvousKey: keyOf(key), signature: signatureOf(newKey()) },
        },
      }),
      "Unauthenticated",
      "",
    ],
    [
      "nothing in it",
      () => ({}),
      "InvalidArgument",
      "invalid OpenMessageStreamWithKeepAliveRequest.RequestOrPong: value is required",
    ],
    [
      "a key of 31 bytes",
      () => ({ requestOrPong: { case: "request", value: { rendezvousKey: { value: filled(1, 31) } } } }),
      "InvalidArgument",
      "invalid OpenMessageStreamWithKeepAliveRequest.Request: embedded message failed validation | caused by: invalid OpenMessageStreamRequest.RendezvousKey: embedded message failed validation | caused by: invalid RendezvousKey.Value: value length must be 32 bytes",
    ],
  ];

  it.each(refusedFrames)("rejects a first frame with %s", async (_, frame, code, text) => {
    const { emulator, clock } = await emulated();
    const frames = new Frames(frame(newKey()));
    const stream = reading(createClient(Messaging, open(emulator)).openMessageStreamWithKeepAlive(frames));
    expect(await stream.ending).toEqual({ code, text });
    expect(stream.items).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("rejects a half-close instead of the first frame", async () => {
    const { emulator } = await emulated();
    const frames = new Frames<KeepAliveFrame>();
    frames.end();
    const stream = reading(createClient(Messaging, open(emulator)).openMessageStreamWithKeepAlive(frames));
    // Go's runtime reports the end of the stream itself.
    expect(await stream.ending).toEqual(
      name === "gRPC"
        ? { code: "Unknown", text: "EOF" }
        : { code: "InvalidArgument", text: "request is nil" },
    );
  });

  const unhealthy: readonly [string, (frames: Frames<KeepAliveFrame>, key: SigningKey) => void][] = [
    ["a half-close", (frames) => frames.end()],
    ["a second request", (frames, key) => frames.send(firstFrame(key))],
    ["an empty frame", (frames) => frames.send({})],
    ["a pong without its time", (frames) => frames.send({ requestOrPong: { case: "pong", value: {} } })],
  ];

  it.each(unhealthy)("ends on %s", async (_, act) => {
    const { emulator, clock } = await emulated();
    const key = await registered(emulator);
    const frames = new Frames(firstFrame(key));
    const stream = reading(createClient(Messaging, open(emulator)).openMessageStreamWithKeepAlive(frames));
    await received(stream, 2);
    act(frames, key);
    expect(await stream.ending).toEqual({ code: "Aborted", text: "terminating unhealthy stream" });
    expect(clock.pending).toBe(0);
  });

  it("shares its key with no other stream of either kind", async () => {
    const { emulator } = await emulated();
    const key = await registered(emulator);
    const client = createClient(Messaging, open(emulator));
    const stream = reading(client.openMessageStreamWithKeepAlive(new Frames(firstFrame(key))));
    await received(stream, 2);
    const taken = { code: "Aborted", text: "stream already exists" };
    expect(await opened(client, key).ending).toEqual(taken);
    const second = reading(client.openMessageStreamWithKeepAlive(new Frames(firstFrame(key))));
    expect(await second.ending).toEqual(taken);
    expect(stream.ended).toBe(false);
  });

  it.each(["close", "reset"] as const)("ends when the emulator receives %s", async (what) => {
    const { emulator, clock } = await emulated();
    const key = await registered(emulator);
    const client = createClient(Messaging, open(emulator));
    const stream = reading(client.openMessageStreamWithKeepAlive(new Frames(firstFrame(key))));
    await received(stream, 2);
    await emulator[what]();
    expect(await stream.ending).toMatchObject({ code: "Unavailable" });
    expect(clock.pending).toBe(0);
  });
});

describe("a client that disappears", () => {
  const path = "/code.messaging.v1.Messaging/OpenMessageStream";
  const headers = { "content-type": "application/connect+proto", "connect-protocol-version": "1" };

  function framed(key: SigningKey): Buffer {
    const body = toBinary(
      OpenMessageStreamRequestSchema,
      create(OpenMessageStreamRequestSchema, { rendezvousKey: keyOf(key) }),
    );
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(body.length, 1);
    return Buffer.concat([prefix, body]);
  }

  it("frees its keys over HTTP/2, on one connection with many streams", async () => {
    const { emulator, clock } = await emulated();
    const keys = await Promise.all(Array.from({ length: 20 }, () => registered(emulator)));
    const socket = net.connect(emulator.port, "127.0.0.1");
    const session = http2.connect(emulator.url, { createConnection: () => socket });
    session.on("error", () => {});
    later(() => session.destroy());
    let answered = 0;
    for (const key of keys) {
      const stream = session.request({ ":method": "POST", ":path": path, ...headers });
      stream.on("error", () => {});
      stream.once("data", () => {
        answered += 1;
      });
      stream.end(framed(key));
    }
    await until(() => answered === keys.length);
    socket.destroy();
    for (const key of keys) {
      await until(async () => !(await isStreamOpen(emulator, toBase58(key.publicKey))));
    }
    expect(clock.pending).toBe(0);
  });

  it.each(["destroys", "resets"] as const)(
    "frees its key over HTTP/1.1 when it %s its socket",
    async (how) => {
      const { emulator, clock } = await emulated();
      const key = await registered(emulator);
      const request = http.request(`${emulator.url}${path}`, { method: "POST", headers });
      request.on("error", () => {});
      request.end(framed(key));
      await new Promise((resolve) =>
        request.once("response", (response) => {
          response.on("error", () => {});
          response.once("data", resolve);
        }),
      );
      if (how === "resets") request.socket?.resetAndDestroy();
      else request.destroy();
      await until(async () => !(await isStreamOpen(emulator, toBase58(key.publicKey))));
      expect(clock.pending).toBe(0);
    },
  );

  it.each([memory, connectHttp2, grpc])("with keep-alive frees its key over $name", async ({ open }) => {
    const { emulator, clock } = await emulated();
    const key = await registered(emulator);
    const end = new AbortController();
    const stream = reading(
      createClient(Messaging, open(emulator)).openMessageStreamWithKeepAlive(new Frames(firstFrame(key)), {
        signal: end.signal,
      }),
    );
    await received(stream, 2);
    end.abort();
    await until(async () => !(await isStreamOpen(emulator, toBase58(key.publicKey))));
    expect(clock.pending).toBe(0);
  });

  it("leaves nothing behind if it disappears before its first frame", async () => {
    const real = stoppedRealTime();
    const { emulator } = await emulated();
    for (const { open } of [memory, connectHttp2, grpc]) {
      const end = new AbortController();
      const stream = reading(
        createClient(Messaging, open(emulator)).openMessageStreamWithKeepAlive(new Frames<KeepAliveFrame>(), {
          signal: end.signal,
        }),
      );
      await until(() => real.pending === 1);
      end.abort();
      await stream.ending;
      await until(() => real.pending === 0);
    }
  });

  it("does not block other streams: a hundred streams on one connection, half of them cancelled", async () => {
    const { emulator, clock } = await emulated();
    const keys = await Promise.all(Array.from({ length: 100 }, () => registered(emulator)));
    const client = createClient(Messaging, connectHttp2.open(emulator));
    const ends = keys.map(() => new AbortController());
    const streams = keys.map((key, i) => opened(client, key, ends[i]?.signal));
    await until(() => streams.every(({ items }) => items.length === 1));
    for (const [i, end] of ends.entries()) if (i % 2 === 0) end.abort();
    await until(() => clock.pending === 50);
    for (const key of keys.slice(0, 20)) await sendKind(emulator, key, codeScanned);
    await until(() => streams.slice(0, 20).every(({ items, ended }) => ended || items.length === 2));
    expect(streams.filter(({ ended }) => ended).length).toBe(50);
  });
});

/** The streams below any transport, so that a reader can be arbitrarily slow. */
describe("a reader that is behind", () => {
  interface Bench {
    readonly clock: WatchedClock;
    readonly real: WatchedClock;
    readonly hub: StreamHub;
    readonly services: SequencerServices;
    readonly errors: unknown[];
    send(key: SigningKey, kind?: Kind): ReturnType<SequencerServices["sendMessage"]>;
  }

  function bench(store = memoryStore()): Bench {
    const clock = new WatchedClock();
    const real = stoppedRealTime();
    const hub = new StreamHub();
    const errors: unknown[] = [];
    const options = checkServerOptions({ store });
    const onError = (error: unknown) => void errors.push(error);
    const services = sequencerServices({
      store,
      hub,
      clock,
      delivery: { schedule() {} },
      rules: options,
      webhookUrls: options,
      isRelationshipAccount: () => false,
      onError,
    });
    const send = (key: SigningKey, kind = codeScanned) => {
      const message = create(MessageSchema, { kind });
      const signature = { value: key.sign(toBinary(MessageSchema, message)) };
      return services.sendMessage(
        create(SendMessageRequestSchema, { message, rendezvousKey: keyOf(key), signature }),
      );
    };
    return { clock, real, hub, services, errors, send };
  }

  const plain = ({ services }: Bench, key: SigningKey, signal = new AbortController().signal) =>
    openMessageStream(
      services.streams,
      create(OpenMessageStreamRequestSchema, { rendezvousKey: keyOf(key) }),
      signal,
    );

  async function* keepAliveFrames(
    frames: AsyncIterable<KeepAliveFrame>,
  ): AsyncGenerator<OpenMessageStreamWithKeepAliveRequest> {
    for await (const frame of frames) yield create(OpenMessageStreamWithKeepAliveRequestSchema, frame);
  }

  const keepAlive = (
    { services }: Bench,
    frames: Frames<KeepAliveFrame>,
    signal = new AbortController().signal,
  ) => openMessageStreamWithKeepAlive(services.streams, keepAliveFrames(frames), signal);

  /** Lets time pass, as on a clock that is not moved. */
  async function both({ clock, real }: Bench, ms: number): Promise<void> {
    await real.advance(ms);
    await clock.advance(ms);
  }

  /** Sends one message that the reader takes, and fills the buffer. */
  async function filledUp(bed: Bench, key: SigningKey) {
    const stream = plain(bed, key);
    const first = stream.next();
    await turns();
    await bed.send(key);
    expect(kindsIn([(await first).value])).toEqual(["codeScanned"]);
    for (let i = 0; i < 64; i++) await bed.send(key);
    return stream;
  }

  it("has 64 buffered messages; the next one waits until the reader takes one", async () => {
    const bed = bench();
    const key = newKey();
    const stream = await filledUp(bed, key);
    const results: string[] = [];
    const sends = ["a", "b", "c"].map((name) => bed.send(key).then(() => results.push(name)));
    await turns();
    expect(results).toEqual([]);
    await bed.real.advance(9_999);
    await bed.clock.advance(60_999);
    expect(results).toEqual([]);
    await stream.next();
    await turns();
    expect(results).toEqual(["a"]);
    await stream.next();
    await stream.next();
    await Promise.all(sends);
    expect(results).toEqual(["a", "b", "c"]);
    // All waiting messages and their timers are gone; only the stream's lifetime timer is left.
    expect([bed.clock.pending, bed.real.pending]).toEqual([1, 0]);
    for (let i = 0; i < 64; i++) await stream.next();
    await stream.return(undefined);
    expect([bed.clock.pending, bed.real.pending]).toEqual([0, 0]);
  });

  it("loses its stream after a message has waited ten seconds, and the message is kept", async () => {
    const bed = bench();
    const key = newKey();
    const stream = await filledUp(bed, key);
    const blocked = [bed.send(key), bed.send(key)];
    await bed.real.advance(10_000);
    for (const send of blocked) expect((await send).result).toBe(SendMessageResponse_Result.OK);
    expect(bed.hub.size).toBe(0);
    expect([bed.clock.pending, bed.real.pending]).toEqual([0, 0]);
    expect(await refusalOf(stream.next())).toEqual({ code: "Aborted", text: "" });
    const again = plain(bed, key);
    for (let i = 0; i < 67; i++) expect((await again.next()).done).toBe(false);
    await again.return(undefined);
  });

  it("loses a stream with keep-alive with another text", async () => {
    const bed = bench();
    const key = newKey();
    const frames = new Frames(firstFrame(key));
    const stream = keepAlive(bed, frames);
    expect(shown([(await stream.next()).value])).toEqual(["ping"]);
    for (let i = 0; i < 64; i++) await bed.send(key);
    const blocked = bed.send(key);
    await bed.real.advance(5_000);
    frames.send(pong);
    await turns();
    await bed.real.advance(5_000);
    expect((await blocked).result).toBe(SendMessageResponse_Result.OK);
    expect(await refusalOf(stream.next())).toEqual({ code: "Aborted", text: "message stream closed" });
    expect([bed.clock.pending, bed.real.pending]).toEqual([0, 0]);
  });

  it("blocks no other key", async () => {
    const bed = bench();
    const [slow, quick] = [newKey(), newKey()];
    await filledUp(bed, slow);
    const blocked = bed.send(slow);
    const stream = plain(bed, quick);
    const next = stream.next();
    await turns();
    await bed.send(quick);
    expect((await next).done).toBe(false);
    bed.hub.close();
    expect((await blocked).result).toBe(SendMessageResponse_Result.OK);
  });

  it("that never returns leaves neither key nor timer after its stream has ended", async () => {
    const bed = bench();
    const [key, other] = [newKey(), newKey()];
    const stream = plain(bed, key);
    const first = stream.next();
    await turns();
    await bed.send(key);
    await first;
    const frames = new Frames(firstFrame(other));
    await keepAlive(bed, frames).next();
    expect(bed.hub.size).toBe(2);
    await bed.clock.advance(61_000);
    expect(bed.hub.size).toBe(1);
    await bed.real.advance(10_000);
    expect(bed.hub.size).toBe(0);
    expect([bed.clock.pending, bed.real.pending]).toEqual([0, 0]);
  });

  it("frees its key the moment it cancels", async () => {
    const bed = bench();
    const key = newKey();
    const end = new AbortController();
    const stream = plain(bed, key, end.signal);
    const first = stream.next();
    await turns();
    expect(bed.hub.has(toBase58(key.publicKey))).toBe(true);
    end.abort();
    expect(bed.hub.has(toBase58(key.publicKey))).toBe(false);
    expect(await refusalOf(first)).toEqual({ code: "Canceled", text: "" });
    expect([bed.clock.pending, bed.real.pending]).toEqual([0, 0]);
    expect(await refusalOf(plain(bed, key, end.signal).next())).toEqual({ code: "Canceled", text: "" });
    expect(bed.hub.size).toBe(0);
  });

  it("with keep-alive keeps its stream for 15 minutes and one second while it sends pongs", async () => {
    const bed = bench();
    const key = newKey();
    const frames = new Frames(firstFrame(key));
    const stream = reading(keepAlive(bed, frames));
    for (let seconds = 0; seconds < 900; seconds += 10) {
      await turns(2);
      frames.send(pong);
      await turns(2);
      await both(bed, 9_999);
      expect(stream.ended).toBe(false);
      await turns(2);
      frames.send(pong);
      await turns(2);
      await both(bed, 1);
    }
    await turns(2);
    frames.send(pong);
    await turns(2);
    await both(bed, 999);
    expect(stream.ended).toBe(false);
    await both(bed, 1);
    expect(await stream.ending).toEqual({ code: "DeadlineExceeded", text: "" });
    expect(stream.items.length).toBe(1 + 900 / 5);
    expect([bed.clock.pending, bed.real.pending]).toEqual([0, 0]);
  });

  it("with keep-alive stays healthy while the clock is moved, until its 15 minutes are over", async () => {
    const bed = bench();
    const key = newKey();
    const stream = reading(keepAlive(bed, new Frames(firstFrame(key))));
    await turns();
    await bed.clock.advance(900_999);
    await bed.send(key);
    await until(() => stream.items.length === 2);
    expect([shown(stream.items), stream.ended]).toEqual([["ping", "codeScanned"], false]);
    await bed.clock.advance(1);
    expect(await stream.ending).toEqual({ code: "DeadlineExceeded", text: "" });
  });

  it("cannot accumulate timers with pongs", async () => {
    const bed = bench();
    const frames = new Frames(firstFrame(newKey()));
    const stream = reading(keepAlive(bed, frames));
    for (let i = 0; i < 2_000; i++) frames.send(pong);
    await turns();
    expect([bed.clock.pending, bed.real.pending]).toEqual([1, 2]);
    frames.end();
    await stream.ending;
  });

  it("never receives an airdrop, stored or new", async () => {
    const bed = bench();
    const key = newKey();
    const intentId = toBase58(key.publicKey);
    const value = { airdropType: 1, exchangeData: kin().value, timestamp: { seconds: 1n } };
    const airdrop = create(MessageSchema, {
      id: { value: filled(3, 16) },
      kind: { case: "airdropReceived", value },
    });
    const bytes = toBinary(MessageSchema, airdrop);
    await bed.services.streams.store.transaction(intentId, (transaction) =>
      transaction.addMessage({
        messageId: toBase58(filled(3, 16)),
        kind: "airdropReceived",
        bytes,
        createdAt: 0,
      }),
    );
    await bed.send(key);
    for (const stream of [reading(plain(bed, key)), reading(keepAlive(bed, new Frames(firstFrame(key))))]) {
      if (bed.hub.size > 0) bed.hub.reset();
      await turns();
      await bed.hub.deliver(intentId, airdrop);
      await bed.send(key);
      await turns();
      expect(
        JSON.stringify(stream.items, (_, field) => (typeof field === "bigint" ? "" : field)),
      ).not.toContain("airdrop");
    }
    bed.hub.close();
  });

  it("receives only Internal without text from a failing store, and the failure is logged", async () => {
    const failure = new Error("secret of the store");
    const bed = bench(storeWith({ listMessages: () => Promise.reject(failure) }));
    expect(await refusalOf(plain(bed, newKey()).next())).toEqual({ code: "Internal", text: "" });
    expect(bed.errors).toEqual([failure]);
    expect(bed.hub.size).toBe(0);
    expect([bed.clock.pending, bed.real.pending]).toEqual([0, 0]);
  });

  it("receives each message of a burst once and in order", async () => {
    const bed = bench();
    const key = newKey();
    const stream = reading(plain(bed, key));
    await turns();
    const sent = await Promise.all(Array.from({ length: 300 }, () => bed.send(key)));
    await until(() => stream.items.length >= 300);
    expect(stream.items.map(({ messages }) => messages[0]?.id?.value)).toEqual(
      sent.map(({ messageId }) => messageId?.value),
    );
    bed.hub.close();
  });

  it("cannot open a stream at a closed emulator", async () => {
    const { emulator } = await emulated();
    const key = await registered(emulator);
    await emulator.close();
    const client = messagingOf(emulator);
    expect(await opened(client, key).ending).toEqual({ code: "Unavailable", text: "" });
    const stream = reading(client.openMessageStreamWithKeepAlive(new Frames(firstFrame(key))));
    expect(await stream.ending).toEqual({ code: "Unavailable", text: "" });
  });
});

describe("streams over HTTP/1.1", () => {
  it("do not support keep-alive", async () => {
    const { emulator, clock } = await emulated();
    const client = createClient(Messaging, connectHttp1.open(emulator));
    const stream = reading(client.openMessageStreamWithKeepAlive(new Frames(firstFrame(newKey()))));
    expect(await stream.ending).not.toBe("end");
    expect(stream.items).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("sends every response as one message, byte for byte", async () => {
    const { emulator } = await emulated();
    const key = await registered(emulator);
    const stream = opened(createClient(Messaging, connectHttp1.open(emulator)), key);
    await received(stream, 1);
    const [response] = stream.items;
    if (response === undefined) throw new Error("nothing was received");
    const bytes = toBinary(OpenMessageStreamResponseSchema, response);
    expect(fromBinary(OpenMessageStreamResponseSchema, bytes).messages).toEqual(await poll(emulator, key));
  });
});
