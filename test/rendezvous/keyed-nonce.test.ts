import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import {
  clientSecretOf,
  MIN_IDEMPOTENCY_SECRET_LENGTH,
  type NonceScope,
  nonceFromIdempotencyKey,
  nonceFromKeyedIdempotencyKey,
} from "../../src/rendezvous/nonce.js";
import { keyedNonces } from "../support/keyed-nonces.js";
import { magnitudes, runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import { hex, unhex } from "../support/vectors.js";

const secret = new TextEncoder().encode("RECOGNISABLE-secret-of-32-bytes!");
const usd10: NonceScope = { kind: 2, currencyIndex: 140, units: 1000n };

describe.each(keyedNonces)("keyed nonce vector $id", (vector) => {
  const scope = { kind: vector.kindByte, currencyIndex: vector.currencyIndex, units: BigInt(vector.units) };

  it("derives the nonce", () => {
    const nonce = nonceFromKeyedIdempotencyKey(vector.idempotencyKey, unhex(vector.secretHex), scope);
    expect(hex(nonce)).toBe(vector.nonceHex);
    expect(clientSecretOf(nonce)).toBe(vector.clientSecret);
  });

  it("puts the nonce in the payload of the intent", () => {
    const { kind, currency, amount, idempotencyKey } = vector;
    const intent = PaymentIntent.from({
      destination: "11111111111111111111111111111111",
      kind,
      currency,
      amount,
      idempotencyKey,
      idempotencySecret: unhex(vector.secretHex),
    });
    expect(hex(intent.payload.subarray(9))).toBe(vector.nonceHex);
    expect(hex(intent.payload)).toBe(vector.payloadHex);
    expect(intent.clientSecret).toBe(vector.clientSecret);
  });
});

describe("keyed nonce vectors", () => {
  it("cover both kinds, kin and usd, keys beyond ASCII and binary secrets", () => {
    expect(new Set(keyedNonces.map(({ kindByte }) => kindByte))).toEqual(new Set([2, 4]));
    expect(keyedNonces.map(({ currency }) => currency)).toEqual(expect.arrayContaining(["kin", "usd"]));
    expect(keyedNonces.some(({ idempotencyKey }) => /[^\x20-\x7e]/.test(idempotencyKey))).toBe(true);
    expect(
      keyedNonces.some(({ secretHex }) => Buffer.from(secretHex, "hex").toString("utf8").includes("\ufffd")),
    ).toBe(true);
  });

  it("contain no nonce twice", () => {
    expect(new Set(keyedNonces.map(({ nonceHex }) => nonceHex)).size).toBe(keyedNonces.length);
  });
});

describe("keyedNonce", () => {
  it("differs for another kind, currency, amount, key or secret", () => {
    const arbitrary = fc.record({
      kind: fc.constantFrom(2, 4),
      currencyIndex: fc.nat(153),
      units: magnitudes(2n ** 53n - 1n),
      key: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
      secretByte: fc.nat(255),
    });
    const textOf = (input: {
      kind: number;
      currencyIndex: number;
      units: bigint;
      key: string;
      secretByte: number;
    }) => hex(nonceFromKeyedIdempotencyKey(input.key, new Uint8Array(32).fill(input.secretByte), input));
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        const one = textOf(a);
        expect(textOf({ ...a })).toBe(one);
        for (const part of ["kind", "currencyIndex", "units", "key", "secretByte"] as const) {
          if (a[part] !== b[part]) expect(textOf({ ...a, [part]: b[part] })).not.toBe(one);
        }
      }),
      runs(500),
    );
  });

  it("differs from the official nonce", () => {
    expect(hex(nonceFromKeyedIdempotencyKey("1234", secret, usd10))).not.toBe(
      hex(nonceFromIdempotencyKey("1234")),
    );
  });

  it("encodes a text secret as UTF-8", () => {
    const text = "größtes Geheimnis – 32 Bytes und mehr 🔑";
    const bytes = new TextEncoder().encode(text);
    expect(hex(nonceFromKeyedIdempotencyKey("k", text, usd10))).toBe(
      hex(nonceFromKeyedIdempotencyKey("k", bytes, usd10)),
    );
  });

  it("returns a new array of 11 bytes", () => {
    const nonce = nonceFromKeyedIdempotencyKey("k", secret, usd10);
    expect(nonce).toHaveLength(11);
    expect(nonce.buffer.byteLength).toBe(11);
  });
});

