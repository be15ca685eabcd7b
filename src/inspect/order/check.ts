import "../../lib/docs-url.js";
import { CodeIntentsError, InputError, type IntentMismatchErrorCode } from "../../errors.js";
import { requireBase58, toBase58 } from "../../lib/bytes.js";
import { checkOptions } from "../../lib/options.js";
import { formatUnits, parseAmount, type Rounding } from "../../money/amount.js";
import { parseCurrency } from "../../money/currency.js";
import { rendezvousKey } from "../../rendezvous/key.js";
import { nonceFromClientSecret } from "../../rendezvous/nonce.js";
import { encodePayload, type PaymentKind } from "../../rendezvous/payload.js";
import { type Candidate, type ClaimedTerms, candidatesFor, type PaymentTerms } from "./candidates.js";
import { type Claimed, isClaimedAmount, type OrderClaim, readClaim } from "./claim.js";

/**
 * An order as it is stored. An intent has all of these members, and so does the output of `create --json`:
 * their `id`, `login` and `webhook` are allowed too, and are ignored. Any other member is rejected, so that a
 * typo cannot pass for absence.
 */
export interface StoredOrder {
  /** Client secret of the intent, base58 of 11 bytes. */
  readonly clientSecret: string;
  /** Decimal string or number; absent for a login. */
  readonly amount?: string | number | undefined;
  /** Currency code; absent for a login. */
  readonly currency?: string | undefined;
  /** Token account to be paid, base58. Only compared with the claim: it is not part of the id. */
  readonly destination?: string | undefined;
  /** Fees for other accounts. Only whether there are any is part of the id. */
  readonly fees?: readonly unknown[] | undefined;
  /** Default: derived from whether there are fees; `"login"` if there is no amount. */
  readonly kind?: PaymentKind | "login" | undefined;
  /** How an amount with more than two decimals was handled. Default: `"refuse"`. */
  readonly rounding?: Rounding | undefined;
}

/** A difference between the order and the claim. */
export interface OrderMismatch {
  readonly field: "intent" | "destination" | "currency" | "amount";
  /** The value of the order; for the intent, the id computed from the order. */
  readonly order: string;
  readonly claim: string;
}

/** The result of {@link checkOrder}. */
export interface OrderCheck {
  readonly matches: boolean;
  /** Id of the order's intent, computed from client secret, kind, currency and amount. */
  readonly intentId: string;
  readonly mismatches: readonly OrderMismatch[];
  /** The likely mistake, if the claimed id is that of a similar order. */
  readonly likely?: string;
  /** What neither the id nor the claim contains, so that it is not verified. */
  readonly unknown: readonly string[];
}

/**
 * Reports a claim that is not for an order: do not release anything for it.
 *
 * @example
 * ```ts
 * import { assertOrder, OrderMismatchError } from "code-intents/inspect";
 *
 * try {
 *   assertOrder({ clientSecret: intent.clientSecret, amount: "2.50", currency: "usd" }, intent.id);
 * } catch (error) {
 *   if (error instanceof OrderMismatchError) console.error(error.check.mismatches);
 *   else throw error;
 * }
 * ```
 */
export class OrderMismatchError extends CodeIntentsError {
  declare readonly code: IntentMismatchErrorCode;
  /** The result of the check; it contains no secret. */
  readonly check: OrderCheck;

  /** @internal */
  constructor(check: OrderCheck) {
    const differ = check.mismatches.map(
      ({ field, order, claim }) => `${field} is ${order} in the order and ${claim} in the claim`,
    );
    const likely = check.likely === undefined ? "" : ` ${check.likely}`;
    super("intent_mismatch", { message: `The claim is not for this order: ${differ.join("; ")}.${likely}` });
    this.check = check;
  }

  static {
    // The registry symbol of src/errors.ts: `instanceof` works across two copies of the package.
    Object.defineProperty(OrderMismatchError, Symbol.for("code-intents.error.classes"), {
      value: "OrderMismatchError",
    });
  }
}

const termNames = ["clientSecret", "amount", "currency", "destination", "fees", "kind", "rounding"];
// These are members of an intent, which is also an order.
const orderNames = [...termNames, "id", "login", "webhook"];

/**
 * Recomputes the intent id of an order from its client secret, without any network, and compares a claim with
 * it. Destination, the fees themselves, login and webhook are not part of the id: `unknown` lists what is not
 * verified.
 *
 * If the id does not match, similar orders are tried: with and without fees, with the amount as other clients
 * round it, in another currency. That is a few hundred keys, so it takes a moment.
 *
 * @throws InputError for an order or a claim that cannot be used; names the field
 * @example
 * ```ts
 * import { checkOrder } from "code-intents/inspect";
 *
 * const stored = { clientSecret: intent.clientSecret, amount: "2.50", currency: "usd" };
 * const { matches, mismatches, likely } = checkOrder(stored, { intent: intent.id, amount: 2.6 });
 * ```
 */
