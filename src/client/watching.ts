import { PaymentWaitError, TransportError } from "../errors.js";
import type { PaymentEvent, SubmittedEvent } from "../events/events.js";
import type { PaymentIntent } from "../intents/payment-intent.js";
import { onAbort } from "../sequencer/abort.js";
import type { CallOptions, IntentStatus, Sequencer } from "../sequencer/port.js";
import type { CheckedWatchOptions } from "./watch-options.js";

/** What a watch takes from its client. */
export interface WatchContext {
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
    const what = `${waitedFor(timeoutMs, cause)} The payer declined before (last in message ${lastRejectionId}).`;
    throw new PaymentWaitError("payment_timeout", { intentId, what, lastRejectionId, cause });
  }
  throw new TransportError("aborted", {
    message: `The watch over intent ${intentId} was ended; it stays payable`,
  });
}

async function* watch(
  context: WatchContext,
  intent: PaymentIntent,
  { policy, timeoutMs, signal, headers }: CheckedWatchOptions,
  end: AbortController,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const { open, closed, headers: clientHeaders, getStatus } = context;
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
          const status = await getStatus(intent, { signal: ending, headers });
          failure = undefined;
          return status;
        } catch (error) {
          failure = error;
          throw error;
        }
      },
      attempt: (ending: AbortSignal) => ({
        signal: ending,
        timeoutMs: context.timeoutMs,
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
