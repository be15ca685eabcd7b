import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CURRENCIES, type Currency } from "../../src/money/currency.js";
import {
  decodePayload,
  encodePayload,
  PAYLOAD_KINDS,
  PAYLOAD_LENGTH,
  type PayloadKind,
  type RendezvousPayload,
} from "../../src/rendezvous/payload.js";
import { magnitudes, runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import { hex, unhex, vectors } from "../support/vectors.js";

const nonce = unhex("0102030405060708091011");
const kindNames: Record<number, PayloadKind> = {
  0: "cash",
  1: "gift-card",
  2: "payment",
  3: "login",
  4: "payment-with-fees",
  5: "tip",
};

type PayloadVector = (typeof vectors.payloadCodec)[number];

function payloadOf(vector: PayloadVector): RendezvousPayload {
  const kind = kindNames[vector.kind];
  const amount = BigInt(vector.amount ?? 0);
  const bytes = unhex(vector.nonce ?? "");
  if (kind === "tip") return { kind, username: vector.username ?? "" };
  if (kind === "cash" || kind === "gift-card") return { kind, quarks: amount, nonce: bytes };
  if (kind === "payment" || kind === "payment-with-fees") {
    return { kind, currency: vector.currency as Currency, units: amount, nonce: bytes };
  }
  throw new Error(`cannot read vector ${vector.id}`);
}

const inRange = vectors.payloadCodec.filter(({ amount }) => !amount?.startsWith("-"));
const wrapping = vectors.payloadCodec.filter(({ amount }) => amount?.startsWith("-"));

describe("rendezvous payload", () => {
  it.each(inRange)("encodes official vector $id to the same bytes and decodes it", (vector) => {
    const payload = payloadOf(vector);
    expect(hex(encodePayload(payload))).toBe(vector.payloadHex);
    expect(decodePayload(unhex(vector.payloadHex))).toEqual(payload);
  });

  it.each(wrapping)("rejects official vector $id, whose negative amount would wrap", (vector) => {
    expectRefusal(() => encodePayload(payloadOf(vector)), "invalid_option", "units");
  });

  it("covers official vectors in range and official vectors that wrap", () => {
    expect(inRange.length).toBeGreaterThanOrEqual(5);
    expect(wrapping.map(({ id }) => id)).toContain("request-usd-negative-wraps");
  });

  it.each([
    ["cash", { kind: "cash", quarks: 2n ** 64n - 1n, nonce }, `00ffffffffffffffff${hex(nonce)}`],
    ["cash of zero quarks", { kind: "cash", quarks: 0n, nonce }, `000000000000000000${hex(nonce)}`],
    [
      "a gift card",
      { kind: "gift-card", quarks: 0x0102_0304_0506_0708n, nonce },
      `010807060504030201${hex(nonce)}`,
    ],
    ["a login", { kind: "login", nonce }, `030000000000000000${hex(nonce)}`],
    ["kin", { kind: "payment", currency: "kin", units: 1n, nonce }, `020001000000000000${hex(nonce)}`],
    [
      "the last currency",
      { kind: "payment-with-fees", currency: "zmw", units: 2n ** 56n - 1n, nonce },
      `0499ffffffffffffff${hex(nonce)}`,
    ],
  ] satisfies [string, RendezvousPayload, string][])(
    "encodes %s as little-endian",
    (_, payload, expected) => {
      expect(hex(encodePayload(payload))).toBe(expected);
      expect(decodePayload(unhex(expected))).toEqual(payload);
    },
  );
});

describe("encodePayload and decodePayload", () => {
  const anyNonce = fc.uint8Array({ minLength: 11, maxLength: 11 }).map((bytes) => Uint8Array.from(bytes));
  const anyUnits = fc.oneof(magnitudes(2n ** 56n - 1n), fc.constant(0n));
  const anyQuarks = fc.oneof(magnitudes(2n ** 64n - 1n), fc.constant(0n));
  const anyName = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 15 })
    .filter((name) => !name.includes(".") && !name.startsWith("\ufeff"))
    .filter((name) => name.length <= 15 && new TextEncoder().encode(name).length <= 15);
  const payloads: Record<PayloadKind, fc.Arbitrary<RendezvousPayload>> = {
    cash: fc.record({ kind: fc.constant("cash"), quarks: anyQuarks, nonce: anyNonce }),
    "gift-card": fc.record({ kind: fc.constant("gift-card"), quarks: anyQuarks, nonce: anyNonce }),
    payment: fc.record({
      kind: fc.constant("payment"),
      currency: fc.constantFrom(...CURRENCIES),
      units: anyUnits,
      nonce: anyNonce,
    }),
    login: fc.record({ kind: fc.constant("login"), nonce: anyNonce }),
    "payment-with-fees": fc.record({
      kind: fc.constant("payment-with-fees"),
      currency: fc.constantFrom(...CURRENCIES),
      units: anyUnits,
      nonce: anyNonce,
    }),
    tip: fc.record({ kind: fc.constant("tip"), username: anyName }),
  };

  it.each(Object.entries(payloads))("decode any encoded %s to the same payload", (kind, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (payload) => {
        const bytes = encodePayload(payload);
        expect(bytes.length).toBe(PAYLOAD_LENGTH);
        expect(bytes[0]).toBe(PAYLOAD_KINDS[kind as PayloadKind]);
        expect(decodePayload(bytes)).toEqual(payload);
      }),
      runs(500),
    );
  });

  it("never encode two payments to the same bytes", () => {
    fc.assert(
      fc.property(payloads.payment, payloads["payment-with-fees"], payloads.payment, (a, b, c) => {
        const texts = new Set([a, b, c].map((payload) => hex(encodePayload(payload))));
        const values = new Set(
          [a, b, c].map((p) => ("units" in p ? `${p.kind}/${p.currency}/${p.units}/${hex(p.nonce)}` : "")),
        );
        expect(texts.size).toBe(values.size);
      }),
      runs(500),
    );
  });

  it("copy the caller's bytes, both Uint8Array and Buffer", () => {
    const source = unhex(`020001000000000000${hex(nonce)}`);
    for (const bytes of [Uint8Array.from(source), Buffer.from(source)]) {
      const decoded = decodePayload(bytes);
      bytes.fill(0xee);
      expect("nonce" in decoded && hex(decoded.nonce)).toBe(hex(nonce));
    }
    const own = Uint8Array.from(nonce);
    const encoded = encodePayload({ kind: "login", nonce: own });
    own.fill(0xee);
    expect(hex(encoded)).toBe(`030000000000000000${hex(nonce)}`);
  });

  it("read a view into a larger buffer, not the buffer", () => {
    const padded = Buffer.concat([
      Buffer.alloc(7, 0xaa),
      encodePayload({ kind: "login", nonce }),
      Buffer.alloc(9, 0xbb),
    ]);
    expect(decodePayload(padded.subarray(7, 27))).toMatchObject({ kind: "login" });
  });
});

