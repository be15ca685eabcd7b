import { addScaled, divide, evaluate, multiply, type Polynomial, power, product } from "./galois.js";

/** Number of parity bytes. */
export const PARITY_LENGTH = 13;

/** Number of syndromes used, at alpha^0 to alpha^11: two for each correctable byte. */
const SYNDROMES = 12;

/**
 * The generator polynomial: monic, of degree 13, starting with x^0. It is not the usual product over alpha^0
 * to alpha^12: it has the root alpha^0 twice, and alpha^1 to alpha^11 once each. So the 13th parity byte adds
 * a check, but no correction.
 */
const generator: Polynomial = Array.from({ length: SYNDROMES }, (_, i) => [power(i), 1]).reduce<Polynomial>(
  product,
  [1, 1],
);

/**
 * Returns the 13 bytes that, appended to `data`, make it divisible by the generator. The first byte has the
 * highest power.
 */
export function parityOf(data: Uint8Array): Uint8Array {
  let parity = new Uint8Array(PARITY_LENGTH);
  for (const byte of data) {
    const factor = byte ^ (parity[0] ?? 0);
    parity = parity.map(
      (_, i) => (parity[i + 1] ?? 0) ^ multiply(factor, generator[PARITY_LENGTH - 1 - i] ?? 0),
    );
  }
  return parity;
}

/**
 * Corrects up to 6 wrong bytes at any position and returns their number; `undefined` if more are wrong. With
 * 7 or more wrong bytes it can, very rarely, return another word; `decodeScanCode` checks for that.
 */
export function correct(
  word: Uint8Array,
): { readonly word: Uint8Array; readonly wrongBytes: number } | undefined {
  const received = [...word].reverse();
  const syndromes = Array.from({ length: SYNDROMES }, (_, i) => evaluate(received, power(i)));
  const locator = locatorOf(syndromes);
  if (locator === undefined) return undefined;

  const wrong = received.map((_, i) => i).filter((i) => evaluate(locator, power(-i)) === 0);
  // Fewer roots than the degree: the other roots lie outside the word.
  if (wrong.length !== locator.length - 1) return undefined;

  const evaluator = product(syndromes, locator).slice(0, SYNDROMES);
  // In characteristic 2, the derivative keeps only the odd powers.
  const derivative = locator.slice(1).map((coefficient, i) => (i % 2 === 0 ? coefficient : 0));
  for (const i of wrong) {
    // The first root is alpha^0, which gives Forney's formula the factor alpha^i.
    const magnitude = divide(evaluate(evaluator, power(-i)), evaluate(derivative, power(-i)));
    received[i] = (received[i] ?? 0) ^ multiply(power(i), magnitude);
  }
  return { word: Uint8Array.from(received.reverse()), wrongBytes: wrong.length };
}

/**
 * Finds the error locator by Berlekamp-Massey: the polynomial whose roots are the inverse locations of the
 * wrong bytes, and the shortest linear recurrence that generates the syndromes. Returns `undefined` if it is
 * too long to prove with 12 syndromes.
 */
function locatorOf(syndromes: readonly number[]): Polynomial | undefined {
  let locator: Polynomial = [1];
  let errors = 0;
  // The locator before `errors` last grew, its discrepancy then, and the number of steps since.
  let before: Polynomial = [1];
  let discrepancyBefore = 1;
  let steps = 1;
  for (let n = 0; n < syndromes.length; n++, steps++) {
    const discrepancy = locator.reduce(
      (sum, coefficient, i) => sum ^ multiply(coefficient, syndromes[n - i] ?? 0),
      0,
    );
    if (discrepancy === 0) continue;
    const next = addScaled(locator, before, divide(discrepancy, discrepancyBefore), steps);
    if (2 * errors <= n) {
      before = locator;
      discrepancyBefore = discrepancy;
      errors = n + 1 - errors;
      steps = 0;
    }
    locator = next;
  }
  // A zero leading coefficient is a recurrence that no set of wrong bytes produces.
  return 2 * errors <= SYNDROMES && locator[errors] ? locator : undefined;
}
