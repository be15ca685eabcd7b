/** Side of the geometry in the drawings of this package, in units of the drawing. */
export const CODE_SIZE = 200;

/** Side of the drawing: the code with a margin of 10 units. */
export const VIEW_SIZE = 220;

interface Circle {
  readonly cx: number;
  readonly cy: number;
  readonly r: number;
}

/** The logo, as holes in the disc: a C of dots that is open to the right, in its own square. */
export const LOGO: readonly Circle[] = [
  ...holes(10.3001, [
    [24.6985, 25.0039],
    [69.0534, 25.0039],
    [69.0534, 69.3591],
    [24.6985, 69.3591],
    [24.9531, 47.2068],
    [46.9016, 25.1057],
    [46.9016, 69.3591],
  ]),
  ...holes(6.92572, [
    [46.901, 87.2844],
    [46.901, 6.92572],
    [6.92572, 47.2069],
    [86.58492, 47.2069],
  ]),
];

/** Transforms from the logo's square to the code's, in the same steps as the official cards. */
export const LOGO_STEPS = {
  translate: [76.62234, 76.44746],
  scales: [0.5, 0.9],
  inset: 5,
} as const;

function holes(r: number, centers: readonly (readonly [number, number])[]): Circle[] {
  return centers.map(([cx, cy]) => ({ cx, cy, r }));
}