describe("encodePayload with an amount out of range", () => {
  it.each([-1n, -100n, 2n ** 56n, 2n ** 64n, 2n ** 200n])("rejects %d units", (units) => {
    for (const kind of ["payment", "payment-with-fees"] as const) {
      expectRefusal(() => encodePayload({ kind, currency: "usd", units, nonce }), "invalid_option", "units");
    }
  });

  it.each([-1n, 2n ** 64n, 2n ** 65n])("rejects %d quarks", (quarks) => {
    for (const kind of ["cash", "gift-card"] as const) {
      expectRefusal(() => encodePayload({ kind, quarks, nonce }), "invalid_option", "quarks");
    }
  });

  it.each([100, "100", undefined, null, Number.NaN, {}])("rejects %s, which is not a bigint", (value) => {
    const units = value as unknown as bigint;
    expectRefusal(
      () => encodePayload({ kind: "payment", currency: "usd", units, nonce }),
      "invalid_option",
      "units",
    );
    expectRefusal(() => encodePayload({ kind: "cash", quarks: units, nonce }), "invalid_option", "quarks");
  });
});

describe("encodePayload with invalid fields", () => {
  it.each([0, 10, 12, 20, 32])("rejects a nonce of %d bytes", (length) => {
    for (const payload of [
      { kind: "cash", quarks: 1n },
      { kind: "payment", currency: "usd", units: 1n },
      { kind: "login" },
    ] as const) {
      const withNonce = { ...payload, nonce: new Uint8Array(length) };
      expectRefusal(() => encodePayload(withNonce), "invalid_option", "nonce");
    }
  });

  it.each([undefined, null, "12345678901", Array(11).fill(0)])("rejects %j as the nonce", (value) => {
    const bytes = value as unknown as Uint8Array;
    expectRefusal(() => encodePayload({ kind: "login", nonce: bytes }), "invalid_option", "nonce");
  });

  it.each(["xyz", "USD", "ggp", "", undefined])("rejects %j as the currency", (value) => {
    const currency = value as Currency;
    expectRefusal(
      () => encodePayload({ kind: "payment", currency, units: 1n, nonce }),
      "invalid_option",
      "currency",
    );
  });

  it.each(["", "Payment", "toString", "__proto__", "constructor", 2, undefined, null])(
    "rejects %j as the kind",
    (value) => {
      const kind = value as "login";
      expectRefusal(() => encodePayload({ kind, nonce }), "invalid_option", "kind");
    },
  );
});

