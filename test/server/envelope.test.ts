import http from "node:http";
import http2 from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { RequestSchema } from "../../gen/code/common/v1/model_pb.js";
import {
  Messaging,
  OpenMessageStreamResponseSchema,
  OpenMessageStreamWithKeepAliveResponseSchema,
  PollMessagesResponseSchema,
  SendMessageResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusResponseSchema,
  MicroPayment,
  RegisterWebhookResponse_Result,
  RegisterWebhookResponseSchema,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { Identity } from "../../gen/code/user/v1/identity_service_pb.js";
import type { Emulator } from "../../src/emulator/index.js";
import { envelopeHandler } from "../../src/server/envelope/http.js";
import { EnvelopeMethods } from "../../src/server/envelope/methods.js";
import { RequestQueue } from "../../src/server/envelope/queue.js";
import { startPortServer } from "../../src/server/port/port-server.js";
import { cleanUp, emulated, later } from "../support/emulated.js";
import {
  answerOf,
  callOf,
  failed,
  keepAliveCall,
  messageCall,
  paymentCall,
  post,
  requestOf,
  statusCall,
  streamCall,
  unreadableBody,
} from "../support/envelope.js";
import { rawRequest } from "../support/raw-http.js";
import {
  codeScanned,
  fiat,
  filled,
  newKey,
  payment,
  sendKind,
  sendPayment,
  statusOf,
  verifiedPayment,
} from "../support/sequencer.js";
import { hex, type IntentVector, unhex, vectors } from "../support/vectors.js";

afterEach(cleanUp);

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 60_000 });

const { getStatus } = MicroPayment.method;
const { pollMessages, ackMessages, openMessageStream, openMessageStreamWithKeepAlive } = Messaging.method;

/** A test's own services behind `/v1/api`. */
async function serve(routes: (router: ConnectRouter) => void) {
  const errors: unknown[] = [];
  const handler = envelopeHandler(new EnvelopeMethods(routes), (error) => errors.push(error));
  const server = await startPortServer({ host: "127.0.0.1", port: 0, handler });
  later(() => server.close({ graceMs: 0 }));
  return { url: `http://127.0.0.1:${server.port}`, errors };
}

describe("a successful envelope call", () => {
  it("sends the reply of a call", async () => {
    const { emulator } = await emulated();
    const key = newKey();
    const { status, answer } = await post(emulator, paymentCall(key));
    expect(status).toBe(200);
    if (!answer.ok) throw new Error(answer.error);
    expect(fromBinary(SendMessageResponseSchema, answer.body).messageId?.value).toHaveLength(16);
    expect((await statusOf(emulator, key)).exists).toBe(true);
  });

  it.each([
    ["a status that is all false", statusCall()],
    [
      "an acknowledgement",
      callOf(ackMessages, {
        rendezvousKey: { value: filled(1) },
        messageIds: [{ value: filled(2, 16) }],
      }),
    ],
  ])("sends zero bytes for an empty reply: %s", async (_, call) => {
    const { emulator } = await emulated();
    expect(await post(emulator, call)).toEqual({
      status: 200,
      answer: { ok: true, body: new Uint8Array() },
      bytes: new Uint8Array(),
    });
  });

  it("accepts any content type, any version and both spellings of the path", async () => {
    const { emulator } = await emulated();
    const ok = { status: 200, answer: { ok: true, body: new Uint8Array() } };
    for (const type of ["application/octet-stream", "application/proto", "text/plain", "application/json"])
      expect(await post(emulator, statusCall(), { headers: { "content-type": type } })).toMatchObject(ok);
    for (const path of ["/v1/api", "/v1/api/", "/v1/api?x=1", "/v1/api/?x=1"])
      expect(await post(emulator, statusCall(), { path })).toMatchObject(ok);
    for (const version of ["", "0a00", "0a03312e30"])
      expect(await post(emulator, Buffer.concat([unhex(version), statusCall()]))).toMatchObject(ok);
    const { status, headers, text } = await rawRequest(emulator, { path: "/v1/api", body: statusCall() });
    expect([status, text]).toEqual([200, ""]);
    expect(headers).toMatchObject({ "content-type": "application/octet-stream", "content-length": "0" });
    const target = `http://127.0.0.1:${emulator.port}/v1/api`;
    expect(await rawRequest(emulator, { path: target, body: statusCall() })).toMatchObject({ status: 200 });
  });

  it.each(["/v1/apis", "/v1/api/x", "/v1/api//", "/v1/ap", "/x/v1/api", "/V1/API"])(
    "does not serve an envelope at %s",
    async (path) => {
      const { emulator } = await emulated();
      expect(await rawRequest(emulator, { path, body: statusCall() })).toMatchObject({ status: 404 });
    },
  );

  it("serves a call over HTTP/2", async () => {
    const { emulator } = await emulated();
    const key = newKey();
    await sendPayment(emulator, key, payment());
    const { status, headers, bytes } = await post2(emulator, { body: statusCall(key) });
    expect([status, headers["content-type"]]).toEqual([200, "application/octet-stream"]);
    expect(answerOf(bytes)).toEqual({
      ok: true,
      body: toBinary(GetStatusResponseSchema, create(GetStatusResponseSchema, { exists: true })),
    });
  });
});

