import { setMaxListeners } from "node:events";
import net from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "vitest";
import { Messaging } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { MicroPayment } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { Emulator } from "../../src/emulator/index.js";
import { FairQueue } from "../../src/server/port/fair-queue.js";
import { startPortServer } from "../../src/server/port/port-server.js";
import { filled } from "../support/sequencer.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const start = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

const ROOT = 0x84;
const OTHER = 0x85; // "/index.html"

/** A frame with a stream id. */
function frame(type: number, flags: number, streamId: number, payload: readonly number[]): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, Buffer.from(payload)]);
}

/** HEADERS of a POST without its body. */
const open = (streamId: number, path: number) => frame(1, 4, streamId, [0x83, path, 0x86, 0x41, 1, 0x61]);
/** RST_STREAM with CANCEL. */
const reset = (streamId: number) => frame(3, 0, streamId, [0, 0, 0, 8]);

describe("FairQueue", () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it("starts tasks at once while the turn has room, then a limited number in each turn", async () => {
    const queue = new FairQueue(3);
    const started: number[] = [];
    for (let i = 0; i < 8; i++) queue.add(queue, () => started.push(i));
    expect(started).toEqual([0, 1, 2]);
    await turn();
    expect(started).toEqual([0, 1, 2, 3, 4, 5]);
    await turn();
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await turn();
    queue.add(queue, () => started.push(8));
    expect(started.at(-1)).toBe(8);
  });

  it("takes turns between owners", async () => {
    const queue = new FairQueue(2);
    const started: string[] = [];
    const many = {};
    for (let i = 0; i < 100; i++) queue.add(many, () => started.push("many"));
    queue.add({}, () => started.push("one"));
    queue.add({}, () => started.push("other"));
    await turn();
    await turn();
    expect(started.slice(0, 6)).toEqual(["many", "many", "many", "one", "other", "many"]);
  });

  it("never starts a dropped task, and keeps no owner without tasks", async () => {
    const queue = new FairQueue(1);
    const started: string[] = [];
    queue.add({}, () => started.push("first"));
    const owner = {};
    const drops = [1, 2].map((name) => queue.add(owner, () => started.push(`dropped ${name}`)));
    queue.add({}, () => started.push("last"));
    for (const drop of drops) drop();
    for (const drop of drops) drop();
    await turn();
    expect(started).toEqual(["first", "last"]);
    await turn();
    queue.add(owner, () => started.push("at once"));
    expect(started.at(-1)).toBe("at once");
  });

  it("starts a task that another one adds in a later turn if this one is full", async () => {
    const queue = new FairQueue(1);
    const started: string[] = [];
    queue.add({}, () => {
      started.push("outer");
      queue.add({}, () => started.push("inner"));
    });
    expect(started).toEqual(["outer"]);
    await turn();
    expect(started).toEqual(["outer", "inner"]);
  });
});

describe("a burst", () => {
  it("of stream resets starts few of the handlers, and then the next request's", async () => {
    let started = 0;
    let arrived = () => {};
    const other = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await startPortServer({
      host: "127.0.0.1",
      port: 0,
      handler: (req, res) => {
        if (req.url === "/index.html") arrived();
        else started++;
        res.end();
      },
    });
    cleanups.push(() => server.close({ graceMs: 0 }));
    const socket = net.connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    cleanups.push(() => socket.destroy());
    const ids = Array.from({ length: 990 }, (_, i) => 2 * i + 1);
    socket.write(
      Buffer.concat([start, ...ids.flatMap((id) => [open(id, ROOT), reset(id)]), open(1_999, OTHER)]),
    );
    await other;
    // Each chunk that the server reads can start one turn's handlers. The burst has few chunks.
    expect(started).toBeLessThan(500);
  });

  it("of 500 pipelined requests over HTTP/1.1 is answered completely and in order", async () => {
    const server = await startPortServer({
      host: "127.0.0.1",
      port: 0,
      handler: (req, res) => {
        res.end(`<${req.url}>`);
      },
    });
    cleanups.push(() => server.close({ graceMs: 0 }));
    const socket = net.connect(server.port, "127.0.0.1");
    const paths = Array.from({ length: 500 }, (_, i) => `/${i}`);
    const requests = paths.map(
      (path, i) =>
        `GET ${path} HTTP/1.1\r\nHost: a\r\n${i === paths.length - 1 ? "Connection: close\r\n" : ""}\r\n`,
    );
    socket.write(requests.join(""));
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text.match(/<[^>]*>/g)).toEqual(paths.map((path) => `<${path}>`));
  });

  it("of 1,000 aborts by an honest client leaves its connection and its other calls alone", async () => {
    const emulator = await Emulator.start();
    cleanups.push(() => emulator.close());
    const sessions = new Http2SessionManager(emulator.url);
    cleanups.push(() => sessions.abort());
    const transport = createGrpcTransport({ baseUrl: emulator.url, sessionManager: sessions });
    const messaging = createClient(Messaging, transport);
    const microPayment = createClient(MicroPayment, transport);
    const status = () => microPayment.getStatus({ intentId: { value: filled(1) } });
    await status();
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const watches = Array.from({ length: 1_000 }, async (_, i) => {
      const key = new Uint8Array(32);
      new DataView(key.buffer).setUint32(0, i);
      const stream = messaging.openMessageStream(
        { rendezvousKey: { value: key } },
        { signal: controller.signal },
      );
      for await (const _response of stream);
    });
    const outcomes = Promise.allSettled(watches);
    // The server has opened the streams once it answers a call that was sent after them.
    await status();
    controller.abort();
    const meanwhile = status();
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(1_000).fill("rejected"));
    expect((await meanwhile).exists).toBe(false);
    expect((await status()).exists).toBe(false);
    expect(sessions.state()).toBe("open");
  });
});
