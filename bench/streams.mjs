/**
 * Opens many idle streams over a few HTTP/2 connections. Measures the memory of each in the emulator, the
 * time of one message to each, and the latency of a stream compared with polling.
 *
 * node bench/streams.mjs [--count 10000] [--connections 5] [--keep-alive]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import http2 from "node:http2";
import os from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { ensureBuilt } from "./build.mjs";

const IN_FLIGHT = 64;
// Number of keys whose latency is measured, and of concurrent polls.
const SAMPLE = 20;

/**
 * An order with an open stream.
 *
 * @typedef {object} Order
 * @property {{ value: Uint8Array }} rendezvousKey
 * @property {{ value: Uint8Array }} opening Signature of a request to open a stream or to poll.
 * @property {() => Promise<unknown>} scan Sends CodeScanned.
 * @property {{ receivedAt: number, when: () => Promise<number> }} stream
 */

if (process.send === undefined) await main();
else await serve();

/** The child process: an emulator with a frozen clock, so that no stream times out. */
async function serve() {
  const { Emulator, MovableClock } = await import("code-intents/emulator");
  const emulator = await Emulator.start({ clock: new MovableClock({ frozen: true }) });
  /** @type {Record<string, () => unknown>} */
  const answers = {
    url: () => emulator.url,
    async memory() {
      // Twice, because objects released by finalizers are collected the second time.
      for (let i = 0; i < 2; i++) {
        globalThis.gc?.();
        await pause(50);
      }
      const { rss, heapUsed, external } = process.memoryUsage();
      return { rss, heap: heapUsed + external };
    },
  };
  process.on("message", async (question) => process.send?.(await answers[String(question)]?.()));
  process.on("disconnect", () => process.exit());
}

async function main() {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "10000" },
      connections: { type: "string", default: "5" },
      "keep-alive": { type: "boolean", default: false },
    },
  });
  const count = positive(values.count, "count");
  const connections = positive(values.connections, "connections");
  const keepAlive = values["keep-alive"];
  ensureBuilt();
  const child = fork(fileURLToPath(import.meta.url), { execArgv: ["--expose-gc"] });
  /** @param {string} question */
  const ask = async (question) => {
    child.send(question);
    const [answer] = await once(child, "message");
    return answer;
  };
  const url = await ask("url");
  const manager = new Http2SessionManager(url);
  const sessions = Array.from({ length: connections }, () => http2.connect(url));
  try {
    for (const session of sessions) session.on("error", (error) => console.error(String(error)));
    await Promise.all(sessions.map((session) => once(session, "connect")));
    const { messaging, orders } = await register(count, url, manager);

    const before = await ask("memory");
    /** @type {http2.ClientHttp2Stream[]} */
    const calls = [];
    const openedIn = await timed(() => openAll(orders, sessions, keepAlive, calls));
    const after = await ask("memory");
    const perStream = (/** @type {"rss" | "heap"} */ kind) =>
      `${((after[kind] - before[kind]) / count / 1024).toFixed(1)} KiB`;

    const delivered = orders.map(({ stream }) => stream.when());
    const deliveredIn = await timed(async () => {
      await inFlight(orders, ({ scan }) => scan());
      await Promise.all(delivered);
    });

    const sample = orders.filter((_, i) => i % Math.ceil(count / SAMPLE) === 0);
    const streamed = await latencies(sample, ({ stream }) => stream.when());
    const kind = keepAlive ? "streams with keep-alive" : "plain streams";
    print(`${count} idle ${kind} over ${connections} HTTP/2 connections`, [
      ["server memory per stream, heap and buffers", perStream("heap")],
      ["server memory per stream, resident", perStream("rss")],
      ["time to open all streams", `${openedIn.toFixed(0)} ms`],
      ["one message to each stream, first call to last receipt", `${deliveredIn.toFixed(0)} ms`],
      ["messages per second", (count / (deliveredIn / 1000)).toFixed(0)],
    ]);
    /** @type {[string, ...string[]][]} */
    const rows = [["stream, with all streams open", ...percentiles(streamed), "0"]];
    for (const everyMs of [1000, 100]) {
      let calls = 0;
      const poll = async (/** @type {Order} */ order) => {
        calls += 1;
        const { rendezvousKey, opening } = order;
        return (await messaging.pollMessages({ rendezvousKey, signature: opening })).messages.length;
      };
      const polled = await latencies(sample, async (order) => {
        const had = await poll(order);
        // Pollers start at random times, because they do not know when a message arrives.
        await pause(Math.random() * everyMs);
        while ((await poll(order)) === had) await pause(everyMs);
        return performance.now();
      });
      rows.push([`poll every ${everyMs} ms`, ...percentiles(polled), (calls / sample.length).toFixed(1)]);
    }
    print("latency from send call to receipt", rows, ["median", "95th percentile", "calls per listener"]);
    print("cancel all streams at once", await cancelAll(calls, sessions));
  } finally {
    for (const session of sessions) session.destroy();
    manager.abort();
    child.disconnect();
    await once(child, "exit");
  }
}

