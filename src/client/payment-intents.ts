import {
  type ErrorCode,
  InputError,
  PaymentWaitError,
  RegistrationUnknownError,
  TransportError,
} from "../errors.js";
import type { PaymentEvent, SubmittedEvent } from "../events/events.js";
import { PaymentIntent, type PaymentIntentOptions } from "../intents/payment-intent.js";
import { onAbort } from "../sequencer/abort.js";
import { DEFAULT_TIMEOUT_MS, type RunCall } from "../sequencer/call.js";
import type { Capabilities } from "../sequencer/capabilities.js";
import type { CallOptions, IntentStatus, Sequencer } from "../sequencer/port.js";
import { type IntentReference, publicKeyOf } from "./intent-reference.js";
import type { Logger } from "./options.js";
import { type CheckedWatchOptions, checkWatchOptions, type WatchOptions } from "./watch-options.js";

/** What {@link PaymentIntents} takes from its client. */
export interface PaymentIntentsContext {
  readonly logger: Logger;
  readonly idempotencySecret: Uint8Array | undefined;
  readonly capabilities: Capabilities;
  /** Headers of every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fires when the client closes. */
  readonly closed: AbortSignal;
  /** The sequencer behind the calls. */
  readonly open: () => Promise<Sequencer>;
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
    const intent = PaymentIntent.from({ ...rest, idempotencySecret } as PaymentIntentOptions);
    if (rest.idempotencyKey !== undefined && idempotencySecret === undefined) this.#warnOfGuessableKey();
    return intent;
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
    const webhook = await this.#run(
      options,
      (sequencer, attempt) => sequencer.createPaymentIntent(intent, attempt),
      (error, mayHaveArrived) =>
        mayHaveArrived && !isClear(error) ? new RegistrationUnknownError(intent.id, intent, error) : error,
    );
    if (webhook === "already_registered") this.#warnOfForeignWebhook(intent);
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

  /**
   * Hears what becomes of an intent until it is submitted: over the best stream that the protocol has, by polls where there
   * is none, and by the status at an interval, which alone suffices to hear of a payment. It reconnects by itself, verifies
   * what can be verified, and tells everything once. Ending the loop releases everything.
   *
   * A rejection is not an end, and nothing of it is proven; see {@link PaymentEvent} for what each event is worth. Over REST
   * it tells of `submitted` alone.
   *
   * @throws PaymentWaitError `payment_timeout` after `timeoutMs`
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
    if (!(intent instanceof PaymentIntent)) {
      throw new InputError(
        "invalid_option",
        "intent",
        "must be a PaymentIntent; rebuild it with fromClientSecret",
      );
    }
    const end = new AbortController();
    const checked = checkWatchOptions(options, this.#context.capabilities);
    return endingAtOnce(this.#watch(intent, checked, end), () => end.abort(watchOver));
  }

  /**
   * Waits until the intent is submitted. Rejections are no end, since the payer may still pay; with `until: "rejected"` the
   * first one throws.
   *
   * Submitted is not finality on the chain. Goods that cannot be recalled want the verified webhook.
   *
   * @throws PaymentWaitError `payment_timeout` (naming the last rejection), `payment_rejected`; the intent stays payable
   * @throws as {@link PaymentIntents.watch}
   * @example
   * ```ts
   * const { heardFrom } = await code.paymentIntents.waitForPayment(intent, { timeoutMs: 600_000 });
   * ```
   */
  async waitForPayment(
    intent: PaymentIntent,
    options: Omit<WatchOptions, "until"> & { readonly until?: "submitted" | "rejected" | undefined } = {},
  ): Promise<SubmittedEvent> {
    let lastRejectionId: string | undefined;
    try {
      for await (const event of this.watch(intent, options)) {
        if (event.type === "submitted") return event;
        if (event.type !== "rejected") continue;
        lastRejectionId = event.messageId;
        if (options.until === "rejected") {
          const what = `The payer declined (message ${lastRejectionId}).`;
          throw new PaymentWaitError("payment_rejected", { intentId: intent.id, what, lastRejectionId });
        }
      }
    } catch (error) {
      if (
        !(error instanceof PaymentWaitError) ||
        error.code !== "payment_timeout" ||
        lastRejectionId === undefined
      )
        throw error;
      const declined = `The payer declined before (last in message ${lastRejectionId}).`;
      const what = `${waitedFor(options.timeoutMs, error.cause)} ${declined}`;
      throw new PaymentWaitError("payment_timeout", {
        intentId: intent.id,
        what,
        lastRejectionId,
        cause: error.cause,
      });
    }
    throw new TransportError("aborted", {
      message: `The watch over intent ${intent.id} was ended; it stays payable`,
    });
  }

  async *#watch(
    intent: PaymentIntent,
    { policy, timeoutMs, signal, headers }: CheckedWatchOptions,
    end: AbortController,
  ): AsyncGenerator<PaymentEvent, void, undefined> {
    const { open, closed, headers: clientHeaders } = this.#context;
    // Of the last question for the status; a timeout tells of it.
    let failure: unknown;
    const stops = [onAbort(closed, () => end.abort(closed.reason))];
    if (signal !== undefined) {
      const message = `The watch was aborted by its signal. Intent ${intent.id} stays payable`;
      stops.push(
        onAbort(signal, () => end.abort(new TransportError("aborted", { message, cause: signal.reason }))),
      );
    }
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            const what = waitedFor(timeoutMs, failure);
            end.abort(new PaymentWaitError("payment_timeout", { intentId: intent.id, what, cause: failure }));
          }, timeoutMs);
    const release = () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
    // Also where the reader never comes back for the error.
    end.signal.addEventListener("abort", release, { once: true });
    try {
      if (closed.aborted) throw closed.reason;
      if (signal?.aborted)
        throw new TransportError("aborted", {
          message: "The watch was aborted before it began",
          cause: signal.reason,
          mayHaveArrived: false,
        });
      const [{ watchIntent }, { messages }] = await Promise.all([import("../events/watch.js"), open()]);
      end.signal.throwIfAborted();
      const source = {
        messages,
        getStatus: async (ending: AbortSignal) => {
          try {
            const status = await this.getStatus(intent, { signal: ending, headers });
            failure = undefined;
            return status;
          } catch (error) {
            failure = error;
            throw error;
          }
        },
        attempt: (ending: AbortSignal) => ({
          signal: ending,
          timeoutMs: DEFAULT_TIMEOUT_MS,
          headers: { ...clientHeaders, ...headers },
          mayRepeat: false,
        }),
      };
      yield* watchIntent(intent, source, policy, end);
    } catch (error) {
      if (error !== watchOver) throw error;
    } finally {
      release();
      end.abort(watchOver);
    }
  }

  #warnOfForeignWebhook(intent: PaymentIntent): void {
    this.#context.logger.warn(
      `code-intents: a webhook was registered for intent ${intent.id} before, and its URL is unknown. It is yours if you ` +
        "created this intent with it before; otherwise somebody was faster, and you will hear of the payment by its status alone.",
    );
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

