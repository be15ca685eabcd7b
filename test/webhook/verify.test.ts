import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { CodeIntentsError, InputError } from "../../src/errors.js";
import { fromBase58 } from "../../src/lib/bytes.js";
import {
  type LoginClaims,
  type PaymentClaims,
  verifyWebhook,
  type WebhookInput,
} from "../../src/webhook/index.js";
import { runs } from "../support/property.js";
import {
  claimsJson,
  expectRefused,
  intent,
  loginToken,
  paidToken,
  publicKey,
  publicKeyPem,
  signText,
  user,
  webhookRequest,
} from "./support.js";

const verify = (input: WebhookInput): Promise<PaymentClaims<true>> =>
  verifyWebhook(input, { publicKey, expect: intent });

describe("accepted webhooks", () => {
  const claims = {
    kind: "payment",
    bound: true,
    state: "SUBMITTED",
    intent: intent.id,
    destination: intent.destination,
    currency: "usd",
    amount: 2.5,
    exchangeRate: 0.00001,
    quarks: 25_000_000_000n,
    fees: 100_000_000n,
    toJSON: expect.any(Function),
  };

  it("accepts a Request", async () => {
    expect(await verify(webhookRequest())).toEqual(claims);
  });

  it("accepts a content type with parameters, in any case", async () => {
    expect(await verify(webhookRequest(paidToken(), { type: "Application/JWT; charset=utf-8" }))).toEqual(
      claims,
    );
  });

  it("accepts the body as text, bytes, a Buffer or bytes of another realm", async () => {
    const bytes = new TextEncoder().encode(paidToken());
    const { runInNewContext } = await import("node:vm");
    const foreign = runInNewContext("(numbers) => Uint8Array.from(numbers)")([...bytes]) as Uint8Array;
    for (const input of [paidToken(), bytes, Buffer.from(bytes), foreign])
      expect(await verify(input)).toEqual(claims);
  });

  it("accepts the key as bytes", async () => {
    const bytes = fromBase58(publicKey) ?? new Uint8Array();
    expect(await verifyWebhook(paidToken(), { publicKey: bytes, expect: intent })).toEqual(claims);
  });

  it("accepts unknown claims and header parameters that are not critical", async () => {
    const more = claimsJson({ iat: "1", nested: '{"intent":["x",{"a":"}"}]}', note: '"\\"},\\u0000"' });
    expect(await verify(signText('{"alg":"EdDSA","kid":"1"}', more))).toEqual(claims);
  });

  it("accepts a payment with a user", async () => {
    expect((await verify(paidToken({ user }))).user).toBe(user);
  });

  it("decodes quarks and fees above 2^53 exactly", async () => {
    const big = await verify(paidToken({ quarks: 2n ** 64n - 1n, fees: 2n ** 53n + 1n }));
    expect([big.quarks, big.fees]).toEqual([18446744073709551615n, 9007199254740993n]);
  });

  it("decodes every 64-bit integer exactly", async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), async (quarks) => {
        expect((await verify(paidToken({ quarks }))).quarks).toBe(quarks);
      }),
      runs(50),
    );
  });
});

describe("invalid webhook requests", () => {
  it.each([
    "",
    "application/json",
    "text/plain",
    "application/jwtx",
    "application/jose",
    "text/html;application/jwt",
  ])("rejects a request with content type %j", async (type) => {
    const request =
      type === "" ? new Request("https://x.example", { method: "POST", body: new Uint8Array(8) }) : undefined;
    await expectRefused(
      verify(request ?? webhookRequest(paidToken(), { type })),
      "webhook_wrong_content_type",
    );
  });

  it("rejects a request that a redirect turned into a GET", async () => {
    const request = webhookRequest(null, { method: "GET" });
    await expectRefused(verify(request), "webhook_wrong_method");
  });

  it("rejects a request without a body", async () => {
    await expectRefused(verify(webhookRequest(null)), "webhook_malformed");
  });

  it("rejects a request whose body is consumed or locked", async () => {
    const read = webhookRequest();
    await read.text();
    expect((await expectRefused(verify(read), "webhook_body_unavailable")).message).toContain("before");
    const held = webhookRequest();
    held.body?.getReader();
    await expectRefused(verify(held), "webhook_body_unavailable");
  });

  it("rejects a body over 16 KiB by default, complete or streamed", async () => {
    const huge = "a".repeat(16 * 1024 + 1);
    for (const input of [huge, new TextEncoder().encode(huge), webhookRequest(huge)]) {
      await expectRefused(verify(input), "webhook_too_large");
    }
    await expectRefused(verify("a".repeat(16 * 1024)), "webhook_malformed");
  });

  it("rejects a body over maxBytes", async () => {
    const options = { publicKey, expect: intent, maxBytes: 100 };
    await expectRefused(verifyWebhook(webhookRequest(), options), "webhook_too_large");
  });
});

