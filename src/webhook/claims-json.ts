import { InputError } from "../errors.js";
import { requireBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";

/** Claims of a payment, to encode as the sequencer does. */
export interface PaymentClaimsInput {
  /** Intent id, base58 of 32 bytes. */
  readonly intent: string;
  /** Token account that received the payment, base58 of 32 bytes. */
  readonly destination: string;
  /** Currency code. Encoded in uppercase. */
  readonly currency: string;
  /** Amount paid, in the currency's main unit. */
  readonly amount: number;
  /** The currency's main unit per kin. */
  readonly exchangeRate: number;
  /** Total paid, in quarks (100,000 quarks are one kin): 0 to 2^64 - 1. Use a bigint above 2^53 - 1. */
  readonly quarks: bigint | number;
  /** The part of `quarks` that did not go to `destination`. Same range as `quarks`. */
  readonly fees: bigint | number;
  /**
   * Default: `"SUBMITTED"`. Any other state, such as `"PENDING"`, makes a token that a receiver must reject.
   */
  readonly state?: string | undefined;
  /** Public id of the payer at a verified domain, base58 of 32 bytes. */
  readonly user?: string | undefined;
}

/** Claims of a login without a payment: a user, or no claim. */
export interface LoginClaimsInput {
  /** Public id of the user at a verified domain, base58 of 32 bytes. */
  readonly user?: string | undefined;
}

/** Claims of a webhook. */
export type WebhookClaimsInput = PaymentClaimsInput | LoginClaimsInput;

const names = [
  ...["amount", "currency", "destination", "exchangeRate", "fees"],
  ...["intent", "quarks", "state", "user"],
];

/**
 * Encodes the claims as JSON, byte for byte as the sequencer does: names in alphabetical order, no
 * whitespace, currency in uppercase, quarks and fees as plain integers, numbers in Go's format.
 *
 * @throws InputError naming the claim
 */
export function webhookClaimsJson(claims: WebhookClaimsInput): string {
  checkOptions(claims as unknown, "claims", names);
  const members: [name: string, json: string][] = isPayment(claims) ? paymentMembers(claims) : [];
  if (claims.user !== undefined) members.push(["user", address(claims.user, "user")]);
  return `{${members.map(([name, json]) => `"${name}":${json}`).join(",")}}`;
}

function isPayment(claims: WebhookClaimsInput): claims is PaymentClaimsInput {
  return Object.keys(claims).some((name) => name !== "user");
}

function paymentMembers(claims: PaymentClaimsInput): [string, string][] {
  return [
    ["amount", goFloat(claims.amount, "amount")],
    ["currency", word(claims.currency, "currency").toUpperCase()],
    ["destination", address(claims.destination, "destination")],
    ["exchangeRate", goFloat(claims.exchangeRate, "exchangeRate")],
    ["fees", integer(claims.fees, "fees")],
    ["intent", address(claims.intent, "intent")],
    ["quarks", integer(claims.quarks, "quarks")],
    ["state", word(claims.state ?? "SUBMITTED", "state")],
  ];
}

/**
 * Formats a double as Go's `encoding/json` does: the shortest round-trip digits, with an exponent (`1e-7`,
 * `1e+21`) only below 1e-6 and from 1e21. JavaScript uses the same format, except for minus zero, which this
 * function rejects.
 */
function goFloat(value: number, field: string): string {
  if (typeof value !== "number" || !Number.isFinite(value) || Object.is(value, -0)) {
    throw new InputError("invalid_option", field, "must be a finite number, and not minus zero");
  }
  return String(value);
}

function integer(value: bigint | number, field: string): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new InputError("invalid_option", field, "must be an integer. Pass a bigint above 2^53 - 1");
  }
  if ((typeof value !== "number" && typeof value !== "bigint") || value < 0 || value >= 2n ** 64n) {
    throw new InputError("invalid_option", field, "must be an integer from 0 to 2^64 - 1, in quarks");
  }
  return value.toString();
}

function address(value: string, field: string): string {
  requireBase58(value, field, 32, "base58 of 32 bytes");
  return `"${value}"`;
}

// Letters and underscores only, because Go and JavaScript escape other characters differently.
function word(value: string, field: string): string {
  if (typeof value !== "string" || !/^[A-Za-z_]{1,32}$/.test(value)) {
    throw new InputError("invalid_option", field, "must be 1 to 32 ASCII letters or underscores");
  }
  return `"${value}"`;
}
