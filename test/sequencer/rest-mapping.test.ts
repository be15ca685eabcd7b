import { afterEach, describe, expect, it } from "vitest";
import {
  CodeClient,
  type CodeIntentsError,
  type FetchFunction,
  RegistrationUnknownError,
  SequencerError,
  TransportError,
} from "../../src/index.js";
import { type Exchange, type HostileServer, startHostile } from "../support/hostile-servers.js";
import { destination, failureOf, order } from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handle: (exchange: Exchange) => unknown): Promise<HostileServer> {
  const server = await startHostile(handle);
  cleanups.push(() => server.close());
  return server;
}

function restClient(baseUrl: string, fetch?: FetchFunction): CodeClient {
  const code = new CodeClient({ baseUrl, protocol: "rest", retry: false, ...(fetch ? { fetch } : {}) });
  cleanups.push(() => code.close());
  return code;
}

const json = { "content-type": "application/json" };

/** Reads one response with Node's own HTTP and with fetch. */
async function failures(
  status: number,
  body: string,
  call: (code: CodeClient) => Promise<unknown>,
): Promise<CodeIntentsError[]> {
  const server = await serve((e) => e.answer({ status, headers: json, body }));
  return Promise.all(
    [restClient(server.url), restClient(server.url, globalThis.fetch)].map((code) => failureOf(call(code))),
  );
}

const create = (code: CodeClient) => code.paymentIntents.create(order);
const getStatus = (code: CodeClient) => code.paymentIntents.getStatus(destination);

// The REST proxy's texts for the statuses of the sequencer behind it.
const flattened = [
  {
    status: 400,
    error: "rpc error: code = InvalidArgument desc = usd currency has a maximum amount of 5.00",
    code: "request_refused",
    connectCode: "invalid_argument",
    words: "usd currency has a maximum amount of 5.00",
  },
  {
    status: 400,
    error: "rpc error: code = InvalidArgument desc = client submitted intent",
    code: "already_submitted",
    connectCode: "invalid_argument",
    words: "client submitted intent",
  },
  {
    status: 401,
    error: "authentication failed",
    code: "unauthenticated",
    connectCode: "unauthenticated",
    words: "authentication failed",
  },
  {
    status: 403,
    error: "permission denied",
    code: "permission_denied",
    connectCode: "permission_denied",
    words: "permission denied",
  },
] as const;

describe("a refusal over REST v1", () => {
  it.each(flattened)("of $status $error is $code", async ({ status, error, code, connectCode, words }) => {
    for (const call of [create, getStatus]) {
      for (const failure of await failures(status, JSON.stringify({ error, success: false }), call)) {
        expect(failure).toBeInstanceOf(SequencerError);
        expect(failure).toMatchObject({
          code,
          connectCode,
          sequencerMessage: words,
          httpStatus: status,
          retryable: false,
        });
      }
    }
  });

  it.each([
    "http post expected",
    "invalid character 'x' looking for beginning of value",
    "intent is not a public key",
    "signature is invalid",
    "message not valid base64",
    "message bytes is not a RequestToReceiveBill",
    "url scheme must be https",
    "error resolving hostname: lookup shop.example.com: no such host",
    "http get expected",
    "intent query parameter missing",
    "intent id is not a public key",
  ])("of the proxy itself, 400 %s, keeps its text", async (error) => {
    const body = JSON.stringify({ error, success: false });
    for (const failure of [
      ...(await failures(400, body, create)),
      ...(await failures(400, body, getStatus)),
    ]) {
      expect(failure).toMatchObject({ code: "request_refused", sequencerMessage: error, httpStatus: 400 });
      expect(failure.message).toContain(error);
    }
  });

  it.each([
    "original request doesn't require payment",
    "destination mismatches original request",
    "exchange currency mismatches original request",
    "native amount mismatches original request",
    "exchange rate mismatches original request",
    "quarks mismatches original request",
    "domain mismatches original request",
    "original request is verified",
    "original request isn't verified",
    "original request configured 2 fee takers",
    "destination for fee at index 0 mismatches original request",
    "basis points for fee at index 1 mismatches original request",
    "original request requires payment",
  ])("because of another request at the same key, %s, is a conflict", async (text) => {
    const error = `rpc error: code = InvalidArgument desc = ${text}`;
    for (const failure of await failures(400, JSON.stringify({ error, success: false }), create)) {
      expect(failure).toMatchObject({ code: "intent_conflict", sequencerMessage: text, retryable: false });
    }
  });

  it.each([
    ["escaped for HTML", '"rpc error: code = InvalidArgument desc = \\u003ca\\u003e \\u0026 b"', "<a> & b"],
    ["over several lines", '"rpc error: code = InvalidArgument desc = one\\ntwo"', "one\ntwo"],
    ["with the marker in it", '"rpc error: code = InvalidArgument desc = a desc = b"', "a desc = b"],
    ["without words", '"rpc error: code = InvalidArgument desc = "', ""],
    ["not wrapped at all", '"just words"', "just words"],
    ["wrapped further inside", '"oops: rpc error: code = X desc = y"', "oops: rpc error: code = X desc = y"],
    ["as no string", "42", ""],
    ["as null", "null", ""],
  ])("with its text %s keeps the sequencer's text", async (_, error, words) => {
    for (const failure of await failures(400, `{"error":${error},"success":false}`, create)) {
      expect(failure).toMatchObject({ code: "request_refused", sequencerMessage: words });
    }
  });
});

