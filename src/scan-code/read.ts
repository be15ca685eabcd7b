import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { type DecodedScanCode, decodeScanCode } from "./codec.js";
import { ScanCodeError } from "./errors.js";
import { checkSize, measuresOf } from "./geometry.js";
import { CODE_SIZE, VIEW_SIZE } from "./layout.js";
import { encodedOfRings, FINDER_RING } from "./rings.js";
import { type ScanCodeImage, samplerOf } from "./sampler.js";
import { finderLevels, type Placed, rotationOf, slotsOf } from "./slots.js";

/** Position of the code in the image. */
export interface ReadScanCodeOptions {
  /** Centre of the code, in pixels from the upper left corner. Default: the centre of the image. */
  readonly center?: { readonly x: number; readonly y: number };
  /**
   * The `size` of the code's geometry, in pixels: 100/95 of the outer diameter of the outermost ring, and
   * 10/11 of the `size` of `toSvg`, which adds a margin. Default: 10/11 of the shorter side, which fits a
   * `toSvg` drawing that fills the image.
   */
  readonly size?: number;
}

/** Result of {@link readScanCode}. */
export interface ReadScanCode extends DecodedScanCode {
  /** Rotation of the code in degrees, clockwise: from 0 to less than 360. Accurate to about two degrees. */
  readonly rotation: number;
}

/**
 * Degrees to try around the rotation that fits the finder best. Finder slots span 11 degrees and outermost
 * slots 5, so the finder alone is not accurate enough. The rotation whose bytes can be corrected is the right
 * one.
 */
const OFFSETS = [0, 0.5, -0.5, 1, -1, 1.5, -1.5, 2, -2];

// The usual mistake is a wrong position, not a damaged code.
const PLACED =
  "Check that center and size match the code: in a drawing by toSvg, size is 10/11 of its width, because of the margin.";

/** Out of 32 finder slots. The finder differs from each of its rotations in at least 10. */
const MAX_WRONG_FINDER_SLOTS = 4;

/**
 * Reads the payload of a scan code from pixels, in any rotation, light on dark or dark on light.
 *
 * Intended for tests and ports: **it does not find codes in camera pictures.** The code must be seen straight
 * from above and evenly lit. Its centre and size must be known to about one percent of the size. Mirrored
 * codes are rejected.
 *
 * @param image luminance or RGBA, such as `ImageData` of a canvas
 * @throws InputError `invalid_option` if the image or an option is invalid
 * @throws ScanCodeError `scan_code_unreadable` if there is no code, or if more than 6 of its 35 bytes are
 * wrong
 * @example
 * ```ts
 * import { readScanCode } from "code-intents/scan-code";
 *
 * function read(image: { data: Uint8ClampedArray; width: number; height: number }): Uint8Array {
 *   return readScanCode(image, { center: { x: 300, y: 200 }, size: 180 }).payload;
 * }
 * ```
 */
export function readScanCode(image: ScanCodeImage, options: ReadScanCodeOptions = {}): ReadScanCode {
  const sampler = samplerOf(image);
  checkOptions(options, "", ["center", "size"]);
  const center = options.center ?? { x: image.width / 2, y: image.height / 2 };
  checkCenter(center);
  const size = options.size ?? (Math.min(image.width, image.height) * CODE_SIZE) / VIEW_SIZE;
  checkSize(size);

  const code: Placed = { sampler, center, measures: measuresOf(size) };
  const rotation = rotationOf(code);
  if (wrongFinderSlots(code, rotation) > MAX_WRONG_FINDER_SLOTS) {
    throw new ScanCodeError(`There is no finder ring. ${PLACED}`);
  }
  let failure: ScanCodeError | undefined;
  for (const offset of OFFSETS) {
    try {
      const decoded = decodeScanCode(encodedOfRings(inkAt(code, rotation + offset)));
      return { ...decoded, rotation: (rotation + offset + 360) % 360 };
    } catch (error) {
      if (!(error instanceof ScanCodeError)) throw error;
      failure ??= error;
    }
  }
  throw new ScanCodeError(`${failure?.message} ${PLACED}`);
}

/** Returns which slots have ink at a given rotation in degrees. The finder shows which luminance is ink. */
function inkAt(code: Placed, rotation: number): boolean[][] {
  const { ink, gap } = finderLevels(code, rotation);
  const middle = (ink + gap) / 2;
  return code.measures.rings.map((_, ring) =>
    slotsOf(code, ring, rotation).map((value) => (ink > gap ? value > middle : value < middle)),
  );
}

function wrongFinderSlots(code: Placed, rotation: number): number {
  const [finder = []] = inkAt(code, rotation);
  return finder.filter((ink, slot) => ink !== FINDER_RING[slot]).length;
}

function checkCenter(center: unknown): asserts center is { readonly x: number; readonly y: number } {
  checkOptions(center, "center", ["x", "y"]);
  for (const name of ["x", "y"]) {
    if (!Number.isFinite(center[name]))
      throw new InputError("invalid_option", `center.${name}`, "must be a finite number of pixels");
  }
}
