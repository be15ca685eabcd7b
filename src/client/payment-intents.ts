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

/** The calls for payment intents; `client.paymentIntents`. */
export class PaymentIntents {
  readonly #calls: IntentCalls<PaymentIntent, PaymentIntentOptions>;

  /** @internal */
  constructor(run: CallRunner, context: ClientContext, builder: KeyedBuilder) {
    this.#calls = new IntentCalls(kind, run, context, builder);
  }

  /**
   * Builds an intent without any network, with the client's `idempotencySecret`. Persist its `id` and `clientSecret`
   * before {@link PaymentIntents.create}, so that a crash in between loses nothing.
   *
   * @throws InputError naming the field and the mend
   */
  build(options: PaymentIntentOptions): PaymentIntent {
    return this.#calls.build(options);
  }

  /**
   * Registers an intent with the sequencer. Takes an intent that was built before, also after a crash: the same intent
   * twice is one intent. Options are built first, as by {@link PaymentIntents.build}.
   *
   * Failures that may pass are retried within the deadline; a violated rule is not.
   *
   * @returns the intent, registered
   * @throws SequencerError `request_refused`, `already_submitted`, `intent_conflict`, `unauthenticated` and others;
   * `webhook_refused` where the intent is registered, and its webhook is not
   * @throws RegistrationUnknownError `registration_unknown` where no attempt was answered clearly; it carries the intent
   * @throws TransportError `unavailable` (nothing was sent), `aborted`, `client_closed`, `redirect_refused`
   * @throws InputError for options that cannot be used
   */
  async create(
    intentOrOptions: PaymentIntent | PaymentIntentOptions,
    options?: CallOptions,
  ): Promise<PaymentIntent> {
    return this.#calls.register(this.#calls.intentOf(intentOrOptions), options);
  }

  /**
   * Asks the sequencer for the status of an intent. An unknown intent is a state, not an error.
   *
   * The answer is unsigned: it is worth what the connection to the sequencer is worth, and says neither whose request
   * exists nor that a payment is final on the chain.
   *
   * @throws TransportError or SequencerError where there is no answer; a failed call never reads as `pending`
   * @throws InputError for an id that is not base58 of 32 bytes
   */
  async getStatus(intent: IntentReference, options?: CallOptions): Promise<IntentStatus> {
    return this.#calls.getStatus(intent, options);
  }

  /**
   * Hears what becomes of an intent until it is submitted: over the best stream that the protocol has, by polls where there
   * is none, and by the status at an interval, which alone suffices to hear of a payment. It reconnects by itself, verifies
   * what can be verified, and tells everything once. Ending the loop releases everything.
   *
   * A rejection is not an end, and nothing of it is proven; see {@link PaymentEvent} for what each event is worth. Over REST
   * it tells of `submitted` alone.
   *
   * @throws WaitError `payment_timeout` after `timeoutMs`; `webhook_unconfirmed` where `submitted` was told by then
   * @throws TransportError `aborted`, `client_closed`; SequencerError where no waiting helps, such as `unimplemented`
   * @throws InputError or UnsupportedError for options that cannot be used, at once
   * @example
   * ```ts
   * for await (const event of code.paymentIntents.watch(intent, { timeoutMs: 600_000 })) {
   *   if (event.type === "scanned") console.log("somebody is looking at it");
   *   if (event.type === "submitted") console.log("paid, heard from", event.heardFrom);
   * }
   * ```
   */
  watch(intent: PaymentIntent, options: WatchOptions = {}): AsyncGenerator<PaymentEvent, void, undefined> {
    return this.#calls.watch(intent, options);
  }

  /**
   * Waits until the intent is submitted. Rejections are no end, since the payer may still pay; with `until: "rejected"` the
   * first one throws.
   *
   * Submitted is not finality on the chain. Goods that cannot be recalled want the verified webhook.
   *
   * @throws WaitError `payment_timeout` (naming the last rejection), `payment_rejected`; the intent stays payable
   * @throws as {@link PaymentIntents.watch}
   * @example
   * ```ts
   * const { heardFrom } = await code.paymentIntents.waitForPayment(intent, { timeoutMs: 600_000 });
   * ```
   */
  async waitForPayment(intent: PaymentIntent, options: WaitOptions = {}): Promise<SubmittedEvent> {
    return this.#calls.waitForSubmitted(intent, options);
  }
}