describe("decodePayload with invalid bytes", () => {
  it.each([0, 1, 19, 21, 35, 40])("rejects a payload of %d bytes", (length) => {
    expectRefusal(() => decodePayload(new Uint8Array(length)), "invalid_option", "payload");
  });

  it.each([
    undefined,
    null,
    "0".repeat(20),
    Array(20).fill(0),
    { length: 20 },
    new ArrayBuffer(20),
    new Uint16Array(20),
  ])("rejects a value that is not a Uint8Array (%#)", (value) => {
    expectRefusal(() => decodePayload(value as Uint8Array), "invalid_option", "payload");
  });

  it("rejects every kind above 5, unlike the official codec", () => {
    for (let kind = 6; kind <= 255; kind++) {
      const bytes = new Uint8Array(20);
      bytes[0] = kind;
      expectRefusal(() => decodePayload(bytes), "invalid_option", "payload[0]");
    }
  });

  it("rejects every currency index above 153, in both kinds of payment", () => {
    for (const kind of [2, 4]) {
      for (let index = 154; index <= 255; index++) {
        const bytes = new Uint8Array(20);
        bytes[0] = kind;
        bytes[1] = index;
        expectRefusal(() => decodePayload(bytes), "invalid_option", "payload[1]");
      }
    }
  });

  it("does not reveal the payload in the error", () => {
    const secret = new TextEncoder().encode("\u00ffRECOGNISABLE-NONCE!");
    const bytes = new Uint8Array([...secret, 0, 0, 0, 0]).slice(0, 20);
    bytes[0] = 9;
    const error = expectRefusal(() => decodePayload(bytes), "invalid_option", "payload[0]");
    expect(`${error.message}${error.stack}`).not.toContain("RECOGNISABLE");
    expect(`${error.message}${error.stack}`).not.toContain(hex(bytes.subarray(9)));
  });
});

/** The 15 bytes of a tip, computed independently. */
function tipArea(username: string): string {
  const name = Buffer.from(username, "utf8").subarray(0, 15);
  const hash = createHash("sha256").update(name).digest("base64");
  return Buffer.concat([name, Buffer.from(`.${hash}`)])
    .subarray(0, 15)
    .toString("hex");
}

describe("tip payload", () => {
  it("encodes getcode as in the wire contract", () => {
    expect(hex(encodePayload({ kind: "tip", username: "getcode" }))).toBe(
      "0500000000676574636f64652e3456712f722b58",
    );
  });

  it("cuts a multi-byte name inside a character, like the official client", () => {
    const vector = vectors.invalidInputs.find(({ id }) => id === "tip-multibyte");
    const username = "é".repeat(9);
    expect(vector?.input.platform).toMatchObject({ username });
    const bytes = encodePayload({ kind: "tip", username });
    expect(hex(bytes)).toBe(vector?.payloadHex);
    // Half a character remains and decodes to a replacement character.
    expect(decodePayload(bytes)).toEqual({ kind: "tip", username: `${"é".repeat(7)}\ufffd` });
  });

  it.each(Array.from({ length: 15 }, (_, i) => "abcdefghijklmno".slice(0, i + 1)))(
    "pads the name %s to 15 bytes",
    (username) => {
      const bytes = encodePayload({ kind: "tip", username });
      expect(hex(bytes)).toBe(`0500000000${tipArea(username)}`);
      expect(decodePayload(bytes)).toEqual({ kind: "tip", username });
    },
  );

  it("pads a name of 14 bytes with a dot only, and a name of 15 bytes with nothing", () => {
    expect(hex(encodePayload({ kind: "tip", username: "a".repeat(14) }))).toBe(
      `0500000000${"61".repeat(14)}2e`,
    );
    expect(hex(encodePayload({ kind: "tip", username: "a".repeat(15) }))).toBe(
      `0500000000${"61".repeat(15)}`,
    );
  });

  it.each(["é", "日本", "🙂", "aé日🙂", "日本語日本語", "🙂".repeat(7)])(
    "hashes the bytes of %s that fit",
    (username) => {
      expect(hex(encodePayload({ kind: "tip", username }))).toBe(`0500000000${tipArea(username)}`);
    },
  );

  it.each(["a".repeat(16), "é".repeat(16), "🙂".repeat(8), "a".repeat(100_000)])(
    "rejects a name of 16 or more characters (%#)",
    (username) => {
      expectRefusal(() => encodePayload({ kind: "tip", username }), "invalid_option", "username");
    },
  );

  it.each(["", undefined, null])("rejects a missing name (%j)", (username) => {
    expectRefusal(
      () => encodePayload({ kind: "tip", username: username as string }),
      "missing_option",
      "username",
    );
  });

  it("decodes the name up to the first dot", () => {
    expect(decodePayload(encodePayload({ kind: "tip", username: "a.b" }))).toEqual({
      kind: "tip",
      username: "a",
    });
  });

  it("decodes a byte order mark as part of the name", () => {
    const username = "\ufeffbob";
    expect(decodePayload(encodePayload({ kind: "tip", username }))).toEqual({ kind: "tip", username });
  });
});