it("aborts the service's signal when the call is over", async () => {
  const signals: AbortSignal[] = [];
  const methods = new EnvelopeMethods((router) => {
    router.rpc(getStatus, (_request, { signal }) => {
      signals.push(signal);
      return { exists: !signal.aborted };
    });
    router.rpc(openMessageStream, async function* (_request, { signal }) {
      signals.push(signal);
      yield {};
      throw new Error("was asked for more");
    });
  });
  const { signal } = new AbortController();
  for (const call of [statusCall(), streamCall(newKey())]) {
    const method = methods.find(fromBinary(RequestSchema, call));
    const requests = new RequestQueue();
    requests.push(method.parse(new Uint8Array()), 0);
    for await (const _ of method.call(requests, signal)) break;
  }
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

describe("a failed envelope call", () => {
  it("sends an error with the sequencer's text at HTTP status 200", async () => {
    const { emulator } = await emulated();
    const key = newKey();
    const rendezvousKey = { value: key.publicKey };
    const signature = { value: filled(3, 64) };
    const tooMuch = payment({ exchangeData: fiat("usd", 6) });
    const calls: [Uint8Array, string][] = [
      [
        callOf(Messaging.method.sendMessage, {}),
        "[invalid_argument] invalid SendMessageRequest.Message: value is required",
      ],
      [paymentCall(key, tooMuch), "[invalid_argument] usd currency has a maximum amount of 5.00"],
      // The sequencer has no text for these.
      [messageCall(key, codeScanned, signature.value), "[unauthenticated]"],
      [callOf(pollMessages, { rendezvousKey, signature }), "[unauthenticated]"],
      [callOf(openMessageStream, { rendezvousKey, signature }), "[unauthenticated]"],
      [callOf(openMessageStreamWithKeepAlive, {}), expect.stringMatching(/^\[invalid_argument\] invalid /)],
      [
        callOf(openMessageStreamWithKeepAlive, {
          requestOrPong: { case: "pong", value: { timestamp: { seconds: 1n } } },
        }),
        "[invalid_argument] request is nil",
      ],
    ];
    for (const [call, error] of calls)
      expect(await post(emulator, call)).toMatchObject({ status: 200, answer: failed(error) });
    expect((await statusOf(emulator, key)).exists).toBe(false);
  });

  it("reports who does not own a domain", async () => {
    const fetchWellKnown = async () => ({ status: 200, body: "{}" });
    const { emulator } = await emulated({ fetchWellKnown });
    const [key, verifier] = [newKey(), newKey()];
    const call = paymentCall(key, verifiedPayment(key, verifier, "example.com"));
    const { status, answer } = await post(emulator, call);
    expect(status).toBe(200);
    expect(answer).toEqual(
      failed(expect.stringMatching(/^\[permission_denied\] \w+ does not own domain example\.com$/)),
    );
  });

  const codes = Object.values(Code).filter((code): code is Code => typeof code === "number");
  it.each(codes.map((code) => [code, Code[code]]))("sends a name for code %i, %s", async (code, name) => {
    const snakeCase = String(name)
      .replace(/(?<=.)[A-Z]/g, "_$&")
      .toLowerCase();
    const server = await serve((router) =>
      router.service(MicroPayment, {
        getStatus: () => {
          throw new ConnectError("some [text]", code);
        },
        registerWebhook: () => {
          throw new ConnectError("", code);
        },
      }),
    );
    expect(await post(server, requestOf("MicroPayment", "getStatus"))).toMatchObject({
      status: 200,
      answer: failed(`[${snakeCase}] some [text]`),
    });
    const { answer } = await post(server, requestOf("MicroPayment", "registerWebhook"));
    expect(answer).toEqual(failed(`[${snakeCase}]`));
    expect(server.errors).toEqual([]);
  });

  it("sends Unimplemented for a missing method, and Internal without text for an unexpected error", async () => {
    const mistake = new Error("secret");
    const server = await serve((router) => {
      router.service(MicroPayment, {
        getStatus: () => {
          throw mistake;
        },
      });
      router.rpc(openMessageStream, () => {
        throw mistake;
      });
    });
    expect((await post(server, requestOf("MicroPayment", "registerWebhook"))).answer).toEqual(
      failed("[unimplemented] code.micropayment.v1.MicroPayment.RegisterWebhook is not implemented"),
    );
    for (const call of [requestOf("MicroPayment", "getStatus"), requestOf("Messaging", "openMessageStream")])
      expect(await post(server, call)).toMatchObject({ status: 200, answer: failed("[internal]") });
    expect(server.errors).toEqual([mistake, mistake]);
  });

  it("reports a call without a reply at HTTP status 500", async () => {
    const server = await serve((router) => router.rpc(openMessageStream, async function* () {}));
    expect(await post(server, requestOf("Messaging", "openMessageStream"))).toMatchObject({
      status: 500,
      answer: failed("No response received from gRPC service"),
    });
  });
});

describe("an invalid envelope call", () => {
  it.each(["", "X", "messaging", "code.messaging.v1.Messaging", "constructor", "__proto__"])(
    "rejects the unknown service %j",
    async (service) => {
      const { emulator } = await emulated();
      const expected = { status: 200, answer: failed(`Invalid service name: ${service}`) };
      expect(await post(emulator, requestOf(service, "sendMessage"))).toMatchObject(expected);
    },
  );

  it.each([
    ["EmulatorService", "reset"],
    ["EmulatorService", "exportState"],
    ["WalletService", "pay"],
  ])("rejects the emulator's own service %s", async (service, method) => {
    const { emulator } = await emulated();
    const expected = { status: 200, answer: failed(`Invalid service name: ${service}`) };
    expect(await post(emulator, requestOf(service, method))).toMatchObject(expected);
  });

  it.each(["", "SendMessage", "sendmessage", "getStatus", "toString", "__proto__"])(
    "rejects the unknown method %j",
    async (method) => {
      const { emulator } = await emulated();
      const expected = { status: 200, answer: failed(`Invalid method name: Messaging.${method}`) };
      expect(await post(emulator, requestOf("Messaging", method))).toMatchObject(expected);
    },
  );

  it.each(["0a7f", "0b", "ffffffffffffffffffffff", "0a22"])(
    "rejects the body %s, which the method cannot decode",
    async (bytes) => {
      const { emulator } = await emulated();
      const expected = { status: 200, answer: failed(unreadableBody) };
      expect(await post(emulator, requestOf("MicroPayment", "getStatus", unhex(bytes)))).toMatchObject(
        expected,
      );
    },
  );

  it("treats a field of another wire type as unknown, as Go does", async () => {
    const { emulator } = await emulated();
    const why = "[invalid_argument] invalid GetStatusRequest.IntentId: value is required";
    expect(await post(emulator, requestOf("MicroPayment", "getStatus", unhex("0801")))).toMatchObject({
      status: 200,
      answer: failed(why),
    });
  });

  it.each([
    ["cut off", "0a7f"],
    ["a group without an end", "0b"],
    ["a varint without an end", "ffffffffffffffffffffff"],
    ["text that is not UTF-8", "1202c328"],
    ["a wire type that does not exist", "0f"],
  ])("rejects a request that is not an envelope: %s", async (_, bytes) => {
    const { emulator } = await emulated();
    const { status, answer } = await post(emulator, unhex(bytes));
    expect([status, answer.ok]).toEqual([500, false]);
    expect(answer).not.toEqual(failed(""));
  });

  it("rejects an empty envelope", async () => {
    const { emulator } = await emulated();
    const expected = { status: 200, answer: failed("Invalid service name: ") };
    expect(await post(emulator, new Uint8Array())).toMatchObject(expected);
  });

  it.each(["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "rejects an envelope sent as a %s",
    async (method) => {
      const { emulator } = await emulated();
      const body = method === "HEAD" ? "" : '{"error":"http post expected","success":false}';
      for (const path of ["/v1/api", "/v1/api/"]) {
        const { status, headers, text } = await rawRequest(emulator, { method, path });
        expect([status, headers.allow, text]).toEqual([405, "POST", body]);
        const second = await post2(emulator, { method, path });
        expect([second.status, second.headers.allow, Buffer.from(second.bytes).toString()]).toEqual([
          405,
          "POST",
          body,
        ]);
      }
    },
  );
});

describe("an envelope call that is too large", () => {
  const limit = 1024 * 1024;
  /** A call of `size` bytes, padded with an unknown field. */
  function callOfSize(size: number): Uint8Array {
    const call = statusCall();
    const head = Uint8Array.of(0x7a, 0, 0, 0);
    const length = size - call.length - head.length;
    head.set([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14], 1);
    return Buffer.concat([call, head, new Uint8Array(length)]);
  }

  it("rejects a call one byte over a megabyte and keeps its connection usable", async () => {
    const { emulator } = await emulated();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    later(() => agent.destroy());
    expect(callOfSize(limit)).toHaveLength(limit);
    for (const [size, status] of [
      [limit, 200],
      [limit + 1, 413],
      [3 * limit, 413],
      [limit, 200],
    ] as const) {
      const answer = await rawRequest(emulator, { path: "/v1/api", body: callOfSize(size), agent });
      expect([size, answer.status]).toEqual([size, status]);
      expect(answer.headers.connection).toBe("keep-alive");
    }
    const text = failed("[resource_exhausted] request body is larger than 1048576 bytes");
    expect(await post(emulator, callOfSize(limit + 1))).toMatchObject({ status: 413, answer: text });
    const second = await post2(emulator, { body: callOfSize(limit + 1) });
    expect([second.status, answerOf(second.bytes)]).toEqual([413, text]);
  });
});

describe("a stream in an envelope over HTTP", () => {
  it("sends only the first reply and frees the key", async () => {
    const { emulator, clock } = await emulated();
    const key = newKey();
    await sendPayment(emulator, key, payment());
    await sendKind(emulator, key, codeScanned);
    const timers = clock.pending;
    for (let i = 0; i < 3; i++) {
      const { status, answer } = await post(emulator, streamCall(key));
      if (!answer.ok) throw new Error(answer.error);
      const { messages } = fromBinary(OpenMessageStreamResponseSchema, answer.body);
      expect([status, messages.map(({ kind }) => kind.case)]).toEqual([200, ["requestToReceiveBill"]]);
    }
    expect(clock.pending).toBe(timers);
  });

  it("sends the first ping of a stream with keep-alive and frees the key", async () => {
    const { emulator, clock } = await emulated();
    const key = newKey();
    const timers = clock.pending;
    for (let i = 0; i < 3; i++) {
      const { answer } = await post(emulator, keepAliveCall(key));
      if (!answer.ok) throw new Error(answer.error);
      const reply = fromBinary(OpenMessageStreamWithKeepAliveResponseSchema, answer.body);
      expect(reply.responseOrPing.case).toBe("ping");
    }
    expect(clock.pending).toBe(timers);
  });

  it("half-closes the call only after the first reply", async () => {
    let read: Promise<number> | undefined;
    let early = 0;
    const server = await serve((router) =>
      router.rpc(openMessageStreamWithKeepAlive, async function* (requests) {
        read = (async () => {
          let count = 0;
          for await (const _ of requests) count++;
          return count;
        })();
        read.then(() => early++);
        await new Promise((resolve) => setImmediate(resolve));
        if (early > 0) return;
        yield { responseOrPing: { case: "ping", value: {} } } as const;
      }),
    );
    expect(await post(server, requestOf("Messaging", "openMessageStreamWithKeepAlive"))).toMatchObject({
      answer: { ok: true },
    });
    expect(await read).toBe(1);
  });

  /** A stream that waits for its first message, on a key without stored messages. */
  async function waiting(emulator: Emulator, clock: { readonly pending: number }, signal?: AbortSignal) {
    const key = newKey();
    const timers = clock.pending;
    const answer = post(emulator, streamCall(key), signal === undefined ? {} : { signal });
    answer.catch(() => {});
    await eventually(() => clock.pending).toBeGreaterThan(timers);
    return { key, answer };
  }

  it("waits for the first message of a stream", async () => {
    const { emulator, clock } = await emulated();
    const { key, answer } = await waiting(emulator, clock);
    await sendPayment(emulator, key, payment());
    expect(await answer).toMatchObject({ status: 200, answer: { ok: true } });
  });

  it("ends a stream without messages after a minute, like other protocols", async () => {
    const { emulator, clock } = await emulated();
    const { answer } = await waiting(emulator, clock);
    await clock.advance(61_000);
    expect(await answer).toMatchObject({ status: 200, answer: failed("[deadline_exceeded]") });
  });

  it("frees the key of a waiting stream when its client disconnects", async () => {
    const { emulator, clock } = await emulated();
    const leaving = new AbortController();
    const timers = clock.pending;
    const { key } = await waiting(emulator, clock, leaving.signal);
    const second = await post(emulator, streamCall(key));
    expect(second).toMatchObject({ status: 200, answer: failed("[aborted] stream already exists") });
    leaving.abort();
    await eventually(() => clock.pending).toBe(timers);
    await sendPayment(emulator, key, payment());
    expect(await post(emulator, streamCall(key))).toMatchObject({ answer: { ok: true } });
  });

  it("reports to a waiting stream that the emulator closes", async () => {
    const { emulator, clock } = await emulated();
    const { answer } = await waiting(emulator, clock);
    await emulator.close();
    expect(await answer).toMatchObject({ status: 200, answer: failed("[unavailable]") });
  });
});

describe("an envelope call from a web page", () => {
  it("responds to a page of an allowed origin, including its preflight", async () => {
    const { emulator } = await emulated();
    const origin = "http://localhost:5173";
    const preflight = await rawRequest(emulator, {
      method: "OPTIONS",
      path: "/v1/api/",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect([preflight.status, preflight.headers["access-control-allow-origin"]]).toEqual([204, origin]);
    const answer = await rawRequest(emulator, { path: "/v1/api/", headers: { origin }, body: statusCall() });
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([200, origin]);
  });

  it.each([
    [{ origin: "https://evil.example" }, 403],
    [{ host: "evil.example" }, 421],
  ])("rejects a page with %j", async (headers, status) => {
    const { emulator } = await emulated();
    const key = newKey();
    const answer = await rawRequest(emulator, { path: "/v1/api", headers, body: statusCall(key) });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([status, { success: false }]);
  });
});

describe("the envelope calls of the official packages", () => {
  type Envelope = IntentVector & { readonly httpEnvelopeHex?: string };
  const intents: readonly Envelope[] = vectors.intents;
  const registered = intents.filter(({ httpEnvelopeHex }) => httpEnvelopeHex !== undefined);
  const verifier = "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1";
  const generous = {
    limits: {
      usd: { min: 0.05, max: 1e13 },
      gbp: { min: 0.05, max: 5 },
      jpy: { min: 5, max: 500 },
      vnd: { min: 1000, max: 100_000 },
      kin: { min: 2500, max: 250_000 },
    },
    fetchWellKnown: async () => ({ status: 200, body: JSON.stringify({ public_keys: [verifier] }) }),
  };
  const envelopeOf = (id: string) => {
    const found = vectors.otherMessages.find((vector) => vector.id === id);
    return unhex(found?.httpEnvelopeHex ?? found?.requestHex ?? "");
  };
  const statusOfIntent = ({ rendezvousPublicKeyHex }: Envelope) =>
    callOf(getStatus, { intentId: { value: unhex(rendezvousPublicKeyHex) } });

  it("loads the recorded calls", () => {
    expect(registered.length).toBeGreaterThanOrEqual(19);
  });

  it.each(registered)("registers the recorded call $id", async (vector) => {
    const { emulator } = await emulated(generous);
    const { status, answer } = await post(emulator, unhex(vector.httpEnvelopeHex ?? ""));
    expect([status, answer.ok ? "" : answer.error]).toEqual([200, ""]);
    expect(await post(emulator, statusOfIntent(vector))).toMatchObject({ answer: { ok: true } });
    const { bytes } = await post(emulator, statusOfIntent(vector));
    expect(hex(bytes)).toBe("12020801");
    // The same intent twice is one intent.
    expect(await post(emulator, unhex(vector.httpEnvelopeHex ?? ""))).toMatchObject({ answer: { ok: true } });
  });

  it.each(registered.filter(({ id }) => ["seed-54-byte", "usd-max-7-byte"].includes(id)))(
    "rejects the recorded call $id, which exceeds the real limit",
    async ({ httpEnvelopeHex }) => {
      const { emulator } = await emulated();
      const answer = failed("[invalid_argument] usd currency has a maximum amount of 5.00");
      expect(await post(emulator, unhex(httpEnvelopeHex ?? ""))).toMatchObject({ status: 200, answer });
    },
  );

  it("returns a status with and without an explicit version", async () => {
    const { emulator } = await emulated();
    const asked = vectors.otherMessages.find(({ id }) => id === "get-status");
    for (const bytes of [asked?.httpEnvelopeHex, asked?.docsEnvelopeHexWithExplicitEmptyVersion])
      expect(await post(emulator, unhex(bytes ?? "00"))).toMatchObject({ status: 200, answer: { ok: true } });
  });

  it("polls messages with a recorded call", async () => {
    const { emulator } = await emulated();
    const { answer } = await post(emulator, envelopeOf("poll-messages"));
    if (!answer.ok) throw new Error(answer.error);
    expect(fromBinary(PollMessagesResponseSchema, answer.body).messages).toEqual([]);
  });

  it("registers a webhook with a recorded call", async () => {
    const { emulator } = await emulated({ resolveHost: async () => ["203.0.113.1"] });
    const { answer } = await post(emulator, envelopeOf("register-webhook"));
    if (!answer.ok) throw new Error(answer.error);
    expect(fromBinary(RegisterWebhookResponseSchema, answer.body).result).toBe(
      RegisterWebhookResponse_Result.REQUEST_NOT_FOUND,
    );
  });

  it("rejects the calls of the official docs, whose body is invalid", async () => {
    const { emulator } = await emulated();
    const expected = { status: 200, answer: failed(unreadableBody) };
    expect(await post(emulator, envelopeOf("http-envelope-version-1.0"))).toMatchObject(expected);
  });
});

it("serves every method of the sequencer by its short names", async () => {
  const { emulator } = await emulated();
  const methods = [...Messaging.methods, ...MicroPayment.methods, ...Identity.methods];
  for (const { parent, localName } of methods) {
    const { answer } = await post(emulator, requestOf(parent.name, localName));
    expect([localName, answer.ok ? "" : answer.error]).toEqual([
      localName,
      expect.stringMatching(/^\[(invalid_argument|unimplemented)\] ./),
    ]);
  }
});

interface Answer2 {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly bytes: Uint8Array;
}

/** Sends a request over HTTP/2 on its own connection. */
function post2(
  { url }: Emulator,
  { method = "POST", path = "/v1/api", body }: { method?: string; path?: string; body?: Uint8Array },
): Promise<Answer2> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(url);
    session.on("error", reject);
    const stream = session.request({ ":method": method, ":path": path });
    const chunks: Buffer[] = [];
    let headers: http2.IncomingHttpHeaders = {};
    stream.on("response", (received) => {
      headers = received;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => {
      session.destroy();
      resolve({
        status: Number(headers[":status"]),
        headers,
        bytes: new Uint8Array(Buffer.concat(chunks)),
      });
    });
    stream.end(body);
  });
}
