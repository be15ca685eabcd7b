import { describe, expect, test } from "vitest";
import { failureOf } from "../../src/cli/failure/report.js";
import { parseDuration, parsePositiveDuration } from "../../src/cli/options/duration.js";
import { amountText, durationText, grouped } from "../../src/cli/terminal/format.js";
import { labelled, wrap } from "../../src/cli/terminal/wrap.js";

describe("a duration", () => {
  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5s", 1_500],
    ["10m", 600_000],
    ["1h", 3_600_000],
    ["2d", 172_800_000],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(["", "10", "s", "-1s", "1 s", "1w", "1e3s", "1.2345s", "25d", "99999999999d", "1s1s"])(
    "%j is rejected",
    (text) => {
      expect(() => parseDuration(text)).toThrow();
    },
  );

  test("of zero is rejected if it must be positive", () => {
    expect(() => parsePositiveDuration("0s")).toThrow("longer than zero");
    expect(() => parsePositiveDuration("0.0ms")).toThrow("longer than zero");
  });

  test.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1 s"],
    [59_999, "59 s"],
    [60_000, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [7_620_000, "2 h 07 min"],
  ])("of %d ms is formatted as %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

describe("a text", () => {
  test("is wrapped at spaces, with the following lines indented", () => {
    expect(wrap("one two three four", 9, 2)).toBe("one two\n  three\n  four");
  });

  test("keeps its line breaks and words that are too long", () => {
    expect(wrap("ab\nabcdefghijklmnop cd", 8)).toBe("ab\nabcdefghijklmnop\ncd");
  });

  test("is measured without its colors", () => {
    expect(wrap("\x1b[31mone\x1b[39m two", 7)).toBe("\x1b[31mone\x1b[39m two");
  });

  test("is wrapped beside its label", () => {
    expect(labelled("id", 4, "one two three", 14)).toBe("  id    one\n        two\n        three");
  });
});

describe("a number", () => {
  test.each([
    [2.5, "2.50"],
    [2500, "2500.00"],
    [0.05, "0.05"],
    [2.675, "2.675"],
  ])("%d is formatted as the amount %s", (amount, text) => {
    expect(amountText(amount)).toBe(text);
  });

  test.each([
    [0n, "0"],
    [999n, "999"],
    [1_000n, "1,000"],
    [25_000_000_000n, "25,000,000,000"],
  ])("%d is grouped as %s", (value, text) => {
    expect(grouped(value)).toBe(text);
  });
});

test("an unexpected failure is reported as a defect with its stack", () => {
  const { code, message, exitCode } = failureOf(new TypeError("x is not a function"));
  expect({ code, exitCode }).toEqual({ code: "defect", exitCode: 1 });
  expect(message).toMatch(/TypeError: x is not a function\n\s+at .*words\.test\.ts/);
});