describe("a failure over REST v1", () => {
  const error = (text: string) => JSON.stringify({ error: text, success: false });

  it.each([
    [408, "request timed out", "deadline_exceeded"],
    [500, "internal server error", "sequencer_failed"],
  ] as const)("of %d %s has an unknown outcome", async (status, text, code) => {
    for (const failure of await failures(status, error(text), create)) {
      expect(failure).toBeInstanceOf(RegistrationUnknownError);
      expect(failure.cause).toMatchObject({ code, retryable: true, httpStatus: status });
    }
    for (const failure of await failures(status, error(text), getStatus)) {
      expect(failure).toMatchObject({ code, retryable: true, httpStatus: status });
    }
  });

  it("of 500 is never a refusal, whatever its text claims", async () => {
    const text = "rpc error: code = InvalidArgument desc = client submitted intent";
    for (const failure of await failures(500, error(text), create)) {
      expect(failure).toBeInstanceOf(RegistrationUnknownError);
    }
  });

  it("of 200 without a success flag has an unknown outcome", async () => {
    for (const body of [error("internal server error"), '{"status":"PENDING"}', '{"success":1}', "{}", " "]) {
      for (const failure of await failures(200, body, create)) {
        expect(failure).toBeInstanceOf(RegistrationUnknownError);
        expect(failure.cause).toMatchObject({ code: "malformed_response" });
      }
    }
  });
});

describe("a status over REST v1", () => {
  it.each([
    ["SUBMITTED", { state: "submitted", exists: true, intentSubmitted: true }],
    ["PENDING", { state: "pending", exists: true, intentSubmitted: false }],
    ["UNKNOWN", { state: "unknown", exists: false, intentSubmitted: false }],
  ])("of %s is read, without whether the code was scanned", async (status, expected) => {
    const server = await serve((e) =>
      e.answer({ headers: json, body: JSON.stringify({ status, success: true }) }),
    );
    for (const code of [restClient(server.url), restClient(server.url, globalThis.fetch)]) {
      expect(await getStatus(code)).toStrictEqual({ ...expected, codeScanned: undefined });
    }
  });

  it.each([
    ["absent", "{}"],
    ["in small letters", '{"status":"pending"}'],
    ["a new one", '{"status":"CONFIRMED"}'],
    ["null", '{"status":null}'],
    ["a number", '{"status":1}'],
    ["a list", '{"status":["PENDING"]}'],
  ])("that is %s is malformed", async (_, body) => {
    const whole = JSON.stringify({ ...JSON.parse(body), success: true });
    for (const failure of await failures(200, whole, getStatus)) {
      expect(failure).toBeInstanceOf(TransportError);
      expect(failure).toMatchObject({ code: "malformed_response", retryable: false, httpStatus: 200 });
    }
  });
});

describe("a base URL for REST v1", () => {
  it.each([
    ["", "/v1"],
    ["/", "/v1"],
    ["//", "/v1"],
    ["/v1", "/v1"],
    ["/v1/", "/v1"],
    ["/v1///", "/v1"],
    ["/behind/a/prefix", "/behind/a/prefix/v1"],
    ["/behind/a/prefix/", "/behind/a/prefix/v1"],
    ["/behind/a/prefix/v1", "/behind/a/prefix/v1"],
    ["/prefix/v1/", "/prefix/v1"],
    ["/v12", "/v12/v1"],
    ["/api-v1", "/api-v1/v1"],
    ["?", "/v1"],
    ["/#", "/v1"],
  ])("that ends in %j is called at %s", async (suffix, root) => {
    const seen: string[] = [];
    const server = await serve((e) => {
      seen.push(`${e.headers.host} ${e.path}`);
      e.answer({ headers: json, body: '{"status":"PENDING","success":true}' });
    });
    for (const code of [restClient(server.url + suffix), restClient(server.url + suffix, globalThis.fetch)]) {
      seen.length = 0;
      await create(code);
      await getStatus(code);
      const host = `127.0.0.1:${server.port}`;
      expect(seen).toEqual([
        `${host} ${root}/createIntent`,
        `${host} ${root}/getStatus?intent=${destination}`,
      ]);
    }
  });

  it.each(["connect", "grpc", "grpc-web"] as const)("is also a prefix for %s", async (protocol) => {
    const server = await serve((e) => e.answer({ status: 404 }));
    const code = new CodeClient({ baseUrl: `${server.url}/behind/a/prefix//?`, protocol, retry: false });
    cleanups.push(() => code.close());
    await failureOf(create(code));
    expect(server.exchanges[0]?.path).toBe("/behind/a/prefix/code.messaging.v1.Messaging/SendMessage");
  });
});

