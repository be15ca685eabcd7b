import { createHash } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import {
  decodeScanCode,
  encodeScanCode,
  ScanCodeError,
  scanCodeGeometry,
  scanCodeRings,
} from "../../src/scan-code/index.js";
import { hex, unhex } from "../support/vectors.js";
import { vectors } from "./support.js";

/** Compares lists with vectors that contain only their hash, so every character must agree. */
function sha256(paths: readonly string[]): string {
  return createHash("sha256").update(paths.join("\n")).digest("hex");
}

/** Rewrites every fractional number with six decimals. */
function rounded(paths: readonly string[]): string[] {
  return paths.map((path) => path.replace(/-?\d+\.\d+(?:e-?\d+)?/g, (number) => Number(number).toFixed(6)));
}

/** Returns slots in the notation of the vectors: `-` starts an arc, `o` is a dot. */
function marks(ring: readonly boolean[]): string {
  return ring.map((ink, slot) => (ink ? (ring[(slot + 1) % ring.length] ? "-" : "o") : ".")).join("");
}

describe.each(vectors.vectors)("scan-code vector $name", ({ payload, encoded, geometry200 }) => {
  const ours = encodeScanCode(unhex(payload));
  const geometry = scanCodeGeometry(unhex(encoded), { size: 200 });

  it("encodes to the same 35 bytes", () => {
    expect(hex(ours)).toBe(encoded);
  });

  it("decodes with trailing zeros", () => {
    expect(decodeScanCode(unhex(encoded))).toEqual({ payload: unhex(payload), correctedBytes: 0 });
  });

  it("has the same ink on every ring", () => {
    expect(scanCodeRings(unhex(encoded)).map(marks)).toEqual(geometry200.rings);
  });

  it("has the same paths, to the last digit", () => {
    expect(geometry).toMatchObject({
      size: 200,
      center: geometry200.center,
      dotDimension: geometry200.dotDimension,
    });
    const { dotPaths, arcPaths, dots, arcs } = geometry200;
    if (dotPaths !== undefined) expect(geometry.dots).toEqual(dotPaths);
    if (arcPaths !== undefined) expect(geometry.arcs).toEqual(arcPaths);
    expect([geometry.dots.length, geometry.arcs.length]).toEqual([dots, arcs]);
    expect(sha256(geometry.dots)).toBe(geometry200.dotsSha256);
    expect(sha256(geometry.arcs)).toBe(geometry200.arcsSha256);
  });

  it("has the same paths at six decimals, which engines other than V8 also reach", () => {
    expect(sha256(rounded(geometry.dots))).toBe(geometry200.dotsRounded6Sha256);
    expect(sha256(rounded(geometry.arcs))).toBe(geometry200.arcsRounded6Sha256);
  });
});

test.each(vectors.decodeVectors)(
  "decodeScanCode corrects $errors wrong bytes",
  ({ corrupted, payload, errors }) => {
    expect(decodeScanCode(unhex(corrupted))).toEqual({ payload: unhex(payload), correctedBytes: errors });
  },
);

test.each(vectors.decodeRejected)("decodeScanCode rejects $errors wrong bytes", ({ corrupted }) => {
  expect(() => decodeScanCode(unhex(corrupted))).toThrow(ScanCodeError);
});
