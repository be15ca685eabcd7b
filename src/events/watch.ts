/// <reference lib="esnext.disposable" preserve="true" />

import { NOT_REGISTERED, TransportError, WaitError } from "../errors.js";
import { onAbort } from "../sequencer/abort.js";
import type { CallOptions, IntentStatus, Sequencer } from "../sequencer/port.js";
import type { PaymentEvent } from "./events.js";
import type { IntentMonitor } from "./intent-monitor.js";
import { termsOf, timeoutMessage } from "./outcome-terms.js";
import { StatusLog, type WarningLogger } from "./status-log.js";
import type { CheckedWatchOptions } from "./watch-options.js";
import type { WatchedIntent } from "./watched-intent.js";

/** The parts of a client that a watch uses. */
export interface WatchContext {
  readonly logger: WarningLogger;
  /** Headers of every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds until a poll or an acknowledgement times out. */
  readonly timeoutMs: number;
  /** Fires when the client closes. */
  readonly closed: AbortSignal;
  /** Opens the sequencer. */
  readonly open: () => Promise<Pick<Sequencer, "messages">>;
  /** Checks the status of the intent with this id. */
  readonly getStatus: (id: string, options: CallOptions) => Promise<IntentStatus>;
}

// Aborts a watch whose reader has left. The reader never receives it.
const watchOver = new TransportError("aborted", { message: "The watch is over" });

/**
 * The events of an intent, as an async generator. It starts with the first call of `next`. Unlike a generator
 * function, it ends at once when its reader leaves, even while `next` is pending.
 */
export class Watch implements AsyncGenerator<PaymentEvent, void, undefined> {
  readonly #context: WatchContext;
  readonly #intent: WatchedIntent;
  readonly #options: CheckedWatchOptions;
  readonly #end = new AbortController();
  readonly #statusLog: StatusLog;
  readonly #emitted = new Set<PaymentEvent["type"]>();
  #monitor: IntentMonitor | undefined;
  #lastEvent: PaymentEvent | undefined;
  #finished = false;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(context: WatchContext, intent: WatchedIntent, options: CheckedWatchOptions) {
    this.#context = context;
    this.#intent = intent;
    this.#options = options;
    this.#statusLog = new StatusLog(context.logger, intent.id);
  }

  /** Resolves to the next event. Rejects with the error that ended the watch. */
  next(): Promise<IteratorResult<PaymentEvent, void>> {
    return this.#inTurn(() => this.#advance());
  }

  /** Ends the watch. */
  return(value?: void | PromiseLike<void>): Promise<IteratorResult<PaymentEvent, void>> {
    this.#end.abort(watchOver);
    return this.#inTurn(async () => {
      await this.#finish();
      return { done: true, value: await value };
    });
  }

  /** Ends the watch, and throws the error. */
  throw(error: unknown): Promise<IteratorResult<PaymentEvent, void>> {
    this.#end.abort(watchOver);
    return this.#inTurn(async () => {
      await this.#finish();
      throw error;
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Runs calls one after the other, like a generator. */
  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#lastTurn.then(call);
    // Only the caller of this call gets its error, not the next caller.
    this.#lastTurn = result.catch(() => {});
    return result;
  }

  async #advance(): Promise<IteratorResult<PaymentEvent, void>> {
    if (!this.#finished) {
      try {
        const event = await this.#nextEvent();
        if (event !== undefined) return { done: false, value: event };
      } catch (error) {
        await this.#finish();
        if (error !== watchOver) throw error;
      }
    }
    await this.#finish();
    return { done: true, value: undefined };
  }

  async #nextEvent(): Promise<PaymentEvent | undefined> {
    this.#monitor ??= await this.#start();
    // The reader has processed an event when it asks for the next one.
    if (this.#lastEvent !== undefined) {
      if (this.#isOver()) return undefined;
      this.#monitor.acknowledge(this.#lastEvent);
    }
    this.#lastEvent = await this.#monitor.next();
    this.#emitted.add(this.#lastEvent.type);
    return this.#lastEvent;
  }

  async #start(): Promise<IntentMonitor> {
    const { headers: clientHeaders, timeoutMs, open, getStatus } = this.#context;
    const { headers, intervalMs, soleListener } = this.#options;
    const intent = this.#intent;
    const end = this.#end;
    this.#endOnSignals();
    end.signal.throwIfAborted();
    // Loaded on demand: pages that only show a code and processes that only register do not need it.
    const [{ IntentMonitor }, { messages }] = await Promise.all([import("./intent-monitor.js"), open()]);
    end.signal.throwIfAborted();
    const calls = {
      messages,
      onStreamsRefused: (error: unknown) => this.#statusLog.streamsRefused(error),
      getStatus: (signal: AbortSignal) => this.#statusLog.observe(getStatus(intent.id, { signal, headers })),
      callContext: (signal: AbortSignal) => ({
        signal,
        timeoutMs,
        headers: { ...clientHeaders, ...headers },
        mayRepeat: false,
      }),
    };
    return new IntentMonitor({ intent, calls, intervalMs, soleListener, end });
  }

  #isOver(): boolean {
    const { until } = this.#options;
    // The webhook's message can arrive before the payment's, and does not replace it.
    if (until === "webhook") return this.#emitted.has("submitted") && this.#emitted.has("webhookCalled");
    return this.#emitted.has("submitted") || this.#emitted.has(until);
  }

  async #finish(): Promise<void> {
    this.#finished = true;
    this.#end.abort(watchOver);
    await this.#monitor?.ended();
  }

  /**
   * Ends the watch when the client closes, the signal fires or the timeout expires. Releases all three at the
   * end.
   */
  #endOnSignals(): void {
    const end = this.#end;
    const { closed } = this.#context;
    const { signal, timeoutMs } = this.#options;
    const whenClosed = () => end.abort(closed.reason);
    const whenAborted = (mayHaveArrived: boolean) => {
      const { id } = this.#intent;
      const outlook = this.#isRegistered ? `stays ${termsOf(this.#intent).open}` : NOT_REGISTERED;
      const message = `The signal aborted the watch. Intent ${id} ${outlook}`;
      end.abort(new TransportError("aborted", { message, cause: signal?.reason, mayHaveArrived }));
    };
    if (closed.aborted) whenClosed();
    else if (signal?.aborted) whenAborted(false);
    if (end.signal.aborted) return;
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => end.abort(this.#timeoutError()), timeoutMs);
    const stops = [onAbort(closed, whenClosed)];
    if (signal !== undefined) stops.push(onAbort(signal, () => whenAborted(true)));
    // Also if the reader never reads the error.
    const release = () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
    end.signal.addEventListener("abort", release, { once: true });
  }

  #timeoutError(): WaitError {
    const intent = this.#intent;
    const submitted = this.#emitted.has("submitted");
    const cause = this.#statusLog.lastFailure;
    const what = timeoutMessage(intent, this.#options.timeoutMs, cause, submitted);
    const code = submitted ? "webhook_unconfirmed" : termsOf(intent).timeout;
    return new WaitError(code, { intentId: intent.id, isRegistered: this.#isRegistered, what, cause });
  }

  /** Whether the intent can be registered. An event shows that it was, whatever the status reports. */
  get #isRegistered(): boolean {
    return this.#emitted.size > 0 || !this.#statusLog.isUnknown;
  }
}
