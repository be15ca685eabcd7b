import { inspect } from "node:util";
import { createRouterTransport, type Transport } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type CallOptions,
  CodeClient,
  type CodeClientOptions,
  InputError,
  type InputErrorCode,
  PaymentIntent,
} from "../../src/index.js";
import { expectRefusal } from "../support/refusal.js";

const baseUrl = "https://sequencer.example.com";
const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const order = { destination, amount: "2.50", currency: "usd", idempotencyKey: "order-1042" } as const;
const secret = "0123456789abcdef0123456789abcdef";
const transport: Transport = createRouterTransport(() => {});
const interceptor = (next: unknown) => next;
const fetch = globalThis.fetch;
class WebSocketOfMine {}

/** Builds a client with options that the types may not allow. */
function clientOf(options: unknown): CodeClient {
  return new CodeClient(options as CodeClientOptions);
}

function refuse(options: unknown, code: InputErrorCode, field: string): InputError {
  return expectRefusal(() => clientOf(options), code, field);
}

function show(error: unknown): string {
  return `${inspect(error, { depth: Infinity, showHidden: true })}${JSON.stringify(error)}`;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the sequencer's URL", () => {
  it.each([undefined, null, ""])("is required, and %j counts as missing", (value) => {
    vi.stubEnv("CODE_SEQUENCER_URL", undefined);
    const { message } = refuse({ baseUrl: value }, "missing_option", "baseUrl");
    expect(message).toContain("CODE_SEQUENCER_URL");
  });

  it("is required if there are no options", () => {
    vi.stubEnv("CODE_SEQUENCER_URL", undefined);
    expectRefusal(() => new CodeClient(), "missing_option", "baseUrl");
  });

  it.each([
    ["no URL", "sequencer.example.com"],
    ["a path", "/v1"],
    ["a number", 8080],
    ["a URL object", new URL(baseUrl)],
    ["another scheme", "ftp://sequencer.example.com"],
    ["a scheme without a host", "javascript:alert(1)"],
    ["a WebSocket URL", "wss://sequencer.example.com"],
    ["a user name", "https://me@sequencer.example.com"],
    ["a password", "https://:hunter2@sequencer.example.com"],
    ["a query", "https://sequencer.example.com/?key=hunter2"],
    ["a fragment", "https://sequencer.example.com/#top"],
    ["plain http beyond loopback", "http://sequencer.example.com"],
    ["plain http on an unspecified address", "http://0.0.0.0:8080"],
    ["plain http on a name that only starts like loopback", "http://127.0.0.1.example.com"],
    ["plain http on a name that only ends like loopback", "http://notlocalhost"],
  ])("is rejected with %s", (_, value) => {
    const error = refuse({ baseUrl: value }, "invalid_option", "baseUrl");
    expect(show(error)).not.toContain("hunter2");
  });

  it.each([
    "http://127.0.0.1:8080",
    "http://127.8.9.10",
    "http://localhost",
    "http://LOCALHOST:1",
    "http://[::1]:8080",
    "https://sequencer.example.com/behind/a/prefix/",
  ])("may be %s", (value) => {
    expect(() => clientOf({ baseUrl: value })).not.toThrow();
  });

  it("may be plain http beyond loopback with allowInsecure", () => {
    const url = "http://sequencer.internal:8080";
    expect(() => clientOf({ baseUrl: url, allowInsecure: true })).not.toThrow();
    refuse({ baseUrl: url, allowInsecure: false }, "invalid_option", "baseUrl");
  });

  it.each(["yes", 1, null])("rejects an allowInsecure of %j, which is not a boolean", (allowInsecure) => {
    refuse({ baseUrl: "http://example.com", allowInsecure }, "invalid_option", "allowInsecure");
  });

  it("comes from CODE_SEQUENCER_URL if no option is passed", () => {
    vi.stubEnv("CODE_SEQUENCER_URL", baseUrl);
    expect(() => new CodeClient()).not.toThrow();
    expect(() => new CodeClient({ baseUrl: undefined })).not.toThrow();
  });

  it.each(["nonsense", "ftp://example.com", "https://me@example.com", "http://example.com"])(
    "is rejected with the variable's name if CODE_SEQUENCER_URL is %s",
    (value) => {
      vi.stubEnv("CODE_SEQUENCER_URL", value);
      expectRefusal(() => new CodeClient(), "invalid_option", "CODE_SEQUENCER_URL");
    },
  );

  it("is not read from CODE_SEQUENCER_URL if the option is invalid", () => {
    vi.stubEnv("CODE_SEQUENCER_URL", baseUrl);
    refuse({ baseUrl: "nonsense" }, "invalid_option", "baseUrl");
  });
});