export function checkOrder(order: StoredOrder, claim: OrderClaim): OrderCheck {
  checkOptions(order ?? {}, "order", orderNames);
  const nonce = nonceFromClientSecret(order?.clientSecret, "order.clientSecret");
  const terms = termsOf(order);
  const claimed = readClaim(claim);
  const intentId = idOf(terms, nonce);
  const mismatches: OrderMismatch[] = [];
  const compare = (field: OrderMismatch["field"], ours: string, theirs: string | undefined): void => {
    if (theirs !== undefined && theirs !== ours) mismatches.push({ field, order: ours, claim: theirs });
  };
  compare("intent", intentId, claimed.intent);
  if (order.destination !== undefined) {
    requireBase58(order.destination, "order.destination", 32, "the token account, base58 of 32 bytes");
    compare("destination", order.destination, claimed.destination);
  }
  if (terms !== "login") {
    compare("currency", terms.currency, claimed.currency);
    const amount = formatUnits(terms.units);
    if (!isClaimedAmount(claimed, amount)) {
      mismatches.push({ field: "amount", order: amount, claim: `${claimed.amount}` });
    }
  }
  const likely = claimed.intent === intentId ? undefined : likelyMistake(order, terms, nonce, claimed);
  return {
    matches: mismatches.length === 0,
    intentId,
    mismatches,
    ...(likely === undefined ? {} : { likely }),
    unknown: unknownOf(order, terms, claimed),
  };
}

/**
 * Does the same as {@link checkOrder}, but throws if the claim does not match.
 *
 * @throws OrderMismatchError `intent_mismatch`; its `check` lists the differences
 * @throws InputError for an order or a claim that cannot be used; names the field
 * @example
 * ```ts
 * import { assertOrder } from "code-intents/inspect";
 *
 * assertOrder(intent, intent.id); // an intent is also an order
 * ```
 */
export function assertOrder(order: StoredOrder, claim: OrderClaim): void {
  const check = checkOrder(order, claim);
  if (!check.matches) throw new OrderMismatchError(check);
}

function termsOf({ kind, amount, currency, fees, rounding = "refuse" }: StoredOrder): PaymentTerms | "login" {
  if (kind === "login" || (kind === undefined && amount === undefined && currency === undefined))
    return "login";
  if (kind !== undefined && kind !== "payment" && kind !== "payment-with-fees") {
    throw new InputError("invalid_option", "order.kind", 'must be "payment", "payment-with-fees" or "login"');
  }
  const { units } = parseAmount(amount, { rounding, field: "order.amount" });
  return {
    kind: kind ?? ((fees?.length ?? 0) > 0 ? "payment-with-fees" : "payment"),
    currency: parseCurrency(currency, "order.currency"),
    units,
  };
}

function idOf(terms: PaymentTerms | "login", nonce: Uint8Array): string {
  const payload = encodePayload(terms === "login" ? { kind: "login", nonce } : { ...terms, nonce });
  return toBase58(rendezvousKey(payload).publicKey);
}

/** Describes the first similar order that has the claimed id. */
function likelyMistake(
  { amount = "" }: StoredOrder,
  terms: PaymentTerms | "login",
  nonce: Uint8Array,
  claimed: Claimed,
): string | undefined {
  if (terms === "login") return undefined;
  const { currency } = claimed;
  const paid = claimed.amount === undefined ? undefined : Number(claimed.amount);
  const claimedTerms: ClaimedTerms = {
    currency: currency === undefined ? undefined : parseCurrency(currency),
    units: paid === undefined || !(paid >= 0.01 && paid < 1e13) ? undefined : BigInt(Math.round(paid * 100)),
  };
  for (const candidate of candidatesFor(terms, amount, claimedTerms)) {
    if (idOf(candidate.terms, nonce) === claimed.intent) return likelyText(candidate);
  }
  return "No similar order has the claimed id: the client secret probably belongs to another order.";
}

function likelyText({ how }: Candidate): string {
  return `The claimed id is that of this order ${how}.`;
}

function unknownOf(order: StoredOrder, terms: PaymentTerms | "login", claimed: Claimed): string[] {
  const isCompared = order.destination !== undefined && claimed.destination !== undefined;
  if (terms === "login") return ["login", "webhook"];
  const open = ["fees", "login", "webhook"];
  return isCompared ? open : ["destination", ...open];
}
