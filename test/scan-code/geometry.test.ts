import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeScanCode, scanCodeGeometry, scanCodeRings } from "../../src/scan-code/index.js";
import { runs } from "../support/property.js";
import { payloads } from "./support.js";

const encoded = encodeScanCode(new Uint8Array(20).fill(0x36));

/** Returns the numbers of a path that differ between codes. */
function numbers(path: string): number[] {
  return (path.match(/-?\d+(?:\.\d+)?(?:e[+-]\d+)?/g) ?? []).map(Number);
}

describe("scanCodeGeometry", () => {
  it("has one dot or arc for each slot with ink", () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const rings = scanCodeRings(encodeScanCode(payload));
        const { dots, arcs } = scanCodeGeometry(encodeScanCode(payload), { size: 200 });
        expect(dots.length + arcs.length).toBe(rings.flat().filter(Boolean).length);
        const ends = rings.map((ring) => ring.filter((ink, i) => ink && !ring[(i + 1) % ring.length]).length);
        expect(dots).toHaveLength(ends.reduce((sum, count) => sum + count, 0));
        // The finder: nine dots and seven arcs, first in their lists.
        expect(arcs.filter((arc) => arc.includes(" A43.675,"))).toHaveLength(7);
        expect(ends[0]).toBe(9);
      }),
      runs(100),
    );
  });

  it("draws a full ring as arcs, the last of which ends where the first begins", () => {
    const full = new Uint8Array(35).fill(0xff);
    const { dots, arcs } = scanCodeGeometry(full, { size: 200 });
    expect([dots.length, arcs.length]).toEqual([9, 7 + 40 + 48 + 56 + 64 + 72]);
    const [x1, y1] = numbers(arcs.at(-72) ?? "");
    const [x2, y2] = numbers(arcs.at(-1) ?? "").slice(-2);
    expect(x2).toBeCloseTo(x1 ?? Number.NaN, 9);
    expect(y2).toBeCloseTo(y1 ?? Number.NaN, 9);
    expect([x1, y1]).toEqual([100, 9.375]);
  });

  it.each([1e-3, 1, 37.3, 338, 4096.5, 1e6])("scales in proportion to the size %d", (size) => {
    const at200 = scanCodeGeometry(encoded, { size: 200 });
    const scaled = scanCodeGeometry(encoded, { size });
    expect(scaled.size).toBe(size);
    expect(scaled.dotDimension).toBeCloseTo((6.5625 * size) / 200, 9);
    const flags = new Set([0, 1]);
    for (const list of ["dots", "arcs"] as const) {
      expect(scaled[list]).toHaveLength(at200[list].length);
      for (const [i, path] of scaled[list].entries()) {
        const expected = numbers(at200[list][i] ?? "");
        for (const [k, number] of numbers(path).entries()) {
          const was = expected[k] ?? Number.NaN;
          // The flags of an arc do not scale.
          if (!flags.has(was) || number !== was) {
            expect(Math.abs(number - (was * size) / 200)).toBeLessThan(1e-9 * size);
          }
        }
      }
    }
  });

  it.each([[0], [-200], [Number.NaN], [Number.POSITIVE_INFINITY], ["200"], [undefined]])(
    "rejects the size %s",
    (size) => {
      expect(() => scanCodeGeometry(encoded, { size: size as number })).toThrow(
        expect.objectContaining({ code: "invalid_option", field: "size" }),
      );
    },
  );

  it("rejects input of another length than 35 bytes, and unknown options", () => {
    expect(() => scanCodeGeometry(new Uint8Array(20), { size: 200 })).toThrow("encode it first");
    expect(() => scanCodeGeometry(encoded, { size: 200, width: 3 } as { size: number })).toThrow(
      expect.objectContaining({ code: "unknown_option", field: "width" }),
    );
  });
});