describe("an invalid option of a client is rejected by name", () => {
  const rows: readonly (readonly [string, object, InputErrorCode, string])[] = [
    ["an unknown protocol", { protocol: "soap" }, "invalid_option", "protocol"],
    ["a protocol in capitals", { protocol: "REST" }, "invalid_option", "protocol"],
    ["a protocol that is null", { protocol: null }, "invalid_option", "protocol"],
    ["an unknown HTTP version", { httpVersion: "3" }, "invalid_option", "httpVersion"],
    ["an HTTP version as a number", { httpVersion: 2 }, "invalid_option", "httpVersion"],
    ["gRPC over HTTP/1.1", { protocol: "grpc", httpVersion: "1.1" }, "conflicting_options", "httpVersion"],
    ["REST over HTTP/2", { protocol: "rest", httpVersion: "2" }, "conflicting_options", "httpVersion"],
    ["interceptors with REST", { protocol: "rest", interceptors: [] }, "conflicting_options", "interceptors"],
    ["a single interceptor", { interceptors: interceptor }, "invalid_option", "interceptors"],
    ["an interceptor that is not a function", { interceptors: ["log"] }, "invalid_option", "interceptors"],
    ["fetch with Connect on Node", { fetch }, "conflicting_options", "fetch"],
    ["fetch with gRPC on Node", { protocol: "grpc", fetch }, "conflicting_options", "fetch"],
    ["fetch with gRPC-Web on Node", { protocol: "grpc-web", fetch }, "conflicting_options", "fetch"],
    ["a fetch that is not a function", { protocol: "rest", fetch: {} }, "invalid_option", "fetch"],
    [
      "the envelope over HTTP/2",
      { protocol: "envelope", httpVersion: "2" },
      "conflicting_options",
      "httpVersion",
    ],
    ["a WebSocket with Connect", { webSocket: WebSocketOfMine }, "conflicting_options", "webSocket"],
    ...(["grpc", "grpc-web", "rest"] as const).map(
      (protocol) =>
        [
          `a WebSocket with ${protocol}`,
          { protocol, webSocket: WebSocketOfMine },
          "conflicting_options",
          "webSocket",
        ] as const,
    ),
    [
      "a WebSocket that is not a class",
      { protocol: "envelope", webSocket: "wss://example.com" },
      "invalid_option",
      "webSocket",
    ],
    ["a null WebSocket", { protocol: "envelope", webSocket: null }, "invalid_option", "webSocket"],
    ["a timeout of zero", { timeoutMs: 0 }, "invalid_option", "timeoutMs"],
    ["a negative timeout", { timeoutMs: -1 }, "invalid_option", "timeoutMs"],
    ["a fractional timeout", { timeoutMs: 1.5 }, "invalid_option", "timeoutMs"],
    ["a timeout of NaN", { timeoutMs: Number.NaN }, "invalid_option", "timeoutMs"],
    ["an endless timeout", { timeoutMs: Number.POSITIVE_INFINITY }, "invalid_option", "timeoutMs"],
    ["a timeout above 2^31 - 1", { timeoutMs: 2 ** 31 }, "invalid_option", "timeoutMs"],
    ["a timeout as text", { timeoutMs: "1000" }, "invalid_option", "timeoutMs"],
    ["a null timeout", { timeoutMs: null }, "invalid_option", "timeoutMs"],
    ["retry: true", { retry: true }, "invalid_option", "retry"],
    ["retry: null", { retry: null }, "invalid_option", "retry"],
    ["retry as a number", { retry: 3 }, "invalid_option", "retry"],
    ["an unknown option of retry", { retry: { retries: 3 } }, "unknown_option", "retry.retries"],
    ["no attempts", { retry: { maxAttempts: 0 } }, "invalid_option", "retry.maxAttempts"],
    [
      "a fractional number of attempts",
      { retry: { maxAttempts: 1.5 } },
      "invalid_option",
      "retry.maxAttempts",
    ],
    ["too many attempts", { retry: { maxAttempts: 101 } }, "invalid_option", "retry.maxAttempts"],
    ["attempts as text", { retry: { maxAttempts: "4" } }, "invalid_option", "retry.maxAttempts"],
    ["a negative first pause", { retry: { initialDelayMs: -1 } }, "invalid_option", "retry.initialDelayMs"],
    ["a pause of NaN", { retry: { initialDelayMs: Number.NaN } }, "invalid_option", "retry.initialDelayMs"],
    ["a pause above 2^31 - 1", { retry: { maxDelayMs: 2 ** 31 } }, "invalid_option", "retry.maxDelayMs"],
    ["a fractional longest pause", { retry: { maxDelayMs: 0.5 } }, "invalid_option", "retry.maxDelayMs"],
    ["null headers", { headers: null }, "invalid_option", "headers"],
    ["headers as text", { headers: "a: b" }, "invalid_option", "headers"],
    ["headers as a list", { headers: [["a", "b"]] }, "invalid_option", "headers"],
    ["a Headers object", { headers: new Headers() }, "invalid_option", "headers"],
    ["a Map of headers", { headers: new Map([["a", "b"]]) }, "invalid_option", "headers"],
    ["a null logger", { logger: null }, "invalid_option", "logger"],
    ["a logger without warn", { logger: { log() {} } }, "invalid_option", "logger"],
    ["a null secret", { idempotencySecret: null }, "invalid_option", "idempotencySecret"],
    [
      "a secret as a list",
      { idempotencySecret: new Array(32).fill(1) },
      "invalid_option",
      "idempotencySecret",
    ],
    ["an empty secret", { idempotencySecret: "" }, "invalid_option", "idempotencySecret"],
    ["an unknown option", { baseURL: baseUrl }, "unknown_option", "baseURL"],
    ["an option of a call", { signal: AbortSignal.abort() }, "unknown_option", "signal"],
  ];
  it.each(rows)("%s", (_, options, code, field) => {
    refuse({ baseUrl, ...options }, code, field);
  });

  it.each([null, 1, "https://example.com", []])("options that are %j", (options) => {
    refuse(options, "invalid_option", "options");
  });

  it.each([0, 2 ** 31 - 1])("accepts pauses of %d ms", (ms) => {
    expect(() => clientOf({ baseUrl, retry: { initialDelayMs: ms, maxDelayMs: ms } })).not.toThrow();
  });

  it("accepts interceptors, HTTP/1.1 and fetch where they have an effect", () => {
    expect(() => clientOf({ baseUrl, interceptors: [interceptor] })).not.toThrow();
    expect(() => clientOf({ baseUrl, httpVersion: "1.1" })).not.toThrow();
    expect(() => clientOf({ baseUrl, protocol: "rest", httpVersion: "1.1", fetch })).not.toThrow();
    expect(() => clientOf({ baseUrl, protocol: "grpc", httpVersion: "2" })).not.toThrow();
    const envelope = { baseUrl, protocol: "envelope", interceptors: [interceptor] };
    expect(() =>
      clientOf({ ...envelope, httpVersion: "1.1", fetch, webSocket: WebSocketOfMine }),
    ).not.toThrow();
  });
});