// Why a watch ends that its reader left.
const watchOver = new TransportError("aborted", { message: "The watch is over" });

/** The same events; leaving them ends the watch at once, also while an event is awaited. */
function endingAtOnce(
  events: AsyncGenerator<PaymentEvent, void, undefined>,
  end: () => void,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const ending: AsyncGenerator<PaymentEvent, void, undefined> = {
    next: () => events.next(),
    return(value) {
      end();
      return events.return(value);
    },
    throw(error) {
      end();
      return events.throw(error);
    },
    [Symbol.asyncIterator]: () => ending,
    async [Symbol.asyncDispose]() {
      await ending.return();
    },
  };
  return ending;
}

function waitedFor(timeoutMs: number | undefined, failure: unknown): string {
  const heard = `No payment was heard of within ${timeoutMs} ms.`;
  return failure === undefined ? heard : `${heard} The last question for the status failed; see the cause.`;
}

function checkedObject(options: unknown): Record<string, unknown> {
  if (typeof options === "object" && options !== null && !Array.isArray(options))
    return options as Record<string, unknown>;
  throw new InputError("invalid_option", "options", "must be an object");
}

// What needs no second look, also where an earlier attempt was left open: the caller ended the call, or the sequencer
// told what is registered at the key. Any other refusal may concern the last attempt alone.
const clearCodes: ReadonlySet<unknown> = new Set<ErrorCode>([
  "aborted",
  "client_closed",
  "already_submitted",
  "intent_conflict",
]);

function isClear(error: unknown): boolean {
  return clearCodes.has((error as { code?: unknown } | undefined)?.code);
}
