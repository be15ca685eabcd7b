import { base64urlnopad } from "@scure/base";
import { InputError } from "../errors.js";
import { requireBase58, toBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { type Amount, formatUnits, parseAmount, type Rounding } from "../money/amount.js";
import { type Currency, type CurrencyInput, currencyIndex, parseCurrency } from "../money/currency.js";
import { nonceFromClientSecret } from "../rendezvous/nonce.js";
import { encodePayload, PAYLOAD_KINDS, type PaymentKind } from "../rendezvous/payload.js";
import { exchangeDataOf } from "./exchange-data.js";
import { type CheckedFee, checkFees, type Fee, type FeeInput } from "./fees.js";
import { buildExpected, Intent, type SignedRequest, shownParts } from "./intent.js";
import { type CheckedLogin, checkLogin, checkSigners, type LoginOption } from "./login.js";
import { encodePaymentRequest, REQUEST_FIELDS } from "./message.js";
import { type NonceOptions, nonceNames, nonceOf } from "./nonce-options.js";
import { checkMode, officialHints } from "./official-options.js";
import type { VerifierKey } from "./signer.js";
import { checkWebhook, type WebhookOption } from "./webhook-option.js";

/** Options that every way to build a payment intent shares. */
export interface PaymentDetails {
  /** Token account that receives the payment, base58 of 32 bytes. */
  readonly destination: string;
  /**
   * Decimal string (`"10.25"`) or number, in the currency's main unit, with at most two decimals.
   * At most 90071992547409.91.
   */
  readonly amount: string | number;
  /** Currency code, in lower or upper case. */
  readonly currency: CurrencyInput;
  /** One to three shares for other accounts. An empty list is valid only together with `kind`. */
  readonly fees?: readonly FeeInput[] | undefined;
  /**
   * Payload kind. Default: `"payment-with-fees"` if there are fees, otherwise `"payment"`. Pass
   * `"payment-with-fees"` without fees to get the key that the official client derives from an empty list of
   * fees.
   */
  readonly kind?: PaymentKind | undefined;
  /** `"nearest"` rounds to hundredths like the official client. Default: `"refuse"`. */
  readonly rounding?: Rounding | undefined;
  /** Requests a login with the payment. It does not affect the intent's key. */
  readonly login?: LoginOption | undefined;
  /** Registered with the intent. It does not affect the intent's key. */
  readonly webhook?: WebhookOption | undefined;
  /** Accepted for compatibility with the official client. Has no effect. */
  readonly mode?: "payment" | undefined;
  /** The official client's list of keys. The one that matches `login.verifier` signs. */
  readonly signers?: readonly VerifierKey[] | undefined;
}

/** Options of {@link PaymentIntent.from}. */
export type PaymentIntentOptions = PaymentDetails & NonceOptions;

/** Options of {@link PaymentIntent.fromClientSecret}. */
export interface RebuildOptions extends PaymentDetails {
  /** Client secret of the intent: base58 of 11 bytes. */
  readonly clientSecret: string;
  /** Expected intent id. Throws `intent_mismatch` if the id differs, and `missing_option` for `undefined`. */
  readonly expectedId?: string;
}

/**
 * A payment intent as you persist it: plain data, such as the row of a database. `null` means that the order
 * does not have it. An intent has all of these properties.
 */
export interface PaymentRecord {
  /** Intent id, base58 of 32 bytes. The rebuilt intent must have it. */
  readonly id: string;
  /** Client secret of the intent, base58 of 11 bytes. */
  readonly clientSecret: string;
  /** Token account that receives the payment, base58 of 32 bytes. */
  readonly destination: string;
  /** Decimal string (`"10.25"`, or `"10.2500"`) or number, in the currency's main unit. */
  readonly amount: string | number;
  /** Currency code, in lower or upper case. */
  readonly currency: string;
  /**
   * The shares for other accounts; `null` or an empty list if there are none. Required: the id does not cover
   * them.
   */
  readonly fees: readonly FeeInput[] | null;
  /** Payload kind. Default: `"payment-with-fees"` if there are fees, otherwise `"payment"`. */
  readonly kind?: string | null | undefined;
  /** The webhook that was registered with the intent. */
  readonly webhook?: WebhookOption | null | undefined;
  /** The login that the payment requests, with a key that can sign if the intent is created again. */
  readonly login?: LoginOption | null | undefined;
}

/** A signed payment request. Each read of a property returns a new copy. */
export interface SignedPaymentRequest extends SignedRequest {
  /** Serialized `code.messaging.v1.RequestToReceiveBill`: the part of `message` that REST sends. */
  readonly requestToReceiveBill: Uint8Array;
}

/** Body of `POST /v1/createIntent`. */
export interface CreateIntentBody {
  /** Intent id, base58. */
  readonly intent: string;
  /** The inner `RequestToReceiveBill`, base64url without padding. */
  readonly message: string;
  /** Signature over the outer `Message`, base58. */
  readonly signature: string;
  /** Present only if the intent has a webhook. */
  readonly webhook?: string;
}

const detailNames = [
  "destination",
  "amount",
  "currency",
  "fees",
  "kind",
  "rounding",
  "login",
  "webhook",
  "mode",
  "signers",
] as const;
const optionNames = [...detailNames, ...nonceNames];
const rebuildNames = [...detailNames, "clientSecret", "expectedId"];
const recordNames = [
  "id",
  "clientSecret",
  "destination",
  "amount",
  "currency",
  "fees",
  "kind",
  "webhook",
  "login",
];

const recordHints = {
  expectedId: "is named id in a record; the id is always compared",
  intentId: "is named id in a record",
  idempotencyKey: "not used here; the client secret alone determines the nonce",
  rounding: "not used here; persist the amount of the intent, which has two decimals",
  webhookUrl: "belongs in webhook: { url }",
};

/**
 * A request to pay an amount, in a currency, to an account. It is built, keyed and signed without network
 * access.
 *
 * The instance is immutable and contains a secret, the nonce. Logging or serializing it does not reveal the
 * nonce.
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
export class PaymentIntent extends Intent {
  /** Token account that receives the payment, base58. */
  readonly destination: string;
  /** The amount as decimal text with two decimals, such as `"10.00"`. */
  readonly amount: string;
  /** Currency code in lower case. */
  readonly currency: Currency;
  /** Shares for other accounts; empty if there are none. */
  readonly fees: readonly Fee[];
  /** Payload kind. */
  readonly kind: PaymentKind;

  private constructor(request: CheckedRequest, nonce: Uint8Array) {
    const { kind, currency, amount, destination, fees, login, webhook } = request;
    const exchangeData = exchangeDataOf(currency, amount);
    super({
      payload: encodePayload({ kind, currency, units: amount.units, nonce }),
      nonce,
      login,
      webhook,
      field: REQUEST_FIELDS.requestToReceiveBill,
      encode: (asked, verifierSignature) =>
        encodePaymentRequest({ destination, fees, exchangeData, login: asked }, verifierSignature),
    });
    this.destination = request.destinationText;
    this.amount = formatUnits(amount.units);
    this.currency = currency;
    this.fees = Object.freeze(
      fees.map(({ destination, basisPoints }) => Object.freeze({ destination, basisPoints })),
    );
    this.kind = kind;
    Object.freeze(this);
  }

  /**
   * Builds an intent from options.
   *
   * @throws InputError `missing_option`, `invalid_option`, `unknown_option` or `conflicting_options`, naming
   * the field and how to fix it
   */
  static from(options: PaymentIntentOptions): PaymentIntent {
    checkOptions(options, "", optionNames, officialHints);
    const request = checkDetails(options);
    const { kind, currency, amount } = request;
    const scope = { kind: PAYLOAD_KINDS[kind], currencyIndex: currencyIndex(currency), units: amount.units };
    return new PaymentIntent(request, nonceOf(options, scope));
  }

  /**
   * Rebuilds an intent from its client secret, for example in a browser. Pass `expectedId` to make sure that
   * it is the same intent. The id covers the amount, the currency, the client secret and whether there are
   * fees. It does not cover the destination, the fees themselves and the webhook.
   *
   * @throws IntentMismatchError `intent_mismatch` if the id is not the expected one
   * @throws InputError as {@link PaymentIntent.from}
   * @example
   * ```ts
   * const { amount, currency, intentId } = order;
   * const details = { destination, amount, currency, clientSecret };
   * const intent = PaymentIntent.fromClientSecret({ ...details, expectedId: intentId });
   * ```
   */
  static fromClientSecret(options: RebuildOptions): PaymentIntent {
    checkOptions(options, "", rebuildNames, {
      ...officialHints,
      idempotencyKey: "not used here; the client secret alone determines the nonce",
    });
    return buildExpected(options, () => {
      const nonce = nonceFromClientSecret(options.clientSecret);
      return new PaymentIntent(checkDetails(options), nonce);
    });
  }

  /**
   * Rebuilds an intent from plain data, such as the row of a database, after checking it: text as it comes,
   * with `null` for what the order does not have. The intent must have the persisted id. The id covers the
   * amount, the currency, the client secret and whether there are fees. It does not cover the destination,
   * the fees themselves, the webhook and the login.
   *
   * @throws IntentMismatchError `intent_mismatch` if the data yields another id
   * @throws InputError `missing_option`, `invalid_option`, `unknown_option` or `conflicting_options`, naming
   * the field and how to fix it
   * @example
   * ```ts
   * // From your database.
   * const row = { id: intent.id, secret: clientSecret, amount: "2.5000", currency: "USD" };
   * const again = PaymentIntent.fromRecord({
   *   id: row.id,
   *   clientSecret: row.secret,
   *   destination,
   *   amount: row.amount,
   *   currency: row.currency,
   *   fees: null,
   * });
   * await code.paymentIntents.create(again); // safe to repeat
   * ```
   */
  static fromRecord(record: PaymentRecord): PaymentIntent {
    checkOptions(record, "", recordNames, { ...officialHints, ...recordHints });
    const { id, clientSecret, fees, kind, webhook, login } = record;
    requireBase58(id, "id", 32, "the persisted id of the intent, base58 of 32 bytes");
    if (fees === undefined) {
      throw new InputError(
        "missing_option",
        "fees",
        "required: the persisted list of fees, or null if the order has none. The id does not cover them",
      );
    }
    const hasFees = fees !== null && !(Array.isArray(fees) && fees.length === 0);
    const details = {
      ...{
        destination: record.destination,
        amount: record.amount,
        currency: record.currency as CurrencyInput,
      },
      ...{ fees: hasFees ? fees : undefined, kind: (kind ?? undefined) as PaymentKind | undefined },
      ...{ webhook: webhook ?? undefined, login: login ?? undefined },
    };
    const nonce = nonceFromClientSecret(clientSecret);
    return buildExpected({ expectedId: id }, () => new PaymentIntent(checkDetails(details), nonce));
  }

  /**
   * {@inheritDoc Intent.sign}
   */
  override sign(): SignedPaymentRequest {
    return { ...super.sign(), requestToReceiveBill: this.encoded().inner.slice() };
  }

  override async signAsync(): Promise<SignedPaymentRequest> {
    await super.signAsync();
    return this.sign();
  }

  /** Returns the body of `POST /v1/createIntent`, taken from the signed bytes. */
  toRestBody(): CreateIntentBody {
    const { signature } = super.sign();
    const body = {
      intent: this.id,
      message: base64urlnopad.encode(this.encoded().inner),
      signature: toBase58(signature),
    };
    return this.webhook === undefined ? body : { ...body, webhook: this.webhook.url };
  }

  override toJSON(): Record<string, unknown> {
    const { id, kind, amount, currency, destination, fees } = this;
    return { id, kind, amount, currency, destination, fees, ...shownParts(this) };
  }
}