describe("a custom transport", () => {
  it.each([
    ["baseUrl", baseUrl],
    ["protocol", "connect"],
    ["httpVersion", "2"],
    ["interceptors", []],
    ["fetch", fetch],
    ["webSocket", WebSocketOfMine],
    ["allowInsecure", false],
  ])("cannot be combined with %s", (name, value) => {
    refuse({ transport, [name]: value }, "conflicting_options", name);
  });

  it.each([null, {}, "http", () => transport, { unary() {} }])("is rejected if it is %o", (value) => {
    refuse({ transport: value }, "invalid_option", "transport");
  });

  it("needs no URL, and reads none from the environment", () => {
    vi.stubEnv("CODE_SEQUENCER_URL", "nonsense");
    expect(() => clientOf({ transport })).not.toThrow();
  });
});

describe("headers", () => {
  const token = "hunter2";
  const values: readonly (readonly [string, unknown])[] = [
    ["a line feed", `${token}\nx-evil: 1`],
    ["a carriage return", `${token}\r`],
    ["a null byte", `${token}\0`],
    ["a character beyond Latin-1", `${token}€`],
    ["a number", 42],
    ["nothing", undefined],
  ];
  it.each(values)("are rejected with %s in a value, which the error omits", (_, value) => {
    const error = refuse(
      { baseUrl, headers: { authorization: value } },
      "invalid_option",
      'headers["authorization"]',
    );
    expect(show(error)).not.toContain(token);
  });

  it.each(["", "x y", "x:y", "x\r\ny", "ö", "x\0"])("are rejected with the name %j", (name) => {
    refuse({ baseUrl, headers: { [name]: "1" } }, "invalid_option", `headers[${JSON.stringify(name)}]`);
  });

  it.each([
    "content-type",
    "Content-Length",
    "content-encoding",
    "accept-encoding",
    "Host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "TE",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "connect-timeout-ms",
    "Connect-Protocol-Version",
    "grpc-timeout",
    "grpc-encoding",
    "Sec-WebSocket-Protocol",
  ])("cannot override %s, which the protocols set", (name) => {
    const error = refuse({ baseUrl, headers: { [name]: token } }, "invalid_option", `headers["${name}"]`);
    expect(show(error)).not.toContain(token);
  });

  it("may contain everything that HTTP allows", () => {
    const headers = { Authorization: "Bearer abc", "x-trace_id": "a\tb", accept: "*/*", "x-latin": "café" };
    expect(() => clientOf({ baseUrl, headers })).not.toThrow();
  });
});

