import { InputError, RegistrationUnknownError } from "../errors.js";
import { PaymentIntent, type PaymentIntentOptions } from "../intents/payment-intent.js";
import { requireBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { isAmbiguous, type RunCall } from "../sequencer/call.js";
import type { CallOptions, IntentStatus } from "../sequencer/port.js";
import type { Logger } from "./options.js";

/** An intent, or its id (base58 of 32 bytes), alone or as `{ intent: id }`. */
export type IntentReference = PaymentIntent | string | { readonly intent: string };

/** What {@link PaymentIntents} takes from its client. */
export interface PaymentIntentsContext {
  readonly logger: Logger;
  readonly idempotencySecret: Uint8Array | undefined;
}

/** The calls for payment intents; `client.paymentIntents`. */
export class PaymentIntents {
  readonly #run: RunCall;
  readonly #context: PaymentIntentsContext;
  #warned = false;

  /** @internal */
  constructor(run: RunCall, context: PaymentIntentsContext) {
    this.#run = run;
    this.#context = context;
  }

  /**
   * Builds an intent without any network, with the client's `idempotencySecret`. Persist its `id` and `clientSecret`
   * before {@link PaymentIntents.create}, so that a crash in between loses nothing.
   *
   * @throws InputError naming the field and the mend
   */
  build(options: PaymentIntentOptions): PaymentIntent {
    const { idempotencySecret = this.#context.idempotencySecret, ...rest } = checkedObject(options);
    if (rest.idempotencyKey !== undefined && idempotencySecret === undefined) this.#warnOfGuessableKey();
    return PaymentIntent.from({ ...rest, idempotencySecret } as PaymentIntentOptions);
  }

  /**
   * Registers an intent with the sequencer. Takes an intent that was built before, also after a crash: the same intent
   * twice is one intent. Options are built first, as by {@link PaymentIntents.build}.
   *
   * Failures that may pass are retried within the deadline; a violated rule is not.
   *
   * @returns the intent, registered
   * @throws SequencerError `request_refused`, `already_submitted`, `intent_conflict`, `unauthenticated` and others
   * @throws RegistrationUnknownError `registration_unknown` where no attempt was answered clearly; it carries the intent
   * @throws TransportError `unavailable` (nothing was sent), `aborted`, `client_closed`, `redirect_refused`
   * @throws InputError for options that cannot be used
   */
  async create(
    intentOrOptions: PaymentIntent | PaymentIntentOptions,
    options?: CallOptions,
  ): Promise<PaymentIntent> {
    const intent = intentOrOptions instanceof PaymentIntent ? intentOrOptions : this.build(intentOrOptions);
    try {
      await this.#run(options, (sequencer, attempt) => sequencer.createPaymentIntent(intent, attempt));
    } catch (error) {
      if (isAmbiguous(error) && !endedByCaller(error))
        throw new RegistrationUnknownError(intent.id, intent, error);
      throw error;
    }
    return intent;
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
    const publicKey = publicKeyOf(intent);
    return this.#run(options, (sequencer, attempt) => sequencer.getStatus(publicKey, attempt));
  }

  #warnOfGuessableKey(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#context.logger.warn(
      "code-intents: idempotencyKey is used without idempotencySecret. Whoever guesses the key can derive the intent's " +
        "private key and register first with another destination. Set idempotencySecret on the client, or pass keys that " +
        "cannot be guessed.",
    );
  }
}

function publicKeyOf(reference: unknown): Uint8Array {
  if (reference instanceof PaymentIntent) return requireIntentId(reference.id);
  if (typeof reference === "object" && reference !== null) {
    checkOptions(reference, "", ["intent"]);
    return requireIntentId(reference.intent);
  }
  return requireIntentId(reference);
}

function requireIntentId(id: unknown): Uint8Array {
  return requireBase58(id, "intent", 32, "the id of an intent, base58 of 32 bytes");
}

function checkedObject(options: unknown): Record<string, unknown> {
  if (typeof options === "object" && options !== null && !Array.isArray(options))
    return options as Record<string, unknown>;
  throw new InputError("invalid_option", "options", "must be an object");
}

function endedByCaller(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "aborted" || code === "client_closed";
}
