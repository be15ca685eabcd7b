/** Rules about several fields of a message, by full name. */
import {
  ALL_BASIS_POINTS,
  KEY_LENGTH,
  MAX_FEE_SUM,
  QUARK_TOLERANCE,
  QUARKS_PER_KIN,
  VERIFIABLE_SUBDOMAIN,
} from "../../contract/numbers.js";
import { equalBytes } from "../../lib/bytes.js";
import { REQUEST_TO_LOGIN, REQUEST_TO_RECEIVE_BILL, SEND_MESSAGE_REQUEST } from "../catalog.js";
import { fieldOf, fieldsOf, numberOf, placeOf, textOf, wrappedBytes } from "../nodes.js";
import { type Draft, report } from "../tree.js";
import type { InspectProblemCode } from "../types.js";
import { floatText, quote } from "../words.js";
import { checkAmount } from "./amount-rule.js";

export const crossRules: Readonly<Record<string, (message: Draft) => void>> = {
  [REQUEST_TO_RECEIVE_BILL]: (message) => {
    checkExchangeData(message);
    checkAmount(fieldOf(message, "partial"));
    checkFees(message);
    checkDomain(message);
    if (fieldOf(message, "verifier") !== undefined) checkVerifiable(message);
  },
  [REQUEST_TO_LOGIN]: checkVerifiable,
  "code.messaging.v1.OpenMessageStreamWithKeepAliveRequest": (frame) => {
    const request = fieldOf(frame, "request");
    if (request === undefined || fieldOf(request, "signature") !== undefined) return;
    const at = placeOf(request, 2);
    const why = "A plain stream can be opened without a signature, but one with keep-alive cannot.";
    report(request, "broken_rule", "missing_field", at, "signature, field 2", "none", why);
  },
  [SEND_MESSAGE_REQUEST]: (request) => checkSender(fieldOf(request, "message")),
};

function breach(
  node: Draft,
  expected: string,
  found: string,
  code: InspectProblemCode = "invalid_value",
): void {
  report(node, "broken_rule", code, node.offset, expected, found);
}

function checkExchangeData(message: Draft): void {
  const exact = fieldOf(message, "exact");
  const partial = fieldOf(message, "partial");
  const currency = textOf(exact, "currency");
  if (exact !== undefined && currency !== undefined && currency !== "kin") {
    breach(exact, "partial, field 3: exact is only for kin", `exact with ${quote(currency)}`);
  }
  if (partial !== undefined && textOf(partial, "currency") === "kin") {
    breach(partial, "exact, field 2: kin requires the rate and quarks", 'partial with "kin"');
  }
  if (exact !== undefined && currency === "kin") checkKin(exact);
}

function checkKin(exact: Draft): void {
  const amount = numberOf(exact, "native_amount");
  const rate = fieldOf(exact, "exchange_rate");
  const quarks = fieldOf(exact, "quarks");
  if (rate !== undefined && typeof rate.value === "number" && rate.value !== 1) {
    breach(rate, "a rate of 1.0 for kin", floatText(rate.value));
  }
  const kin = fieldOf(exact, "native_amount");
  if (kin !== undefined && amount !== undefined && amount % 1 !== 0) {
    breach(kin, "a whole number of kin", floatText(amount));
  }
  if (typeof quarks?.value !== "bigint" || amount === undefined || !Number.isFinite(amount)) return;
  if (Math.abs(amount * QUARKS_PER_KIN - Number(quarks.value)) > QUARK_TOLERANCE) {
    const expected = `${Math.round(amount * QUARKS_PER_KIN)}, which is ${floatText(amount)} kin`;
    breach(quarks, expected, `${quarks.value}`);
  } else if (quarks.value % BigInt(QUARKS_PER_KIN) !== 0n) {
    breach(quarks, `a multiple of ${QUARKS_PER_KIN} (one kin)`, `${quarks.value}`);
  }
}

/** Checks the sum of all fees. Reports the first fee that makes the sum too large. */
function checkFeeSum(message: Draft): void {
  let sum = 0;
  for (const fee of fieldsOf(message, "additional_fees")) {
    const share = fieldOf(fee, "fee_bps");
    if (typeof share?.value !== "number") continue;
    // A fee that is too large alone has its own problem.
    if (share.value > ALL_BASIS_POINTS) return;
    sum += share.value;
    if (sum <= MAX_FEE_SUM) continue;
    const at = share.body?.offset ?? share.offset;
    const expected = `at most ${MAX_FEE_SUM} basis points for all fees together`;
    const why = "The sequencer rejects fees of more than half, unless it is configured to allow them.";
    report(share, "broken_rule", "invalid_value", at, expected, `${sum} with this one`, why);
    return;
  }
}

function checkFees(message: Draft): void {
  checkFeeSum(message);
  const taken: Uint8Array[] = [];
  const destination = wrappedBytes(message, "requestor_account", KEY_LENGTH);
  for (const fee of fieldsOf(message, "additional_fees")) {
    const account = wrappedBytes(fee, "destination", KEY_LENGTH);
    if (account === undefined) continue;
    if (destination !== undefined && equalBytes(account, destination)) {
      breach(fee, "an account other than the requestor's", "the requestor's");
    } else if (taken.some((other) => equalBytes(other, account))) {
      breach(fee, "each account once", "a second fee for the same account");
    }
    taken.push(account);
  }
}

function checkDomain(message: Draft): void {
  const withVerifier = ["signature", "rendezvous_key"];
  const hasDomain = fieldOf(message, "domain") !== undefined;
  const verifier = fieldOf(message, "verifier");
  for (const name of ["verifier", ...withVerifier]) {
    const field = fieldOf(message, name);
    if (field === undefined || (hasDomain && (name === "verifier" || verifier !== undefined))) continue;
    breach(field, `${hasDomain ? "a verifier" : "a domain"} in addition to ${name}`, "none");
  }
  if (!hasDomain || verifier === undefined) return;
  for (const name of withVerifier) {
    if (fieldOf(message, name) !== undefined) continue;
    breach(verifier, `${name} in addition to domain and verifier`, "none", "missing_field");
  }
}

/** A domain whose owner is looked up in its well-known file. */
function checkVerifiable(message: Draft): void {
  const domain = fieldOf(fieldOf(message, "domain"), "value");
  if (typeof domain?.value !== "string") return;
  // The sequencer counts the empty label after a final dot.
  const name = domain.value;
  if (name.split(".").length <= 2 || name === VERIFIABLE_SUBDOMAIN) return;
  const at = domain.body?.offset ?? domain.offset;
  const expected = "a domain of two labels, such as example.com: a subdomain cannot be verified";
  report(domain, "broken_rule", "invalid_value", at, expected, quote(name.slice(0, 80)));
}

/** Reports fields that only the sequencer can set. */
function checkSender(message: Draft | undefined): void {
  for (const name of [
    "id",
    "send_message_request_signature",
    "airdrop_received",
    "intent_submitted",
    "webhook_called",
  ]) {
    const field = message && fieldOf(message, name);
    if (field !== undefined) breach(field, "no value: only the sequencer sets it", name, "not_for_clients");
  }
}
