import { InputError, IntentMismatchError } from "../errors.js";
import type { Fee } from "../intents/fees.js";
import { requireBase58, toBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { type Amount, formatUnits, parseAmount } from "../money/amount.js";
import { type Currency, parseCurrency } from "../money/currency.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { nonceFromClientSecret } from "../rendezvous/nonce.js";
import { encodePayload, type PaymentKind } from "../rendezvous/payload.js";

/** Options of {@link rebuildPayment}: what a backend hands to the page of a payer. */
export interface RebuildPaymentOptions {
  /** Base58 of the intent's 11-byte nonce. */
  readonly clientSecret: string;
  /** Decimal text or a number, in the currency's main unit, with at most two decimals. */
  readonly amount: string | number;
  /** Currency code, as it came from the backend; case does not matter. One that there is not throws. */
  readonly currency: string;
  /** Id that the backend registered; another one throws `intent_mismatch`. */
  readonly expectedId: string;
  /** Token account that receives the payment, base58 of 32 bytes. It is not in the id: say it, and a watch compares it. */
  readonly destination: string;
  /** Shares for others, as the backend gave them; that there are some is in the id. */
  readonly fees?: readonly Fee[] | undefined;
  /** Default: `"payment-with-fees"` where there are fees, else `"payment"`. */
  readonly kind?: PaymentKind | undefined;
}

/** A payment that a page shows and watches. It holds secrets: `payload` gives the rendezvous private key. */
export interface RebuiltPayment {
  /** Base58 of the 32-byte rendezvous public key. */
  readonly id: string;
  /** The 20 bytes of the scan code, a fresh copy. Not enumerable, so that it does not show in logs. */
  readonly payload: Uint8Array;
  readonly kind: PaymentKind;
  /** Decimal text with two decimals. */
  readonly amount: string;
  /** Lower case. */
  readonly currency: Currency;
  /** Base58. */
  readonly destination: string;
  readonly fees: readonly Fee[];
}

const names = ["clientSecret", "amount", "currency", "expectedId", "destination", "fees", "kind"] as const;

/**
 * Rebuilds what is to be paid from a client secret: payload, rendezvous key, id. Without protobuf and without network, and
 * sure to be the intent that the backend registered: amount, currency, client secret and the presence of fees are in its id.
 *
 * It is `PaymentIntent.fromClientSecret` for pages, which neither sign nor register. For a payment that asks for a login use
 * that one.
 *
 * @throws IntentMismatchError where the details lead to another id: show nothing to the payer
 * @throws InputError naming the field and the mend
 * @example
 * ```ts
 * import { rebuildPayment } from "code-intents/browser";
 * import { toSvg } from "code-intents/scan-code";
 *
 * const { id, ...details } = { id: intent.id, clientSecret, destination, amount: "2.50", currency: "usd" } as const;
 * const payment = rebuildPayment({ ...details, expectedId: id });
 * const svg = toSvg(payment);
 * ```
 */
export function rebuildPayment(options: RebuildPaymentOptions): RebuiltPayment {
  checkOptions(options, "", names);
  const { expectedId, destination, fees = [] } = options;
  requireBase58(expectedId, "expectedId", 32, "the id of the intent, base58 of 32 bytes");
  requireBase58(destination, "destination", 32, "the token account that receives the payment");
  if (!Array.isArray(fees)) throw new InputError("invalid_option", "fees", "must be a list");
  const { kind = fees.length > 0 ? "payment-with-fees" : "payment" } = options;
  if (kind !== "payment" && kind !== "payment-with-fees")
    throw new InputError("invalid_option", "kind", 'must be "payment" or "payment-with-fees"');
  const currency = parseCurrency(options.currency);
  const { units }: Amount = parseAmount(options.amount);
  const nonce = nonceFromClientSecret(options.clientSecret);
  const payload = encodePayload({ kind, currency, units, nonce });
  const id = toBase58(rendezvousKey(payload).publicKey);
  if (id !== expectedId) throw new IntentMismatchError(expectedId, id);
  const payment = {
    id,
    kind,
    amount: formatUnits(units),
    currency,
    destination,
    fees: fees.map(({ destination, basisPoints }: Fee) => ({ destination, basisPoints })),
  };
  Object.defineProperty(payment, "payload", { get: () => payload.slice() });
  return payment as typeof payment & { readonly payload: Uint8Array };
}
