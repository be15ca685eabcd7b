import { type Amount, kinQuarks } from "../money/amount.js";
import type { Currency } from "../money/currency.js";
import type { PaymentRequest } from "./message.js";

/**
 * Returns the exchange data of an amount: kin has an exact rate and quarks, every other currency only its
 * amount.
 */
export function exchangeDataOf(
  currency: Currency,
  { units, nativeAmount }: Amount,
): PaymentRequest["exchangeData"] {
  if (currency !== "kin") return { case: "partial", value: { currency, nativeAmount } };
  return {
    case: "exact",
    value: { currency, exchangeRate: 1, nativeAmount, quarks: kinQuarks({ units, nativeAmount }) },
  };
}
