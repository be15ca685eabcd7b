import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clientSecretOf,
  NONCE_LENGTH,
  nonceFromClientSecret,
  nonceFromIdempotencyKey,
  randomNonce,
} from "../../src/rendezvous/nonce.js";
import { runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import { hex, unhex, vectors } from "../support/vectors.js";

const usable = vectors.idempotencyKeys.filter(({ seed }) => seed !== "");

describe("idempotency key", () => {
  it.each(usable)(
    "$seed derives the official nonce and client secret",
    ({ seed, nonceHex, clientSecret }) => {
      expect(hex(nonceFromIdempotencyKey(seed))).toBe(nonceHex);
      expect(clientSecretOf(nonceFromIdempotencyKey(seed))).toBe(clientSecret);
    },
  );

  it("is rejected if empty, unlike the official client, which hashes it or uses a random nonce", () => {
    expect(vectors.idempotencyKeys.map(({ seed }) => seed)).toContain("");
    expectRefusal(() => nonceFromIdempotencyKey(""), "missing_option", "idempotencyKey");
  });

  it("is hashed as UTF-8, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (key) => {
        const hash = createHash("sha256").update(Buffer.from(key, "utf8")).digest();
        expect(hex(nonceFromIdempotencyKey(key))).toBe(hex(hash.subarray(0, 11)));
      }),
      runs(500),
    );
  });

  it("is not normalized: composed and decomposed text are two keys", () => {
    expect(hex(nonceFromIdempotencyKey("caf\u00e9"))).not.toBe(hex(nonceFromIdempotencyKey("cafe\u0301")));
    expect(hex(nonceFromIdempotencyKey("k"))).not.toBe(hex(nonceFromIdempotencyKey("k ")));
  });

  it.each(
    ["\ud800", "\udc00", "a\ud800b", "order-\udfff", "\udc00\ud800", "🙂\ud83d"].map((key) => [
      JSON.stringify(key),
      key,
    ]),
  )("%s is rejected: a lone surrogate has the bytes of another key", (_, key) => {
    expectRefusal(() => nonceFromIdempotencyKey(key), "invalid_option", "idempotencyKey");
  });

  it.each([undefined, null])("is missing if it is %j", (key) => {
    expectRefusal(
      () => nonceFromIdempotencyKey(key as unknown as string),
      "missing_option",
      "idempotencyKey",
    );
  });

  it.each([0, 1234, 1n, true, {}, ["1234"], Object("1234")])(
    "is rejected if it is not a string (%#)",
    (key) => {
      expectRefusal(
        () => nonceFromIdempotencyKey(key as unknown as string),
        "invalid_option",
        "idempotencyKey",
      );
    },
  );
});

describe("client secret", () => {
  it("encodes and decodes any nonce", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 11, maxLength: 11 }), (nonce) => {
        const text = clientSecretOf(nonce);
        expect(text).toMatch(/^[1-9A-HJ-NP-Za-km-z]{11,16}$/);
        expect(hex(nonceFromClientSecret(text))).toBe(hex(nonce));
      }),
      runs(500),
    );
  });

  it.each([
    ["03ac674216f3e15c761ee1", "uqM86tVJL9rhqS"],
    ["0000000000000000000000", "11111111111"],
    ["0000000000000000000001", "11111111112"],
    ["000000ffffffffffffffff", `111${"jpXCZedGfVQ"}`],
  ])("of the nonce %s keeps one 1 for each leading zero", (nonceHex, text) => {
    expect(clientSecretOf(unhex(nonceHex))).toBe(text);
    expect(hex(nonceFromClientSecret(text))).toBe(nonceHex);
  });

  it.each([
    ["10 bytes", clientSecretOf(new Uint8Array(10).fill(7))],
    ["12 bytes", clientSecretOf(new Uint8Array(12).fill(7))],
    ["10 zeros", "1".repeat(10)],
    ["12 zeros", "1".repeat(12)],
    ["one leading 1 too many", "1uqM86tVJL9rhqS"],
    ["one leading 1 too few", "1111111111"],
    ["one character", "2"],
    ["32 bytes, such as an intent id", "GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN"],
  ])("is rejected if it is %s", (_, text) => {
    const { message } = expectRefusal(() => nonceFromClientSecret(text), "invalid_option", "clientSecret");
    expect(message).toContain("11");
    if (text.length > 2) expect(message).not.toContain(text);
  });

  it.each([
    "uqM86tVJL9rh0S",
    "uqM86tVJL9rhOS",
    "uqM86tVJL9rhIS",
    "uqM86tVJL9rhlS",
    "uqM86tVJL9rhqS ",
    " uqM86tVJL9rhqS",
    "uqM86tVJL9rhqS\n",
    "uqM86tVJL9rhqé",
    "03ac674216f3e15c761ee1",
    "+/==",
  ])("%j is rejected because it is not base58", (text) => {
    const error = expectRefusal(() => nonceFromClientSecret(text), "invalid_option", "clientSecret");
    expect(error.message).not.toContain(text);
    expect(error.cause).toBeUndefined();
  });

  it("of a million characters is rejected without being decoded", () => {
    expectRefusal(() => nonceFromClientSecret("z".repeat(1_000_000)), "invalid_option", "clientSecret");
  });

  it.each(["", undefined, null])("is missing if it is %j", (text) => {
    expectRefusal(() => nonceFromClientSecret(text as string), "missing_option", "clientSecret");
  });

  it.each([1, true, {}, unhex("03ac674216f3e15c761ee1")])(
    "is rejected if it is not a string (%#)",
    (value) => {
      expectRefusal(
        () => nonceFromClientSecret(value as unknown as string),
        "invalid_option",
        "clientSecret",
      );
    },
  );

  it("is reported under the caller's field name", () => {
    expectRefusal(() => nonceFromClientSecret("!", "order.secret"), "invalid_option", "order.secret");
  });
});

describe("random nonce", () => {
  it("is 11 bytes, differs each time, and uses every byte value", () => {
    const nonces = Array.from({ length: 1000 }, () => randomNonce());
    expect(nonces.every((nonce) => nonce.length === NONCE_LENGTH)).toBe(true);
    expect(new Set(nonces.map(hex)).size).toBe(1000);
    for (let i = 0; i < NONCE_LENGTH; i++)
      expect(new Set(nonces.map((nonce) => nonce[i])).size).toBeGreaterThan(100);
  });
});
