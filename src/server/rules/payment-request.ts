/**
 * The rules for RequestToReceiveBill, with the order and texts of the real sequencer. Rules that need access
 * to the chain or to wallet accounts are left out: any 32 bytes are a valid external account here.
 */
import {
  type RequestToReceiveBill,
  RequestToReceiveBillSchema,
} from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import type { LimitsTable } from "../../contract/limits.js";
import { QUARK_TOLERANCE, QUARKS_PER_KIN } from "../../contract/numbers.js";
import { equalBytes, toBase58 } from "../../lib/bytes.js";
import { invalidArgument, unauthenticated } from "../failure.js";
import { isSignedBy } from "../signed.js";
import type { RequestedDomain, RequestedPayment, RequestRecord, StoreTransaction } from "../store/store.js";
import { baseDomain, checkOwnership, type FetchWellKnown } from "./domain.js";
import { checkSameRequest } from "./same-request.js";

/** Dependencies of the rules. */
export interface PaymentRules {
  readonly limits: LimitsTable;
  /** Maximum sum of all fees, in basis points. */
  readonly maxFeeBasisPoints: number;
  readonly fetchWellKnown: FetchWellKnown;
}

/**
 * Checks a payment request. Returns the record to store, or `undefined` if the same request is already
 * stored.
 */
export async function checkPaymentRequest(
  request: RequestToReceiveBill,
  rendezvous: Uint8Array,
  rules: PaymentRules,
  transaction: StoreTransaction,
): Promise<Omit<RequestRecord, "createdAt"> | undefined> {
  checkExchangeDataKind(request);
  if ((await transaction.getIntent()) !== undefined) throw invalidArgument("client submitted intent");
  const base = request.domain === undefined ? undefined : baseDomain(request.domain.value);
  const hasVerifier = request.verifier !== undefined;
  const domain: RequestedDomain | undefined =
    base === undefined ? undefined : { base, verified: hasVerifier };
  const payment = requestedPayment(request);
  const original = await transaction.getRequest();
  if (original === undefined) checkNewRequest(payment, rules);
  else checkSameRequest({ payment, domain, hasVerifier }, original);
  await checkDomainVerification(request, rendezvous, rules.fetchWellKnown);
  return original === undefined ? { payment, domain } : undefined;
}

/** Returns the payment that a request asks for. */
export function requestedPayment({
  requestorAccount,
  exchangeData,
  additionalFees,
}: RequestToReceiveBill): RequestedPayment {
  const { value } = exchangeData;
  const exact = exchangeData.case === "exact" ? exchangeData.value : undefined;
  return {
    destination: toBase58(requestorAccount?.value ?? new Uint8Array(0)),
    currency: value?.currency ?? "",
    nativeAmount: value?.nativeAmount ?? 0,
    exchangeRate: exact?.exchangeRate,
    quarks: exact?.quarks,
    fees: additionalFees.map((fee) => ({
      destination: toBase58(fee.destination?.value ?? new Uint8Array(0)),
      basisPoints: fee.feeBps,
    })),
  };
}

function checkExchangeDataKind({ exchangeData }: RequestToReceiveBill): void {
  if (exchangeData.case === "exact") {
    const { currency, nativeAmount, quarks } = exchangeData.value;
    if (currency !== "kin") throw invalidArgument("exact exchange data is reserved for kin only");
    if (Math.trunc(nativeAmount) !== nativeAmount)
      throw invalidArgument("native amount can't include fractional kin");
    if (quarks % BigInt(QUARKS_PER_KIN) !== 0n)
      throw invalidArgument("quark amount can't include fractional kin");
  } else if (exchangeData.value?.currency === "kin") {
    throw invalidArgument("partial exchange data is reserved for fiat currencies");
  }
}

function checkNewRequest(payment: RequestedPayment, { limits, maxFeeBasisPoints }: PaymentRules): void {
  checkLimits(payment, limits);
  if (payment.quarks !== undefined) {
    if (payment.exchangeRate !== 1) throw invalidArgument("kin exchange rate must be 1");
    if (Math.abs(payment.nativeAmount * QUARKS_PER_KIN - Number(payment.quarks)) > QUARK_TOLERANCE) {
      throw invalidArgument("payment native amount and quark value mismatch");
    }
  }
  checkFees(payment, maxFeeBasisPoints);
}

function checkLimits({ currency, nativeAmount }: RequestedPayment, limits: LimitsTable): void {
  const limit = Object.hasOwn(limits, currency) ? limits[currency] : undefined;
  if (limit === undefined) throw invalidArgument(`${currency} currency is not currently supported`);
  if (nativeAmount > limit.max) {
    throw invalidArgument(`${currency} currency has a maximum amount of ${limit.max.toFixed(2)}`);
  }
  if (nativeAmount < limit.min) {
    throw invalidArgument(`${currency} currency has a minimum amount of ${limit.min.toFixed(2)}`);
  }
}

function checkFees({ destination, fees }: RequestedPayment, maxFeeBasisPoints: number): void {
  let sum = 0;
  for (const [index, fee] of fees.entries()) {
    if (fee.destination === destination) {
      throw invalidArgument(`fee taker at index ${index} is the payment destination and should be omitted`);
    }
    if (fees.findIndex((other) => other.destination === fee.destination) < index) {
      throw invalidArgument(`fee taker at index ${index} appears multiple times and should be merged`);
    }
    sum += fee.basisPoints;
  }
  if (sum > maxFeeBasisPoints) {
    throw invalidArgument(`total fee percentage cannot exceed ${maxFeeBasisPoints} basis points`);
  }
}

async function checkDomainVerification(
  request: RequestToReceiveBill,
  rendezvous: Uint8Array,
  fetchWellKnown: FetchWellKnown,
): Promise<void> {
  const { domain, verifier, signature, rendezvousKey } = request;
  if (domain === undefined) {
    if (verifier !== undefined) throw invalidArgument("verifier cannot be set when domain not provided");
    if (signature !== undefined) throw invalidArgument("signature cannot be set when domain not provided");
    if (rendezvousKey !== undefined)
      throw invalidArgument("rendezvous key cannot be set when domain not provided");
    return;
  }
  if (verifier === undefined) {
    if (signature !== undefined) throw invalidArgument("signature can only be set when verifying domain");
    if (rendezvousKey !== undefined)
      throw invalidArgument("rendezvous key can only be set when verifying domain");
    return;
  }
  if (signature === undefined) throw invalidArgument("signature must be set for domain verification");
  if (rendezvousKey === undefined)
    throw invalidArgument("rendezvous key must be set for domain verification");
  if (!equalBytes(rendezvousKey.value, rendezvous)) throw invalidArgument("rendezvous key mismatch");
  if (!isSignedBy(RequestToReceiveBillSchema, request, verifier.value)) throw unauthenticated();
  await checkOwnership(domain.value, toBase58(verifier.value), fetchWellKnown);
}
