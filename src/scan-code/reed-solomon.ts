import { addScaled, divide, evaluate, multiply, type Polynomial, power, product } from "./galois.js";

/** Bytes of parity. */
export const PARITY_LENGTH = 13;

/** Syndromes that count, at alpha^0 to alpha^11: two for each byte that can be corrected. */
const SYNDROMES = 12;

/**
 * Monic, of degree 13, of x^0 first. Not the usual product over alpha^0 to alpha^12: it has the root alpha^0 twice, and
 * alpha^1 to alpha^11 once each. The 13th parity byte therefore adds no power to correct, only a check.
 */
const generator: Polynomial = Array.from({ length: SYNDROMES }, (_, i) => [power(i), 1]).reduce<Polynomial>(
  product,
  [1, 1],
);

/** The 13 bytes that make `data` followed by them divisible by the generator. The first byte has the highest power. */
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
 * Corrects up to 6 wrong bytes, wherever they are, and tells how many they were; `undefined` where they are more. Of 7
 * and more it may, very rarely, take another word for the one that was meant; see `decodeScanCode` for the check.
 */
export function correct(
  word: Uint8Array,
): { readonly word: Uint8Array; readonly wrongBytes: number } | undefined {
  const received = [...word].reverse();
  const syndromes = Array.from({ length: SYNDROMES }, (_, i) => evaluate(received, power(i)));
  const locator = locatorOf(syndromes);
  if (locator === undefined) return undefined;

  const wrong = received.map((_, i) => i).filter((i) => evaluate(locator, power(-i)) === 0);
  // Fewer roots than the degree: the others lie beyond the word.
  if (wrong.length !== locator.length - 1) return undefined;

  const evaluator = product(syndromes, locator).slice(0, SYNDROMES);
  // In characteristic 2 only the odd powers survive differentiation.
  const derivative = locator.slice(1).map((coefficient, i) => (i % 2 === 0 ? coefficient : 0));
  for (const i of wrong) {
    // The first root is alpha^0, which gives Forney's formula the factor alpha^i.
    const magnitude = divide(evaluate(evaluator, power(-i)), evaluate(derivative, power(-i)));
    received[i] = (received[i] ?? 0) ^ multiply(power(i), magnitude);
  }
  return { word: Uint8Array.from(received.reverse()), wrongBytes: wrong.length };
}

/**
 * The polynomial whose roots are the inverse locations of the wrong bytes, by Berlekamp and Massey: the shortest linear
 * recurrence that the syndromes obey. `undefined` where it is longer than 12 syndromes can prove.
 */
function locatorOf(syndromes: readonly number[]): Polynomial | undefined {
  let locator: Polynomial = [1];
  let errors = 0;
  // The locator before `errors` last grew, what it got wrong then, and how many steps ago that was.
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
  // A leading coefficient of zero is a recurrence that no set of wrong bytes explains.
  return 2 * errors <= SYNDROMES && locator[errors] ? locator : undefined;
}
