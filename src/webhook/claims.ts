import { fromBase58 } from "../lib/bytes.js";
import { WebhookError } from "./errors.js";
import { type JsonMember, readJsonObject } from "./json-object.js";

/** What the sequencer claims of a payment, validly signed. */
export interface PaymentClaims<Bound extends boolean = boolean> {
  readonly kind: "payment";
  /**
   * `true` where intent, destination, currency and amount were compared with an order; `false` under
   * `expect: "unbound"`, where the token may be for anybody's order.
   */
  readonly bound: Bound;
  /** Always `"SUBMITTED"`: the sequencer has taken the payment. Not finality on the chain. */
  readonly state: "SUBMITTED";
  /** Intent id, base58 of 32 bytes. */
  readonly intent: string;
  /** Token account that was paid, base58 of 32 bytes. */
  readonly destination: string;
  /** Currency code, lower case (the token has it in upper case). */
  readonly currency: string;
  /** Amount as paid, in the currency's main unit. */
  readonly amount: number;
  /** The currency's main unit per kin. */
  readonly exchangeRate: number;
  /** What the payer paid in all, in quarks: 100,000 are one kin. */
  readonly quarks: bigint;
  /** The part of `quarks` that did not go to `destination`: the sequencer's own fee and the shares of others. */
  readonly fees: bigint;
  /** Public id of the payer at the request's verified domain, base58; where there is one. */
  readonly user?: string;
}

/**
 * What the sequencer claims of a login without a payment: a user at most. It names no intent and no time, so anybody
 * who ever received such a token for this user can show it again: alone, it authenticates nobody.
 */
export interface LoginClaims {
  readonly kind: "login";
  /** Always `false`: nothing in the token binds it to a session of yours. */
  readonly bound: false;
  /** Public id of the user at the request's verified domain, base58; absent where the user shared none. */
  readonly user?: string;
}

/** Claims as they are in a token, before anything is compared. */
export type RawClaims = PaymentClaims<false> | LoginClaims;

type Members = ReadonlyMap<string, JsonMember>;

// Names that only a payment has. A token with some of them and not all is broken, not a login.
const paymentNames = [
  "amount",
  "currency",
  "destination",
  "exchangeRate",
  "fees",
  "intent",
  "quarks",
  "state",
];
const maxQuarks = 2n ** 64n - 1n;

/**
 * Reads the claims of a token whose signature is known to be good. Unknown claims are ignored.
 *
 * @throws WebhookError `webhook_malformed`, with the claim as `field`
 */
export function readClaims(payload: Uint8Array): RawClaims {
  const members = readJsonObject(utf8(payload));
  if (members === undefined) throw malformed("the claims are not one JSON object");
  const user = members.has("user") ? { user: address(members, "user") } : {};
  if (!paymentNames.some((name) => members.has(name))) return { kind: "login", bound: false, ...user };
  const state = text(members, "state");
  if (state !== "SUBMITTED") throw malformed("must be SUBMITTED", "state");
  return {
    kind: "payment",
    bound: false,
    state,
    intent: address(members, "intent"),
    destination: address(members, "destination"),
    currency: currency(members),
    amount: number(members, "amount"),
    exchangeRate: number(members, "exchangeRate"),
    quarks: integer(members, "quarks"),
    fees: integer(members, "fees"),
    ...user,
  };
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("the claims are not UTF-8");
  }
}

function required(members: Members, name: string): JsonMember {
  const member = members.get(name);
  if (member === undefined) throw malformed("the claim is missing", name);
  return member;
}

function text(members: Members, name: string): string {
  const { value } = required(members, name);
  if (typeof value !== "string") throw malformed("must be a string", name);
  return value;
}

function address(members: Members, name: string): string {
  const value = text(members, name);
  if (fromBase58(value)?.length !== 32) throw malformed("must be base58 of 32 bytes", name);
  return value;
}

// Not limited to the currencies that a request can name: the sequencer may learn new ones.
function currency(members: Members): string {
  const value = text(members, "currency");
  if (!/^[A-Za-z]{3,8}$/.test(value)) throw malformed("must be a currency code", "currency");
  return value.toLowerCase();
}

function number(members: Members, name: string): number {
  const { value } = required(members, name);
  if (typeof value !== "number") throw malformed("must be a number", name);
  if (!Number.isFinite(value) || value <= 0) throw malformed("must be finite and greater than zero", name);
  return value;
}

function integer(members: Members, name: string): bigint {
  const { value, source } = required(members, name);
  if (typeof value !== "number" || !/^(?:0|[1-9][0-9]{0,19})$/.test(source) || BigInt(source) > maxQuarks) {
    throw malformed("must be a whole number from 0 to 2^64 - 1, in plain digits", name);
  }
  return BigInt(source);
}

function malformed(problem: string, field?: string): WebhookError {
  const message = field === undefined ? `The webhook is malformed: ${problem}` : problem;
  return new WebhookError("webhook_malformed", { message, field });
}
