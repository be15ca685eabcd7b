import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { idnaProblem } from "../../src/contract/idna.js";
import { runs } from "../support/property.js";

describe("the registration profile", () => {
  it.each([
    "example.com",
    "example.com.",
    "com",
    "xn--bcher-kva.de",
    "bücher.de",
    "straße.de",
    "😀.com",
    "xn--4dbcagdahymbxekheh6e0a7fei0b.example", // Hebrew
    "א1.example",
    "क्\u200dष.example", // a joiner after a virama
    "xn--80ak6aa92e.com",
    "a".repeat(63),
  ])("accepts %j", (name) => {
    expect(idnaProblem(name)).toBeUndefined();
  });

  it.each([
    ["Example.com", { rune: "E" }],
    ["a_b.com", { rune: "_" }],
    ["ｅxample.com", { rune: "ｅ" }],
    ["", { label: "" }],
    [".", { label: "." }],
    ["a..b", { label: "a..b" }],
    ["example.com..", { label: "example.com.." }],
    ["-a.com", { label: "-a" }],
    ["a-.com", { label: "a-" }],
    ["ab--c.com", { label: "ab--c" }],
    ["xn--.com", { label: "" }],
    ["xn--a.com", { label: "\u0080" }],
    ["xn--1ch.com", { label: "≠" }],
    ["xn--999999999.com", { label: "999999999" }],
    ["\u0301a.com", { label: "\u0301a" }],
    ["a\u200db.com", { label: "a\u200db" }],
    ["a\u0308.com", { label: "a\u0308.com" }],
    ["xn--a-0hc.com", { label: "xn--a-0hc.com" }],
    ["1.א", { label: "1.א" }],
    ["aא.com", { label: "aא.com" }],
    [`${"a".repeat(64)}.com`, { label: "a".repeat(64) }],
  ])("rejects %j", (name, problem) => {
    expect(idnaProblem(name)).toEqual(problem);
  });
});

interface Tr46 {
  toASCII(name: string, options: Readonly<Record<string, boolean>>): string | null;
  toUnicode(name: string, options: Readonly<Record<string, boolean>>): { domain: string; error: boolean };
}
const tr46 = createRequire(import.meta.url)("tr46") as Tr46;
const strict = { checkBidi: true, checkHyphens: true, checkJoiners: true, useSTD3ASCIIRules: true };

/** The verdict of another implementation, which maps characters: a name is valid if nothing had to be mapped. */
function isValidElsewhere(name: string): boolean {
  const { domain, error } = tr46.toUnicode(name, strict);
  const labels = domain.split(".");
  const isUnchanged = name
    .split(".")
    .every((label, index) => label.startsWith("xn--") || label === labels[index]);
  return !error && isUnchanged && tr46.toASCII(name, { ...strict, verifyDNSLength: true }) !== null;
}

test("gives the verdict of another implementation of the same tables on random names", () => {
  // Characters from every group that a rule is about.
  const interesting = fc.constantFrom(
    ..."abz09--..Aé\u0301ßאבا٠۱1\u200c\u200d\u094dक≠😀ｅ\u0640\u00b7·ςΣ",
    ..."\u0300\u05b0\u0627\u0628\u200f\ufe0f\u00ad\u0080",
  );
  const anything = fc
    .integer({ min: 0x80, max: 0x3_34_ff })
    .filter((value) => value < 0xd8_00 || value > 0xdf_ff)
    .map((value) => String.fromCodePoint(value));
  const character = fc.oneof({ weight: 6, arbitrary: interesting }, { weight: 1, arbitrary: anything });
  const label = fc.array(character, { minLength: 1, maxLength: 6 }).map((characters) => characters.join(""));
  const encoded = fc.oneof(
    label.map((text) => tr46.toASCII(text, {}) ?? "x"),
    fc.string({ unit: fc.constantFrom(..."abz019-"), maxLength: 6 }).map((text) => `xn--${text}`),
  );
  const name = fc
    .array(fc.oneof(label, encoded), { minLength: 1, maxLength: 3 })
    .map((labels) => labels.join("."));
  const seen = { valid: 0, invalid: 0 };
  fc.assert(
    fc.property(name, (text) => {
      const isValid = idnaProblem(text) === undefined;
      seen[isValid ? "valid" : "invalid"]++;
      expect([text, isValid]).toEqual([text, isValidElsewhere(text.replace(/\.$/, ""))]);
    }),
    runs(100_000),
  );
  expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(100);
});
