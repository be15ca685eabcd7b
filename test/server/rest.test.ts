import http2 from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  MessageSchema,
  RequestToLoginSchema,
  type RequestToReceiveBill,
  RequestToReceiveBillSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { Emulator, memoryStore, type Store } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { codePoints, runs } from "../support/property.js";
import { type RawResponse, rawRequest } from "../support/raw-http.js";
import {
  codeScanned,
  fee,
  fiat,
  filled,
  kin,
  lengthDelimited,
  login,
  newKey,
  type PaymentFields,
  payment,
  poll,
  sendKind,
  statusOf,
  verifiedPayment,
} from "../support/sequencer.js";
import { storeWith, submit } from "../support/stores.js";

const verifier = newKey();
let wellKnown = { status: 200, body: "{}" };
let resolve: (name: string) => Promise<unknown>;
const told: unknown[] = [];

let store: Store;
let emulator: Emulator;
beforeAll(async () => {
  store = memoryStore();
  emulator = await Emulator.start({
    store,
    allowLocalWebhooks: false,
    resolveHost: (name) => resolve(name),
    fetchWellKnown: async () => wellKnown,
    logger: { error: (_, error) => told.push(error) },
  });
});
afterAll(async () => {
  await emulator.close();
  await store.close();
});
beforeEach(() => {
  told.length = 0;
  resolve = async () => {};
});

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const succeeded = '{"success":true}';
const failed = (error: string) => `{"error":${JSON.stringify(error)},"success":false}`;
const refusedBy = (text: string) => failed(`rpc error: code = InvalidArgument desc = ${text}`);

/** The body of a valid call. */
function bodyOf(key: SigningKey, request: RequestToReceiveBill = payment()) {
  const outer = create(MessageSchema, { kind: { case: "requestToReceiveBill", value: request } });
  return {
    intent: toBase58(key.publicKey),
    message: base64url(toBinary(RequestToReceiveBillSchema, request)),
    signature: toBase58(key.sign(toBinary(MessageSchema, outer))),
  };
}

