import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  encodeScanCode,
  readScanCode,
  ScanCodeError,
  type ScanCodeImage,
  type SvgOptions,
  scanCodeGeometry,
  toSvg,
} from "../../src/scan-code/index.js";
import { runs } from "../support/property.js";
import { damage, damaged, type Image, payloads, render, startRenderer, turned } from "./support.js";

beforeAll(startRenderer);

const payload = Uint8Array.from({ length: 20 }, (_, i) => 13 * i + 5);

/** Styles of codes on real pages. */
const looks = fc.constantFrom<SvgOptions>(
  {},
  { logo: false },
  { background: "none", page: "#101010" },
  { background: "none" },
  { foreground: "black", background: "white", page: "white" },
  { foreground: "#202020", background: "none", logo: false },
  { foreground: "rgb(240 200 120)", background: "#7a1f1f", page: "white" },
);
const widths = fc.integer({ min: 100, max: 440 });
/** Uniformly distributed degrees, in tenths. */
const angles = fc.noBias(fc.integer({ min: 0, max: 3599 })).map((tenths) => tenths / 10);

/** Returns the degrees between two directions. */
function apart(a: number, b: number): number {
  const difference = Math.abs(a - b) % 360;
  return Math.min(difference, 360 - difference);
}

describe("readScanCode of a rendered code", { timeout: 120_000 }, () => {
  it("reads an upright code from its pixels", () => {
    fc.assert(
      fc.property(payloads, looks, widths, (drawn, look, width) => {
        const read = readScanCode(render(toSvg(drawn, look), width));
        expect(read).toMatchObject({ payload: drawn, correctedBytes: 0 });
        expect(read.rotation).toBeGreaterThanOrEqual(0);
        expect(read.rotation).toBeLessThan(360);
        expect(apart(read.rotation, 0)).toBeLessThanOrEqual(2);
      }),
      runs(100),
    );
  });

  it("reads a code that is rotated by any angle", () => {
    fc.assert(
      fc.property(payloads, looks, widths, angles, (drawn, look, width, angle) => {
        const read = readScanCode(render(turned(toSvg(drawn, look), angle), width));
        expect(read).toMatchObject({ payload: drawn, correctedBytes: 0 });
        expect(read.rotation).toBeGreaterThanOrEqual(0);
        expect(read.rotation).toBeLessThan(360);
        expect(apart(read.rotation, angle)).toBeLessThanOrEqual(2);
      }),
      runs(100),
    );
  });

  it("reads a code with up to 6 wrong bytes", () => {
    fc.assert(
      fc.property(payloads, damage(1, 6), (drawn, wrong) => {
        const image = render(plainSvg(damaged(encodeScanCode(drawn), wrong)), 220);
        expect(readScanCode(image)).toMatchObject({ payload: drawn, correctedBytes: wrong.size });
      }),
      runs(20),
    );
  });

  it("rejects a code with more wrong bytes, even if it finds the finder", () => {
    const encoded = encodeScanCode(payload).fill(0x5a, 20, 30);
    const image = render(plainSvg(encoded), 220);
    expect(() => readScanCode(image)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^More than 6 of the 35 bytes are wrong; scan again\. /),
      }),
    );
  });

  it("reads a code with a blot on it", () => {
    const image = blotted(render(toSvg(payload), 220), { left: 150, top: 150, side: 40 });
    const read = readScanCode(image);
    expect(read.payload).toEqual(payload);
    expect(read.correctedBytes).toBeGreaterThan(0);
  });

  it("reads a code anywhere in a larger image, also from luminance", () => {
    const svg = toSvg(payload).replace("<svg ", '<svg x="30" y="50" ');
    const rgba = render(
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 300"><rect width="500" height="300" fill="#999"/>${svg}</svg>`,
      500,
    );
    const data = Uint8ClampedArray.from(
      { length: rgba.width * rgba.height },
      (_, i) => rgba.data[4 * i] ?? 0,
    );
    for (const image of [rgba, { ...rgba, data }]) {
      expect(readScanCode(image, { center: { x: 140, y: 160 }, size: 200 }).payload).toEqual(payload);
      expect(() => readScanCode(image)).toThrow(ScanCodeError);
    }
  });

  it("reads a code if its centre and size are wrong by one hundredth of the size", () => {
    const mistakes = fc.constantFrom([0.0125, 1], [0.01, 0.99], [0.01, 1.01]);
    fc.assert(
      fc.property(payloads, angles, angles, mistakes, (drawn, angle, direction, [off = 0, factor = 1]) => {
        const [dx, dy] = [Math.cos((direction * Math.PI) / 180), Math.sin((direction * Math.PI) / 180)];
        const center = { x: 110 + 200 * off * dx, y: 110 + 200 * off * dy };
        const image = render(turned(toSvg(drawn), angle), 220);
        const read = readScanCode(image, { center, size: 200 * factor });
        expect(read.payload).toEqual(drawn);
        expect(apart(read.rotation, angle)).toBeLessThanOrEqual(2);
        expect(read.rotation).toBeGreaterThanOrEqual(0);
      }),
      runs(40),
    );
  });

  it("reports a small turn to the left as nearly 360 degrees, never as a negative angle", () => {
    const image = render(turned(toSvg(payload), 359.1), 220);
    for (const dx of [2.5, -2.5]) {
      const { rotation } = readScanCode(image, { center: { x: 110 + dx, y: 110 } });
      expect(rotation).toBeGreaterThan(357);
      expect(rotation).toBeLessThan(360);
    }
  });

  it("rejects a mirrored code", () => {
    const mirrored = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 220 220"><g transform="matrix(-1 0 0 1 220 0)">${toSvg(payload)}</g></svg>`;
    expect(() => readScanCode(render(mirrored, 220))).toThrow(ScanCodeError);
  });

  it("explains how to measure the size if it gets the size of the drawing", () => {
    const image = render(toSvg(payload, { size: 300 }), 300);
    expect(() => readScanCode(image, { size: 300 })).toThrow("size is 10/11 of its width");
    expect(readScanCode(image, { size: (300 * 10) / 11 }).payload).toEqual(payload);
  });

  it("rejects a wrong size", () => {
    expect(() => readScanCode(render(toSvg(payload), 220), { size: 150 })).toThrow(ScanCodeError);
  });
});

