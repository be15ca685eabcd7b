import { InputError } from "../errors.js";

/**
 * An exact amount.
 *
 * The payload carries `units` and the message carries `nativeAmount`. Both come from the same digits, so
 * everyone who rebuilds the intent derives the same rendezvous key.
 */
export interface Amount {
  /**
   * Hundredths of the currency, for every currency: 10 usd is `1000n`, 100 jpy is `10000n`. 1 to 2^53 - 1.
   */
  readonly units: bigint;
  /** The double sent in the message: the one nearest to `units / 100`. */
  readonly nativeAmount: number;
}

/** How to treat an amount with more than two decimals: reject it, or round it to the nearest hundredth. */
export type Rounding = "refuse" | "nearest";

/**
 * Largest amount in hundredths: 2^53 - 1, the largest integer up to which a double holds every integer. The
 * double in the message holds the currency's main unit. It is less exact: from 2^46 of the currency on, which
 * is about 2^52.6 hundredths, neighbouring amounts can share one double.
 */
export const MAX_UNITS: bigint = 2n ** 53n - 1n;

/** Quarks in one hundredth of a kin; a kin is 100,000 quarks. */
const QUARKS_PER_UNIT = 1000n;

// Longer than any valid amount. Bounds the work that a hostile string can cause.
const MAX_TEXT_LENGTH = 64;

/**
 * Parses an amount: a decimal string exactly, a number by its shortest decimal form.
 *
 * Rejects zero, negative amounts, NaN, infinities, exponents in strings, more than 2^53 - 1 hundredths and
 * more than two decimals. Zeros at the end are no decimals: `"2.5000"` is 2.50. In a number, binary noise of
 * at most 1e-6 hundredths is ignored: `0.1 + 0.2` is 0.30. A double has digits for noise that small only
 * below 10^9, where it cannot hide a hundredth.
 *
 * With `rounding: "nearest"`, a number is rounded like the official TypeScript client rounds it: to the
 * nearest hundredth of its exact binary value. A string is rounded to the nearest hundredth of its digits,
 * halves up.
 *
 * @throws InputError `missing_option` or `invalid_option`, naming `field`
 * @example
 * ```ts
 * parseAmount("10.25").units; // 1025n
 * parseAmount(2.675, { rounding: "nearest" }).units; // 267n: the double is slightly below 2.675
 * parseAmount("2.675", { rounding: "nearest" }).units; // 268n: the text is exact
 * ```
 */
export function parseAmount(
  value: unknown,
  { rounding = "refuse", field = "amount" }: { rounding?: Rounding; field?: string } = {},
): Amount {
  if (value === undefined || value === null || value === "") {
    throw new InputError("missing_option", field, 'required: a decimal string such as "10.25", or a number');
  }
  if (typeof value === "string") return inRange(unitsOfText(value, rounding, field), field);
  if (typeof value === "number") {
    if (!Number.isFinite(value))
      throw new InputError("invalid_option", field, `must be a finite number, not ${value}`);
    if (value <= 0) throw notPositive(field);
    return rounding === "nearest"
      ? officialRounding(value, field)
      : inRange(unitsOfNumber(value, field), field);
  }
  throw new InputError("invalid_option", field, 'must be a decimal string such as "10.25", or a number');
}

/** Returns the quarks of a kin amount, exactly: 1 kin is 100,000 quarks. */
export function kinQuarks(amount: Amount): bigint {
  return amount.units * QUARKS_PER_UNIT;
}

/** Formats hundredths as decimal text with two decimals: `1025n` is `"10.25"`. */
export function formatUnits(units: bigint): string {
  if (units < 0n) throw new InputError("invalid_option", "units", "must not be negative");
  const digits = units.toString().padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function unitsOfText(text: string, rounding: Rounding, field: string): bigint {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new InputError("invalid_option", field, `is longer than ${MAX_TEXT_LENGTH} characters`);
  }
  const match = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) {
    throw new InputError(
      "invalid_option",
      field,
      'must be plain decimal digits such as "10" or "10.25": no sign, exponent, grouping, spaces or leading zeros',
    );
  }
  const [, sign, whole = "", written = ""] = match;
  if (sign === "-") throw notPositive(field);
  // A database column such as numeric(12,4) pads every amount with zeros.
  const decimals = written.replace(/0+$/, "");
  if (decimals.length <= 2) return BigInt(whole + decimals.padEnd(2, "0"));
  if (rounding !== "nearest") throw tooManyDecimals(field);
  const down = BigInt(whole + decimals.slice(0, 2));
  return Number(decimals[2]) >= 5 ? down + 1n : down;
}

// Below this many hundredths, two-decimal values and doubles map one to one.
const ONE_TO_ONE_UNITS = 2 ** 43;

function unitsOfNumber(value: number, field: string): bigint {
  // Fast path for nearly every amount. The exact path below gives the same result.
  const hundredths = Math.round(value * 100);
  if (hundredths < ONE_TO_ONE_UNITS && hundredths / 100 === value) return BigInt(hundredths);
  const { digits, exponent } = shortestDecimal(value);
  // value = digits * 10^exponent. In hundredths, the exponent is two higher.
  const shift = exponent + 2;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const scale = 10n ** BigInt(-shift);
  const nearest = (2n * digits + scale) / (2n * scale);
  const noise = nearest * scale - digits;
  if (noise === 0n) return nearest;
  const forgiven = (noise < 0n ? -noise : noise) * 1_000_000n <= scale;
  if (!forgiven) throw tooManyDecimals(field);
  return nearest;
}

/** Returns `value` as an integer times a power of ten, from JavaScript's shortest round-trip text. */
function shortestDecimal(value: number): { digits: bigint; exponent: number } {
  const [mantissa = "0", power = "0"] = value.toExponential().split("e");
  const [whole = "0", decimals = ""] = mantissa.split(".");
  return { digits: BigInt(whole + decimals), exponent: Number(power) - decimals.length };
}

/**
 * Rounds like the official client: `toFixed(2)`, then `toFixed(0)` of a hundred times that. From 2^45 of the
 * currency on, its units can be one more or less than its double. Both are kept, because the bytes must
 * match.
 */
function officialRounding(value: number, field: string): Amount {
  // Above this, `toFixed` switches to exponent notation. `inRange` checks the exact limit.
  if (value >= 1e15) throw tooLarge(field);
  const nativeAmount = Number(value.toFixed(2));
  const units = BigInt((100 * nativeAmount).toFixed(0));
  return { units: inRange(units, field).units, nativeAmount };
}

function inRange(units: bigint, field: string): Amount {
  if (units <= 0n) throw notPositive(field);
  if (units > MAX_UNITS) throw tooLarge(field);
  return { units, nativeAmount: Number(units) / 100 };
}

function notPositive(field: string): InputError {
  return new InputError("invalid_option", field, "must be greater than zero, at least 0.01");
}

function tooLarge(field: string): InputError {
  return new InputError("invalid_option", field, `must be at most ${formatUnits(MAX_UNITS)}`);
}

function tooManyDecimals(field: string): InputError {
  return new InputError(
    "invalid_option",
    field,
    'has more than two decimals; round it first, or pass rounding: "nearest"',
  );
}
