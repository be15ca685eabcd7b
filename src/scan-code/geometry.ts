import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { RING_SLOTS, scanCodeRings } from "./rings.js";

/** The shapes of a scan code as SVG path data. */
export interface ScanCodeGeometry {
  /** Side of the square, as requested. The outermost ring ends 2.5 % before the edge. */
  readonly size: number;
  /** The disc in the middle, to be filled. */
  readonly center: string;
  /**
   * One circle for each isolated slot with ink and for the last slot of each run, to be filled. Ordered by
   * ring, then by slot.
   */
  readonly dots: readonly string[];
  /**
   * One arc for each slot with ink whose next slot also has ink, to be stroked with round caps. Ordered by
   * ring, then by slot. The official cards use a stroke width of 6.8 at size 200.
   */
  readonly arcs: readonly string[];
  /** Diameter of a dot. */
  readonly dotDimension: number;
}

/** Options of {@link scanCodeGeometry}. */
export interface ScanCodeGeometryOptions {
  /** Side of the square that contains the code, in units of the drawing; greater than 0. */
  readonly size: number;
}

interface Ring {
  readonly slots: number;
  /** Radius of the centreline. */
  readonly radius: number;
  /** Angle between adjacent slots. */
  readonly step: number;
}

/** Returns the measures of a code of side `size`, centred at (middle, middle). */
export interface Measures {
  readonly middle: number;
  readonly discRadius: number;
  readonly dotDiameter: number;
  readonly rings: readonly Ring[];
}

// The operations are in the official package's order, so the text is equal to the last digit on V8.
export function measuresOf(size: number): Measures {
  const middle = size / 2;
  const discRadius = 0.32 * middle;
  const inner = 0.425 * middle;
  const pitch = (0.95 * middle - inner) / RING_SLOTS.length;
  const rings = RING_SLOTS.map((slots, i) => {
    const edge = i === 0 ? pitch * i + inner - discRadius / 10 : pitch * i + inner;
    return { slots, radius: edge + pitch / 2, step: (Math.PI * 2) / slots };
  });
  return { middle, discRadius, dotDiameter: (pitch * 3) / 4, rings };
}

/** Returns the angle of a slot, clockwise from 3 o'clock, with y pointing down. */
export function angleOf({ step }: Ring, slot: number): number {
  return slot * step - Math.PI / 2;
}

/**
 * Returns the path data of a scan code: the disc in the middle, dots and arcs. On V8, the text equals that of
 * the official package. Other engines may differ in the last digit of a sine.
 *
 * @param encoded the 35 bytes of `encodeScanCode`
 * @throws InputError `invalid_option` unless there are 35 bytes and a positive size
 * @example
 * ```ts
 * import { encodeScanCode, scanCodeGeometry } from "code-intents/scan-code";
 *
 * const { center, dots } = scanCodeGeometry(encodeScanCode(intent.payload), { size: 200 });
 * center; // "M100,100 m-32,0 a32,32 0 1,0 64,0 a32,32 0 1,0 -64,0"
 * dots.length;
 * ```
 */
export function scanCodeGeometry(encoded: Uint8Array, options: ScanCodeGeometryOptions): ScanCodeGeometry {
  checkOptions(options, "", ["size"]);
  const { size } = options;
  checkSize(size);
  const { middle, discRadius, dotDiameter, rings } = measuresOf(size);
  const dots: string[] = [];
  const arcs: string[] = [];
  const inked = scanCodeRings(encoded);
  for (const [i, ring] of rings.entries()) {
    const bits = inked[i] ?? [];
    const pointAt = (angle: number): string =>
      `${middle + ring.radius * Math.cos(angle)},${middle + ring.radius * Math.sin(angle)}`;
    for (const [slot, ink] of bits.entries()) {
      if (!ink) continue;
      const angle = angleOf(ring, slot);
      if (bits[(slot + 1) % bits.length]) {
        const end = pointAt(angle + ring.step);
        arcs.push(`M${pointAt(angle)} A${ring.radius},${ring.radius} 0 0,1 ${end}`);
      } else {
        dots.push(circle(pointAt(angle), dotDiameter * 0.5, dotDiameter));
      }
    }
  }
  return {
    size,
    center: circle(`${middle},${middle}`, discRadius, discRadius * 2),
    dots,
    arcs,
    dotDimension: dotDiameter,
  };
}

/** Throws unless the value is a positive length. */
export function checkSize(size: unknown): asserts size is number {
  if (typeof size === "number" && Number.isFinite(size) && size > 0) return;
  throw new InputError("invalid_option", "size", "must be a number greater than 0");
}

function circle(center: string, radius: number, diameter: number): string {
  const half = `a${radius},${radius} 0 1,0`;
  return `M${center} m-${radius},0 ${half} ${diameter},0 ${half} -${diameter},0`;
}