interface CheckedRequest {
  readonly destination: Uint8Array;
  /** Each byte string has one base58 text, so the caller's text is kept. */
  readonly destinationText: string;
  readonly amount: Amount;
  readonly currency: Currency;
  readonly fees: readonly CheckedFee[];
  readonly kind: PaymentKind;
  readonly login: CheckedLogin | undefined;
  readonly webhook: WebhookOption | undefined;
}

function checkDetails(options: PaymentDetails): CheckedRequest {
  checkMode(options.mode, "payment");
  const destination = requireBase58(
    options.destination,
    "destination",
    32,
    "the token account that receives the payment, base58 of 32 bytes",
  );
  const currency = parseCurrency(options.currency);
  const amount = parseAmount(options.amount, { rounding: checkRounding(options.rounding) });
  const fees = checkFees(isNoFees(options) ? undefined : options.fees, destination);
  return {
    destination,
    destinationText: options.destination,
    currency,
    amount,
    fees,
    kind: kindOf(options.kind, fees),
    login: loginOf(options),
    webhook: checkWebhook(options.webhook),
  };
}

function kindOf(kind: unknown, fees: readonly CheckedFee[]): PaymentKind {
  if (kind === undefined) return fees.length > 0 ? "payment-with-fees" : "payment";
  if (kind !== "payment" && kind !== "payment-with-fees") {
    throw new InputError("invalid_option", "kind", 'must be "payment" or "payment-with-fees"');
  }
  if (kind === "payment" && fees.length > 0) {
    throw new InputError("conflicting_options", "kind", 'is "payment", but there are fees; omit `kind`');
  }
  return kind;
}

function checkRounding(rounding: unknown): Rounding {
  if (rounding === undefined) return "refuse";
  if (rounding === "refuse" || rounding === "nearest") return rounding;
  throw new InputError("invalid_option", "rounding", 'must be "refuse" or "nearest"');
}

/**
 * If the payload kind is given, an empty list is unambiguous. This lets an intent's own properties rebuild
 * it.
 */
function isNoFees({ fees, kind }: PaymentDetails): boolean {
  return kind !== undefined && Array.isArray(fees) && fees.length === 0;
}

function loginOf({ login, signers }: PaymentDetails): CheckedLogin | undefined {
  if (login !== undefined) return checkLogin(login, signers);
  checkSigners(signers);
  return undefined;
}
