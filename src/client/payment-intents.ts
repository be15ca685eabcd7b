import type { PaymentEvent, SubmittedEvent } from "../events/events.js";
import { PaymentIntent, type PaymentIntentOptions } from "../intents/payment-intent.js";
import type { CallRunner } from "../sequencer/call.js";
import type { CallOptions, IntentStatus } from "../sequencer/port.js";
import { type ClientContext, IntentCalls, type IntentKind } from "./intent-calls.js";
import type { IntentReference } from "./intent-reference.js";
import type { KeyedBuilder } from "./keyed-builder.js";
import type { WaitOptions } from "./wait.js";
import type { WatchOptions } from "./watch-options.js";

const kind: IntentKind<PaymentIntent, PaymentIntentOptions> = {
  name: "PaymentIntent",
  from: (options) => PaymentIntent.from(options),
  isInstance: (value) => value instanceof PaymentIntent,
};

/** Calls for payment intents: `client.paymentIntents`. */
export class PaymentIntents {
  readonly #calls: IntentCalls<PaymentIntent, PaymentIntentOptions>;

  /** @internal */
  constructor(run: CallRunner, context: ClientContext, builder: KeyedBuilder) {
    this.#calls = new IntentCalls(kind, run, context, builder);
  }

  /**
   * Builds an intent without network access, with the client's `idempotencySecret`. Persist its `id` and
   * `clientSecret` before {@link PaymentIntents.create}, so that a crash in between loses nothing.
   *
   * @throws InputError that names the field and how to fix it
   */
  build(options: PaymentIntentOptions): PaymentIntent {
    return this.#calls.build(options);
  }

  /**
   * Registers an intent with the sequencer. Pass an intent that was built before to repeat the call, also
   * after a crash: the same intent twice is one intent. Options are passed to {@link PaymentIntents.build}
   * first.
   *
   * Transient failures are retried within the deadline; a rule violation is not. Record with the order that
   * the call succeeded. Without that record, a status of the intent, or a `submitted` event without
   * `payment`, does not apply to the order.
   *
   * @returns the registered intent
   * @throws SequencerError `request_refused`, `intent_conflict`, `unauthenticated` and others;
   * `already_submitted`, which does not prove that your order is paid; `webhook_refused` if the intent is
   * registered, but its webhook is not
   * @throws RegistrationUnknownError `registration_unknown` if no attempt had a clear outcome; it contains
   * the intent
   * @throws TransportError `unavailable` (nothing was sent), `aborted`, `client_closed`, `redirect_refused`
   * @throws InputError for invalid options
   */
  async create(
    intentOrOptions: PaymentIntent | PaymentIntentOptions,
    options?: CallOptions,
  ): Promise<PaymentIntent> {
    return this.#calls.register(this.#calls.intentOf(intentOrOptions), options);
  }

  /**
   * Returns the status of an intent. An unknown intent is a state, not an error.
   *
   * The status is unsigned: trust it only as far as the connection to the sequencer. It states neither whose
   * request exists nor that a payment is final on the chain. It applies to your order only if `create` of the
   * intent succeeded.
   *
   * @throws TransportError or SequencerError if the call fails; a failed call never returns `pending`
   * @throws InputError for an id that is not base58 of 32 bytes
   */
  async getStatus(intent: IntentReference, options?: CallOptions): Promise<IntentStatus> {
    return this.#calls.getStatus(intent, options);
  }

  /**
   * Tracks an intent until it is submitted: over the best stream that the protocol offers, over polls if
   * there is none, and by status checks at an interval, which suffice to detect a payment. It
   * reconnects automatically, verifies every message, and emits each event once. Leaving the loop releases
   * everything.
   *
   * A rejection does not end the watch, and proves nothing; {@link PaymentEvent} states what each event
   * proves. Over REST, the only event is `submitted`.
   *
   * @throws WaitError `payment_timeout` after `timeoutMs`; `webhook_unconfirmed` if `submitted` was emitted
   * by then
   * @throws TransportError `aborted`, `client_closed`. Every other failure is an outage: the watch continues
   * @throws InputError or UnsupportedError for invalid options, at once
   * @example
   * ```ts
   * for await (const event of code.paymentIntents.watch(intent, { timeoutMs: 600_000 })) {
   *   if (event.type === "scanned") console.log("scanned");
   *   if (event.type === "submitted") console.log("paid, source:", event.heardFrom);
   * }
   * ```
   */
  watch(intent: PaymentIntent, options: WatchOptions = {}): AsyncGenerator<PaymentEvent, void, undefined> {
    return this.#calls.watch(intent, options);
  }

  /**
   * Waits until the intent is submitted. A rejection does not end the wait, because the payer can still pay.
   * With `until: "rejected"`, the first rejection throws.
   *
   * Submitted is not final on the chain: for goods that cannot be recalled, wait for the verified webhook. A
   * result without `payment` applies to your order only if `create` of the intent succeeded.
   *
   * @throws WaitError `payment_timeout` (with the last rejection), `payment_rejected`; the intent stays
   * payable
   * @throws like {@link PaymentIntents.watch}
   * @example
   * ```ts
   * const { heardFrom } = await code.paymentIntents.waitForPayment(intent, { timeoutMs: 600_000 });
   * ```
   */
  async waitForPayment(intent: PaymentIntent, options: WaitOptions = {}): Promise<SubmittedEvent> {
    return this.#calls.waitForSubmitted(intent, options);
  }
}
