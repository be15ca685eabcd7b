import { PaymentWaitError, TransportError } from "../errors.js";
import type { PaymentEvent, SubmittedEvent } from "../events/events.js";
import type { PaymentIntent } from "../intents/payment-intent.js";
import { onAbort } from "../sequencer/abort.js";
import type { CallOptions, IntentStatus, Sequencer } from "../sequencer/port.js";
import type { Logger } from "./options.js";
import type { CheckedWatchOptions } from "./watch-options.js";

/** What a watch takes from its client. */
export interface WatchContext {
  readonly logger: Logger;
  /** Headers of every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds that a poll or an acknowledgement has. */
  readonly timeoutMs: number;
  /** Fires when the client closes. */
  readonly closed: AbortSignal;
  /** The sequencer behind the calls. */
  readonly open: () => Promise<Sequencer>;
  readonly getStatus: (intent: PaymentIntent, options: CallOptions) => Promise<IntentStatus>;
}

// Why a watch ends that its reader left.
const watchOver = new TransportError("aborted", { message: "The watch is over" });

/** The events of an intent. Leaving them ends everything at once, also while an event is awaited. */
export function watchPayment(
  context: WatchContext,
  intent: PaymentIntent,
  options: CheckedWatchOptions,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const end = new AbortController();
  return endingAtOnce(watch(context, intent, options, end), () => end.abort(watchOver));
}

/** Waits for `submitted` among the events of a watch; see `PaymentIntents.waitForPayment`. */
export async function submittedOf(
  intentId: string,
  events: AsyncIterable<PaymentEvent>,
  { timeoutMs, policy: { until } }: CheckedWatchOptions,
): Promise<SubmittedEvent> {
  let lastRejectionId: string | undefined;
  try {
    for await (const event of events) {
      if (event.type === "submitted") return event;
      if (event.type !== "rejected") continue;
      lastRejectionId = event.messageId;
      if (until !== "rejected") continue;
      const what = `The payer declined (message ${lastRejectionId}).`;
      throw new PaymentWaitError("payment_rejected", { intentId, what, lastRejectionId });
    }
  } catch (error) {
    const timedOut = error instanceof PaymentWaitError && error.code === "payment_timeout";
    if (!timedOut || lastRejectionId === undefined) throw error;
    const { cause } = error;
    const what = `${waitedFor(timeoutMs, cause, false)} The payer declined before (last in message ${lastRejectionId}).`;
    throw new PaymentWaitError("payment_timeout", { intentId, what, lastRejectionId, cause });
  }
  throw new TransportError("aborted", {
    message: `The watch over intent ${intentId} was ended; it stays payable`,
  });
}

async function* watch(
  context: WatchContext,
  intent: PaymentIntent,
  options: CheckedWatchOptions,
  end: AbortController,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const { open, headers: clientHeaders, timeoutMs } = context;
  const headers = { ...clientHeaders, ...options.headers };
  const outage = new Outage(context, intent);
  let submitted = false;
  endOn(end, context, intent, options, () => {
    const what = waitedFor(options.timeoutMs, outage.failure, submitted);
    const code = submitted ? "webhook_unconfirmed" : "payment_timeout";
    return new PaymentWaitError(code, { intentId: intent.id, what, cause: outage.failure });
  });
  try {
    end.signal.throwIfAborted();
    const [{ watchIntent }, { messages }] = await Promise.all([import("../events/watch.js"), open()]);
    end.signal.throwIfAborted();
    const source = {
      messages,
      getStatus: (signal: AbortSignal) =>
        outage.watch(context.getStatus(intent, { signal, headers: options.headers })),
      attempt: (signal: AbortSignal) => ({ signal, timeoutMs, headers, mayRepeat: false }),
    };
    for await (const event of watchIntent(intent, source, options.policy, end)) {
      submitted ||= event.type === "submitted";
      yield event;
    }
  } catch (error) {
    if (error !== watchOver) throw error;
  } finally {
    end.abort(watchOver);
  }
}

/** Ends a watch with its client, its signal and its time, and lets go of all three once it has ended. */
function endOn(
  end: AbortController,
  { closed }: WatchContext,
  { id }: PaymentIntent,
  { signal, timeoutMs }: CheckedWatchOptions,
  timedOut: () => Error,
): void {
  const whenClosed = () => end.abort(closed.reason);
  const whenAborted = (mayHaveArrived: boolean) => {
    const message = `The watch was aborted by its signal. Intent ${id} stays payable`;
    end.abort(new TransportError("aborted", { message, cause: signal?.reason, mayHaveArrived }));
  };
  if (closed.aborted) whenClosed();
  else if (signal?.aborted) whenAborted(false);
  if (end.signal.aborted) return;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => end.abort(timedOut()), timeoutMs);
  const stops = [onAbort(closed, whenClosed)];
  if (signal !== undefined) stops.push(onAbort(signal, () => whenAborted(true)));
  // Also where the reader never comes back for the error.
  const release = () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
  end.signal.addEventListener("abort", release, { once: true });
}

/** Remembers the last failure of a question for the status, and says so once when it begins and once when it ends. */
class Outage {
  readonly #logger: Logger;
  readonly #intentId: string;
  failure: unknown;

  constructor({ logger }: WatchContext, { id }: PaymentIntent) {
    this.#logger = logger;
    this.#intentId = id;
  }

  async watch<T>(question: Promise<T>): Promise<T> {
    try {
      const answer = await question;
      if (this.failure !== undefined) this.#warn("answers again");
      this.failure = undefined;
      return answer;
    } catch (error) {
      const ended =
        error instanceof TransportError && (error.code === "aborted" || error.code === "client_closed");
      if (ended) throw error;
      if (this.failure === undefined)
        this.#warn(`does not answer; the watch goes on trying: ${(error as Error).message}`);
      this.failure = error;
      throw error;
    }
  }

  #warn(what: string): void {
    this.#logger.warn(
      `code-intents: the sequencer, asked for the status of intent ${this.#intentId}, ${what}`,
    );
  }
}

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

function waitedFor(timeoutMs: number | undefined, failure: unknown, submitted: boolean): string {
  const what = submitted ? "The webhook was not confirmed" : "No payment was heard of";
  const heard = `${what} within ${timeoutMs} ms.`;
  return failure === undefined ? heard : `${heard} The last question for the status failed; see the cause.`;
}
