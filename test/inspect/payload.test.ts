import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectPayload, renderText } from "../../src/inspect/index.js";
import type { Inspection } from "../../src/inspect/types.js";
import { CURRENCIES } from "../../src/money/currency.js";
import { decodePayload, encodePayload } from "../../src/rendezvous/payload.js";
import { runs } from "../support/property.js";
import { unhex, vectors } from "../support/vectors.js";
import { at, expectCovered, problemsOf } from "./support.js";

const nonceHex = "0102030405060708091011";

function inspect(hex: string): Inspection {
  const tree = inspectPayload(unhex(hex.replaceAll(" ", "")));
  expectCovered(tree);
  return tree;
}

function layout(tree: Inspection): string[] {
  return tree.children.map(({ label, offset, length }) => `${label} ${offset}+${length}`);
}

describe.each(vectors.payloadCodec)("inspectPayload of official vector $id", (vector) => {
  const tree = inspect(vector.payloadHex);

  it("has the areas and values of the vector", () => {
    expect(tree.problems).toEqual([]);
    const values = Object.fromEntries(tree.children.map(({ label, value }) => [label, value]));
    if (vector.amount !== undefined) {
      const units = BigInt.asUintN(56, BigInt(vector.amount));
      expect(values.units ?? values.quarks).toBe(units);
    }
    if (vector.currency !== undefined) expect(values.currency).toBe(vector.currency);
    if (vector.nonce !== undefined) expect(values.nonce).toEqual(unhex(vector.nonce));
    if (vector.username !== undefined) expect(values.username).toBe(vector.username);
  });
});

describe("inspectPayload of each kind", () => {
  it.each([
    ["cash", 0, ["kind 0+1", "quarks 1+8", "nonce 9+11"]],
    ["gift-card", 1, ["kind 0+1", "quarks 1+8", "nonce 9+11"]],
    ["payment", 2, ["kind 0+1", "currency 1+1", "units 2+7", "nonce 9+11"]],
    ["login", 3, ["kind 0+1", "unused 1+8", "nonce 9+11"]],
    ["payment-with-fees", 4, ["kind 0+1", "currency 1+1", "units 2+7", "nonce 9+11"]],
  ])("labels the areas of %s", (kind, number, areas) => {
    const tree = inspect(`0${number} 0000000000000000 ${nonceHex}`);
    expect(layout(tree)).toEqual(areas);
    expect(problemsOf(tree)).toEqual([]);
    expect(at(tree, "kind").value).toBe(kind);
    expect(at(tree, "nonce").value).toEqual(unhex(nonceHex));
  });

  it("labels the areas of tip", () => {
    const tree = inspect("0500000000676574636f64652e3456712f722b58");
    expect(layout(tree)).toEqual(["kind 0+1", "flags 1+4", "username 5+7", "padding 12+8"]);
    expect(at(tree, "username").value).toBe("getcode");
    expect(problemsOf(tree)).toEqual([]);
  });

  it("has the values of decodePayload", () => {
    const nonce = fc.uint8Array({ minLength: 11, maxLength: 11 });
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 15 });
    const payload = fc.oneof(
      fc.record({ kind: fc.constantFrom("cash", "gift-card"), quarks: fc.bigInt(0n, 2n ** 64n - 1n), nonce }),
      fc.record({
        kind: fc.constantFrom("payment", "payment-with-fees"),
        currency: fc.constantFrom(...CURRENCIES),
        units: fc.bigInt(0n, 2n ** 56n - 1n),
        nonce,
      }),
      fc.record({ kind: fc.constant("login" as const), nonce }),
      fc.record({
        kind: fc.constant("tip" as const),
        username: name.filter(
          (text) => text.length <= 15 && !text.includes(".") && !text.startsWith("\ufeff"),
        ),
      }),
    );
    fc.assert(
      fc.property(payload, (wanted) => {
        const bytes = encodePayload(wanted);
        const tree = inspectPayload(bytes);
        expectCovered(tree);
        expect(problemsOf(tree)).toEqual([]);
        const values = Object.fromEntries(
          tree.children.flatMap(({ label, value }) => (value === undefined ? [] : [[label, value]])),
        );
        expect(values).toEqual(decodePayload(bytes));
      }),
      runs(2000),
    );
  });
});

describe("meanings of a payload", () => {
  it.each([
    [
      `028ce803000000000003ac674216f3e15c761ee1`,
      "units",
      "7-byte little-endian hundredths: 1000, which is 10.00 usd",
    ],
    [`028ce803000000000003ac674216f3e15c761ee1`, "currency", "currency index 140: usd"],
    [
      `028ce803000000000003ac674216f3e15c761ee1`,
      "nonce",
      "11-byte nonce, secret; its base58 is the client secret: uqM86tVJL9rhqS",
    ],
    [`00404b4c0000000000${nonceHex}`, "quarks", "8-byte little-endian quarks: 5000000, which is 50.00 kin"],
    [`0001000000000000000${nonceHex.slice(1)}`, "quarks", "8-byte little-endian quarks: 1"],
    [
      `028c9cffffffffffff${nonceHex}`,
      "units",
      "7-byte little-endian hundredths: 72057594037927836, which is 720575940379278.36 usd; larger than the exact range, perhaps -1.00 wrapped around",
    ],
    [
      `028c00000000000080${nonceHex}`,
      "units",
      "7-byte little-endian hundredths: 36028797018963968, which is 360287970189639.68 usd; larger than the exact range",
    ],
  ])("describe %s, %s", (hex, path, meaning) => {
    expect(at(inspect(hex), path).meaning).toBe(meaning);
  });

  it("name the intent in the root", () => {
    expect(inspect("028ce803000000000003ac674216f3e15c761ee1").meaning).toBe(
      "a request for payment, 20 bytes; intent id GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN",
    );
  });

  it("describe a name that was cut inside a character", () => {
    const tree = inspectPayload(encodePayload({ kind: "tip", username: `${"a".repeat(14)}é` }));
    expect(problemsOf(tree)).toEqual([]);
    expect(at(tree, "username").value).toBe(`${"a".repeat(14)}\ufffd`);
  });
});

