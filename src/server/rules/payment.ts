/** The checks of a payment against its request, with the order and texts of the real sequencer. */
import {
  ALL_BASIS_POINTS,
  PAYMENT_TOLERANCE,
  QUARKS_PER_KIN,
  SEQUENCER_FEE_USD,
} from "../../contract/numbers.js";
import type { Fee } from "../../intents/fees.js";
import { invalidArgument } from "../failure.js";
import type { RequestedPayment, SubmittedPayment } from "../store/store.js";

/** The payment that a payer submits. */
export interface Payment {
  /** Token account, base58. */
  readonly destination: string;
  readonly currency: string;
  readonly nativeAmount: number;
}

/** Value of one kin in each currency, in the currency's main unit. */
export type RatesTable = Readonly<Record<string, number>>;

/** Checks a payment. Returns it with its amount and its fees in quarks. */
export function checkPayment(
  payment: Payment,
  request: RequestedPayment,
  rates: RatesTable,
): SubmittedPayment {
  const { currency, nativeAmount, destination } = payment;
  if (currency !== request.currency)
    throw invalidArgument(`payment has a request for ${request.currency} currency`);
  // Written so that NaN fails.
  if (!(Math.abs(nativeAmount - request.nativeAmount) <= PAYMENT_TOLERANCE)) {
    throw invalidArgument(`payment has a request for ${request.nativeAmount.toFixed(2)} native amount`);
  }
  if (destination !== request.destination) {
    throw invalidArgument(`payment has a request to destination ${request.destination}`);
  }
  const exchangeRate = request.exchangeRate ?? rateOf(currency, rates);
  const quarks = request.quarks ?? quarksOf(nativeAmount, exchangeRate);
  const feeQuarks = quarksOf(SEQUENCER_FEE_USD, rateOf("usd", rates)) + extraFees(request.fees, quarks);
  return { destination, currency, nativeAmount, exchangeRate, quarks, feeQuarks };
}

function extraFees(fees: readonly Fee[], quarks: bigint): bigint {
  return fees.reduce(
    (sum, { basisPoints }) => sum + (BigInt(basisPoints) * quarks) / BigInt(ALL_BASIS_POINTS),
    0n,
  );
}

function quarksOf(nativeAmount: number, exchangeRate: number): bigint {
  return BigInt(Math.round((nativeAmount / exchangeRate) * QUARKS_PER_KIN));
}

function rateOf(currency: string, rates: RatesTable): number {
  const rate = Object.hasOwn(rates, currency) ? rates[currency] : undefined;
  if (rate === undefined || !(rate > 0 && rate < Number.POSITIVE_INFINITY))
    throw invalidArgument(`no exchange rate for ${currency}`);
  return rate;
}