describe("an invalid option of a call is rejected by name, before anything is sent", () => {
  const rows: readonly (readonly [string, object, InputErrorCode, string])[] = [
    ["a timeout of zero", { timeoutMs: 0 }, "invalid_option", "timeoutMs"],
    ["a fractional timeout", { timeoutMs: 1.5 }, "invalid_option", "timeoutMs"],
    ["a timeout of NaN", { timeoutMs: Number.NaN }, "invalid_option", "timeoutMs"],
    ["a timeout above 2^31 - 1", { timeoutMs: 2 ** 31 }, "invalid_option", "timeoutMs"],
    ["a null signal", { signal: null }, "invalid_option", "signal"],
    ["a controller instead of its signal", { signal: new AbortController() }, "invalid_option", "signal"],
    ["another event target", { signal: new EventTarget() }, "invalid_option", "signal"],
    ["a header with a line break", { headers: { a: "b\r\nc" } }, "invalid_option", 'headers["a"]'],
    ["a reserved header", { headers: { host: "b" } }, "invalid_option", 'headers["host"]'],
    ["a Headers object", { headers: new Headers() }, "invalid_option", "headers"],
    ["an unknown option", { timeout: 1000 }, "unknown_option", "call.timeout"],
    ["retry, an option of the client", { retry: false }, "unknown_option", "call.retry"],
  ];
  const unary = vi.fn(() => Promise.reject(new Error("nothing may be sent")));
  const code = clientOf({ transport: { unary, stream: unary }, idempotencySecret: secret });

  it.each(rows)("%s", async (_, options, errorCode, field) => {
    for (const call of [
      code.paymentIntents.create(order, options as CallOptions),
      code.paymentIntents.getStatus(destination, options as CallOptions),
    ]) {
      const error = await call.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputError);
      expectRefusal(
        () => {
          throw error;
        },
        errorCode,
        field,
      );
    }
    expect(unary).not.toHaveBeenCalled();
  });

  it.each([
    ["nothing", undefined, "missing_option"],
    ["null", null, "missing_option"],
    ["an empty id", "", "missing_option"],
    ["text that is not base58", "0OIl", "invalid_option"],
    ["an id that is too short", "3yZe7d", "invalid_option"],
    ["a number", 42, "invalid_option"],
    ["an object without an id", {}, "missing_option"],
    ["an object with an invalid id", { intent: "x" }, "invalid_option"],
  ] as const)("%s as an intent", async (_, reference, errorCode) => {
    const error = await code.paymentIntents.getStatus(reference as string).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: errorCode, field: "intent" });
    expect(unary).not.toHaveBeenCalled();
  });

  it("an invalid option of an intent", async () => {
    const error = await code.paymentIntents
      .create({ ...order, amount: "2.505" })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "invalid_option", field: "amount" });
    for (const nonsense of [null, undefined, 1, "x", []]) {
      const refused = await code.paymentIntents.create(nonsense as never).catch((reason: unknown) => reason);
      expect(refused).toMatchObject({ code: "invalid_option", field: "options" });
    }
    expect(unary).not.toHaveBeenCalled();
  });
});