describe("a number that is plausible only with its bytes reversed", () => {
  it.each([
    ["units", "02 8c 000000000000fa", 2, "250", "7 bytes"],
    ["units, of one cent", "02 8c 00000000000001", 2, "1", "7 bytes"],
    ["units, with fees", "04 8c 0000000001e240", 2, "123456", "7 bytes"],
    ["quarks", "00 00000000000186a0", 1, "100000", "8 bytes"],
  ])("is doubtful: %s", (_name, start, offset, right, size) => {
    const { problems } = inspect(`${start} ${nonceHex}`);
    expect(problems).toMatchObject([{ kind: "doubtful", code: "invalid_value", offset }]);
    expect(problems[0]?.expected).toBe(`${right} with the least significant byte first`);
    expect(problems[0]?.found).toContain(`${right} with the ${size} reversed`);
  });

  it.each([
    ["units in the right order", "02 8c fa000000000000"],
    ["no units", "02 8c 00000000000000"],
    ["units that read the same in both orders", "02 8c 01000000000001"],
    ["a large amount", "02 8c 00000000000900"],
    ["quarks in the right order", "00 a086010000000000"],
  ])("is not reported for %s", (_name, start) => {
    const { problems } = inspect(`${start} ${nonceHex}`);
    expect(problems.filter(({ found }) => found.includes("reversed"))).toEqual([]);
  });
});

describe("an invalid payload", () => {
  it.each([
    ["nothing", "", ["truncated@0"], []],
    ["only a kind", "02", ["truncated@1"], ["kind 0+1"]],
    ["truncated in the amount", "028ce803", ["truncated@4"], ["kind 0+1", "currency 1+1", "units 2+2"]],
    [
      "truncated in the nonce",
      `028c000000000000000102`,
      ["truncated@11"],
      ["kind 0+1", "currency 1+1", "units 2+7", "nonce 9+2"],
    ],
    [
      "an unknown kind",
      `06 0000000000000000 ${nonceHex}`,
      ["unknown_payload_kind@0 in kind"],
      ["kind 0+1", "unreadable 1+19"],
    ],
    [
      "an unknown currency",
      `02 9a e803000000000000 ${nonceHex.slice(2)}`,
      ["unknown_currency_index@1 in currency"],
      ["kind 0+1", "currency 1+1", "units 2+7", "nonce 9+11"],
    ],
    [
      "more than 20 bytes",
      `03 0000000000000000 ${nonceHex} ffff`,
      ["trailing_bytes@20"],
      ["kind 0+1", "unused 1+8", "nonce 9+11", "unreadable 20+2"],
    ],
    [
      "an amount in a login",
      `03 0000050000000000 ${nonceHex}`,
      ["payload_filler@3 in unused"],
      ["kind 0+1", "unused 1+8", "nonce 9+11"],
    ],
    [
      "flags in a tip",
      "0500000100676574636f64652e3456712f722b58",
      ["payload_filler@3 in flags"],
      ["kind 0+1", "flags 1+4", "username 5+7", "padding 12+8"],
    ],
    [
      "wrong padding",
      "0500000000676574636f64652e3456712f722b59",
      ["payload_filler@19 in padding"],
      ["kind 0+1", "flags 1+4", "username 5+7", "padding 12+8"],
    ],
    [
      "a tip without a name",
      "05000000002e676574636f64652e3456712f722b",
      ["missing_username@5 in username"],
      ["kind 0+1", "flags 1+4", "username 5+0", "padding 5+15"],
    ],
    [
      "a name that is not text",
      "0500000000ff6574636f64652e3456712f722b58",
      ["invalid_utf8@5 in username"],
      ["kind 0+1", "flags 1+4", "username 5+7", "padding 12+8"],
    ],
  ])("is reported: %s", (_what, hex, problems, areas) => {
    const tree = inspect(hex);
    expect(problemsOf(tree)).toEqual(problems);
    expect(layout(tree)).toEqual(areas);
  });

  it("has its amount if only the currency is unknown", () => {
    const tree = inspect(`02 9a e8030000000000 ${nonceHex}`);
    expect(at(tree, "units").value).toBe(1000n);
    expect(at(tree, "currency").value).toBe(154);
    expect(at(tree, "units").meaning).toBe("7-byte little-endian hundredths: 1000, which is 10.00");
  });

  it("is rejected if it is not bytes", () => {
    expect(() => inspectPayload("028c" as unknown as Uint8Array)).toThrow("bytes: must be a Uint8Array");
  });
});

it("a payload is rendered as text", () => {
  expect(renderText(inspect("028ce803000000000003ac674216f3e15c761ee1"))).toMatchInlineSnapshot(`
    "offset  bytes                    what        meaning
         0                           payload     a request for payment, 20 bytes; intent id
                                                 GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN
         0  02                         kind      kind 2: a request for payment
         1  8c                         currency  currency index 140: usd
         2  e8 03 00 00 00 00 00       units     7-byte little-endian hundredths: 1000, which is 10.00 usd
         9  03 ac 67 42 16 f3 e1 5c    nonce     11-byte nonce, secret; its base58 is the client secret:
        17  76 1e e1                             uqM86tVJL9rhqS"
  `);
});