/**
 * Registers `count` orders, each at a different key.
 *
 * @param {number} count
 * @param {string} url
 * @param {Http2SessionManager} sessionManager
 */
async function register(count, url, sessionManager) {
  const { PaymentIntent, rendezvousKey } = await import("code-intents");
  const { MessageSchema, Messaging, PollMessagesRequestSchema, SendMessageRequestSchema } = await import(
    "code-intents/proto/messaging"
  );
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "2", sessionManager });
  const messaging = createClient(Messaging, transport);
  const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
  const scanned = create(MessageSchema, {
    kind: { case: "codeScanned", value: { timestamp: { seconds: 1n } } },
  });
  const scannedBytes = toBinary(MessageSchema, scanned);
  const orders = Array.from({ length: count }, () => {
    const intent = PaymentIntent.from({ destination, amount: "1", currency: "usd" });
    const key = rendezvousKey(intent.payload);
    const rendezvous = { value: key.publicKey };
    const unsigned = create(PollMessagesRequestSchema, { rendezvousKey: rendezvous });
    const signature = { value: key.sign(scannedBytes) };
    return {
      intent,
      rendezvousKey: rendezvous,
      opening: { value: key.sign(toBinary(PollMessagesRequestSchema, unsigned)) },
      scan: () => messaging.sendMessage({ message: scanned, rendezvousKey: rendezvous, signature }),
      stream: notice(),
    };
  });
  await inFlight(orders, ({ intent }) =>
    messaging.sendMessage(fromBinary(SendMessageRequestSchema, intent.toSendMessageRequest())),
  );
  return { messaging, orders };
}

/**
 * Opens a stream for every order, spread over the sessions, and waits until each has received its stored
 * messages.
 *
 * @param {readonly Order[]} orders
 * @param {readonly http2.ClientHttp2Session[]} sessions
 * @param {boolean} keepAlive
 * @param {http2.ClientHttp2Stream[]} calls Receives the opened streams.
 */
async function openAll(orders, sessions, keepAlive, calls) {
  const { OpenMessageStreamRequestSchema, OpenMessageStreamWithKeepAliveRequestSchema } = await import(
    "code-intents/proto/messaging"
  );
  const service = "/code.messaging.v1.Messaging/OpenMessageStream";
  await inFlight(orders, async (order, i) => {
    const { rendezvousKey, opening, stream } = order;
    const value = create(OpenMessageStreamRequestSchema, { rendezvousKey, signature: opening });
    const request = keepAlive
      ? toBinary(
          OpenMessageStreamWithKeepAliveRequestSchema,
          create(OpenMessageStreamWithKeepAliveRequestSchema, { requestOrPong: { case: "request", value } }),
        )
      : toBinary(OpenMessageStreamRequestSchema, value);
    const opened = stream.when();
    const session = /** @type {http2.ClientHttp2Session} */ (sessions[i % sessions.length]);
    const call = session.request({
      ":method": "POST",
      ":path": keepAlive ? `${service}WithKeepAlive` : service,
      "content-type": "application/connect+proto",
      "connect-protocol-version": "1",
    });
    calls.push(call);
    call.on("error", () => {});
    // A ping is much shorter than a message, which contains a 64-byte signature.
    frames(call, (length) => {
      if (length > 64) stream.receivedAt = performance.now();
    });
    call.write(framed(request));
    if (!keepAlive) call.end();
    await opened;
  });
}

