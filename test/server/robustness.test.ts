import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import v8 from "node:v8";
import vm from "node:vm";
import zlib from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Messaging } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { GetStatusRequestSchema } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { Emulator } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { type RawRequest, rawRequest } from "../support/raw-http.js";
import {
  codeScanned,
  fiat,
  filled,
  invalid,
  microPaymentOf,
  newKey,
  payment,
  refusalOf,
  send,
  sendPayment,
  statusOf,
  unauthenticated,
  verifiedPayment,
} from "../support/sequencer.js";

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

let emulator: Emulator;
beforeAll(async () => {
  process.on("unhandledRejection", note);
  process.on("uncaughtExceptionMonitor", note);
  emulator = await Emulator.start({ logger: { error: note } });
});
afterAll(async () => {
  await emulator.close();
  // Unhandled rejections are reported after the turn in which they happened.
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", note);
  process.off("uncaughtExceptionMonitor", note);
  expect(unhandled).toEqual([]);
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type HttpVersion = "1.1" | "2";
interface Protocol {
  readonly name: string;
  readonly version: HttpVersion;
  /** A separate transport that keeps its connections. */
  readonly transportTo: (at: Emulator) => Transport;
}

/** Connections that stay open while a test runs. */
function http1(baseUrl: string) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  cleanups.push(() => agent.destroy());
  return { baseUrl, httpVersion: "1.1", nodeOptions: { agent } } as const;
}

function http2Of(baseUrl: string) {
  const sessionManager = new Http2SessionManager(baseUrl);
  cleanups.push(() => sessionManager.abort());
  return { baseUrl, httpVersion: "2", sessionManager } as const;
}

const kept = (version: HttpVersion, baseUrl: string) => (version === "2" ? http2Of(baseUrl) : http1(baseUrl));

const versions: readonly HttpVersion[] = ["1.1", "2"];
const protocols: readonly Protocol[] = [
  ...versions.map((version) => ({
    name: `Connect over HTTP/${version}`,
    version,
    transportTo: ({ url }: Emulator) => createConnectTransport(kept(version, url)),
  })),
  ...versions.map((version) => ({
    name: `Connect as JSON over HTTP/${version}`,
    version,
    transportTo: ({ url }: Emulator) =>
      createConnectTransport({ ...kept(version, url), useBinaryFormat: false }),
  })),
  ...versions.map((version) => ({
    name: `gRPC-Web over HTTP/${version}`,
    version,
    transportTo: ({ url }: Emulator) => createGrpcWebTransport(kept(version, url)),
  })),
  {
    name: "gRPC",
    version: "2",
    transportTo: ({ url }) => createGrpcTransport(http2Of(url)),
  },
];

const sendMessagePath = "/code.messaging.v1.Messaging/SendMessage";
/** A message above the limit: 4 MiB over gRPC, as in Go's runtime, and 1 MiB over every other protocol. */
const oversizeFor = (name: string) => ({
  rendezvousKey: { value: new Uint8Array(name === "gRPC" ? 4_500_000 : 1_500_000) },
});
const raw = (request: Partial<RawRequest>, at = emulator) =>
  rawRequest(at, { path: sendMessagePath, ...request });
const honest = async (at: { readonly transport: Transport } = emulator) =>
  expect((await statusOf(at, newKey())).exists).toBe(false);

/** A frame of gRPC and gRPC-Web. */
function frame(content: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

it.each(protocols)("rejects requests with the same code and text over $name", async ({ transportTo }) => {
  const [key, verifier] = [newKey(), newKey()];
  const why = "no route to höst\nline 2 \u{1f6ab} 100%";
  await using failing = await Emulator.start({ fetchWellKnown: () => Promise.reject(new Error(why)) });
  const at = { transport: transportTo(failing) };
  const tooMuch = sendPayment(at, newKey(), payment({ exchangeData: fiat("usd", 6) }));
  expect(await refusalOf(tooMuch)).toEqual(invalid("usd currency has a maximum amount of 5.00"));
  expect(await refusalOf(send(at, key, { kind: codeScanned }, filled(1, 64)))).toEqual(unauthenticated());
  const domain = sendPayment(at, key, verifiedPayment(key, verifier, "example.com"));
  expect(await refusalOf(domain)).toEqual(unauthenticated(`error veryfing domain ownership: ${why}`));
});

describe.each(protocols)("a message that is too large over $name", ({ name, transportTo }) => {
  const oversize = oversizeFor(name);

  it("is rejected, and another client continues", async () => {
    const client = createClient(Messaging, transportTo(emulator));
    const { code, text } = await refusalOf(client.sendMessage(oversize));
    expect(code).toBe("ResourceExhausted");
    expect(text).toMatch(
      name === "gRPC"
        ? /^grpc: received message larger than max \(45\d{5} vs\. 4194304\)$/
        : /is larger than configured readMaxBytes 1048576$/,
    );
    await honest({ transport: transportTo(emulator) });
  });

  const timeoutMs = 100_000;
  it("leaves its connection usable", async () => {
    const transport = transportTo(emulator);
    await refusalOf(createClient(Messaging, transport).sendMessage(oversize));
    const intentId = { value: newKey().publicKey };
    const { exists } = await microPaymentOf({ transport }).getStatus({ intentId }, { timeoutMs });
    expect(exists).toBe(false);
  });
});

// The rest of the request is never read, so the window of the complete connection stays used up.
it("keeps the connection usable for a client that reads an early rejection and continues to write", async () => {
  const session = http2.connect(emulator.url);
  cleanups.push(() => session.destroy());
  const headers = { ":method": "POST", ":path": sendMessagePath, "content-type": "application/grpc+proto" };
  const refused = session.request({ ...headers, te: "trailers" });
  refused.resume();
  refused.end(frame(new Uint8Array(4_500_000)));
  const [trailers] = await once(refused, "trailers");
  expect(trailers["grpc-status"]).toBe("8");
  const next = session.request({ ":path": `/v1/getStatus?intent=${toBase58(filled(1))}` });
  next.end();
  const closed = once(refused, "close", { signal: AbortSignal.timeout(60_000) });
  await Promise.all([closed, once(next, "response", { signal: AbortSignal.timeout(60_000) })]);
});

it("reads a message of up to 4 MiB over gRPC", async () => {
  const { transportTo } = protocols.find(({ name }) => name === "gRPC") as Protocol;
  const intentId = { value: new Uint8Array(4 * 1024 * 1024 - 20) };
  expect(
    await refusalOf(microPaymentOf({ transport: transportTo(emulator) }).getStatus({ intentId })),
  ).toEqual(
    invalid(
      "invalid GetStatusRequest.IntentId: embedded message failed validation | caused by: invalid IntentId.Value: value length must be 32 bytes",
    ),
  );
});

describe("a malformed call over gRPC", () => {
  const notFinished = Uint8Array.of(0, 0, 0, 0, 9, 1);
  const one = Uint8Array.of(1);

  it.each([
    [
      "compressed",
      "SendMessage",
      frame(one, 1),
      { "grpc-encoding": "gzip" },
      12,
      'grpc: Decompressor is not installed for grpc-encoding "gzip"',
    ],
    [
      "marked as compressed",
      "SendMessage",
      frame(one, 1),
      {},
      13,
      "grpc: compressed flag set with identity or empty encoding",
    ],
    ["with another flag", "SendMessage", frame(one, 2), {}, 13, "grpc: received unexpected payload format 2"],
    ["cut off in a frame", "SendMessage", notFinished, {}, 2, "unexpected EOF"],
    ["cut off in a frame, to a stream", "OpenMessageStream", notFinished, {}, 13, "unexpected EOF"],
    [
      "cut off in a frame, to a stream with keep-alive",
      "OpenMessageStreamWithKeepAlive",
      notFinished,
      {},
      13,
      "unexpected EOF",
    ],
  ])("is rejected in Go's words: %s", async (_, method, body, more, code, message) => {
    const session = http2.connect(emulator.url);
    cleanups.push(() => session.destroy());
    const stream = session.request({
      ":method": "POST",
      ":path": `/code.messaging.v1.Messaging/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...more,
    });
    const received: http2.IncomingHttpHeaders = {};
    for (const event of ["response", "trailers"])
      stream.on(event, (headers) => Object.assign(received, headers));
    stream.resume();
    stream.end(body);
    await once(stream, "end");
    expect([received["grpc-status"], decodeURIComponent(String(received["grpc-message"]))]).toEqual([
      String(code),
      message,
    ]);
  });
});

describe("a compressed request", () => {
  const getStatus = toBinary(
    GetStatusRequestSchema,
    create(GetStatusRequestSchema, { intentId: { value: filled(1) } }),
  );
  const path = "/code.micropayment.v1.MicroPayment/GetStatus";

  it.each([
    ["gzip", zlib.gzipSync],
    ["br", zlib.brotliCompressSync],
  ] as const)("is read over Connect: %s", async (encoding, compress) => {
    for (const [type, body] of [
      ["proto", compress(getStatus)],
      ["json", compress(JSON.stringify({ intentId: { value: Buffer.from(filled(1)).toString("base64") } }))],
    ] as const) {
      const headers = { "content-type": `application/${type}`, "content-encoding": encoding };
      const { status, text } = await raw({ path, headers, body });
      expect([status, text]).toEqual([200, type === "json" ? "{}" : ""]);
    }
  });

  it("is read over gRPC-Web", async () => {
    const headers = { "content-type": "application/grpc-web+proto", "grpc-encoding": "gzip" };
    const { text } = await raw({ path, headers, body: frame(zlib.gzipSync(getStatus), 1) });
    expect(text).toContain("grpc-status: 0");
  });
});

describe("a decompression bomb", () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024);
  const text = "message is larger than configured readMaxBytes 1048576 after decompression";

  it.each([
    ["gzip", zlib.gzipSync(zeros)],
    ["br", zlib.brotliCompressSync(zeros)],
  ])("is not decompressed over Connect: %s", async (encoding, body) => {
    const headers = { "content-type": "application/proto", "content-encoding": encoding };
    const response = await raw({ headers, body });
    expect([response.status, JSON.parse(response.text)]).toEqual([
      429,
      { code: "resource_exhausted", message: text },
    ]);
    await honest();
  });

  it("is not decompressed over gRPC-Web", async () => {
    const headers = { "content-type": "application/grpc-web+proto", "grpc-encoding": "gzip" };
    const response = await raw({ headers, body: frame(zlib.gzipSync(zeros), 1) });
    expect(response.text).toContain("grpc-status: 8");
    expect(decodeURIComponent(response.text)).toContain(text);
    await honest();
  });

  it("is not decompressed if it only claims to be large", async () => {
    const headers = { "content-type": "application/grpc-web+proto" };
    const response = await raw({ headers, body: Uint8Array.of(0, 255, 255, 255, 255) });
    expect(response.text).toContain("grpc-status: 8");
  });
});

it("releases the memory of 200 rejected requests that are too large", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  const used = async () => {
    // Sockets release their buffers once they are closed.
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const body = Buffer.alloc(2_000_000, 0x20);
  const bomb = zlib.gzipSync(Buffer.alloc(16_000_000));
  const proto = { "content-type": "application/proto" };
  const tries = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const statuses = await Promise.all([
        raw({ headers: proto, body }),
        raw({ headers: { ...proto, "content-encoding": "gzip" }, body: bomb }),
        raw({ path: "/v1/createIntent", body }),
        raw({ headers: { "content-type": "application/grpc-web" }, body: frame(body) }),
      ]);
      expect(statuses.map(({ status }) => status)).toEqual([429, 429, 413, 200]);
    }
  };
  await tries(5);
  const before = await used();
  await tries(50);
  expect((await used()) - before).toBeLessThan(40_000_000);
  await honest();
});

describe("a request that cannot be decoded", () => {
  const proto = { "content-type": "application/proto" };
  const json = { "content-type": "application/json" };
  const connectError = async (request: Partial<RawRequest>) => {
    const { status, text } = await raw(request);
    const { code, message } = JSON.parse(text) as { code: string; message: string };
    expect(message).not.toBe("");
    return [status, code];
  };

  it.each<[string, Partial<RawRequest>, [number, string]]>([
    ["cut off", { headers: proto, body: Uint8Array.of(0x0a, 0x7f) }, [500, "internal"]],
    ["of varints without an end", { headers: proto, body: new Uint8Array(64).fill(0xff) }, [500, "internal"]],
    ["of groups in groups", { headers: proto, body: new Uint8Array(900_000).fill(0x0b) }, [500, "internal"]],
    [
      "with text that is not UTF-8",
      {
        path: "/code.micropayment.v1.MicroPayment/RegisterWebhook",
        headers: proto,
        body: Uint8Array.of(0x12, 0x01, 0xff),
      },
      [500, "internal"],
    ],
    ["of JSON that is none", { headers: json, body: "{" }, [400, "invalid_argument"]],
    ["of JSON of another shape", { headers: json, body: '{"message":1}' }, [400, "invalid_argument"]],
    [
      "in an encoding that is not known",
      { headers: { ...proto, "content-encoding": "zstd" }, body: "x" },
      [501, "unimplemented"],
    ],
    [
      "in an encoding that it is not in",
      { headers: { ...proto, "content-encoding": "gzip" }, body: "not gzip" },
      [400, "invalid_argument"],
    ],
    [
      "with a deadline that is no number",
      { headers: { ...proto, "connect-timeout-ms": "soon" }, body: "" },
      [400, "invalid_argument"],
    ],
  ])("rejects %s over Connect", async (_, request, expected) => {
    expect(await connectError(request)).toEqual(expected);
    await honest();
  });

  it.each<[string, Uint8Array, Code]>([
    ["malformed", frame(Uint8Array.of(0x0a, 0x7f)), Code.Internal],
    ["no frame", new Uint8Array(), Code.Unimplemented],
    ["half a frame", Uint8Array.of(0, 0, 0, 0, 9, 1), Code.InvalidArgument],
    ["two frames", Buffer.concat([frame(filled(0, 0)), frame(filled(0, 0))]), Code.Unimplemented],
    ["a compressed frame without an encoding", frame(Uint8Array.of(1), 1), Code.Internal],
  ])("rejects %s over gRPC-Web", async (_, body, code) => {
    const { status, text } = await raw({ headers: { "content-type": "application/grpc-web+proto" }, body });
    expect(status).toBe(200);
    expect(text).toContain(`grpc-status: ${code}\r\n`);
    await honest();
  });

  it("rejects an empty request and unknown fields in validation only", async () => {
    // The last one is the known field 1 with the wire type of a varint, which makes it unknown.
    for (const body of ["", Uint8Array.of(0xa2, 0x06, 0x01, 0x00), Uint8Array.of(0x08, 0x01)]) {
      const { status, text } = await raw({ headers: proto, body });
      expect([status, JSON.parse(text)]).toEqual([
        400,
        { code: "invalid_argument", message: "invalid SendMessageRequest.Message: value is required" },
      ]);
    }
  });
});

describe("a request that does not resolve to a method", () => {
  it.each([undefined, "text/plain", "application/xml", "application/connect+proto", "application/"])(
    "returns 415 for content type %s",
    async (type) => {
      const headers = type === undefined ? {} : { "content-type": type };
      expect((await raw({ headers, body: "x" })).status).toBe(415);
      await honest();
    },
  );

  it.each(["GET", "HEAD", "PUT", "DELETE"])("returns 405 for method %s", async (method) => {
    expect((await raw({ method, headers: { "content-type": "application/proto" } })).status).toBe(405);
  });

  it.each([
    "/code.messaging.v1.Messaging/Nothing",
    "/code.messaging.v1.Nothing/SendMessage",
    "/code.micropayment.v1.MicroPayment/Codify",
    "/code.messaging.v1.Messaging/sendMessage",
    `${sendMessagePath}/`,
  ])("returns 404 for %s, which clients read as unimplemented", async (path) => {
    const { status } = await raw({ path, headers: { "content-type": "application/proto" }, body: "" });
    expect(status).toBe(404);
  });

  it.each(protocols)("returns Unimplemented for an unknown method over $name", async ({ transportTo }) => {
    const transport = transportTo(emulator);
    const elsewhere: Transport = {
      stream: (...call) => transport.stream(...call),
      unary: (method, ...rest) => transport.unary({ ...method, name: "Nothing" }, ...rest),
    };
    const call = createClient(Messaging, elsewhere).sendMessage({});
    expect((await refusalOf(call)).code).toBe("Unimplemented");
    await honest({ transport });
  });
});

describe("a client that disconnects", () => {
  it("during a request, or before it reads the response, does not affect others", async () => {
    const lines = (path: string, type: string) =>
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n{`;
    for (let i = 0; i < 30; i++) {
      const socket = net.connect(emulator.port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(
        i % 2 ? lines("/v1/createIntent", "text/plain") : lines(sendMessagePath, "application/proto"),
      );
      if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (i % 2) socket.resetAndDestroy();
      else socket.destroy();
    }
    const session = http2.connect(emulator.url);
    session.on("error", () => {});
    for (const path of ["/v1/createIntent", sendMessagePath]) {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/proto",
      });
      stream.on("error", () => {});
      stream.write("{");
      await new Promise((resolve) => setTimeout(resolve, 20));
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    session.destroy();
    await honest();
    expect(unhandled).toEqual([]);
  });
});

describe("emulator start and close", () => {
  /** The listening servers of this process. */
  const listening = () => process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;

  it("runs 50 emulators concurrently without shared state", async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => Emulator.start()));
    expect(new Set(all.map(({ port }) => port)).size).toBe(50);
    const key = newKey();
    await Promise.all(
      all.map(async (each, i) => {
        if (i % 2 === 0) await sendPayment(each, key, payment());
        const path = `/v1/getStatus?intent=${toBase58(key.publicKey)}`;
        const { text } = await rawRequest(each, { method: "GET", path });
        expect(JSON.parse(text)).toEqual({ success: true, status: i % 2 === 0 ? "PENDING" : "UNKNOWN" });
      }),
    );
    await Promise.all(all.map((each) => each.close()));
    await expect.poll(listening).toBe(1);
    for (const each of all) {
      const call = rawRequest(each, { method: "GET", path: "/" });
      await expect(call).rejects.toMatchObject({ code: "ECONNREFUSED" });
    }
  });

  it("frees its port and closes exactly once", async () => {
    const first = await Emulator.start();
    const closing = first.close();
    expect(first.close()).toBe(closing);
    await closing;
    await first[Symbol.asyncDispose]();
    await using second = await Emulator.start({ port: first.port });
    expect(second.port).toBe(first.port);
    await honest(second);
  });

  it("rejects with the system's error if the port is in use, without side effects", async () => {
    const error = await Emulator.start({ port: emulator.port }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: "EADDRINUSE", syscall: "listen", port: emulator.port });
    await honest();
  });

  /** An emulator whose requests with a verified domain wait, and a function that releases them. */
  async function held() {
    const key = newKey();
    let arrived = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const body = JSON.stringify({ public_keys: [toBase58(key.publicKey)] });
    const slow = await Emulator.start({
      fetchWellKnown: async () => {
        arrived++;
        await released;
        return { status: 200, body };
      },
      logger: { error: note },
    });
    cleanups.push(() => slow.close());
    const send = (transport: Transport) => {
      const rendezvous = newKey();
      return sendPayment({ transport }, rendezvous, verifiedPayment(rendezvous, key, "example.com")).then(
        () => "accepted",
        (error: unknown) => (error instanceof ConnectError ? Code[error.code] : String(error)),
      );
    };
    const running = [...protocols.map(({ transportTo }) => send(transportTo(slow))), send(slow.transport)];
    while (arrived < running.length) await new Promise((resolve) => setTimeout(resolve, 5));
    return { slow, running, release };
  }

  it("lets running calls finish on close", async () => {
    const { slow, running, release } = await held();
    const closing = slow.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    release();
    expect(await Promise.all(running)).toEqual(running.map(() => "accepted"));
    await closing;
  });

  it("does not wait on close for calls that never end, and fails them", async () => {
    const { slow, running, release } = await held();
    await slow.close();
    const inMemory = running.pop();
    const outcomes = await Promise.all(running);
    for (const outcome of outcomes)
      expect(["Unavailable", "Aborted", "Canceled", "Internal"]).toContain(outcome);
    release();
    expect(await inMemory).toBe("accepted");
    expect(unhandled).toEqual([]);
  });
});
