import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readScanCode, toTerminal } from "../../src/scan-code/index.js";
import { runs } from "../support/property.js";
import { unhex } from "../support/vectors.js";
import { payloads, pixelsOf } from "./support.js";

const payload = unhex("6d707200010000004071d89e81346306a035a683");

function golden(name: string): string {
  return readFileSync(new URL(`./${name}.golden.txt`, import.meta.url), "utf8").replace(/\n$/, "");
}

/** Side of the code's geometry in pixels. Each character of a drawing has two pixels. */
function sizeOf(width: number): number {
  return width / 1.02;
}

describe("toTerminal", { timeout: 120_000 }, () => {
  it("draws this code for a dark terminal of 80 columns", () => {
    expect(toTerminal(payload)).toBe(golden("terminal-dark-80"));
    expect(toTerminal({ payload }, { theme: "dark", width: 80 })).toBe(golden("terminal-dark-80"));
  });

  it("draws this code for a light terminal of 57 columns", () => {
    expect(toTerminal(payload, { theme: "light", width: 57 })).toBe(golden("terminal-light-57"));
  });

  it("returns half as many lines as columns, all of one width, without escape sequences", () => {
    const anyDrawing = fc.record({
      theme: fc.constantFrom("dark", "light"),
      width: fc.integer({ min: 56, max: 200 }),
    });
    fc.assert(
      fc.property(payloads, anyDrawing, (drawn, options) => {
        const lines = toTerminal(drawn, options as object).split("\n");
        expect(lines).toHaveLength(Math.ceil(options.width / 2));
        for (const line of lines) expect(line).toMatch(new RegExp(`^[ ▀▄█]{${options.width}}$`));
      }),
      runs(20),
    );
  });

  it.each([56, 80, 101])(
    "draws a round code if characters are twice as high as wide: %i columns",
    (width) => {
      const { data, height } = pixelsOf(toTerminal(payload, { theme: "light", width }));
      const inked = [...data.keys()].filter((at) => data[at] === 255);
      const extent = (values: number[]) => [Math.min(...values), Math.max(...values)];
      expect(extent(inked.map((at) => at % width))).toEqual([0, width - 1]);
      expect(extent(inked.map((at) => Math.floor(at / width)))).toEqual([0, width - 1]);
      expect(height - width).toBe(width % 2);
      // The corners are outside the disc. A square has the share 1, a disc pi / 4.
      expect(pixelsOf(toTerminal(payload, { theme: "light", width })).data[0]).toBe(0);
    },
  );

  it("draws the same code, light on dark, on both kinds of terminals", () => {
    const dark = pixelsOf(toTerminal(payload, { theme: "dark", width: 90 }));
    const light = pixelsOf(toTerminal(payload, { theme: "light", width: 90 }));
    for (const [at, ink] of dark.data.entries()) {
      const [x, y] = [(at % 90) - 44.5, Math.floor(at / 90) - 44.5];
      if (Math.hypot(x, y) < 43) expect(light.data[at]).toBe(255 - ink);
    }
  });

  it("draws a code that readScanCode reads without a wrong byte, at any width", () => {
    fc.assert(
      fc.property(
        payloads,
        fc.constantFrom<"dark" | "light">("dark", "light"),
        fc.integer({ min: 56, max: 160 }),
        (drawn, theme, width) => {
          const image = pixelsOf(toTerminal(drawn, { theme, width }));
          const place = { center: { x: width / 2, y: width / 2 }, size: sizeOf(width) };
          expect(readScanCode(image, place)).toMatchObject({ payload: drawn, correctedBytes: 0 });
        },
      ),
      runs(60),
    );
  });
});

it.each([
  ["invalid_option", "options", "dark"],
  ["unknown_option", "color", { color: true }],
  ["invalid_option", "theme", { theme: "solarized" }],
  ["invalid_option", "width", { width: 55 }],
  ["invalid_option", "width", { width: 401 }],
  ["invalid_option", "width", { width: 80.5 }],
  ["invalid_option", "width", { width: "80" }],
  ["invalid_option", "payload", undefined],
])("toTerminal reports %s for %s (%#)", (code, field, options) => {
  const source = field === "payload" ? new Uint8Array(3) : payload;
  expect(() => toTerminal(source, options as object)).toThrow(expect.objectContaining({ code, field }));
});
