/** Reads a claim about an order, and compares it with the amount of the order. */
import { PAYMENT_TOLERANCE } from "../../contract/numbers.js";
import { InputError } from "../../errors.js";
import { requireBase58 } from "../../lib/bytes.js";
import { checkOptions } from "../../lib/options.js";
import { parseCurrency } from "../../money/currency.js";

/**
 * A claim about the order: an intent id, an intent, or the claims of a webhook. Their other members are
 * allowed and ignored. Any member that neither has is rejected.
 *
 * `amount` must equal that of the order exactly. Only for a payment, which has `quarks` as the claims of a
 * webhook do, can it differ by 0.0001, since the sequencer allows that difference between a payment and its
 * request.
 */
export type OrderClaim =
  | string
  | (({ readonly intent: string } | { readonly intentId: string } | { readonly id: string }) & {
      readonly destination?: string | undefined;
      readonly currency?: string | undefined;
      readonly amount?: string | number | undefined;
    });

const MAX_AMOUNT_LENGTH = 64;

const comparedNames = ["intent", "intentId", "id", "destination", "currency", "amount"];
// Members of the claims of a webhook, and of an intent.
const otherNames = ["kind", "bound", "state", "exchangeRate", "quarks", "fees", "user", "login", "webhook"];
const claimNames = [...comparedNames, ...otherNames];

/** A parsed claim. */
export interface Claimed {
  readonly intent: string;
  readonly destination: string | undefined;
  readonly currency: string | undefined;
  readonly amount: number | string | undefined;
  /** Whether the amount is the amount paid. */
  readonly isPayment: boolean;
}

/**
 * Reads a claim.
 *
 * @throws InputError for a claim that cannot be used; names the field
 */
export function readClaim(claim: unknown): Claimed {
  const members = typeof claim === "object" && claim !== null ? claim : { intent: claim };
  checkOptions(members, "claim", claimNames);
  const { intent, intentId, id, destination, currency, amount, quarks } = members;
  const named = intent ?? intentId ?? id;
  requireBase58(named, "claim.intent", 32, "the claimed intent id, base58 of 32 bytes");
  if (destination !== undefined) {
    requireBase58(destination, "claim.destination", 32, "the claimed token account, base58 of 32 bytes");
  }
  if (amount !== undefined && !isDecimal(amount)) {
    throw new InputError("invalid_option", "claim.amount", "must be a finite number or decimal text");
  }
  return {
    intent: named as string,
    destination: destination as string | undefined,
    currency: currency === undefined ? undefined : parseCurrency(currency, "claim.currency"),
    amount,
    isPayment: quarks !== undefined,
  };
}

function isDecimal(amount: unknown): amount is number | string {
  if (typeof amount === "string") return amount.length <= MAX_AMOUNT_LENGTH && /^\d+(?:\.\d+)?$/.test(amount);
  return typeof amount === "number" && Number.isFinite(amount);
}

/**
 * Returns whether a claimed amount equals that of the order: the same digits, the same double, or within the
 * tolerance of a payment.
 */
export function isClaimedAmount({ amount: claimed, isPayment }: Claimed, amount: string): boolean {
  if (claimed === undefined) return true;
  if (isPayment) return Math.abs(Number(claimed) - Number(amount)) <= PAYMENT_TOLERANCE;
  return typeof claimed === "number" ? claimed === Number(amount) : digitsOf(claimed) === digitsOf(amount);
}

/** Returns decimal text without leading and trailing zeros. */
function digitsOf(text: string): string {
  const [whole = "", decimals = ""] = text.split(".");
  return `${whole.replace(/^0+(?=\d)/, "")}.${decimals.replace(/0+$/, "")}`;
}
