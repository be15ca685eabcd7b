import { base64urlnopad } from "@scure/base";
import type { SigningKey } from "../crypto/types.js";
import { InputError, IntentMismatchError } from "../errors.js";
import { requireBase58, toBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { checkWebhookUrl } from "../lib/webhook-url.js";
import { type Amount, formatUnits, kinQuarks, parseAmount, type Rounding } from "../money/amount.js";
import { type Currency, type CurrencyInput, currencyIndex, parseCurrency } from "../money/currency.js";
import { rendezvousKey } from "../rendezvous/key.js";
import {
  clientSecretOf,
  nonceFromClientSecret,
  nonceFromIdempotencyKey,
  nonceFromKeyedIdempotencyKey,
  randomNonce,
  readIdempotencySecret,
} from "../rendezvous/nonce.js";
import { encodePayload, PAYLOAD_KINDS, type PaymentKind } from "../rendezvous/payload.js";
import { type CheckedFee, checkFees, type Fee } from "./fees.js";
import { type EncodedRequest, encodePaymentRequest, encodeSendMessageRequest } from "./message.js";

/** Where the sequencer reports that the payment was submitted. */
export interface WebhookOption {
  /** An absolute `https:` URL (`http:` only where the sequencer allows it), at most 1024 characters. */
  readonly url: string;
}

/** What every way of building a payment intent needs to know. */
export interface PaymentDetails {
  /** Token account that receives the payment, base58 of 32 bytes. */
  readonly destination: string;
  /**
   * Decimal string (`"10.25"`) or number, in the currency's main unit, with at most two decimals.
   * At most 90071992547409.91.
   */
  readonly amount: string | number;
  /** Currency code; case does not matter. */
  readonly currency: CurrencyInput;
  /** One to three shares for others. */
  readonly fees?: readonly Fee[] | undefined;
  /**
   * Kind of the payload. Default: `"payment-with-fees"` where there are fees, else `"payment"`. Say
   * `"payment-with-fees"` without fees for the key that the official client derives from an empty list of fees.
   */
  readonly kind?: PaymentKind | undefined;
  /** `"nearest"` rounds to hundredths as the official client does. Default `"refuse"`. */
  readonly rounding?: Rounding | undefined;
  /** Registered together with the intent; not part of its key. */
  readonly webhook?: WebhookOption | undefined;
}

/** How the intent gets its nonce; at most one of the two, and a random one without either. */
export type NonceOptions =
  | {
      /**
       * Your own name for the order: the same key with the same amount is the same intent. With another amount it is
       * a second payable intent. Without `idempotencySecret`, whoever guesses it can register first with another
       * destination.
       */
      readonly idempotencyKey?: string | undefined;
      readonly clientSecret?: undefined;
      /** At least 32 random bytes (text counts as its UTF-8 bytes) that make the key unguessable. Keep it for good. */
      readonly idempotencySecret?: Uint8Array | string | undefined;
    }
  | {
      readonly idempotencyKey?: undefined;
      /** Client secret of an intent that exists, to rebuild it. */
      readonly clientSecret: string;
      readonly idempotencySecret?: Uint8Array | string | undefined;
    };

/** Options of {@link PaymentIntent.from}. */
export type PaymentIntentOptions = PaymentDetails & NonceOptions;

/** Options of {@link PaymentIntent.fromClientSecret}. */
export interface RebuildOptions extends PaymentDetails {
  /** Client secret of the intent: base58 of 11 bytes. */
  readonly clientSecret: string;
  /** Id that the intent must have; another one throws `intent_mismatch`. */
  readonly expectedId?: string | undefined;
}

/** A signed payment request. Every property is a fresh copy. */
export interface SignedPaymentRequest {
  /** Serialized `code.messaging.v1.Message`: exactly the bytes that are signed. */
  readonly message: Uint8Array;
  /** Serialized `code.messaging.v1.RequestToReceiveBill`: the part of `message` that REST carries. */
  readonly requestToReceiveBill: Uint8Array;
  /** Ed25519 signature over `message`, 64 bytes. */
  readonly signature: Uint8Array;
  /** Rendezvous public key, 32 bytes; its base58 text is the intent id. */
  readonly publicKey: Uint8Array;
}

/** Body of `POST /v1/createIntent`. */
export interface CreateIntentBody {
  /** Intent id, base58. */
  readonly intent: string;
  /** The inner `RequestToReceiveBill`, base64url without padding. */
  readonly message: string;
  /** Signature over the outer `Message`, base58. */
  readonly signature: string;
  /** Present only where a webhook was asked for. */
  readonly webhook?: string;
}

const detailNames = ["destination", "amount", "currency", "fees", "kind", "rounding", "webhook"] as const;
const optionNames = [...detailNames, "idempotencyKey", "clientSecret", "idempotencySecret"];
const rebuildNames = [...detailNames, "clientSecret", "expectedId"];

/**
 * "Somebody should pay this amount, in this currency, to this account": built, keyed and signed without any network.
 *
 * The instance is immutable and holds a secret, the nonce. Logging or serializing it shows none of it.
 *
 * @example
 * ```ts
 * const intent = PaymentIntent.from({
 *   destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR",
 *   amount: "2.50",
 *   currency: "usd",
 *   idempotencyKey: "order-1042",
 *   idempotencySecret: process.env.CODE_IDEMPOTENCY_SECRET,
 * });
 * intent.id; // the rendezvous public key, base58
 * intent.sign().signature; // 64 bytes
 * ```
 */
export class PaymentIntent {
  /** Base58 of the 32-byte rendezvous public key. Public: it names the intent everywhere. */
  readonly id: string;
  /** Token account that receives the payment, base58. */
  readonly destination: string;
  /** The amount as decimal text with two decimals, such as `"10.00"`. */
  readonly amount: string;
  /** Currency code, lower case. */
  readonly currency: Currency;
  /** Shares for others; empty where there are none. */
  readonly fees: readonly Fee[];
  /** Kind of the payload. */
  readonly kind: PaymentKind;
  /** Webhook that is registered with the intent. */
  readonly webhook: WebhookOption | undefined;

  readonly #nonce: Uint8Array;
  readonly #payload: Uint8Array;
  readonly #key: SigningKey;
  readonly #encoded: EncodedRequest;
  #signature: Uint8Array | undefined;

  static {
    // Node's console and util.inspect would otherwise call the getters where their options ask for it.
    Object.defineProperty(PaymentIntent.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(
        this: PaymentIntent,
        _depth: number,
        options: object,
        inspect: (value: unknown, options: object) => string,
      ) {
        return `PaymentIntent ${inspect(this.toJSON(), { ...options, getters: false })}`;
      },
    });
  }

  private constructor(request: CheckedRequest, nonce: Uint8Array) {
    const { kind, currency, amount, destination, fees } = request;
    this.#nonce = nonce;
    this.#payload = encodePayload({ kind, currency, units: amount.units, nonce });
    this.#key = rendezvousKey(this.#payload);
    this.#encoded = encodePaymentRequest({
      destination,
      fees,
      exchangeData: exchangeDataOf(currency, amount),
    });
    this.id = toBase58(this.#key.publicKey);
    this.destination = request.destinationText;
    this.amount = formatUnits(amount.units);
    this.currency = currency;
    this.fees = Object.freeze(
      fees.map(({ destination, basisPoints }) => Object.freeze({ destination, basisPoints })),
    );
    this.kind = kind;
    this.webhook = request.webhook;
    Object.freeze(this);
  }

  /**
   * Builds an intent from options.
   *
   * @throws InputError naming the field and the mend: `missing_option`, `invalid_option`, `unknown_option`,
   * `conflicting_options`
   */
  static from(options: PaymentIntentOptions): PaymentIntent {
    checkOptions(options, "", optionNames);
    const request = checkDetails(options);
    return new PaymentIntent(request, nonceOf(options, request));
  }

  /**
   * Rebuilds an intent from its client secret, as a browser does. With `expectedId` it is sure to be the same intent:
   * amount, currency, client secret and the presence of fees are all in the id. Destination, the fees themselves and
   * the webhook are not.
   *
   * @throws IntentMismatchError `intent_mismatch` where the id is not the expected one
   * @throws InputError as {@link PaymentIntent.from}
   * @example
   * ```ts
   * const { amount, currency, intentId } = order;
   * const intent = PaymentIntent.fromClientSecret({ destination, amount, currency, clientSecret, expectedId: intentId });
   * ```
   */
  static fromClientSecret(options: RebuildOptions): PaymentIntent {
    checkOptions(options, "", rebuildNames, {
      intentId: "name it expectedId",
      idempotencyKey: "not used here; the client secret alone gives the nonce",
    });
    const { expectedId } = options;
    if (expectedId !== undefined)
      requireBase58(expectedId, "expectedId", 32, "the id of the intent, base58 of 32 bytes");
    const nonce = nonceFromClientSecret(options.clientSecret);
    const intent = new PaymentIntent(checkDetails(options), nonce);
    if (expectedId !== undefined && intent.id !== expectedId)
      throw new IntentMismatchError(expectedId, intent.id);
    return intent;
  }

  /**
   * Base58 of the nonce: what a browser needs to rebuild the intent, and what a backend persists. With amount and
   * currency it gives the rendezvous private key, so it goes to the payer's browser and nowhere else.
   */
  get clientSecret(): string {
    return clientSecretOf(this.#nonce);
  }

  /** The 20 bytes of the scan code, a fresh copy. They give the rendezvous private key. */
  get payload(): Uint8Array {
    return this.#payload.slice();
  }

  /** Serialized `code.messaging.v1.Message`, the bytes that are signed. A fresh copy. */
  toBinary(): Uint8Array {
    return this.#encoded.message.slice();
  }

  /** Signs the message with the rendezvous key. The same intent always gives the same signature. */
  sign(): SignedPaymentRequest {
    const { message, inner } = this.#encoded;
    return {
      message: message.slice(),
      requestToReceiveBill: inner.slice(),
      signature: this.#sign().slice(),
      publicKey: this.#key.publicKey,
    };
  }

  /** Serialized `code.messaging.v1.SendMessageRequest`, around the signed bytes. */
  toSendMessageRequest(): Uint8Array {
    const { message } = this.#encoded;
    return encodeSendMessageRequest({ message, publicKey: this.#key.publicKey, signature: this.#sign() });
  }

  /** Body of `POST /v1/createIntent`, cut from the signed bytes. */
  toRestBody(): CreateIntentBody {
    const body = {
      intent: this.id,
      message: base64urlnopad.encode(this.#encoded.inner),
      signature: toBase58(this.#sign()),
    };
    return this.webhook === undefined ? body : { ...body, webhook: this.webhook.url };
  }

  /** What may be shown and logged: everything but the secrets. Of the webhook, whose path may hold one, its origin. */
  toJSON(): Record<string, unknown> {
    const { id, kind, amount, currency, destination, fees, webhook } = this;
    const shown = { id, kind, amount, currency, destination, fees };
    return webhook === undefined ? shown : { ...shown, webhook: new URL(webhook.url).origin };
  }

  #sign(): Uint8Array {
    this.#signature ??= this.#key.sign(this.#encoded.message);
    return this.#signature;
  }
}

interface CheckedRequest {
  readonly destination: Uint8Array;
  /** Base58 has one text for each byte string, so the caller's is kept. */
  readonly destinationText: string;
  readonly amount: Amount;
  readonly currency: Currency;
  readonly fees: readonly CheckedFee[];
  readonly kind: PaymentKind;
  readonly webhook: WebhookOption | undefined;
}

function checkDetails(options: PaymentDetails): CheckedRequest {
  const destination = requireBase58(
    options.destination,
    "destination",
    32,
    "the token account that receives the payment, base58 of 32 bytes",
  );
  const currency = parseCurrency(options.currency);
  const amount = parseAmount(options.amount, { rounding: checkRounding(options.rounding) });
  const fees = checkFees(options.fees, destination);
  return {
    destination,
    destinationText: options.destination,
    currency,
    amount,
    fees,
    kind: kindOf(options.kind, fees),
    webhook: checkWebhook(options.webhook),
  };
}

function kindOf(kind: unknown, fees: readonly CheckedFee[]): PaymentKind {
  if (kind === undefined) return fees.length > 0 ? "payment-with-fees" : "payment";
  if (kind !== "payment" && kind !== "payment-with-fees") {
    throw new InputError("invalid_option", "kind", 'must be "payment" or "payment-with-fees"');
  }
  if (kind === "payment" && fees.length > 0) {
    throw new InputError("conflicting_options", "kind", 'is "payment", but there are fees; leave `kind` out');
  }
  return kind;
}

function checkRounding(rounding: unknown): Rounding {
  if (rounding === undefined) return "refuse";
  if (rounding === "refuse" || rounding === "nearest") return rounding;
  throw new InputError("invalid_option", "rounding", 'must be "refuse" or "nearest"');
}

function checkWebhook(webhook: unknown): WebhookOption | undefined {
  if (webhook === undefined) return undefined;
  if (typeof webhook === "string") {
    throw new InputError(
      "invalid_option",
      "webhook",
      'must be an object such as { url: "https://shop.example.com/paid" }',
    );
  }
  checkOptions(webhook, "webhook", ["url"]);
  return Object.freeze({ url: checkWebhookUrl(webhook.url, "webhook.url") });
}

function nonceOf(options: PaymentIntentOptions, { kind, currency, amount }: CheckedRequest): Uint8Array {
  const { idempotencyKey, clientSecret, idempotencySecret } = options;
  if (idempotencySecret !== undefined) readIdempotencySecret(idempotencySecret);
  if (idempotencyKey !== undefined && clientSecret !== undefined) {
    throw new InputError(
      "conflicting_options",
      "clientSecret",
      "cannot be combined with idempotencyKey: each alone gives the nonce. Pass one of them",
    );
  }
  if (clientSecret !== undefined) return nonceFromClientSecret(clientSecret);
  if (idempotencyKey === undefined) return randomNonce();
  if (idempotencySecret === undefined) return nonceFromIdempotencyKey(idempotencyKey);
  return nonceFromKeyedIdempotencyKey(idempotencyKey, idempotencySecret, {
    kind: PAYLOAD_KINDS[kind],
    currencyIndex: currencyIndex(currency),
    units: amount.units,
  });
}

function exchangeDataOf(
  currency: Currency,
  { units, nativeAmount }: Amount,
): Parameters<typeof encodePaymentRequest>[0]["exchangeData"] {
  if (currency !== "kin") return { case: "partial", value: { currency, nativeAmount } };
  return {
    case: "exact",
    value: { currency, exchangeRate: 1, nativeAmount, quarks: kinQuarks({ units, nativeAmount }) },
  };
}
