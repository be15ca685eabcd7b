import http from "node:http";
import http2 from "node:http2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildScript, type Child, type Script } from "../support/child-process.js";
import {
  failed,
  keepAliveCall,
  paymentCall,
  post,
  type Reachable,
  requestOf,
  statusCall,
  streamCall,
} from "../support/envelope.js";
import { newKey } from "../support/sequencer.js";
import { callOnce, frame, handshake, opcode, RawSocket, Socket } from "../support/websocket.js";

// An emulator in its own process that reports its memory after a garbage collection.
const emulatorScript = `
  import http from "node:http";
  import v8 from "node:v8";
  import vm from "node:vm";
  import { Emulator } from "./src/emulator/index.ts";

  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc");
  const emulator = await Emulator.start();
  const teller = http.createServer(async (_req, res) => {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    const { heapUsed, external } = process.memoryUsage();
    const sockets = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    res.setHeader("connection", "close").end(JSON.stringify({ bytes: heapUsed + external, sockets }));
  });
  teller.listen(0, "127.0.0.1", () => console.log(emulator.port + " " + teller.address().port + " listening"));
`;

interface Target extends Reachable {
  readonly port: number;
}

let script: Script;
let child: Child;
let target: Target;
let teller = 0;
beforeAll(async () => {
  script = await buildScript(emulatorScript);
  child = script.run([], 600_000);
  const [port = 0, tellerPort = 0] = await new Promise<number[]>((resolve, reject) => {
    child.process.stdout?.on(
      "data",
      (text) => String(text).endsWith("listening\n") && resolve(String(text).split(" ").map(Number)),
    );
    child.exit.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  target = { port, url: `http://127.0.0.1:${port}` };
  teller = tellerPort;
});
afterAll(async () => {
  child.process.kill();
  const { stderr, signal } = await child.exit;
  await script.remove();
  // No internal failure occurred, and the process ran to its end.
  expect([stderr, signal]).toEqual(["", "SIGTERM"]);
});

/** The emulator's memory in bytes, and its sockets, including the one that reports. */
async function held(): Promise<{ bytes: number; sockets: number }> {
  const response = await fetch(`http://127.0.0.1:${teller}`);
  return (await response.json()) as { bytes: number; sockets: number };
}

async function honest(): Promise<void> {
  const key = newKey();
  expect(await post(target, statusCall(key))).toMatchObject({ status: 200, answer: { ok: true } });
  expect(await callOnce(target, paymentCall(key))).toMatchObject({ ok: true });
  expect(await callOnce(target, streamCall(key))).toMatchObject({ ok: true });
}

const large = new Uint8Array(1024 * 1024 + 1);
const header = (length: number) =>
  `POST /v1/api HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length}\r\n\r\n`;

/** Opens a socket, writes, and disconnects: either at once or after the first response bytes. */
async function visit(bytes: readonly (string | Uint8Array)[], until: "at once" | "answered"): Promise<void> {
  const raw = await RawSocket.connect(target);
  for (const each of bytes) raw.net.write(each);
  if (until === "answered") await raw.until((all) => all.length > 0);
  raw.net.resetAndDestroy();
}

const upgraded = () => handshake(target);
const visits: readonly (() => Promise<void>)[] = [
  () => visit([], "at once"),
  () => visit(["GET / HTTP/1.1\r\nUpgr"], "at once"),
  () => visit([upgraded()], "at once"),
  () => visit([upgraded()], "answered"),
  () => visit([upgraded(), frame(opcode.binary, new Uint8Array(50_000), { length: 500_000 })], "answered"),
  () => visit([upgraded(), frame(opcode.binary, new Uint8Array(1000), { fin: false })], "at once"),
  () => visit([upgraded(), frame(opcode.binary, streamCall(newKey()))], "answered"),
  () => visit([upgraded(), frame(opcode.binary, keepAliveCall(newKey()))], "answered"),
  () =>
    visit([upgraded(), frame(opcode.binary, statusCall()), frame(opcode.binary, statusCall())], "answered"),
  () => visit([upgraded(), frame(opcode.text, Buffer.from("hello"))], "answered"),
  () => visit([upgraded(), frame(opcode.binary, Uint8Array.of(0x0a, 0x7f))], "answered"),
  () => visit([upgraded(), frame(opcode.binary, requestOf("X", "y"))], "answered"),
  () => visit([header(1000), new Uint8Array(10)], "at once"),
  () => visit([header(5), Uint8Array.of(0x1a, 1, 0x61, 0x0a, 0x7f)], "answered"),
  () => visit([header(statusCall().length), statusCall()], "answered"),
  () => visit([header(streamCall(newKey()).length), streamCall(newKey())], "at once"),
  async () => {
    const socket = await Socket.open(target);
    socket.send(keepAliveCall(newKey()));
    await socket.nextBytes();
    socket.raw.close();
    await socket.closed;
  },
  async () => {
    const raw = await RawSocket.open(target);
    raw.net.write(frame(opcode.binary, keepAliveCall(newKey())));
    raw.net.end();
    await raw.closed;
    raw.net.destroy();
  },
];

/** Opens `count` connections, 100 at a time, cycling through every kind. */
async function wave(count: number): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await visits[next++ % visits.length]?.();
  };
  await Promise.all(Array.from({ length: 100 }, worker));
}

/** Calls that are too large, over both kinds of endpoint and both versions of HTTP. */
async function oversize(count: number): Promise<void> {
  const session = http2.connect(target.url);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (let i = 0; i < count; i++) {
      const text = failed("[resource_exhausted] request body is larger than 1048576 bytes");
      expect(await post(target, large)).toMatchObject({ status: 413, answer: text });
      const socket = await Socket.open(target);
      socket.send(large);
      expect(await socket.closed).toMatchObject({ code: 1009 });
      const stream = session.request({ ":method": "POST", ":path": "/v1/api" });
      const status = new Promise((resolve, reject) => {
        stream.once("response", (headers) => resolve(headers[":status"]));
        stream.once("error", reject);
      });
      stream.end(large);
      stream.resume();
      expect(await status).toBe(413);
    }
  } finally {
    agent.destroy();
    session.destroy();
  }
}

/** Clients that send a body or a frame one byte at a time, for as long as the test runs. */
async function withSlowSenders<T>(work: () => Promise<T>): Promise<T> {
  const senders = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const raw = i % 2 === 0 ? await RawSocket.open(target) : await RawSocket.connect(target);
      raw.net.setNoDelay();
      const head = frame(opcode.binary, new Uint8Array(), { length: 100_000 });
      raw.net.write(i % 2 === 0 ? head : header(100_000));
      return raw;
    }),
  );
  const timer = setInterval(() => {
    for (const { net } of senders) net.write(Uint8Array.of(0));
  }, 25);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    for (const { net } of senders) net.destroy();
  }
}

it("keeps no memory of thousands of connections that misbehave and disconnect", async () => {
  await honest();
  await wave(300);
  await oversize(3);
  const before = await held();
  await withSlowSenders(async () => {
    await wave(2200);
    await oversize(20);
    // A well-behaved client is served meanwhile.
    await honest();
  });
  await honest();
  await expect
    .poll(async () => (await held()).sockets, { timeout: 60_000 })
    .toBeLessThanOrEqual(before.sockets);
  const after = await held();
  expect(after.bytes - before.bytes).toBeLessThan(3_000_000);
}, 600_000);
