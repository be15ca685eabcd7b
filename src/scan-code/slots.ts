import { angleOf, type Measures } from "./geometry.js";
import { FINDER_RING } from "./rings.js";
import type { Sampler } from "./sampler.js";

/** A code in an image, whose rotation is unknown. */
export interface Placed {
  readonly sampler: Sampler;
  readonly center: { readonly x: number; readonly y: number };
  readonly measures: Measures;
}

/**
 * Offsets of the samples averaged for one slot, for a dot of radius 1: its centre and two rings around it.
 */
const PATCH: readonly (readonly [x: number, y: number])[] = [[0, 0], ...around(6, 0.4), ...around(8, 0.75)];

/** Returns the luminance of every slot of a ring, with the code rotated clockwise by `rotation` degrees. */
export function slotsOf({ sampler, center, measures }: Placed, ring: number, rotation: number): number[] {
  const { [ring]: placed } = measures.rings;
  if (placed === undefined) return [];
  const dotRadius = measures.dotDiameter / 2;
  return Array.from({ length: placed.slots }, (_, slot) => {
    const angle = angleOf(placed, slot) + (rotation * Math.PI) / 180;
    const x = center.x + placed.radius * Math.cos(angle);
    const y = center.y + placed.radius * Math.sin(angle);
    return mean(PATCH.map(([dx, dy]) => sampler(x + dx * dotRadius, y + dy * dotRadius)));
  });
}

/** Returns the mean luminance of the finder slots with ink, and of those without. */
export function finderLevels(code: Placed, rotation: number): { readonly ink: number; readonly gap: number } {
  const slots = slotsOf(code, 0, rotation);
  return {
    ink: mean(slots.filter((_, slot) => FINDER_RING[slot])),
    gap: mean(slots.filter((_, slot) => !FINDER_RING[slot])),
  };
}

/** Returns the rotation, in whole degrees, at which the finder has the highest contrast. */
export function rotationOf(code: Placed): number {
  let found = 0;
  let highest = 0;
  for (let rotation = 0; rotation < 360; rotation += 2) {
    const { ink, gap } = finderLevels(code, rotation);
    if (Math.abs(ink - gap) <= highest) continue;
    highest = Math.abs(ink - gap);
    found = rotation;
  }
  return found;
}

function around(count: number, radius: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