describe("the idempotency secret", () => {
  const bytes = new TextEncoder().encode(secret);
  const withSecret = PaymentIntent.from({ ...order, idempotencySecret: secret });

  it.each([
    ["text", "hunter2hunter2hunter2hunter2!!!"],
    ["bytes", new Uint8Array(31).fill(0x68)],
  ])("is rejected if it is 31 bytes of %s, and the error omits it", (_, value) => {
    const error = refuse({ baseUrl, idempotencySecret: value }, "invalid_option", "idempotencySecret");
    expect(error.message).toContain("31");
    expect(show(error)).not.toContain("hunter2");
    expect(show(error)).not.toMatch(/104, 104|6868/);
  });

  it("yields the same id as an intent built without a client", () => {
    for (const idempotencySecret of [secret, bytes]) {
      const code = clientOf({ baseUrl, idempotencySecret });
      expect(code.paymentIntents.build(order).id).toBe(withSecret.id);
    }
  });

  it("is copied, so that clearing the bytes later changes nothing", () => {
    const given = bytes.slice();
    const code = clientOf({ baseUrl, idempotencySecret: given });
    given.fill(0);
    expect(code.paymentIntents.build(order).id).toBe(withSecret.id);
  });

  it("of a call takes precedence over the client's", () => {
    const code = clientOf({ baseUrl, idempotencySecret: "another secret of thirty-two bytes" });
    expect(code.paymentIntents.build(order).id).not.toBe(withSecret.id);
    expect(code.paymentIntents.build({ ...order, idempotencySecret: secret }).id).toBe(withSecret.id);
  });

  it("does not change the result of a client secret", () => {
    const code = clientOf({ baseUrl, idempotencySecret: secret });
    const { idempotencyKey: _, ...details } = order;
    const rebuilt = code.paymentIntents.build({ ...details, clientSecret: withSecret.clientSecret });
    expect(rebuilt.id).toBe(withSecret.id);
  });

  it("appears neither in the client nor in its calls", () => {
    const code = clientOf({ baseUrl, idempotencySecret: secret, headers: { authorization: "hunter2" } });
    expect(show(code)).not.toContain(secret);
    expect(show(code)).not.toContain("hunter2");
    expect(show(code.paymentIntents)).not.toContain(secret);
  });
});

