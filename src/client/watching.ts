import { InputError, TransportError, WaitError } from "../errors.js";
import type { PaymentEvent, SubmittedEvent } from "../events/events.js";
import { isPayment, type WatchedIntent } from "../events/watched-intent.js";
import { onAbort } from "../sequencer/abort.js";
import type { Capabilities } from "../sequencer/capabilities.js";
import type { CallOptions, IntentStatus, Sequencer } from "../sequencer/port.js";
import type { Logger } from "./options.js";
import type { CheckedWatchOptions, WatchOptions } from "./watch-options.js";

/** What a watch takes from its client. */
export interface WatchContext {
  readonly logger: Logger;
  /** Headers of every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds that a poll or an acknowledgement has. */
  readonly timeoutMs: number;
  /** What the protocol can tell. */
  readonly capabilities: Capabilities;
  /** Fires when the client closes. */
  readonly closed: AbortSignal;
  /** The sequencer behind the calls. */
  readonly open: () => Promise<Pick<Sequencer, "messages">>;
  /** Asks for the status of the intent with this id. */
  readonly getStatus: (id: string, options: CallOptions) => Promise<IntentStatus>;
}

/** Options of a wait: those of a watch that ends by itself. */
export type WaitOptions = Omit<WatchOptions, "until"> & {
  /** What ends the wait. Default `"submitted"`; with `"rejected"` a rejection throws. */
  readonly until?: "submitted" | "rejected" | undefined;
};

// Why a watch ends that its reader left.
const watchOver = new TransportError("aborted", { message: "The watch is over" });

/** The events of an intent. Leaving them ends everything at once, also while an event is awaited. */
export function watchIntent(
  context: WatchContext,
  intent: WatchedIntent,
  options: CheckedWatchOptions,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const end = new AbortController();
  return endingAtOnce(watch(context, intent, options, end), () => end.abort(watchOver));
}

/** Waits for `submitted` among the events of a watch; see `PaymentIntents.waitForPayment`. */
export async function submittedOf(
  context: WatchContext,
  intent: WatchedIntent,
  options: CheckedWatchOptions,
): Promise<SubmittedEvent> {
  const { until } = options.policy;
  if (until === "webhook") {
    throw new InputError(
      "invalid_option",
      "until",
      'must be "submitted" or "rejected"; watch() also waits for the webhook',
    );
  }
  const { id: intentId } = intent;
  const words = wordsOf(intent);
  let lastRejectionId: string | undefined;
  try {
    for await (const event of watchIntent(context, intent, options)) {
      if (event.type === "submitted") return event;
      if (event.type !== "rejected") continue;
      lastRejectionId = event.messageId;
      if (until !== "rejected") continue;
      const what = `The ${words.who} declined (message ${lastRejectionId}).`;
      throw new WaitError(words.rejected, { intentId, what, lastRejectionId });
    }
  } catch (error) {
    const timedOut = error instanceof WaitError && error.code === words.timeout;
    if (!timedOut || lastRejectionId === undefined) throw error;
    const { cause } = error;
    const what = `${waitedFor(intent, options.timeoutMs, cause, false)} The ${words.who} declined before (last in message ${lastRejectionId}).`;
    throw new WaitError(words.timeout, { intentId, what, lastRejectionId, cause });
  }
  throw new TransportError("aborted", {
    message: `The watch over intent ${intentId} was ended; it stays ${words.open}`,
  });
}

/** What each kind of intent is waited for in. */
function wordsOf(intent: WatchedIntent) {
  return !isPayment(intent)
    ? ({
        timeout: "login_timeout",
        rejected: "login_rejected",
        what: "login",
        who: "user",
        open: "open",
      } as const)
    : ({
        timeout: "payment_timeout",
        rejected: "payment_rejected",
        what: "payment",
        who: "payer",
        open: "payable",
      } as const);
}

async function* watch(
  context: WatchContext,
  intent: WatchedIntent,
  options: CheckedWatchOptions,
  end: AbortController,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const { open, headers: clientHeaders, timeoutMs } = context;
  const headers = { ...clientHeaders, ...options.headers };
  const outage = new Outage(context, intent);
  let submitted = false;
  endOn(end, context, intent, options, () => {
    const what = waitedFor(intent, options.timeoutMs, outage.failure, submitted);
    const code = submitted ? "webhook_unconfirmed" : wordsOf(intent).timeout;
    return new WaitError(code, { intentId: intent.id, what, cause: outage.failure });
  });
  try {
    end.signal.throwIfAborted();
    const [{ watchIntent: hear }, { messages }] = await Promise.all([import("../events/watch.js"), open()]);
    end.signal.throwIfAborted();
    const source = {
      messages,
      getStatus: (signal: AbortSignal) =>
        outage.watch(context.getStatus(intent.id, { signal, headers: options.headers })),
      attempt: (signal: AbortSignal) => ({ signal, timeoutMs, headers, mayRepeat: false }),
    };
    for await (const event of hear(intent, source, options.policy, end)) {
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
  intent: WatchedIntent,
  { signal, timeoutMs }: CheckedWatchOptions,
  timedOut: () => Error,
): void {
  const whenClosed = () => end.abort(closed.reason);
  const whenAborted = (mayHaveArrived: boolean) => {
    const message = `The watch was aborted by its signal. Intent ${intent.id} stays ${wordsOf(intent).open}`;
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

/**
 * Remembers the last failure of a question for the status, and says so once when it begins and once when it ends; and once
 * that the intent is not registered.
 */
class Outage {
  readonly #logger: Logger;
  readonly #intentId: string;
  #saidUnknown = false;
  failure: unknown;

  constructor({ logger }: WatchContext, { id }: WatchedIntent) {
    this.#logger = logger;
    this.#intentId = id;
  }

  async watch(question: Promise<IntentStatus>): Promise<IntentStatus> {
    try {
      const answer = await question;
      if (answer.state === "unknown" && !this.#saidUnknown) {
        this.#saidUnknown = true;
        this.#warn("knows no such intent (yet); until it is created nobody can pay it");
      }
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

function waitedFor(
  intent: WatchedIntent,
  timeoutMs: number | undefined,
  failure: unknown,
  submitted: boolean,
): string {
  const what = submitted ? "The webhook was not confirmed" : `No ${wordsOf(intent).what} was heard of`;
  const heard = `${what} within ${timeoutMs} ms.`;
  return failure === undefined ? heard : `${heard} The last question for the status failed; see the cause.`;
}