describe("a request over REST v1", () => {
  it("contains only the intent, the message without padding and the signature", async () => {
    const bodies: Promise<Buffer>[] = [];
    const server = await serve((e) => {
      bodies.push(e.body());
      e.answer({ headers: json, body: '{"success":true}' });
    });
    for (const code of [restClient(server.url), restClient(server.url, globalThis.fetch)]) {
      const intent = await code.paymentIntents.create(order);
      const sent = JSON.parse(String(await bodies.pop()));
      expect(sent).toEqual(intent.toRestBody());
      expect(Object.keys(sent)).toEqual(["intent", "message", "signature"]);
      expect(sent.message).toMatch(/^[A-Za-z0-9_-]+$/);
      const [exchange] = server.exchanges.slice(-1);
      expect(exchange?.headers).toMatchObject({
        "content-type": "application/json",
        accept: "application/json",
      });
    }
  });

  it("contains the webhook if there is one", async () => {
    let body: Promise<Buffer> | undefined;
    const server = await serve((e) => {
      body = e.body();
      e.answer({ headers: json, body: '{"success":true}' });
    });
    const webhook = { url: "https://shop.example.com/paid?order=1042&x=ü" };
    await restClient(server.url).paymentIntents.create({ ...order, webhook });
    expect(JSON.parse(String(await body)).webhook).toBe(webhook.url);
  });
});

describe("the caller's fetch", () => {
  const answer = (body: string, status = 200) => new Response(body, { status, headers: json });

  it("replaces the platform's, and is called with safe options", async () => {
    const calls: Parameters<FetchFunction>[] = [];
    const fetch: FetchFunction = async (...call) => {
      calls.push(call);
      return answer('{"status":"PENDING","success":true}');
    };
    const code = restClient("https://sequencer.example.com/v1", fetch);
    await create(code);
    await getStatus(code);
    expect(calls.map(([url, { method }]) => `${method} ${url}`)).toEqual([
      "POST https://sequencer.example.com/v1/createIntent",
      `GET https://sequencer.example.com/v1/getStatus?intent=${destination}`,
    ]);
    for (const [, { redirect, signal }] of calls) {
      expect(redirect).toBe("manual");
      expect(signal).toBeInstanceOf(AbortSignal);
    }
  });

  it.each([
    ["rejects", () => Promise.reject(new TypeError("Failed to fetch")), "unavailable"],
    [
      "throws",
      (() => {
        throw new Error("offline");
      }) as never,
      "unavailable",
    ],
    ["rejects with no error", () => Promise.reject("offline"), "unavailable"],
    ["answers without a body", async () => new Response(null, { status: 200 }), "malformed_response"],
    [
      "answers as an opaque redirect",
      async () => ({ status: 0, type: "opaqueredirect", headers: new Headers(), body: null }),
      "redirect_refused",
    ],
    [
      "answers with a status that is none",
      async () => ({ status: 0, type: "error", headers: new Headers(), body: null }),
      "malformed_response",
    ],
  ] as const)("that %s fails the call", async (_, fetch, code) => {
    const client = restClient("https://sequencer.example.com", fetch as FetchFunction);
    expect(await failureOf(getStatus(client))).toMatchObject({ code });
  });

  it("can return a body that is only iterable, which is limited too", async () => {
    async function* body(text: string, times: number) {
      for (let i = 0; i < times; i++) yield Buffer.from(text);
    }
    const iterable =
      (text: string, times = 1): FetchFunction =>
      async () => ({
        status: 200,
        headers: new Headers(),
        body: body(text, times),
      });
    const url = "https://sequencer.example.com";
    const whole = restClient(url, iterable('{"status":"PENDING","success":true}'));
    expect((await getStatus(whole)).state).toBe("pending");
    const endless = restClient(url, iterable(" ".repeat(1000), 1_000_000));
    expect((await failureOf(getStatus(endless))).code).toBe("response_too_large");
  });

  it("that ignores its signal does not delay the deadline", async () => {
    const code = restClient("https://sequencer.example.com", () => new Promise(() => {}));
    const call = code.paymentIntents.getStatus(destination, { timeoutMs: 30 });
    expect((await failureOf(call)).code).toBe("deadline_exceeded");
  });

  it("has its body canceled if a redirect is rejected", async () => {
    let cancelled = false;
    const body = new ReadableStream({
      cancel() {
        cancelled = true;
      },
    });
    const fetch: FetchFunction = async () => new Response(body, { status: 302 });
    expect((await failureOf(getStatus(restClient("https://sequencer.example.com", fetch)))).code).toBe(
      "redirect_refused",
    );
    expect(cancelled).toBe(true);
  });
});