describe("a guessable idempotency key", () => {
  function watched(options: object = {}) {
    const warn = vi.fn();
    return { warn, code: clientOf({ baseUrl, logger: { warn }, ...options }) };
  }

  it("logs one warning per client, without the key", () => {
    const { warn, code } = watched();
    code.paymentIntents.build(order);
    code.paymentIntents.build({ ...order, idempotencyKey: "order-1043" });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]).toHaveLength(1);
    const text = String(warn.mock.calls[0]?.[0]);
    expect(text).toContain("idempotencySecret");
    expect(text).not.toContain("order-104");
    const another = watched();
    another.code.paymentIntents.build(order);
    expect(another.warn).toHaveBeenCalledTimes(1);
  });

  it("logs a warning if create builds the intent", async () => {
    const { warn, code } = watched();
    const call = code.paymentIntents.create(order, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: "aborted" });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it("is rejected if the secret is there with undefined, as from an environment variable that is not set", () => {
    const { warn, code } = watched({ idempotencySecret: undefined });
    for (const build of [
      () => code.paymentIntents.build(order),
      () => watched().code.paymentIntents.build({ ...order, idempotencySecret: undefined }),
    ]) {
      const error = expectRefusal(build, "missing_option", "idempotencySecret");
      expect(error.message).toContain("environment variable");
      expect(error.message).toContain("omit the option");
    }
    expect(warn).not.toHaveBeenCalled();
    // Nothing is missing without a key, with a client secret, or with a secret of the call.
    const { idempotencyKey: _, ...details } = order;
    const { clientSecret } = code.paymentIntents.build(details);
    code.paymentIntents.build({ ...details, clientSecret });
    expect(code.paymentIntents.build({ ...order, idempotencySecret: secret }).id).toBe(
      clientOf({ baseUrl, idempotencySecret: secret }).paymentIntents.build({
        ...order,
        idempotencySecret: undefined,
      }).id,
    );
  });

  it("is rejected if it is undefined, instead of a random key for each retry", async () => {
    const { code } = watched({ idempotencySecret: secret });
    const body: { id?: string } = {};
    const forgotten = { ...order, idempotencyKey: body.id };
    // @ts-expect-error the types reject it too, with exactOptionalPropertyTypes
    expectRefusal(() => code.paymentIntents.build(forgotten), "missing_option", "idempotencyKey");
    // @ts-expect-error as above
    await expect(code.paymentIntents.create(forgotten)).rejects.toMatchObject({
      code: "missing_option",
      field: "idempotencyKey",
    });
  });

  it("logs no warning with a secret, of the client or of the call, or without a key", () => {
    const { warn, code } = watched();
    const { idempotencyKey: _, ...details } = order;
    const { clientSecret } = code.paymentIntents.build(details);
    code.paymentIntents.build({ ...details, clientSecret });
    code.paymentIntents.build({ ...order, idempotencySecret: secret });
    expect(warn).not.toHaveBeenCalled();
    const safe = watched({ idempotencySecret: secret });
    safe.code.paymentIntents.build(order);
    expect(safe.warn).not.toHaveBeenCalled();
  });

  it("logs no warning if nothing is built", () => {
    const { warn, code } = watched();
    expect(() => code.paymentIntents.build({ ...order, idempotencyKey: "" })).toThrow(InputError);
    expect(() => code.paymentIntents.build({ ...order, amount: -1 })).toThrow(InputError);
    expect(warn).not.toHaveBeenCalled();
  });

  it("logs its warning to the console by default", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      clientOf({ baseUrl }).paymentIntents.build(order);
      expect(warn).toHaveBeenCalledTimes(1);
    } finally {
      warn.mockRestore();
    }
  });
});
