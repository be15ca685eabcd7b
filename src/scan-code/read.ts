import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { type DecodedScanCode, decodeScanCode } from "./codec.js";
import { ScanCodeError } from "./errors.js";
import { checkSize, measuresOf } from "./geometry.js";
import { CODE_SIZE, VIEW_SIZE } from "./layout.js";
import { encodedOfRings, FINDER_RING } from "./rings.js";
import { type ScanCodeImage, samplerOf } from "./sampler.js";
import { finderLevels, type Placed, rotationOf, slotsOf } from "./slots.js";

/** Where in the image the code is. */
export interface ReadScanCodeOptions {
  /** The centre of the code, in pixels from the upper left corner. Default the centre of the image. */
  readonly center?: { readonly x: number; readonly y: number };
  /**
   * The `size` of the code's geometry, in pixels: 100/95 of the diameter over the outermost ring, and 10/11 of the `size` of
   * `toSvg`, which leaves a margin. Default what `toSvg` draws when it fills the image: 10/11 of the shorter side.
   */
  readonly size?: number;
}

/** What {@link readScanCode} read. */
export interface ReadScanCode extends DecodedScanCode {
  /** How far the code is turned, in degrees, clockwise: 0 to less than 360. Good to about two degrees. */
  readonly rotation: number;
}

/**
 * Degrees to try around the rotation that the finder shows best. Its slots are of 11 degrees and those of the outermost ring
 * of 5, so that it alone is not exact enough; whether the bytes can be corrected is.
 */
const OFFSETS = [0, 0.5, -0.5, 1, -1, 1.5, -1.5, 2, -2];

// Most often the place is wrong, and not what is drawn there.
const PLACED =
  "Check that center and size are the code's: of a drawing by toSvg, size is 10/11 of its width, as there is a margin.";

/** Of 32 finder slots; the finder differs from its own rotations in 10 and more. */
const MAX_WRONG_FINDER_SLOTS = 4;

/**
 * Reads the payload of a scan code back from pixels, whichever way it is turned, light on dark or dark on light.
 *
 * It is made for tests and for porting: **it does not find codes in camera pictures.** The code has to be seen straight
 * from above, evenly lit, and its centre and size must be known to about a hundredth of the size. Mirrored codes are refused.
 *
 * @param image luminance or RGBA, such as `ImageData` of a canvas
 * @throws InputError `invalid_option` where the image or an option cannot be used
 * @throws ScanCodeError `scan_code_unreadable` where there is no code, or more than 6 of its 35 bytes are wrong
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

/** Which slots have ink, where the code is turned by so many degrees. The finder tells what is light and what is ink. */
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
