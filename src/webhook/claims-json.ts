import { InputError } from "../errors.js";
import { requireBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";

/** Claims of a payment, to be written as the sequencer writes them. */
export interface PaymentClaimsInput {
  /** Intent id, base58 of 32 bytes. */
  readonly intent: string;
  /** Token account that was paid, base58 of 32 bytes. */
  readonly destination: string;
  /** Currency code; written in upper case. */
  readonly currency: string;
  /** Amount as paid, in the currency's main unit. */
  readonly amount: number;
  /** The currency's main unit per kin. */
  readonly exchangeRate: number;
  /** What was paid in all, in quarks (100,000 are one kin): 0 to 2^64 - 1, above 2^53 a bigint. */
  readonly quarks: bigint | number;
  /** The part of `quarks` that did not go to `destination`; range as `quarks`. */
  readonly fees: bigint | number;
  /** Default `"SUBMITTED"`. Another one, such as `"PENDING"`, makes a token that must be refused. */
  readonly state?: string | undefined;
  /** Public id of the payer at a verified domain, base58 of 32 bytes. */
  readonly user?: string | undefined;
}

/** Claims of a login without a payment: a user, or nothing at all. */
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
 * The claims as JSON, byte for byte as the sequencer writes them: names in alphabetical order, no blanks, currency in
 * upper case, quarks and fees as plain integers, numbers in Go's form.
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
 * A double as Go's `encoding/json` writes it: the shortest digits that read back, in plain form, and with an exponent
 * (`1e-7`, `1e+21`) only below 1e-6 and from 1e21. That is JavaScript's own form but for minus zero, which is refused.
 */
function goFloat(value: number, field: string): string {
  if (typeof value !== "number" || !Number.isFinite(value) || Object.is(value, -0)) {
    throw new InputError("invalid_option", field, "must be a finite number");
  }
  return String(value);
}

function integer(value: bigint | number, field: string): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new InputError("invalid_option", field, "must be a whole number; above 2^53 - 1, a bigint");
  }
  if ((typeof value !== "number" && typeof value !== "bigint") || value < 0 || value >= 2n ** 64n) {
    throw new InputError("invalid_option", field, "must be a whole number of quarks, 0 to 2^64 - 1");
  }
  return value.toString();
}

function address(value: string, field: string): string {
  requireBase58(value, field, 32, "base58 of 32 bytes");
  return `"${value}"`;
}

// Letters and underscores only: nothing that Go and JavaScript would escape differently.
function word(value: string, field: string): string {
  if (typeof value !== "string" || !/^[A-Za-z_]{1,32}$/.test(value)) {
    throw new InputError("invalid_option", field, "must be a word of ASCII letters");
  }
  return `"${value}"`;
}
