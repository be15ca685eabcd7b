import { invalidArgument } from "../failure.js";
import type { RequestedDomain, RequestedPayment, RequestRecord } from "../store/store.js";

/**
 * Compares a payment request with the stored one, in the order of the real sequencer. The same details can be
 * sent any number of times. The verifier's key itself is not compared.
 */
export function checkSameRequest(
  again: {
    readonly payment: RequestedPayment;
    readonly domain: RequestedDomain | undefined;
    /** Whether the request names a verifier, with or without a domain. */
    readonly hasVerifier: boolean;
  },
  original: RequestRecord,
): void {
  const { payment, domain, hasVerifier } = again;
  if (original.payment === undefined) throw invalidArgument("original request doesn't require payment");
  compare(payment, original.payment);
  if (domain?.base !== original.domain?.base) throw mismatch("domain");
  if (original.domain?.verified && !hasVerifier) throw invalidArgument("original request is verified");
  if (!original.domain?.verified && hasVerifier) throw invalidArgument("original request isn't verified");
  compareFees(payment, original.payment);
}

function compare(payment: RequestedPayment, original: RequestedPayment): void {
  if (payment.destination !== original.destination) throw mismatch("destination");
  if (payment.currency !== original.currency) throw mismatch("exchange currency");
  if (payment.nativeAmount !== original.nativeAmount) throw mismatch("native amount");
  if (payment.exchangeRate !== original.exchangeRate) throw mismatch("exchange rate");
  if (payment.quarks !== original.quarks) throw mismatch("quarks");
}

function compareFees({ fees }: RequestedPayment, original: RequestedPayment): void {
  if (fees.length !== original.fees.length) {
    throw invalidArgument(`original request configured ${original.fees.length} fee takers`);
  }
  for (const [index, fee] of fees.entries()) {
    const before = original.fees[index];
    if (fee.destination !== before?.destination) throw mismatch(`destination for fee at index ${index}`);
    if (fee.basisPoints !== before.basisPoints) throw mismatch(`basis points for fee at index ${index}`);
  }
}

function mismatch(what: string): Error {
  return invalidArgument(`${what} mismatches original request`);
}