const post = (body: unknown, at = emulator): Promise<RawResponse> =>
  rawRequest(at, {
    path: "/v1/createIntent",
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
const getStatus = (query: string) => rawRequest(emulator, { method: "GET", path: `/v1/getStatus${query}` });
const statusText = async (key: SigningKey) => (await getStatus(`?intent=${toBase58(key.publicKey)}`)).text;

/** The status and exact text of a response. Also checks its headers. */
async function answerOf(call: Promise<RawResponse>): Promise<[number, string]> {
  const { status, headers, text } = await call;
  expect(headers["content-type"]).toBe("application/json");
  expect(headers["content-length"]).toBe(String(Buffer.byteLength(text)));
  return [status, text];
}

// The original decodes into an unnamed struct, and Go prints it with its tags.
const goStruct =
  'struct { Intent string "json:\\"intent\\""; Message string "json:\\"message\\""; Signature string "json:\\"signature\\""; Webhook *string "json:\\"webhook\\"" }';

describe("POST /v1/createIntent", () => {
  it("registers a payment request", async () => {
    const key = newKey();
    expect(await answerOf(post(bodyOf(key)))).toEqual([200, succeeded]);
    expect((await statusOf(emulator, key)).exists).toBe(true);
    expect((await poll(emulator, key)).map(({ kind }) => kind.case)).toEqual(["requestToReceiveBill"]);
  });

  it("registers kin, fees and a verified domain", async () => {
    wellKnown = { status: 200, body: JSON.stringify({ public_keys: [toBase58(verifier.publicKey)] }) };
    const key = newKey();
    const fields: PaymentFields = { exchangeData: kin(), additionalFees: [fee(2, 10)] };
    const request = verifiedPayment(key, verifier, "example.com", fields);
    expect(await answerOf(post(bodyOf(key, request)))).toEqual([200, succeeded]);
  });

  it("accepts the same request again until it is paid", async () => {
    const key = newKey();
    for (let i = 0; i < 3; i++) expect(await answerOf(post(bodyOf(key)))).toEqual([200, succeeded]);
    expect(await poll(emulator, key)).toHaveLength(3);
    await submit(store, key);
    expect(await answerOf(post(bodyOf(key)))).toEqual([400, refusedBy("client submitted intent")]);
  });

  it("checks the rules in the order of the protocol: each request violates one rule and those after it", async () => {
    const key = newKey();
    let body: Record<string, unknown> = {
      intent: "not base58",
      signature: "not base58",
      message: "not base64=",
      webhook: "http://example.com",
    };
    const step = async (change: object, text: string) => {
      body = { ...body, ...change };
      expect(await answerOf(post(body))).toEqual([400, failed(text)]);
    };
    expect(
      await answerOf(rawRequest(emulator, { method: "PUT", path: "/v1/createIntent", body: "{" })),
    ).toEqual([400, failed("http post expected")]);
    await step(
      { signature: 1 },
      "json: cannot unmarshal number into Go struct field .signature of type string",
    );
    await step({ signature: "not base58" }, "intent is not a public key");
    await step({ intent: toBase58(key.publicKey) }, "signature is invalid");
    await step({ signature: toBase58(filled(1, 64)) }, "message not valid base64");
    await step({ message: "BQ" }, "message bytes is not a RequestToReceiveBill");
    const tooMuch = bodyOf(key, payment({ exchangeData: fiat("USD", 6) })).message;
    await step({ message: tooMuch }, "url scheme must be https");
    await step(
      { webhook: "https://example.com" },
      'rpc error: code = InvalidArgument desc = invalid SendMessageRequest.Message: embedded message failed validation | caused by: invalid Message.RequestToReceiveBill: embedded message failed validation | caused by: invalid RequestToReceiveBill.Partial: embedded message failed validation | caused by: invalid ExchangeDataWithoutRate.Currency: value does not match regex pattern "^[a-z]{3}$"',
    );
    expect(await answerOf(post({ ...body, ...bodyOf(key), signature: toBase58(filled(1, 64)) }))).toEqual([
      401,
      failed("authentication failed"),
    ]);
    expect(await statusText(key)).toBe('{"status":"UNKNOWN","success":true}');
    expect(told).toEqual([]);
  });

  describe("createIntent method", () => {
    it.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])("rejects the method %s", async (method) => {
      const { status, headers, text } = await rawRequest(emulator, { method, path: "/v1/createIntent" });
      expect([status, headers["content-type"]]).toEqual([400, "application/json"]);
      expect(text).toBe(method === "HEAD" ? "" : failed("http post expected"));
    });
  });

  describe("createIntent body", () => {
    it.each([
      ["of nothing", "", "unexpected end of JSON input"],
      ["of white space", " \r\n\t", "unexpected end of JSON input"],
      ["that is a list", "[]", `json: cannot unmarshal array into Go value of type ${goStruct}`],
      ["that is a list nested deeply", "[".repeat(400_000) + "]".repeat(400_000), "exceeded max depth"],
      ["that is text", '"x"', `json: cannot unmarshal string into Go value of type ${goStruct}`],
      ["that is a number", "5", `json: cannot unmarshal number into Go value of type ${goStruct}`],
      ["that is true", "true", `json: cannot unmarshal bool into Go value of type ${goStruct}`],
      ["that is null, which leaves every field empty", "null", "intent is not a public key"],
      ["without fields", "{}", "intent is not a public key"],
      ["with null fields", '{"intent":null,"message":null}', "intent is not a public key"],
    ])("rejects a body: %s", async (_, body, text) => {
      expect(await answerOf(post(body))).toEqual([400, failed(text)]);
    });

    it.each([
      ["is cut off", '{"intent":"', "unexpected end of JSON input"],
      ["has a trailing comma", "{,}", "invalid character ',' looking for beginning of object key string"],
      [
        "has single quotes",
        "{'intent':''}",
        "invalid character '\\'' looking for beginning of object key string",
      ],
      ["begins with a byte order mark", "\ufeff{}", "invalid character 'ï' looking for beginning of value"],
      ["is a form", "intent=1&message=2", "invalid character 'i' looking for beginning of value"],
      ["is HTML", "<html></html>", "invalid character '<' looking for beginning of value"],
      ["is binary", Uint8Array.of(0x0a, 0xff, 0x00), "invalid character 'ÿ' looking for beginning of value"],
      ["is nested deeply", "[".repeat(100_000), "exceeded max depth"],
    ])("rejects a body that %s, in the words of Go's parser", async (_, body, error) => {
      const { status, text } = await post(body);
      expect(status).toBe(400);
      expect(JSON.parse(text)).toEqual({ success: false, error });
      // Escaped like Go's encoder does.
      expect(text).not.toMatch(/[<>&\u2028\u2029]/);
    });

    it.each(["intent", "message", "signature", "webhook"])(
      "rejects a non-text %s before any other check",
      async (name) => {
        for (const [value, is] of [
          [1, "number"],
          [true, "bool"],
          [[], "array"],
          [{}, "object"],
          [["x"], "array"],
        ]) {
          const body = { intent: "bad", message: "=", signature: "bad", webhook: "ftp://", [name]: value };
          expect(await answerOf(post(body))).toEqual([
            400,
            failed(`json: cannot unmarshal ${is} into Go struct field .${name} of type string`),
          ]);
        }
      },
    );

    it("matches names in any case, uses the last of them, and ignores unknown names", async () => {
      const { intent, message, signature } = bodyOf(newKey());
      expect(
        await answerOf(
          post(
            `{"INTENT":"wrong","x":{"intent":1},"Intent":"${intent}","mEssage":"${message}","SIGNATURE":"${signature}","__proto__":1}`,
          ),
        ),
      ).toEqual([200, succeeded]);
      expect(await answerOf(post(`{"intent":"${intent}","Intent":"wrong"}`))).toEqual([
        400,
        failed("intent is not a public key"),
      ]);
    });

    it("keeps a text that null follows, except for the webhook, and folds letters as Go does", async () => {
      const { intent, message, signature } = bodyOf(newKey());
      const fields = `"intent":"${intent}","message":"${message}","\u017fignature":"${signature}"`;
      expect(await answerOf(post(`{${fields},"webhook":"ftp://x","intent":null,"webhook":null}`))).toEqual([
        200,
        succeeded,
      ]);
    });

    it.each([undefined, "text/plain", "application/xml", "application/octet-stream", "multipart/form-data"])(
      "accepts any content type: %s",
      async (type) => {
        const headers = type === undefined ? {} : { "content-type": type };
        const body = JSON.stringify(bodyOf(newKey()));
        const call = rawRequest(emulator, { path: "/v1/createIntent", headers, body });
        expect(await answerOf(call)).toEqual([200, succeeded]);
      },
    );

    it("accepts a body of up to one MiB", async () => {
      const honest = JSON.stringify(bodyOf(newKey()));
      expect(await answerOf(post(honest.padEnd(1_048_576)))).toEqual([200, succeeded]);
      for (const length of [1_048_577, 4_000_000]) {
        expect(await answerOf(post(honest.padEnd(length)))).toEqual([
          413,
          failed("request body is larger than 1048576 bytes"),
        ]);
      }
    });
  });

  describe("createIntent intent and signature", () => {
    it.each([
      ["nothing", ""],
      ["31 bytes", toBase58(filled(1, 31))],
      ["33 bytes", toBase58(filled(1, 33))],
      ["64 bytes", toBase58(filled(1, 64))],
      ["a character that is not base58", `${toBase58(filled(1)).slice(0, -1)}0`],
      ["white space around it", ` ${toBase58(filled(1))} `],
      ["hexadecimal", Buffer.from(filled(1)).toString("hex")],
      ["a very long text", "1".repeat(100_000)],
    ])("rejects an intent of %s", async (_, intent) => {
      expect(await answerOf(post({ ...bodyOf(newKey()), intent }))).toEqual([
        400,
        failed("intent is not a public key"),
      ]);
    });

    it.each([
      ["nothing", ""],
      ["63 bytes", toBase58(filled(1, 63))],
      ["65 bytes", toBase58(filled(1, 65))],
      ["base64", Buffer.from(filled(1, 64)).toString("base64")],
    ])("rejects a signature of %s", async (_, signature) => {
      expect(await answerOf(post({ ...bodyOf(newKey()), signature }))).toEqual([
        400,
        failed("signature is invalid"),
      ]);
    });

    it("verifies the signature over the outer message, not over the sent bytes", async () => {
      const key = newKey();
      const inner = toBinary(RequestToReceiveBillSchema, payment());
      const wrong = [
        key.sign(inner),
        key.sign(Buffer.from(base64url(inner))),
        newKey().sign(lengthDelimited(5, inner)),
      ];
      for (const bytes of wrong) {
        expect(await answerOf(post({ ...bodyOf(key), signature: toBase58(bytes) }))).toEqual([
          401,
          failed("authentication failed"),
        ]);
      }
      const signature = toBase58(key.sign(lengthDelimited(5, inner)));
      expect(await answerOf(post({ ...bodyOf(key), signature }))).toEqual([200, succeeded]);
    });
  });

  describe("createIntent message", () => {
    const notBase64 = failed("message not valid base64");
    const notRequest = failed("message bytes is not a RequestToReceiveBill");
    it.each([
      ["padding", "BQ=="],
      ["padding where none is missing", `${base64url(filled(1, 3))}=`],
      ["the other alphabet, plus", "AB+D"],
      ["the other alphabet, slash", "AB/D"],
      ["a lone character", "ABCDE"],
      ["a space", "AB CD"],
      ["a tab", "AB\tC"],
      ["a letter that is none", "ABCö"],
      ["a NUL", "ABC\0"],
    ])("rejects a message with %s", async (_, encoded) => {
      expect(await answerOf(post({ ...bodyOf(newKey()), message: encoded }))).toEqual([400, notBase64]);
    });

    it("accepts a message with line breaks and unused trailing bits", async () => {
      const key = newKey();
      const body = bodyOf(key);
      const wrapped = body.message.replace(/.{10}/g, "$&\r\n");
      expect(await answerOf(post({ ...body, message: wrapped }))).toEqual([200, succeeded]);
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const last = alphabet[alphabet.indexOf(body.message.at(-1) ?? "") + 1] ?? "";
      expect(body.message.length % 4).not.toBe(0);
      expect(await answerOf(post({ ...body, message: body.message.slice(0, -1) + last }))).toEqual([
        200,
        succeeded,
      ]);
    });

    it.each([
      ["a tag alone", Uint8Array.of(0x0a)],
      ["a length beyond the end", Uint8Array.of(0x0a, 0x22, 0x0a)],
      ["field number 0", Uint8Array.of(0x02, 0x00)],
      ["a wire type that is none", Uint8Array.of(0x0f, 0x00)],
      ["a varint without an end", new Uint8Array(20).fill(0xff)],
      ["a group without an end", Uint8Array.of(0xa3, 0x06)],
      ["text that is not UTF-8", lengthDelimited(4, lengthDelimited(1, Uint8Array.of(0xff)))],
      ["JSON", new TextEncoder().encode("{}")],
    ])("rejects a message that is %s", async (_, bytes) => {
      expect(await answerOf(post({ ...bodyOf(newKey()), message: base64url(bytes) }))).toEqual([
        400,
        notRequest,
      ]);
    });

    it("decodes an empty message as an empty request, which validation rejects", async () => {
      expect(await answerOf(post({ ...bodyOf(newKey()), message: "" }))).toEqual([
        400,
        refusedBy(
          "invalid SendMessageRequest.Message: embedded message failed validation | caused by: invalid Message.RequestToReceiveBill: embedded message failed validation | caused by: invalid RequestToReceiveBill.RequestorAccount: value is required",
        ),
      ]);
    });

    it("rejects a login request and an outer message", async () => {
      const key = newKey();
      const outer = lengthDelimited(5, toBinary(RequestToReceiveBillSchema, payment()));
      const others = [toBinary(RequestToLoginSchema, login(key, verifier, "example.com")), outer];
      for (const bytes of others) {
        const signature = toBase58(key.sign(lengthDelimited(5, bytes)));
        const { status } = await post({ ...bodyOf(key), message: base64url(bytes), signature });
        expect(status).toBe(400);
      }
      expect((await statusOf(emulator, key)).exists).toBe(false);
    });
  });

  describe("REST errors", () => {
    it("contain the sequencer's text for a violated rule", async () => {
      const tooMuch = payment({ exchangeData: fiat("usd", 5.01) });
      expect(await answerOf(post(bodyOf(newKey(), tooMuch)))).toEqual([
        400,
        refusedBy("usd currency has a maximum amount of 5.00"),
      ]);
      const key = newKey();
      await post(bodyOf(key));
      expect(await answerOf(post(bodyOf(key, payment({ exchangeData: fiat("usd", 2) }))))).toEqual([
        400,
        refusedBy("native amount mismatches original request"),
      ]);
    });

    it("simplify failures of domain ownership", async () => {
      const key = newKey();
      const body = bodyOf(key, verifiedPayment(key, verifier, "example.com"));
      wellKnown = { status: 404, body: "" };
      expect(await answerOf(post(body))).toEqual([401, failed("authentication failed")]);
      wellKnown = { status: 200, body: "{}" };
      expect(await answerOf(post(body))).toEqual([403, failed("permission denied")]);
    });

    it.each([
      [new ConnectError("too late", Code.DeadlineExceeded), 408, "request timed out"],
      [new ConnectError("gone", Code.Canceled), 408, "request timed out"],
      [new ConnectError("busy", Code.Unavailable), 500, "internal server error"],
      [new ConnectError("again", Code.Aborted), 500, "internal server error"],
      [new ConnectError("secret", Code.Internal), 500, "internal server error"],
      [new ConnectError("no", Code.NotFound), 500, "internal server error"],
    ])("by %s are simplified to %d", async (error, status, text) => {
      const failing = storeWith({ getIntent: () => Promise.reject(error) });
      await using broken = await Emulator.start({ store: failing, logger: { error() {} } });
      expect(await answerOf(post(bodyOf(newKey()), broken))).toEqual([status, failed(text)]);
    });

    it("are 500 for an internal failure, which is logged once", async () => {
      const error = new Error("disk full");
      const errors: unknown[] = [];
      const failing = storeWith({ addMessage: () => Promise.reject(error) });
      await using broken = await Emulator.start({
        store: failing,
        logger: { error: (_, reason) => errors.push(reason) },
      });
      expect(await answerOf(post(bodyOf(newKey()), broken))).toEqual([500, failed("internal server error")]);
      expect(errors).toEqual([error]);
    });
  });

  describe("createIntent webhook", () => {
    const urlAt = (key: SigningKey) =>
      store.transaction(
        toBase58(key.publicKey),
        async (transaction) => (await transaction.getWebhook())?.url,
      );

    it("registers a webhook with the request and treats null as none", async () => {
      const [key, without] = [newKey(), newKey()];
      expect(await answerOf(post({ ...bodyOf(key), webhook: "https://example.com/paid" }))).toEqual([
        200,
        succeeded,
      ]);
      expect(await urlAt(key)).toBe("https://example.com/paid");
      expect(await answerOf(post({ ...bodyOf(without), webhook: null }))).toEqual([200, succeeded]);
      expect(await urlAt(without)).toBeUndefined();
    });

    it("succeeds for a registered webhook and keeps the first URL", async () => {
      const key = newKey();
      for (const webhook of ["https://example.com/1", "https://example.com/1", "https://example.com/2"])
        expect(await answerOf(post({ ...bodyOf(key), webhook }))).toEqual([200, succeeded]);
      expect(await urlAt(key)).toBe("https://example.com/1");
    });

    it.each([
      ["", "url scheme must be https"],
      ["example.com/paid", "url scheme must be https"],
      ["http://example.com/", "url scheme must be https"],
      ["ftp://example.com/", "url scheme must be https"],
      ["localhost:3000/paid", "url scheme must be https"],
      ["https://", "host component missing"],
      ["https:///paid", "host component missing"],
      ["https:example.com", "host component missing"],
      [
        "https://example.com:8443/x",
        "host is not a valid domain name: domain name is invalid: idna: disallowed rune U+003A",
      ],
      [
        "https://Example.com/",
        "host is not a valid domain name: domain name is invalid: idna: disallowed rune U+0045",
      ],
      [
        "https://a_b.example.com/",
        "host is not a valid domain name: domain name is invalid: idna: disallowed rune U+005F",
      ],
      [
        "https://[::1]/",
        "host is not a valid domain name: domain name is invalid: idna: disallowed rune U+005B",
      ],
      [
        "https://example..com/",
        'host is not a valid domain name: domain name is invalid: idna: invalid label "example..com"',
      ],
      [`https://${"a.".repeat(126)}com`, "host is not a valid domain name: domain name length exceeds limit"],
      ["https://example.com/50%", 'parse "https://example.com/50%": invalid URL escape "%"'],
      [
        "https://example.com/\x7f",
        'parse "https://example.com/\\x7f": net/url: invalid control character in URL',
      ],
      // The parser runs first.
      ["ftp://Example.com:x/", 'parse "ftp://Example.com:x/": invalid port ":x" after host'],
    ])("rejects the webhook URL %j before anything is stored", async (webhook, text) => {
      const key = newKey();
      expect(await answerOf(post({ ...bodyOf(key), webhook }))).toEqual([400, failed(text)]);
      expect(await statusText(key)).toBe('{"status":"UNKNOWN","success":true}');
    });

    it("rejects a webhook host that does not resolve with the resolver's message", async () => {
      resolve = async (name) => {
        throw new Error(`getaddrinfo ENOTFOUND ${name}`);
      };
      expect(await answerOf(post({ ...bodyOf(newKey()), webhook: "https://gone.example/" }))).toEqual([
        400,
        failed("error resolving hostname: getaddrinfo ENOTFOUND gone.example"),
      ]);
    });

    it("escapes the webhook error so that it is safe inside HTML", async () => {
      const { text } = await post({ ...bodyOf(newKey()), webhook: "https://a/<b>&\u2028\u2029'%" });
      expect(text).toBe(
        `{"error":"parse \\"https://a/\\u003cb\\u003e\\u0026\\\\u2028\\\\u2029'%\\": invalid URL escape \\"%\\"","success":false}`,
      );
    });

    it("sends 500 and keeps the request if a webhook is rejected after the request is stored", async () => {
      const key = newKey();
      let calls = 0;
      resolve = async () => {
        if (++calls > 1) throw new Error("gone");
      };
      expect(await answerOf(post({ ...bodyOf(key), webhook: "https://example.com/" }))).toEqual([
        500,
        failed("internal server error"),
      ]);
      expect(await statusText(key)).toBe('{"status":"PENDING","success":true}');
      expect(await urlAt(key)).toBeUndefined();
      expect(told).toHaveLength(1);
    });

    it("sends 500 and keeps the request if the webhook cannot be stored", async () => {
      const failing = storeWith({ putWebhook: () => Promise.reject(new Error("disk full")) });
      await using broken = await Emulator.start({
        store: failing,
        logger: { error() {} },
        resolveHost: async () => {},
      });
      const key = newKey();
      expect(await answerOf(post({ ...bodyOf(key), webhook: "https://example.com/" }, broken))).toEqual([
        500,
        failed("internal server error"),
      ]);
      expect((await statusOf(broken, key)).exists).toBe(true);
    });

    it("stores the request before validation rejects the webhook", async () => {
      const key = newKey();
      const webhook = "https://example.com/".padEnd(1025, "a");
      expect(await answerOf(post({ ...bodyOf(key), webhook }))).toEqual([
        400,
        refusedBy(
          "invalid RegisterWebhookRequest.Url: value length must be between 1 and 1024 runes, inclusive",
        ),
      ]);
      expect(await statusText(key)).toBe('{"status":"PENDING","success":true}');
    });

    it("accepts a local, plain http webhook if local webhooks are allowed", async () => {
      await using local = await Emulator.start({ resolveHost: async () => {} });
      const key = newKey();
      expect(await answerOf(post({ ...bodyOf(key), webhook: "http://localhost:3000/paid" }, local))).toEqual([
        200,
        succeeded,
      ]);
      expect(await answerOf(post({ ...bodyOf(key), webhook: "ftp://localhost/" }, local))).toEqual([
        400,
        failed("url scheme must be http or https"),
      ]);
    });
  });
});

