import { create, fromBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { ResponseSchema } from "../../gen/code/common/v1/model_pb.js";
import { Messaging, SendMessageRequestSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  MicroPayment,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { CodeClient, PaymentIntent, RegistrationUnknownError, SequencerError } from "../../src/index.js";
import { envelopeTransport } from "../../src/sequencer/envelope.js";
import { transports } from "../../src/sequencer/transports/node.js";
import type { FetchFunction } from "../../src/sequencer/transports/types.js";
import {
  type Exchange,
  errorFrame,
  type HostileServer,
  rightAnswer,
  startHostile,
  startRaw,
  statusBytes,
  statusNames,
} from "../support/hostile-servers.js";
import { destination, failureOf, order } from "../support/outcomes.js";
import { lengthDelimited } from "../support/sequencer.js";
import { hex, paymentVectors, unhex, vectors } from "../support/vectors.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handle: (exchange: Exchange) => unknown): Promise<HostileServer> {
  const server = await startHostile(handle);
  cleanups.push(() => server.close());
  return server;
}

const senders: readonly (readonly [string, FetchFunction | undefined])[] = [
  ["Node's own HTTP", undefined],
  ["fetch", globalThis.fetch],
];

const octets = { "content-type": "application/octet-stream" };
const pending = lengthDelimited(2, statusBytes(true, false, false));
const statusRequest = create(GetStatusRequestSchema, { intentId: { value: new Uint8Array(32).fill(7) } });

describe.each(senders)("the envelope by %s", (_, fetch) => {
  function clientOf(baseUrl: string): CodeClient {
    const options = { baseUrl, protocol: "envelope", retry: false, logger: { warn() {} } } as const;
    const code = new CodeClient({ ...options, ...(fetch === undefined ? {} : { fetch }) });
    cleanups.push(() => code.close());
    return code;
  }

  /** Returns a client that uses only the transport. */
  function raw(
    baseUrl: string,
    interceptors: readonly Interceptor[] = [],
  ): Client<typeof Messaging> & Client<typeof MicroPayment> {
    const owned = envelopeTransport({
      baseUrl,
      interceptors,
      httpClient: transports.httpClient(fetch),
      openSockets: () => Promise.reject(new Error("no streams here")),
    });
    cleanups.push(() => owned.close());
    return { ...createClient(Messaging, owned.transport), ...createClient(MicroPayment, owned.transport) };
  }

  /** Returns the status of an intent from a server that always sends this response. */
  async function statusOver(answer: (exchange: Exchange) => unknown): Promise<unknown> {
    return clientOf((await serve(answer)).url).paymentIntents.getStatus(destination);
  }

  const answered =
    (status: number, body: Uint8Array | string, headers: object = octets) =>
    (e: Exchange) =>
      e.answer({ status, headers: { ...headers }, body });

  it.each(vectors.intents.filter(({ httpEnvelopeHex }) => httpEnvelopeHex !== undefined))(
    "posts the bytes that the official client does, for the vector $id",
    async ({ sendMessageRequestHex = "", httpEnvelopeHex }) => {
      const server = await serve((e) => e.answer(rightAnswer(e)));
      await raw(server.url).sendMessage(fromBinary(SendMessageRequestSchema, unhex(sendMessageRequestHex)));
      const [exchange] = server.exchanges;
      expect(hex((await exchange?.body()) ?? new Uint8Array())).toBe(httpEnvelopeHex);
      expect(exchange?.path).toBe("/v1/api");
      expect(exchange?.headers).toMatchObject({
        ...octets,
        "content-length": String((httpEnvelopeHex?.length ?? 0) / 2),
      });
    },
  );

  it.each(paymentVectors)(
    "registers the payment of the vector $id with exactly its bytes",
    async (vector) => {
      const { mode: _mode, fees, webhook: _webhook, ...input } = vector.input;
      const options = { ...input, rounding: "nearest", ...(fees === undefined ? {} : { fees }) };
      const server = await serve((e) => e.answer(rightAnswer(e)));
      await clientOf(server.url).paymentIntents.create(PaymentIntent.from(options as never));
      expect(server.exchanges).toHaveLength(1);
      expect(hex((await server.exchanges[0]?.body()) ?? new Uint8Array())).toBe(vector.httpEnvelopeHex);
    },
  );

  it.each([
    ["", "/v1/api"],
    ["/", "/v1/api"],
    ["//", "/v1/api"],
    ["/v1", "/v1/api"],
    ["/v1/", "/v1/api"],
    ["/v1/api", "/v1/api"],
    ["/v1/api/", "/v1/api"],
    ["/api", "/api/v1/api"],
    ["/v12", "/v12/v1/api"],
    ["/behind/a/prefix", "/behind/a/prefix/v1/api"],
    ["/behind/a/prefix/v1/", "/behind/a/prefix/v1/api"],
    ["/behind/a/prefix/v1/api", "/behind/a/prefix/v1/api"],
    ["?", "/v1/api"],
  ])("with a base URL that ends in %j, posts to %s", async (suffix, path) => {
    const server = await serve((e) => e.answer(rightAnswer(e)));
    await clientOf(`${server.url}${suffix}`).paymentIntents.getStatus(destination);
    expect(server.exchanges[0]?.path).toBe(path);
  });

  it("accepts an empty reply, which has no bytes, only for a method that can have one", async () => {
    expect(await statusOver(answered(200, ""))).toMatchObject({ state: "unknown", codeScanned: false });
    for (const headers of [
      {},
      { "content-type": "text/html" },
      { "content-type": "application/octet-streams" },
    ])
      expect(await failureOf(statusOver(answered(200, "", headers)))).toMatchObject({
        code: "malformed_response",
      });
    for (const status of [201, 204, 206])
      expect(await failureOf(statusOver(answered(status, "")))).toMatchObject({ code: "malformed_response" });
    const server = await serve(answered(200, ""));
    const code = clientOf(server.url);
    const intent = code.paymentIntents.build(order);
    expect(await code.webhooks.register({ intent: intent.id, url: "https://shop.example.com" })).toBe(
      "registered",
    );
    expect(await failureOf(code.paymentIntents.create(intent))).toBeInstanceOf(RegistrationUnknownError);
  });

  it.each(["application/octet-stream", "Application/Octet-Stream", "application/octet-stream ; charset=x"])(
    "takes the content type %s",
    async (type) => {
      expect(await statusOver(answered(200, pending, { "content-type": type }))).toMatchObject({
        state: "pending",
      });
    },
  );

  it.each([
    ["is a page", 200, "<html>", { "content-type": "text/html" }],
    ["is a reply without its envelope", 200, "ffff", octets],
    ["has an unknown result", 200, Buffer.from([0x08, 2]), octets],
    ["has a negative result", 200, Buffer.from([0x08, ...Array(9).fill(0xff), 1]), octets],
    ["has nothing but unknown fields", 200, Buffer.from("    "), octets],
    ["has the words of a failure, and no result", 200, errorFrame("[internal]").subarray(2), octets],
    ["has a reply that cannot be read", 200, lengthDelimited(2, Buffer.from("ffff", "hex")), octets],
    ["breaks off in its reply", 200, pending.subarray(0, -1), octets],
    ["is right but of another type", 200, pending, { "content-type": "application/proto" }],
    ["is right but of no type", 200, pending, {}],
  ])("reports a response that %s as malformed", async (_, status, body, headers) => {
    const error = await failureOf(statusOver(answered(status, body, headers)));
    expect(error).toMatchObject({ code: "malformed_response", retryable: false });
    expect(error.message).toMatch(
      /^The response to GetStatus is not .*Check that baseUrl leads to a sequencer/,
    );
  });

  it("truncates a long content type in its message", async () => {
    const headers = { "content-type": "x".repeat(5_000) };
    expect((await failureOf(statusOver(answered(200, "", headers)))).message.length).toBeLessThan(400);
  });

  it.each(statusNames)(
    "tells an error of %s in the sequencer's words, with HTTP 200 and 500",
    async (name) => {
      for (const status of [200, 500]) {
        for (const words of ["", "100% of [it]\nis “said”", " [internal] nested"]) {
          const body = errorFrame(`[${name}]${words === "" ? "" : ` ${words}`}`);
          const error = await failureOf(statusOver(answered(status, body)));
          expect(error).toMatchObject({ connectCode: name });
          if (error instanceof SequencerError) expect(error.sequencerMessage).toBe(words);
          expect(error.message).toContain(words.replace("\n", "\\u000a"));
        }
      }
    },
  );

  it("maps each refusal to a typed error", async () => {
    for (const [text, code] of [
      ["client submitted intent", "already_submitted"],
      ["destination mismatches original request", "intent_conflict"],
    ]) {
      const server = await serve(answered(200, errorFrame(`[invalid_argument] ${text}`)));
      expect((await failureOf(clientOf(server.url).paymentIntents.create(order))).code).toBe(code);
    }
  });

  it.each([
    "boom",
    "",
    "[teapot] short and stout",
    "[constructor] x",
    "[__proto__] x",
    "[Unavailable] x",
    "unavailable",
    " [unavailable] x",
    "invalid wire type",
    "No response received from gRPC service",
    "HTTP 404",
    "protocol error: promised 5 bytes",
    "http/2 x",
  ])("reports the complete text of an error without a code, %j", async (words) => {
    for (const status of [200, 500]) {
      const error = await failureOf(statusOver(answered(status, errorFrame(words))));
      expect(error).toMatchObject({
        code: "sequencer_failed",
        connectCode: "unknown",
        sequencerMessage: words,
        retryable: true,
      });
      expect(error.message).toContain("without a status code");
      expect(error.message).toContain(words);
    }
  });

  it.each(["Invalid service name: Messaging", "Invalid method name: MicroPayment.getStatus"])(
    "knows %j for a call that the server has not",
    async (words) => {
      const error = await failureOf(statusOver(answered(200, errorFrame(words))));
      expect(error).toMatchObject({ code: "unimplemented", sequencerMessage: words, retryable: false });
    },
  );

  it.each([
    ["says OK", ""],
    ["holds a reply", pending],
    ["is a page", "<html>"],
  ])("uses the status if HTTP 500 %s", async (_, body) => {
    expect(await failureOf(statusOver(answered(500, body)))).toMatchObject({
      code: "sequencer_failed",
      httpStatus: 500,
    });
  });

  it("uses any other status, whatever its envelope claims", async () => {
    for (const body of [pending, errorFrame("[invalid_argument] client submitted intent")])
      for (const [status, code] of [
        [404, "unimplemented"],
        [503, "unavailable"],
      ] as const)
        expect(await failureOf(statusOver(answered(status, body)))).toMatchObject({
          code,
          httpStatus: status,
        });
  });

  it("passes the call, its response, and the code of its failure to interceptors", async () => {
    const seen: unknown[] = [];
    const interceptor: Interceptor = (next) => async (call) => {
      seen.push(`${call.method.name} ${call.url.replace(/^.*:\d+/, "")} ${call.header.get("content-type")}`);
      call.header.set("x-mine", "1");
      try {
        const answer = await next(call);
        seen.push(answer.stream ? "stream" : answer.message);
        return answer;
      } catch (error) {
        if (error instanceof ConnectError) seen.push([Code[error.code], error.rawMessage]);
        throw error;
      }
    };
    const server = await serve((e) =>
      e.number === 1 ? answered(200, pending)(e) : answered(200, errorFrame("[aborted] twice"))(e),
    );
    const client = raw(server.url, [interceptor]);
    await client.getStatus(statusRequest);
    await expect(client.getStatus(statusRequest)).rejects.toMatchObject({ code: Code.Aborted });
    const called = "GetStatus /v1/api application/octet-stream";
    expect(seen).toEqual([called, expect.objectContaining({ exists: true }), called, ["Aborted", "twice"]]);
    expect(server.exchanges[1]?.headers).toMatchObject({ "x-mine": "1" });
  });

  it("has no deadline except the given one", async () => {
    const client = raw((await serve(() => {})).url);
    const call = client.getStatus(statusRequest, { timeoutMs: 20 });
    await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    const controller = new AbortController();
    for (const timeoutMs of [0, -1, undefined]) {
      const forever = client.getStatus(statusRequest, {
        signal: controller.signal,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
      const outcome = await Promise.race([
        forever.catch(() => "failed"),
        new Promise((resolve) => setTimeout(resolve, 30, "waiting")),
      ]);
      expect(outcome).toBe("waiting");
      forever.catch(() => {});
    }
    controller.abort();
  });
});

it("consecutive calls share one connection with Node's own HTTP", async () => {
  const server = await serve((e) => e.answer(rightAnswer(e)));
  await using code = new CodeClient({ baseUrl: server.url, protocol: "envelope", retry: false });
  for (let count = 0; count < 20; count++) await code.paymentIntents.create(order);
  expect(server.connections).toBe(1);
});

it("a response without a length that is truncated after its headers is not a success", async () => {
  await using server = await startRaw((socket) => {
    socket.once("data", () =>
      socket.end("HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n\r\n"),
    );
  });
  await using code = new CodeClient({ baseUrl: server.url, protocol: "envelope", retry: false });
  expect(await failureOf(code.paymentIntents.getStatus(destination))).toMatchObject({
    code: "malformed_response",
  });
});

it("a chunked response is complete, even without chunks", async () => {
  await using server = await startRaw((socket) => {
    const head =
      "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.once("data", () => socket.end(`${head}0\r\n\r\n`));
  });
  await using code = new CodeClient({ baseUrl: server.url, protocol: "envelope", retry: false });
  expect((await code.paymentIntents.getStatus(destination)).state).toBe("unknown");
});

it("the frames of these tests decode as intended", () => {
  expect(fromBinary(ResponseSchema, errorFrame("words"))).toMatchObject({ result: 1, message: "words" });
  expect(fromBinary(ResponseSchema, errorFrame("[internal]").subarray(2))).toMatchObject({ result: 0 });
});
