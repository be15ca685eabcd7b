import { PAYMENT_TOLERANCE } from "../contract/numbers.js";
import { InputError } from "../errors.js";
import { requireBase58 } from "../lib/bytes.js";
import { parseAmount } from "../money/amount.js";
import { parseCurrency } from "../money/currency.js";
import type { LoginClaims, PaymentClaims, RawClaims } from "./claims.js";
import { WebhookError } from "./errors.js";

/** The payment that an order requires. A `PaymentIntent` fits, and so does a row of your orders table. */
export type PaymentExpectation = (
  | {
      /** Intent id, base58. */
      readonly id: string;
    }
  | {
      /** Intent id, base58. Takes precedence over `id`, which can be your order's own id. */
      readonly intentId: string;
    }
) & {
  /** Token account that must receive the payment, base58. */
  readonly destination: string;
  /** Currency code, in uppercase or lowercase. */
  readonly currency: string;
  /** Decimal string or number, in the currency's main unit, with at most two decimals. */
  readonly amount: string | number;
};

/**
 * Expects a login without a payment. The token names no intent, so bind each login with its own path token.
 */
export interface LoginExpectation {
  readonly kind: "login";
  /**
   * Public id that the user must have, base58. Omit it to accept any user, or none; `undefined` throws
   * `missing_option`.
   */
  readonly user?: string;
}

/** Looks up the required payment by intent id. Returns `undefined` or `null` for an unknown intent. */
export type ExpectationLookup = (
  intentId: string,
) => PaymentExpectation | undefined | null | Promise<PaymentExpectation | undefined | null>;

/** The expectation that a webhook is compared with. `"unbound"` compares nothing. */
export type WebhookExpect = PaymentExpectation | LoginExpectation | ExpectationLookup | "unbound";

/** The claims of a webhook that met the expectation. */
export type WebhookClaims<Expect extends WebhookExpect = WebhookExpect> = Expect extends "unbound"
  ? PaymentClaims<false> | LoginClaims
  : Expect extends LoginExpectation
    ? LoginClaims
    : PaymentClaims<true>;

/** Compares claims with the expectation. */
export type ExpectationCheck = (claims: RawClaims) => Promise<PaymentClaims | LoginClaims>;

/**
 * Validates `expect` early, so that a mistake in it throws before the first webhook arrives.
 *
 * @throws InputError naming the field
 */
export function expectationCheck(expect: unknown): ExpectationCheck {
  if (expect === undefined || expect === null || expect === "") {
    throw new InputError(
      "missing_option",
      "expect",
      'required: the intent, a lookup by intent id, or "unbound" to compare nothing. Without it, any valid ' +
        "webhook of another order would pass",
    );
  }
  if (expect === "unbound") return async (claims) => claims;
  if (typeof expect === "function") return (claims) => checkLookup(claims, expect as ExpectationLookup);
  if (typeof expect !== "object") {
    throw new InputError(
      "invalid_option",
      "expect",
      'must be an intent, a lookup by intent id, or "unbound"',
    );
  }
  if ((expect as { kind?: unknown }).kind === "login") return loginCheck(expect as LoginExpectation);
  const order = readOrder(expect);
  return async (claims) => checkOrder(requirePayment(claims), order);
}

interface Order {
  readonly intentId: string;
  readonly destination: string;
  readonly currency: string;
  readonly amount: number;
}

function readOrder(expected: object): Order {
  const order = expected as Readonly<Record<string, unknown>>;
  const [intentField, intentId] =
    order.intentId === undefined ? ["expect.id", order.id] : ["expect.intentId", order.intentId];
  const { destination } = order;
  requireBase58(intentId, intentField, 32, "the intent id, base58 of 32 bytes");
  requireBase58(destination, "expect.destination", 32, "the token account, base58 of 32 bytes");
  return {
    intentId: intentId as string,
    destination: destination as string,
    currency: parseCurrency(order.currency, "expect.currency"),
    amount: parseAmount(order.amount, { field: "expect.amount" }).nativeAmount,
  };
}

async function checkLookup(claims: RawClaims, lookup: ExpectationLookup): Promise<PaymentClaims<true>> {
  const payment = requirePayment(claims);
  const found: unknown = await lookup(payment.intent);
  if (found === undefined || found === null) {
    throw new WebhookError("webhook_unknown_intent", {
      message: `The webhook is for intent ${payment.intent}, but the lookup returned no order for it`,
    });
  }
  if (typeof found !== "object") {
    throw new InputError("invalid_option", "expect", "the lookup must return an order, or undefined");
  }
  return checkOrder(payment, readOrder(found));
}

function checkOrder(claims: PaymentClaims, order: Order): PaymentClaims<true> {
  if (claims.intent !== order.intentId) throw mismatch("intent", claims.intent, order.intentId);
  if (claims.destination !== order.destination) {
    throw mismatch("destination", claims.destination, order.destination);
  }
  if (claims.currency !== order.currency) throw mismatch("currency", claims.currency, order.currency);
  if (!(Math.abs(claims.amount - order.amount) <= PAYMENT_TOLERANCE)) {
    throw mismatch("amount", claims.amount, order.amount);
  }
  return { ...claims, bound: true };
}

function requirePayment(claims: RawClaims): PaymentClaims<false> {
  if (claims.kind === "payment") return claims;
  throw new WebhookError("webhook_not_bound", {
    message:
      "The webhook is for a login only. It names no intent and no payment, so it does not prove that the order is paid. " +
      "Do not fulfil an order on it",
  });
}

function loginCheck(expect: LoginExpectation): ExpectationCheck {
  const { user } = expect;
  // A user that is not there would be any user.
  if (Object.hasOwn(expect, "user"))
    requireBase58(
      user,
      "expect.user",
      32,
      "the user's public id, base58 of 32 bytes; omit it to accept any user",
    );
  return async (claims) => {
    if (claims.kind !== "login") {
      throw new WebhookError("webhook_unexpected", {
        message: `Expected a login, got a payment of intent ${claims.intent}`,
      });
    }
    if (user !== undefined && claims.user !== user) throw mismatch("user", claims.user ?? "no user", user);
    return claims;
  };
}

function mismatch(field: string, claimed: string | number, expected: string | number): WebhookError {
  return new WebhookError("webhook_mismatch", {
    field,
    message: `expected ${expected}, got ${claimed}. The webhook is validly signed, but not for this order. Do not fulfil it`,
  });
}
