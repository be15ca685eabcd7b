import { describe, expect, test } from "vitest";
import { escapeControls } from "../src/escape-controls.js";

const ranges = [
  ["C0, tab and line breaks included", 0x00, 0x1f],
  ["DEL and C1", 0x7f, 0x9f],
  ["the Arabic letter mark", 0x061c, 0x061c],
  ["the left-to-right and right-to-left marks", 0x200e, 0x200f],
  ["the line and paragraph separators", 0x2028, 0x2029],
  ["embeddings and overrides of the direction", 0x202a, 0x202e],
  ["isolates of the direction", 0x2066, 0x2069],
  ["lone surrogates", 0xd800, 0xdfff],
] as const;

const isEscaped = (unit: number): boolean => ranges.some(([, first, last]) => unit >= first && unit <= last);

describe("escapeControls", () => {
  test.for(ranges)("escapes %s", ([, first, last]) => {
    for (let unit = first; unit <= last; unit++) {
      const escaped = `\\u${unit.toString(16).padStart(4, "0")}`;
      expect(escapeControls(`a${String.fromCharCode(unit)}z`)).toBe(`a${escaped}z`);
    }
  });

  test("keeps every other character of the basic multilingual plane", () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      if (!isEscaped(unit)) expect(escapeControls(String.fromCharCode(unit))).toBe(String.fromCharCode(unit));
    }
  });

  test("keeps surrogate pairs, combining marks and letters of every script", () => {
    const text = "Zażółć 日本語 עברית e\u0301 👩‍👩‍👧 𝒜";
    expect(escapeControls(text)).toBe(text);
  });

  test("does not change escaped text", () => {
    const once = escapeControls("\u001b]0;title\u0007\r\n\u202etxt");
    expect(once).toBe("\\u001b]0;title\\u0007\\u000d\\u000a\\u202etxt");
    expect(escapeControls(once)).toBe(once);
  });

  test("preserves the value of a JSON text", () => {
    const value = { text: "\u001b\n\u007f\u009b\u061c\u200e\u2028\u202e\u2069\ud800" };
    const escaped = escapeControls(JSON.stringify(value));
    expect(escaped).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(escaped)).toEqual(value);
  });
});