describe("createIntent with random bodies", () => {
  const answers = async (body: string | Uint8Array) => {
    const { status, headers, text } = await post(body);
    expect([status, headers["content-type"]]).toEqual([400, "application/json"]);
    expect(JSON.parse(text)).toEqual({ success: false, error: expect.stringMatching(/./) });
    expect(Object.keys(JSON.parse(text))).toEqual(["error", "success"]);
    expect(told).toEqual([]);
  };

  it("rejects any body in JSON without an internal failure", async () => {
    const anything = fc.oneof(fc.json(), fc.string({ unit: codePoints }), fc.uint8Array({ maxLength: 200 }));
    await fc.assert(fc.asyncProperty(anything, answers), runs(150));
  });

  it("rejects any body with the right names in JSON without an internal failure", async () => {
    const honest = bodyOf(newKey());
    const field = (value: string) =>
      fc.oneof(fc.constant(value), fc.string({ unit: codePoints }), fc.jsonValue());
    const bodies = fc.record({
      intent: field(honest.intent),
      message: fc.oneof(field(honest.message), fc.uint8Array({ maxLength: 80 }).map(base64url)),
      // The valid body would be accepted.
      signature: field(toBase58(filled(1, 64))),
      webhook: fc.oneof(
        field("https://example.com/"),
        fc.webUrl({ withFragments: true, withQueryParameters: true }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const { status } = await post(body);
        expect([400, 401]).toContain(status);
        expect(told).toEqual([]);
      }),
      runs(300),
    );
  });
});

describe("GET /v1/getStatus", () => {
  it("returns UNKNOWN, PENDING and SUBMITTED", async () => {
    const key = newKey();
    const call = () => answerOf(getStatus(`?intent=${toBase58(key.publicKey)}`));
    expect(await call()).toEqual([200, '{"status":"UNKNOWN","success":true}']);
    await sendKind(emulator, key, codeScanned);
    expect(await call()).toEqual([200, '{"status":"UNKNOWN","success":true}']);
    await post(bodyOf(key));
    expect(await call()).toEqual([200, '{"status":"PENDING","success":true}']);
    await submit(store, key);
    expect(await call()).toEqual([200, '{"status":"SUBMITTED","success":true}']);
    await submit(store, key, "revoked");
    expect(await call()).toEqual([200, '{"status":"PENDING","success":true}']);
  });

  it.each([
    ["no query", "", "intent query parameter missing"],
    ["an empty query", "?", "intent query parameter missing"],
    ["an empty intent", "?intent=", "intent id is not a public key"],
    ["an intent without a value", "?intent", "intent id is not a public key"],
    ["an intent with a bad escape, which drops it", "?intent=%zz", "intent query parameter missing"],
    [
      "a semicolon, which drops the intent",
      `?intent=${toBase58(filled(1))};`,
      "intent query parameter missing",
    ],
    [
      "a number sign, which cuts nothing",
      `?intent=${toBase58(filled(1))}#x`,
      "intent id is not a public key",
    ],
    ["another name", "?intentId=x", "intent query parameter missing"],
    ["a name in upper case", `?Intent=${toBase58(filled(1))}`, "intent query parameter missing"],
    ["no base58", "?intent=0OIl", "intent id is not a public key"],
    ["31 bytes", `?intent=${toBase58(filled(1, 31))}`, "intent id is not a public key"],
    ["33 bytes", `?intent=${toBase58(filled(1, 33))}`, "intent id is not a public key"],
    ["a space", `?intent=+${toBase58(filled(1))}`, "intent id is not a public key"],
  ])("rejects %s", async (_, query, text) => {
    expect(await answerOf(getStatus(query))).toEqual([400, failed(text)]);
  });

  it("uses the first of several intents and ignores other parameters", async () => {
    const intent = toBase58(newKey().publicKey);
    expect((await getStatus(`?a=1&intent=${intent}&intent=wrong&b`)).status).toBe(200);
    expect((await getStatus(`?intent=%${"1".charCodeAt(0).toString(16)}&intent=${intent}`)).status).toBe(400);
  });

  it.each(["POST", "HEAD", "PUT", "DELETE"])("rejects %s before any other check", async (method) => {
    const { status, text } = await rawRequest(emulator, { method, path: "/v1/getStatus" });
    expect([status, text]).toEqual([400, method === "HEAD" ? "" : failed("http get expected")]);
  });

  it("returns 500 if the store fails", async () => {
    const failing = storeWith({ getRequest: () => Promise.reject(new Error("disk full")) });
    await using broken = await Emulator.start({ store: failing, logger: { error() {} } });
    const path = `/v1/getStatus?intent=${toBase58(filled(1))}`;
    expect(await answerOf(rawRequest(broken, { method: "GET", path }))).toEqual([
      500,
      failed("internal server error"),
    ]);
  });
});

describe("other REST paths", () => {
  it.each([
    "/v1",
    "/v1/",
    "/v1/createintent",
    "/v1/createIntent/",
    "/v1/getStatus/x",
    "/v2/getStatus",
    "/v1/toString",
    "//",
    "//v1/getStatus",
    "///",
    "/%2e%2e/%00",
    "/v1/getStatus%00",
    "*",
  ])("returns 404 for %s", async (path) => {
    for (const method of ["GET", "POST"])
      expect(await answerOf(rawRequest(emulator, { method, path }))).toEqual([404, failed("not found")]);
  });

  it("accepts a request target in absolute form", async () => {
    const intent = toBase58(newKey().publicKey);
    const path = `${emulator.url}/v1/getStatus?intent=${intent}`;
    expect(await answerOf(rawRequest(emulator, { method: "GET", path }))).toEqual([
      200,
      '{"status":"UNKNOWN","success":true}',
    ]);
    expect((await rawRequest(emulator, { method: "GET", path: "http://[/v1/getStatus" })).status).toBe(404);
  });
});

it("returns the same response over HTTP/2", async () => {
  const session = http2.connect(emulator.url);
  const call = (headers: http2.OutgoingHttpHeaders, body?: string) =>
    new Promise<[number | undefined, string]>((done, fail) => {
      const stream = session.request(headers);
      let status: number | undefined;
      let text = "";
      stream.on("response", (response) => {
        status = response[":status"];
      });
      stream.on("data", (chunk) => {
        text += chunk;
      });
      stream.on("error", fail);
      stream.on("end", () => done([status, text]));
      stream.end(body);
    });
  try {
    const key = newKey();
    const create = { ":method": "POST", ":path": "/v1/createIntent" };
    expect(await call(create, JSON.stringify(bodyOf(key)))).toEqual([200, succeeded]);
    expect(await call(create, "{")).toEqual([400, failed("unexpected end of JSON input")]);
    expect(await call(create, " ".repeat(1_048_577))).toEqual([
      413,
      failed("request body is larger than 1048576 bytes"),
    ]);
    expect(await call({ ":path": `/v1/getStatus?intent=${toBase58(key.publicKey)}` })).toEqual([
      200,
      '{"status":"PENDING","success":true}',
    ]);
    expect(await call({ ":path": "//" })).toEqual([404, failed("not found")]);
  } finally {
    session.close();
  }
});
