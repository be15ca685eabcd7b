import { InputError, IntentMismatchError } from "../errors.js";
import type { Fee } from "../intents/fees.js";
import { requireBase58, toBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { type Amount, formatUnits, parseAmount } from "../money/amount.js";
import { type Currency, parseCurrency } from "../money/currency.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { nonceFromClientSecret } from "../rendezvous/nonce.js";
import { encodePayload, type PaymentKind } from "../rendezvous/payload.js";

/** Options of {@link rebuildPayment}, which the backend sends to the payer's page. */
export interface RebuildPaymentOptions {
  /** Client secret of the intent: base58 of 11 bytes. */
  readonly clientSecret: string;
  /** Decimal text or a number, in the currency's main unit, with at most two decimals. */
  readonly amount: string | number;
  /** Currency code, in lower or upper case. An unknown code throws. */
  readonly currency: string;
  /** Id of the intent that the backend registered. Throws `intent_mismatch` if the id differs. */
  readonly expectedId: string;
  /**
   * Token account that receives the payment, base58 of 32 bytes. The id does not cover it, but a watch
   * compares it with the registered request.
   */
  readonly destination: string;
  /** Shares for other accounts, as the backend set them. The id covers only whether there are any. */
  readonly fees?: readonly Fee[] | undefined;
  /** Default: `"payment-with-fees"` if there are fees, otherwise `"payment"`. */
  readonly kind?: PaymentKind | undefined;
}

/**
 * A payment that a page shows and watches. It contains a secret: `payload` gives the rendezvous private key.
 */
export interface RebuiltPayment {
  /** Base58 of the 32-byte rendezvous public key. */
  readonly id: string;
  /** The 20 bytes of the scan code, as a new copy. Not enumerable, so that logs do not contain it. */
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
 * Rebuilds a payment from its client secret: payload, rendezvous key and id. Uses neither protobuf nor the
 * network. The id covers amount, currency, client secret and the presence of fees, so a match proves that
 * these are the registered ones.
 *
 * This is `PaymentIntent.fromClientSecret` for pages, which neither sign nor register. For a payment that
 * requests a login, use that method.
 *
 * @throws IntentMismatchError if the details yield another id; do not show the payment
 * @throws InputError that names the field and how to fix it
 * @example
 * ```ts
 * import { rebuildPayment } from "code-intents/browser";
 * import { toSvg } from "code-intents/scan-code";
 *
 * const details = { clientSecret, destination, amount: "2.50", currency: "usd" };
 * const payment = rebuildPayment({ ...details, expectedId: intent.id });
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
