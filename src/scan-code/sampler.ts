import { InputError } from "../errors.js";

/** Pixels, row by row from the upper left corner. `ImageData` of a canvas fits. */
export interface ScanCodeImage {
  /** One byte of luminance per pixel, or four bytes: red, green, blue, alpha (not premultiplied). */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Pixels per row. */
  readonly width: number;
  /** Number of rows. */
  readonly height: number;
}

/** Returns the luminance at a point, 0 to 255. Points outside the image take the luminance of its edge. */
export type Sampler = (x: number, y: number) => number;

// Mid-grey, because what is drawn on a transparent background can be light or dark.
const TRANSPARENT = 128;

/** @throws InputError `invalid_option` unless the data fits an image of this width and height */
export function samplerOf(image: ScanCodeImage): Sampler {
  if (typeof image !== "object" || image === null) {
    throw new InputError("invalid_option", "image", "must be an object with data, width and height");
  }
  const { data, width, height } = image;
  for (const [name, value] of Object.entries({ width, height })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new InputError("invalid_option", name, "must be an integer number of pixels, at least 1");
  }
  const channels = isBytes(data) ? data.length / (width * height) : 0;
  if (channels !== 1 && channels !== 4) {
    throw new InputError(
      "invalid_option",
      "data",
      "must be a Uint8Array or Uint8ClampedArray of width * height bytes (luminance), or of four times as many (RGBA)",
    );
  }
  return (x, y) => {
    const column = Math.min(Math.max(Math.floor(x), 0), width - 1);
    const row = Math.min(Math.max(Math.floor(y), 0), height - 1);
    const at = (row * width + column) * channels;
    const channel = (offset: number): number => data[at + offset] ?? 0;
    if (channels === 1) return channel(0);
    const luminance = 0.299 * channel(0) + 0.587 * channel(1) + 0.114 * channel(2);
    return TRANSPARENT + ((luminance - TRANSPARENT) * channel(3)) / 255;
  };
}

function isBytes(data: unknown): data is Uint8Array | Uint8ClampedArray {
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray;
}
