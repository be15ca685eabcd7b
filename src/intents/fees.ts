import { InputError } from "../errors.js";
import { equalBytes, requireBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";

/** A share of the payment that goes to somebody else. */
export interface Fee {
  /** Token account that receives the share, base58 of 32 bytes. Not the payment's destination, and each only once. */
  readonly destination: string;
  /** Share in basis points (1/10000): a whole number from 1 to 10000. */
  readonly basisPoints: number;
}

/** A checked {@link Fee} with its account decoded. */
export interface CheckedFee extends Fee {
  readonly account: Uint8Array;
}

/** Most fees in one request. The sequencer also limits their sum, by default to 5000 basis points. */
const MAX_FEES = 3;

/**
 * Reads the `fees` option.
 *
 * An empty list is refused: the official client derives another key for it than for no list at all. Leave the option
 * out, or ask for that key by `kind: "payment-with-fees"`.
 */
export function checkFees(fees: unknown, paymentDestination: Uint8Array): readonly CheckedFee[] {
  if (fees === undefined) return [];
  if (!Array.isArray(fees)) throw new InputError("invalid_option", "fees", "must be a list of fees");
  if (fees.length === 0) {
    throw new InputError(
      "invalid_option",
      "fees",
      'is empty; leave it out, or say kind: "payment-with-fees" if you want the key that an empty list has in the official client',
    );
  }
  if (fees.length > MAX_FEES) {
    throw new InputError(
      "invalid_option",
      "fees",
      `has ${fees.length} entries, at most ${MAX_FEES} are possible`,
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
      throw new InputError("invalid_option", field, "is the payment's own destination; leave this fee out");
    }
    const twin = checked.findIndex((other) => equalBytes(other.account, account));
    if (twin >= 0) {
      throw new InputError(
        "invalid_option",
        field,
        `is the same account as fees[${twin}].destination; merge the two`,
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

function checkBasisPoints(value: unknown, path: string): number {
  if (value === undefined || value === null) {
    throw new InputError("missing_option", `${path}.basisPoints`, "required: the share, 1 to 10000");
  }
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 10_000) {
    throw new InputError("invalid_option", `${path}.basisPoints`, "must be a whole number from 1 to 10000");
  }
  return value;
}
