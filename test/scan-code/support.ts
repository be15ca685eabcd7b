import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";

interface GeometryVector {
  dots: number;
  arcs: number;
  rings: string[];
  dotDimension: number;
  center: string;
  dotsSha256: string;
  arcsSha256: string;
  dotsRounded6Sha256: string;
  arcsRounded6Sha256: string;
  dotPaths?: string[];
  arcPaths?: string[];
}

interface Vectors {
  vectors: { name: string; payload: string; encoded: string; geometry200: GeometryVector }[];
  decodeVectors: { errors: number; positions: number[]; corrupted: string; payload: string }[];
  decodeRejected: { errors: number; corrupted: string }[];
}

/** Output of `@code-wallet/kikcode`; see test/vectors/README.md. */
export const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../vectors/scan-code.json", import.meta.url), "utf8"),
);

/** Any 20 bytes, often with runs of zeros, also at the end. */
export const payloads: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ minLength: 20, maxLength: 20 }),
  fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.boolean()).map(([bytes, atEnd]) => {
    const payload = new Uint8Array(20);
    payload.set(bytes, atEnd ? 20 - bytes.length : 0);
    return payload;
  }),
);

/** Wrong bytes of a word, and their differences. */
export function damage(fewest: number, most: number, length = 35): fc.Arbitrary<Map<number, number>> {
  return fc
    .uniqueArray(fc.tuple(fc.nat(length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: fewest,
      maxLength: most,
      selector: ([at]) => at,
    })
    .map((wrong) => new Map(wrong));
}

export function damaged(word: Uint8Array, wrong: ReadonlyMap<number, number>): Uint8Array {
  return word.map((byte, at) => byte ^ (wrong.get(at) ?? 0));
}

export interface Image {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

// A process can start the library once. This is another copy than that of the command line, which starts its own.
const { initWasm, Resvg }: typeof import("@resvg/resvg-wasm") = createRequire(import.meta.url)(
  "../../node_modules/@resvg/resvg-wasm/index.js",
);
let ready: Promise<void> | undefined;

/** Loads the renderer. Call before {@link render}. */
export function startRenderer(): Promise<void> {
  const wasm = new URL("../../node_modules/@resvg/resvg-wasm/index_bg.wasm", import.meta.url);
  ready ??= initWasm(readFileSync(wasm));
  return ready;
}

/** Renders an SVG document to RGBA pixels. */
export function render(svg: string, width: number): Image {
  const image = new Resvg(svg, { fitTo: { mode: "width", value: width } }).render();
  return { data: image.pixels, width: image.width, height: image.height };
}

/** Returns an SVG document that rotates another one of 220 by 220 units about its centre. */
export function turned(svg: string, degrees: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 220 220"><g transform="rotate(${degrees} 110 110)">${svg}</g></svg>`;
}

/** Returns the luminance of a drawing of half blocks, two pixels for each character. */
export function pixelsOf(drawing: string): Image {
  const lines = drawing.split("\n").map((line) => [...line]);
  const width = lines[0]?.length ?? 0;
  const data = lines.flatMap((line) => [
    ...line.map((character) => ("█▀".includes(character) ? 255 : 0)),
    ...line.map((character) => ("█▄".includes(character) ? 255 : 0)),
  ]);
  return { data: Uint8Array.from(data), width, height: 2 * lines.length };
}
