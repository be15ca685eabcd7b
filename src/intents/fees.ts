import { ALL_BASIS_POINTS, MAX_FEES } from "../contract/numbers.js";
import { InputError } from "../errors.js";
import { equalBytes, requireBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";

/** A share of the payment that goes to another account. */
export interface Fee {
  /**
   * Token account that receives the share, base58 of 32 bytes. It must differ from the payment's destination
   * and from the other fees' accounts.
   */
  readonly destination: string;
  /** Share in basis points (1/10000): an integer from 1 to 10000. */
  readonly basisPoints: number;
}

/** A {@link Fee} as a caller can write it. */
export interface FeeInput {
  /** Token account that receives the share, base58 of 32 bytes. */
  readonly destination: string;
  /**
   * Share in basis points (1/10000), from 1 to 10000: an integer, or its decimal text, as a database returns
   * it (`"250"` or `"250.0000"`).
   */
  readonly basisPoints: number | string;
}

/** A checked {@link Fee} with its account decoded. */
export interface CheckedFee extends Fee {
  readonly account: Uint8Array;
}

/**
 * Reads the `fees` option.
 *
 * Rejects an empty list, because the official client derives a different key for it than for no list. Omit
 * the option, or set `kind: "payment-with-fees"` to get that key.
 */
export function checkFees(fees: unknown, paymentDestination: Uint8Array): readonly CheckedFee[] {
  if (fees === undefined) return [];
  if (!Array.isArray(fees)) throw new InputError("invalid_option", "fees", "must be a list of fees");
  if (fees.length === 0) {
    throw new InputError(
      "invalid_option",
      "fees",
      'must not be empty; omit it, or set kind: "payment-with-fees" to get the key that the official client derives from an empty list',
    );
  }
  if (fees.length > MAX_FEES) {
    throw new InputError(
      "invalid_option",
      "fees",
      `has ${fees.length} entries; at most ${MAX_FEES} are allowed`,
    );
  }
  const checked: CheckedFee[] = [];
  for (const [index, fee] of fees.entries()) {
    const path = `fees[${index}]`;
    checkOptions(fee, path, ["destination", "basisPoints"]);
    const { destination, basisPoints } = fee;
    const field = `${path}.destination`;
    const account = requireBase58(
      destination,
      field,
      32,
      "the token account that receives the fee, base58 of 32 bytes",
    );
    if (equalBytes(account, paymentDestination)) {
      throw new InputError(
        "invalid_option",
        field,
        "must not be the payment's own destination; remove this fee",
      );
    }
    const twin = checked.findIndex((other) => equalBytes(other.account, account));
    if (twin >= 0) {
      throw new InputError(
        "invalid_option",
        field,
        `is the same account as fees[${twin}].destination; merge the two fees`,
      );
    }
    checked.push({
      destination: String(destination),
      basisPoints: checkBasisPoints(basisPoints, path),
      account,
    });
  }
  return checked;
}

function checkBasisPoints(given: unknown, path: string): number {
  // A database column such as numeric(12,4) pads every number with zeros.
  const value =
    typeof given === "string" && /^[1-9][0-9]{0,4}(?:\.0{1,32})?$/.test(given) ? Number(given) : given;
  if (value === undefined || value === null || value === "") {
    throw new InputError(
      "missing_option",
      `${path}.basisPoints`,
      "required: the share in basis points, 1 to 10000",
    );
  }
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > ALL_BASIS_POINTS) {
    throw new InputError("invalid_option", `${path}.basisPoints`, "must be an integer from 1 to 10000");
  }
  return value;
}
