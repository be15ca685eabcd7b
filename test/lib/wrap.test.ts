import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type WrapOptions, wrapLine } from "../../src/lib/wrap.js";
import { runs } from "../support/property.js";

describe("wrapLine", () => {
  test.each<[string, string, number, WrapOptions, string[]]>([
    ["returns a short line unchanged", "one two", 7, {}, ["one two"]],
    ["breaks at the last blank that fits", "one two three", 7, {}, ["one two", "three"]],
    ["indents every line but the first", "one two three", 7, { indent: "  " }, ["one two", "  three"]],
    ["keeps the text's own indentation", "  one two", 6, {}, ["  one", "two"]],
    ["keeps blanks within a line", "a  b c", 4, {}, ["a  b", "c"]],
    ["leaves a long word complete by default", "a abcdef b", 3, {}, ["a", "abcdef", "b"]],
    ["breaks a long word on request", "a abcdefg b", 3, { breakWords: true }, ["a", "abc", "def", "g b"]],
    ["counts code points by default", "\u{1f600}\u{1f600} a", 4, {}, ["\u{1f600}\u{1f600} a"]],
    ["measures text by `widthOf`", "one two", 3, { widthOf: () => 1 }, ["one two"]],
    ["returns one empty line for empty text", "", 5, { breakWords: true }, [""]],
  ])("%s", (_, text, width, options, lines) => {
    expect(wrapLine(text, width, options)).toEqual(lines);
  });

  test("never exceeds the width if it may break words, and drops only spaces", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-c][a-c ]*$/), fc.integer({ min: 1, max: 12 }), (text, width) => {
        const lines = wrapLine(text, width, { breakWords: true });
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
      runs(300),
    );
  });
});
