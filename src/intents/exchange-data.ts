import { type Amount, kinQuarks } from "../money/amount.js";
import type { Currency } from "../money/currency.js";
import type { PaymentRequest } from "./message.js";

/** An amount as a request carries it: kin with rate and quarks, every other currency with its amount alone. */
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
