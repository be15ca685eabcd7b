import { angleOf, measuresOf } from "./geometry.js";
import { CODE_SIZE, LOGO, LOGO_STEPS } from "./layout.js";

/** Returns whether there is ink at a point, in units of the code from its centre. */
export type Ink = (x: number, y: number) => boolean;

/** Returns the ink of a code with these rings. Arcs are as wide as dots. */
export function inkOf(rings: readonly (readonly boolean[])[]): Ink {
  const { discRadius, dotDiameter, rings: measured } = measuresOf(CODE_SIZE);
  const reach = dotDiameter / 2;
  const bands = measured.map((ring, i) => ({
    radius: ring.radius,
    step: ring.step,
    slots: (rings[i] ?? []).map((ink, slot) => ({
      ink,
      x: ring.radius * Math.cos(angleOf(ring, slot)),
      y: ring.radius * Math.sin(angleOf(ring, slot)),
    })),
  }));
  return (x, y) => {
    const radius = Math.hypot(x, y);
    if (radius <= discRadius) return !inLogo(x, y);
    const band = bands.find((ring) => Math.abs(radius - ring.radius) <= reach);
    if (band === undefined) return false;
    const { slots, step } = band;
    const before = (Math.floor(Math.atan2(x, -y) / step) + slots.length) % slots.length;
    const ends = [slots[before], slots[(before + 1) % slots.length]];
    return (
      ends.every((slot) => slot?.ink) ||
      ends.some((slot) => slot?.ink && Math.hypot(x - slot.x, y - slot.y) <= reach)
    );
  };
}

const { translate, scales, inset } = LOGO_STEPS;
const scale = scales[0] * scales[1];
const holes = LOGO.map(({ cx, cy, r }) => ({
  x: translate[0] + scale * (cx + inset) - CODE_SIZE / 2,
  y: translate[1] + scale * (cy + inset) - CODE_SIZE / 2,
  radius: scale * r,
}));

function inLogo(x: number, y: number): boolean {
  return holes.some((hole) => Math.hypot(x - hole.x, y - hole.y) < hole.radius);
}
