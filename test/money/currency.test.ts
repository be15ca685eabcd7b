import { describe, expect, it } from "vitest";
import {
  CURRENCIES,
  type Currency,
  currencyAt,
  currencyIndex,
  parseCurrency,
} from "../../src/money/currency.js";
import { expectRefusal } from "../support/refusal.js";
import { vectors } from "../support/vectors.js";

// Codes that have limits at the sequencer but no index in a scan code (facts of the wire contract).
const withoutIndex = "byr clf cuc ggp imp jep lsl ltl lvl std xdr zmk zwl".split(" ");

describe("CURRENCIES", () => {
  it("equals the official table in its order", () => {
    expect([...CURRENCIES]).toEqual(vectors.tables.currencyIndex);
  });

  it("has 154 different codes of three lowercase letters", () => {
    expect(CURRENCIES.length).toBe(154);
    expect(new Set(CURRENCIES).size).toBe(154);
    for (const code of CURRENCIES) expect(code).toMatch(/^[a-z]{3}$/);
  });

  it.each([
    ["kin", 0],
    ["aed", 1],
    ["jpy", 67],
    ["usd", 140],
    ["zmw", 153],
  ] as const)("has %s at %d", (code, index) => {
    expect(currencyIndex(code)).toBe(index);
    expect(currencyAt(index)).toBe(code);
  });

  it("maps every index to its code and back", () => {
    for (const [index, code] of vectors.tables.currencyIndex.entries()) {
      expect(currencyIndex(code as Currency)).toBe(index);
      expect(currencyAt(index)).toBe(code);
    }
  });

  it.each([154, 155, 255, 256, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "has no currency at %d",
    (index) => {
      expect(currencyAt(index)).toBeUndefined();
    },
  );

  it.each(["USD", "xyz", "ggp", "", "constructor", "__proto__", "length"])("has no index for %j", (code) => {
    expectRefusal(() => currencyIndex(code as Currency), "invalid_option", "currency");
  });
});

describe("parseCurrency", () => {
  it("converts a code to lowercase", () => {
    for (const code of CURRENCIES) {
      const mixed = code.charAt(0) + code.slice(1).toUpperCase();
      for (const written of [code, code.toUpperCase(), mixed]) expect(parseCurrency(written)).toBe(code);
    }
  });

  it.each(withoutIndex)("rejects %s, which has limits but no index in a scan code", (code) => {
    expectRefusal(() => parseCurrency(code), "invalid_option", "currency");
    expectRefusal(() => parseCurrency(code.toUpperCase()), "invalid_option", "currency");
  });

  it.each(
    ["xyz", "us", "usdd", "usd ", " usd", "usd\n", "u s d", "us\u0000d", "$", "140", "usd,eur", "ｕｓｄ"].map(
      (code) => [JSON.stringify(code), code],
    ),
  )("rejects %s", (_, code) => {
    expectRefusal(() => parseCurrency(code), "invalid_option", "currency");
  });

  it.each([
    ["the Kelvin sign for a k", "\u212ain"],
    ["the Kelvin sign for a K", "\u212aES"],
    ["a dotted capital I", "K\u0130N"],
    ["a dotless i", "k\u0131n"],
    ["a long s", "u\u017fd"],
  ])("rejects a code with %s, which is not an ASCII letter", (_, code) => {
    expectRefusal(() => parseCurrency(code), "invalid_option", "currency");
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "at", "0"])(
    "rejects %s, a property of every object",
    (code) => {
      expectRefusal(() => parseCurrency(code), "invalid_option", "currency");
    },
  );

  it.each([undefined, null, ""])("throws missing_option for %j", (code) => {
    expectRefusal(() => parseCurrency(code), "missing_option", "currency");
  });

  it.each([
    ["a number", 140],
    ["zero", 0],
    ["a boolean", true],
    ["an array", ["usd"]],
    ["an object", { toString: () => "usd" }],
    ["a boxed string", Object("usd")],
    ["a symbol", Symbol("usd")],
  ])("rejects %s as a currency", (_, code) => {
    expectRefusal(() => parseCurrency(code), "invalid_option", "currency");
  });

  it("names the caller's field in the error", () => {
    expectRefusal(() => parseCurrency("xyz", "order.currency"), "invalid_option", "order.currency");
    expectRefusal(() => parseCurrency(undefined, "order.currency"), "missing_option", "order.currency");
  });

  it("truncates a long code in the message", () => {
    const { message } = expectRefusal(() => parseCurrency("x".repeat(100_000)), "invalid_option", "currency");
    expect(message.length).toBeLessThan(200);
  });
});
