// GF(256) as in QR codes: polynomials over GF(2) modulo x^8 + x^4 + x^3 + x^2 + 1. Every non-zero element is
// a power of alpha = 2.
const PRIMITIVE = 0x11d;

/** Number of non-zero elements of GF(256): the order of alpha. */
const ORDER = 255;

const powers = new Uint8Array(ORDER);
const logarithms = new Uint8Array(ORDER + 1);
for (let exponent = 0, value = 1; exponent < ORDER; exponent++) {
  powers[exponent] = value;
  logarithms[value] = exponent;
  value <<= 1;
  if (value > ORDER) value ^= PRIMITIVE;
}

/** Returns alpha to any integer power, including negative ones. */
export function power(exponent: number): number {
  return powers[((exponent % ORDER) + ORDER) % ORDER] ?? 0;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : power(logarithm(a) + logarithm(b));
}

/** `b` must not be zero. */
export function divide(a: number, b: number): number {
  return a === 0 ? 0 : power(logarithm(a) - logarithm(b));
}

function logarithm(value: number): number {
  return logarithms[value] ?? 0;
}

/** A polynomial over GF(256): its coefficients, starting with x^0. */
export type Polynomial = readonly number[];

export function evaluate(polynomial: Polynomial, x: number): number {
  return polynomial.reduceRight((sum, coefficient) => multiply(sum, x) ^ coefficient, 0);
}

export function product(a: Polynomial, b: Polynomial): number[] {
  return Array.from({ length: a.length + b.length - 1 }, (_, degree) =>
    a.reduce((sum, coefficient, i) => sum ^ multiply(coefficient, b[degree - i] ?? 0), 0),
  );
}

/** Returns `a + factor * x^shift * b`. */
export function addScaled(a: Polynomial, b: Polynomial, factor: number, shift: number): number[] {
  return Array.from(
    { length: Math.max(a.length, b.length + shift) },
    (_, degree) => (a[degree] ?? 0) ^ multiply(factor, b[degree - shift] ?? 0),
  );
}
