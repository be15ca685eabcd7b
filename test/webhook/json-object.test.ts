import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJsonObject } from "../../src/webhook/json-object.js";
import { runs } from "../support/property.js";

it("keeps every digit of a number", () => {
  const members = readJsonObject('{ "a" : 9007199254740993 ,"b":1.50,"c":-1E+2 }');
  expect(members?.get("a")).toEqual({ value: 9007199254740992, source: "9007199254740993" });
  expect(members?.get("b")?.source).toBe("1.50");
  expect(members?.get("c")?.source).toBe("-1E+2");
});

it("returns the outer members only", () => {
  const members = readJsonObject('{"a":{"b":1,"c":[{"a":2},"}"]},"b":"\\",\\"b\\":3","c":[],"d":{}}');
  expect([...(members?.keys() ?? [])]).toEqual(["a", "b", "c", "d"]);
  expect(members?.get("a")?.value).toEqual({ b: 1, c: [{ a: 2 }, "}"] });
  expect(members?.get("b")?.value).toBe('","b":3');
});

it("parses an empty object", () => {
  expect(readJsonObject(" {} ")?.size).toBe(0);
});

describe("invalid JSON objects", () => {
  it.each([
    "",
    "null",
    "1",
    '"{}"',
    "[]",
    "[{}]",
    "{",
    "{}{}",
    '{"a":1,}',
    "{'a':1}",
    '{"a":01}',
    "{a:1}",
    '{"a":NaN}',
  ])("rejects %s", (text) => {
    expect(readJsonObject(text)).toBeUndefined();
  });

  it("rejects a name that occurs twice, also with another escaping", () => {
    expect(readJsonObject('{"a":1,"b":2,"a":1}')).toBeUndefined();
    expect(readJsonObject('{"a":1,"\\u0061":1}')).toBeUndefined();
  });
});

it("agrees with JSON.parse on every object with any whitespace", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, "\t"), (object, space) => {
      const text = JSON.stringify(object, null, space);
      const expected = JSON.parse(text) as Record<string, unknown>;
      const members = readJsonObject(text);
      expect([...(members?.keys() ?? [])].sort()).toEqual(Object.keys(expected).sort());
      for (const [name, { value, source }] of members ?? []) {
        expect(value).toEqual(expected[name]);
        expect(JSON.parse(source)).toEqual(expected[name]);
      }
    }),
    runs(300),
  );
});

it("accepts names that are special in JavaScript", () => {
  const members = readJsonObject('{"__proto__":{"a":1},"constructor":2,"":3}');
  expect([...(members?.keys() ?? [])]).toEqual(["__proto__", "constructor", ""]);
});
