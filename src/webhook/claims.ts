import { fromBase58 } from "../lib/bytes.js";
import { jsonSafe } from "../lib/json.js";
import { WebhookError } from "./errors.js";
import { type JsonMember, readJsonObject } from "./json-object.js";

/** The sequencer's signed claims about a payment. */
export interface PaymentClaims<Bound extends boolean = boolean> {
  readonly kind: "payment";
  /**
   * `true` if intent, destination, currency and amount were compared with an order. `false` with
   * `expect: "unbound"`: the token can be for anyone's order.
   */
  readonly bound: Bound;
  /**
   * Always `"SUBMITTED"`: the sequencer has accepted the payment. This does not mean finality on the chain.
   */
  readonly state: "SUBMITTED";
  /** Intent id, base58 of 32 bytes. */
  readonly intent: string;
  /** Token account that received the payment, base58 of 32 bytes. */
  readonly destination: string;
  /** Currency code in lowercase. The token has it in uppercase. */
  readonly currency: string;
  /** Amount paid, in the currency's main unit. */
  readonly amount: number;
  /** The currency's main unit per kin. */
  readonly exchangeRate: number;
  /** Total paid by the payer, in quarks: 100,000 quarks are one kin. */
  readonly quarks: bigint;
  /**
   * The part of `quarks` that did not go to `destination`: the sequencer's own fee and the shares of other
   * recipients.
   */
  readonly fees: bigint;
  /** Public id of the payer at the request's verified domain, base58. Absent if the payer shared none. */
  readonly user?: string;
  /**
   * Returns the claims as plain data, with `quarks` and `fees` as decimal text. `JSON.stringify` calls it,
   * also for a copy by spread. Pass its result to `structuredClone` and `postMessage`, which reject
   * functions.
   */
  toJSON(): PaymentClaimsJson;
}

/** Payment claims as plain data. */
export interface PaymentClaimsJson extends Omit<PaymentClaims, "quarks" | "fees" | "toJSON"> {
  /** `quarks` of the claims as decimal text. */
  readonly quarks: string;
  /** `fees` of the claims as decimal text. */
  readonly fees: string;
}

/**
 * The sequencer's signed claims about a login without a payment: at most a user. The token names no intent
 * and no time. Anyone who ever received such a token for this user can replay it, so the token alone does not
 * authenticate the user.
 */
export interface LoginClaims {
  readonly kind: "login";
  /** Always `false`: the token contains nothing that binds it to one of your sessions. */
  readonly bound: false;
  /** Public id of the user at the request's verified domain, base58. Absent if the user shared none. */
  readonly user?: string;
}

/** Claims as the token contains them, before any comparison. */
export type RawClaims = PaymentClaims<false> | LoginClaims;

type Members = ReadonlyMap<string, JsonMember>;

// Names that only a payment has. A token with some but not all of them is malformed, not a login.
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
 * Parses the claims of a token whose signature is already verified. Ignores unknown claims.
 *
 * @throws WebhookError `webhook_malformed`, with the claim as `field`
 */
export function readClaims(payload: Uint8Array): RawClaims {
  const members = readJsonObject(utf8(payload));
  if (members === undefined) throw malformed("the claims must be one JSON object");
  const user = members.has("user") ? { user: address(members, "user") } : {};
  if (!paymentNames.some((name) => members.has(name))) return { kind: "login", bound: false, ...user };
  const state = text(members, "state");
  if (state !== "SUBMITTED") throw malformed("must be SUBMITTED", "state");
  const claims = {
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
  } as const;
  // Enumerable, because receivers copy the claims by spread, into a log line or with their own order.
  return jsonSafe(claims, true);
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("the claims must be UTF-8");
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

// Not limited to the currencies that a request can name: the sequencer can add new ones.
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
    throw malformed("must be an integer from 0 to 2^64 - 1, in plain digits", name);
  }
  return BigInt(source);
}

function malformed(problem: string, field?: string): WebhookError {
  const message = field === undefined ? `The webhook is malformed: ${problem}` : problem;
  return new WebhookError("webhook_malformed", { message, field });
}