describe("readScanCode of an image without a code", () => {
  const blank = (luminance: number): Image => ({
    data: new Uint8Array(90_000).fill(luminance),
    width: 300,
    height: 300,
  });

  it.each([0, 127, 255])("rejects a blank image of luminance %i", (luminance) => {
    expect(() => readScanCode(blank(luminance))).toThrow("There is no finder ring");
  });

  it("rejects noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1600, maxLength: 1600 }), (data) => {
        expect(() => readScanCode({ data, width: 40, height: 40 })).toThrow(ScanCodeError);
      }),
      runs(30),
    );
  });

  it("rejects a code that is far smaller or elsewhere", () => {
    for (const options of [
      { center: { x: -1e9, y: 1e9 } },
      { size: 1e-300 },
      { size: 1e300 },
      { center: { x: 299, y: 0 } },
    ]) {
      expect(() => readScanCode(blank(9), options)).toThrow(ScanCodeError);
    }
    expect(() => readScanCode({ data: Uint8Array.of(7), width: 1, height: 1 })).toThrow(ScanCodeError);
  });
});

describe("input of readScanCode", () => {
  const image = { data: new Uint8Array(4), width: 2, height: 2 };

  it.each([
    ["image", undefined],
    ["image", "pixels"],
    ["width", { ...image, width: 0 }],
    ["width", { ...image, width: 1.5 }],
    ["height", { ...image, height: Number.NaN }],
    ["height", { data: image.data, width: 2 }],
    ["data", { ...image, data: [0, 0, 0, 0] }],
    ["data", { ...image, data: new Float32Array(4) }],
    ["data", { ...image, data: new Uint8Array(12) }],
    ["data", { ...image, data: new Uint8Array(3) }],
  ])("is rejected if it is not an image, naming %s (%#)", (field, value) => {
    expect(() => readScanCode(value as ScanCodeImage)).toThrow(
      expect.objectContaining({ code: "invalid_option", field }),
    );
  });

  it.each([
    ["invalid_option", "options", []],
    ["unknown_option", "radius", { radius: 3 }],
    ["invalid_option", "size", { size: 0 }],
    ["invalid_option", "size", { size: Number.POSITIVE_INFINITY }],
    ["invalid_option", "size", { size: "200" }],
    ["invalid_option", "center", { center: 5 }],
    ["invalid_option", "center.x", { center: { y: 1 } }],
    ["invalid_option", "center.y", { center: { x: 1, y: Number.NaN } }],
    ["unknown_option", "center.z", { center: { x: 1, y: 1, z: 1 } }],
  ])("is rejected with %s for the option %s (%#)", (code, field, options) => {
    expect(() => readScanCode(image, options as object)).toThrow(expect.objectContaining({ code, field }));
  });
});

/** Draws a code of any 35 bytes from its geometry. */
function plainSvg(encoded: Uint8Array): string {
  const { center, dots, arcs } = scanCodeGeometry(encoded, { size: 200 });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 220 220"><path d="${[center, ...dots].join(" ")}"/><path d="${arcs.join(" ")}" fill="none" stroke="black" stroke-width="6.8" stroke-linecap="round"/></svg>`;
}

/** Paints a square of ink over part of an image. */
function blotted(
  { data, width, height }: Image,
  { left, top, side }: { left: number; top: number; side: number },
): Image {
  const copy = data.slice();
  for (let row = top; row < top + side; row++) {
    copy.fill(255, 4 * (row * width + left), 4 * (row * width + left + side));
  }
  return { data: copy, width, height };
}