describe("verifyWebhook options", () => {
  async function inputError(call: () => Promise<unknown>): Promise<string> {
    const error = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof InputError)) throw new Error(`expected an InputError, got ${String(error)}`);
    return `${error.code} ${error.field}`;
  }

  it.each([
    ["no key", { publicKey: undefined }, "missing_option publicKey"],
    ["an empty key", { publicKey: "" }, "missing_option publicKey"],
    ["a key of the wrong length", { publicKey: "abc" }, "invalid_option publicKey"],
    ["a private key of 64 bytes", { publicKey: new Uint8Array(64).fill(1) }, "invalid_option publicKey"],
    ["a key as PEM", { publicKey: publicKeyPem() }, "invalid_option publicKey"],
    ["a key as JWK", { publicKey: { kty: "OKP" } }, "invalid_option publicKey"],
    ["a placeholder key", { publicKey: "1".repeat(32) }, "invalid_option publicKey"],
    ["no expectation", { expect: undefined }, "missing_option expect"],
    ["null as the expectation", { expect: null }, "missing_option expect"],
    ["an unknown text as the expectation", { expect: "any" }, "invalid_option expect"],
    ["an expectation without an intent", { expect: {} }, "missing_option expect.id"],
    ["a numeric intent", { expect: { id: 7 } }, "invalid_option expect.id"],
    ["no destination", { expect: { intentId: intent.id } }, "missing_option expect.destination"],
    ["maxAge", { maxAge: 60 }, "unknown_option maxAge"],
    ["a maxBytes of 0", { maxBytes: 0 }, "invalid_option maxBytes"],
    ["a maxBytes above 1 MiB", { maxBytes: 2 ** 20 + 1 }, "invalid_option maxBytes"],
    ["a timeoutMs of 0", { timeoutMs: 0 }, "invalid_option timeoutMs"],
    ["a short path token", { pathToken: "secret" }, "invalid_option pathToken"],
    ["an empty path token", { pathToken: "" }, "missing_option pathToken"],
    ["a path token of undefined", { pathToken: undefined }, "missing_option pathToken"],
  ])("rejects %s", async (_, changes, problem) => {
    const options = { publicKey, expect: intent, ...changes } as never;
    expect(await inputError(() => verifyWebhook(webhookRequest(), options))).toBe(problem);
  });

  it("rejects a path token if the input has no path", async () => {
    const options = { publicKey, expect: intent, pathToken: "x".repeat(22) };
    expect(await inputError(() => verifyWebhook(paidToken(), options))).toBe("conflicting_options pathToken");
  });

  it("rejects an input of another type", async () => {
    expect(await inputError(() => verify(null as never))).toBe("invalid_option input");
    expect(await inputError(() => verify({ body: paidToken() } as never))).toBe("invalid_option input");
  });

  it("throws an InputError for bytes that are not a key", async () => {
    // Not the encoding of a point on the curve. Platforms differ in how they fail, but none accepts it.
    const noPoint = new Uint8Array(32).fill(0xff);
    await expect(verifyWebhook(paidToken(), { publicKey: noPoint, expect: intent })).rejects.toBeInstanceOf(
      CodeIntentsError,
    );
  });
});

it("types the claims by the expectation", () => {
  const options = { publicKey };
  const token = paidToken();
  expectTypeOf(verifyWebhook(token, { ...options, expect: intent })).resolves.toEqualTypeOf<
    PaymentClaims<true>
  >();
  expectTypeOf(
    verifyWebhook(token, { ...options, expect: async (id) => (id === intent.id ? intent : undefined) }),
  ).resolves.toEqualTypeOf<PaymentClaims<true>>();
  expectTypeOf(verifyWebhook(token, { ...options, expect: "unbound" })).resolves.toEqualTypeOf<
    PaymentClaims<false> | LoginClaims
  >();
  expectTypeOf(
    verifyWebhook(loginToken, { ...options, expect: { kind: "login" } }),
  ).resolves.toEqualTypeOf<LoginClaims>();
});