describe("idempotency secret", () => {
  it("can be 32 bytes, as bytes or as text", () => {
    expect(MIN_IDEMPOTENCY_SECRET_LENGTH).toBe(32);
    expect(nonceFromKeyedIdempotencyKey("k", new Uint8Array(32), usd10)).toHaveLength(11);
    expect(nonceFromKeyedIdempotencyKey("k", "x".repeat(32), usd10)).toHaveLength(11);
    // 16 characters, 32 bytes.
    expect(nonceFromKeyedIdempotencyKey("k", "é".repeat(16), usd10)).toHaveLength(11);
  });

  it.each([
    ["no bytes", new Uint8Array(0)],
    ["31 bytes", new Uint8Array(31)],
    ["an empty text", ""],
    ["31 characters", "x".repeat(31)],
    ["15 characters of two bytes", "é".repeat(15)],
  ])("is rejected if it is %s", (_, short) => {
    const { message } = expectRefusal(
      () => nonceFromKeyedIdempotencyKey("k", short, usd10),
      "invalid_option",
      "idempotencySecret",
    );
    expect(message).toMatch(/at least 32/);
  });

  it.each([null, undefined, 32, true, {}, Array(32).fill(1), new ArrayBuffer(32), new Uint16Array(32)])(
    "is rejected if it is neither bytes nor text (%#)",
    (wrong) => {
      const value = wrong as unknown as Uint8Array;
      expectRefusal(
        () => nonceFromKeyedIdempotencyKey("k", value, usd10),
        "invalid_option",
        "idempotencySecret",
      );
    },
  );

  it("is rejected if it has a lone surrogate, because another text has the same bytes", () => {
    const text = `${"x".repeat(40)}\ud800`;
    expectRefusal(
      () => nonceFromKeyedIdempotencyKey("k", text, usd10),
      "invalid_option",
      "idempotencySecret",
    );
  });

  it("stays unchanged and appears in no error", () => {
    const own = Uint8Array.from(secret);
    nonceFromKeyedIdempotencyKey("k", own, usd10);
    expect(hex(own)).toBe(hex(secret));
    const short = "RECOGNISABLE-but-short";
    const error = expectRefusal(
      () => nonceFromKeyedIdempotencyKey("k", short, usd10),
      "invalid_option",
      "idempotencySecret",
    );
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain("RECOGNISABLE");
  });
});

describe("key of keyedNonce", () => {
  it.each(["", undefined, null])("is missing if it is %j", (key) => {
    expectRefusal(
      () => nonceFromKeyedIdempotencyKey(key as string, secret, usd10),
      "missing_option",
      "idempotencyKey",
    );
  });

  it.each([1, true, {}, ["k"]])("is rejected if it is not text (%j)", (key) => {
    const value = key as unknown as string;
    expectRefusal(
      () => nonceFromKeyedIdempotencyKey(value, secret, usd10),
      "invalid_option",
      "idempotencyKey",
    );
  });

  it("is rejected if it has a lone surrogate", () => {
    expectRefusal(
      () => nonceFromKeyedIdempotencyKey("a\udc00", secret, usd10),
      "invalid_option",
      "idempotencyKey",
    );
  });
});

describe("scope of keyedNonce", () => {
  it.each([
    ["negative units", { ...usd10, units: -1n }],
    ["units beyond 64 bits", { ...usd10, units: 2n ** 64n + 1000n }],
    ["a kind beyond a byte", { ...usd10, kind: 258 }],
    ["a negative kind", { ...usd10, kind: -254 }],
    ["a fractional kind", { ...usd10, kind: 2.5 }],
    ["a currency index beyond a byte", { ...usd10, currencyIndex: 396 }],
  ])("is rejected with %s, which would wrap to the nonce of another amount", (_, scope) => {
    expect(() => nonceFromKeyedIdempotencyKey("k", secret, scope)).toThrow(
      expect.objectContaining({ name: "InputError", code: "invalid_option" }),
    );
  });
});