/** @param {Uint8Array} message */
function framed(message) {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/**
 * Reports the length of each received message.
 *
 * @param {http2.ClientHttp2Stream} call
 * @param {(length: number) => void} onFrame
 */
function frames(call, onFrame) {
  let rest = Buffer.alloc(0);
  call.on("data", (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const length = rest.readUInt32BE(1);
      onFrame(length);
      rest = rest.subarray(5 + length);
    }
  });
}

/** Resolves with the time of the next message. */
function notice() {
  /** @type {((time: number) => void)[]} */
  let waiting = [];
  return {
    /** @param {number} time */
    set receivedAt(time) {
      for (const resolve of waiting.splice(0)) resolve(time);
      waiting = [];
    },
    /** @returns {Promise<number>} */
    when: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

/**
 * Measures the milliseconds from the call that sends a message until its listener receives it, for each key
 * of the sample. The listener starts well before.
 *
 * @param {readonly Order[]} sample
 * @param {(order: Order) => Promise<number>} receive
 */
async function latencies(sample, receive) {
  return Promise.all(
    sample.map(async (order, i) => {
      const received = receive(order);
      await pause(200 + (i * 2000) / sample.length);
      const sentAt = performance.now();
      await order.scan();
      return (await received) - sentAt;
    }),
  );
}

/**
 * @param {readonly number[]} times
 * @returns {[string, string]}
 */
function percentiles(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)} ms`;
  return [at(0.5), at(0.95)];
}

/**
 * Cancels all streams at once. Node 20 closes a connection if more than a thousand of its streams are reset
 * at once.
 *
 * @param {readonly http2.ClientHttp2Stream[]} calls
 * @param {readonly http2.ClientHttp2Session[]} sessions
 * @returns {Promise<[string, string][]>}
 */
async function cancelAll(calls, sessions) {
  /** @type {number[]} */
  const goawayCodes = [];
  for (const session of sessions) session.on("goaway", (code) => goawayCodes.push(code));
  const ended = Promise.all(calls.map((call) => call.closed || once(call, "close")));
  const endedIn = await timed(async () => {
    for (const call of calls) call.close(http2.constants.NGHTTP2_CANCEL);
    await ended;
  });
  // Waits for the server's GOAWAY frames.
  await pause(500);
  return [
    ["time until all streams are closed", `${endedIn.toFixed(0)} ms`],
    [
      "connections closed by the server",
      `${sessions.filter(({ closed }) => closed).length} of ${sessions.length}`,
    ],
    ["GOAWAY error codes", [...new Set(goawayCodes)].join(", ") || "none"],
  ];
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T, index: number) => Promise<unknown>} work
 */
async function inFlight(items, work) {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) await work(/** @type {T} */ (items[i]), i);
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, items.length) }, worker));
}

/**
 * @param {string} title
 * @param {readonly (readonly string[])[]} rows
 * @param {readonly string[]} heads
 */
function print(title, rows, heads = [`Node ${process.versions.node}, ${os.cpus()[0]?.model.trim()}`]) {
  console.log(`| ${[title, ...heads].join(" | ")} |`);
  console.log(`|${["---", ...heads.map(() => "--:")].join("|")}|`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log();
}

/**
 * @param {string} text
 * @param {string} option
 */
function positive(text, option) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} must be a positive integer`);
  return value;
}
