import type { SigningKey } from "../crypto/types.js";
import { CodeIntentsError } from "../errors.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { onAbort } from "../sequencer/abort.js";
import type { CallContext, IntentStatus, MessageCalls } from "../sequencer/port.js";
import { EventQueue } from "./event-queue.js";
import { EventReader } from "./event-reader.js";
import type { PaymentEvent } from "./events.js";
import { sleep } from "./idle-timeout.js";
import { MessageLoop } from "./message-loop.js";
import type { WatchedIntent } from "./watched-intent.js";

/** The calls of a monitor. Each makes one attempt, ends with `signal`, and throws typed errors. */
export interface MonitorCalls {
  readonly getStatus: (signal: AbortSignal) => Promise<IntentStatus>;
  /** `undefined` if the protocol carries no messages. */
  readonly messages: MessageCalls | undefined;
  /** Called whenever the server rejects every kind of stream. */
  readonly onStreamsRefused: (error: unknown) => void;
  /** Returns headers and a deadline for a call to the message service. */
  readonly callContext: (signal: AbortSignal) => CallContext;
}

/** Options of an {@link IntentMonitor}. */
export interface MonitorOptions {
  readonly intent: WatchedIntent;
  readonly calls: MonitorCalls;
  /** Milliseconds between two status checks, and between two polls. */
  readonly intervalMs: number;
  /** Whether this is the only listener, so that the sequencer can delete emitted messages. */
  readonly soleListener: boolean;
  /** Ends the monitor; a final failure of the monitor aborts it. */
  readonly end: AbortController;
}

// Only a stream reports a payment's details. A status waits this long for the stream to report it first.
const STREAM_GRACE_MS = 500;

// Stored messages can contain another party's request. A status waits this long for a poll to read them.
const POLL_GRACE_MS = 2_000;

// The sequencer accepts at most this many ids at once.
const MAX_ACKNOWLEDGED = 1_024;

/**
 * Collects the events of an intent from its messages and its status. The status alone suffices to detect a
 * payment.
 */
export class IntentMonitor {
  readonly #options: MonitorOptions;
  readonly #signal: AbortSignal;
  readonly #reader: EventReader;
  readonly #key: SigningKey;
  readonly #queue: EventQueue;
  readonly #messageLoop: MessageLoop | undefined;
  readonly #loops: readonly Promise<void>[];
  readonly #unacknowledged: Uint8Array[] = [];
  #waitsForMessages = false;
  #polling: Promise<void> | undefined;
  #acknowledging: Promise<void> | undefined;

  /** Starts at once. */
  constructor(options: MonitorOptions) {
    this.#options = options;
    const { intent, intervalMs, end } = options;
    const { messages, callContext, onStreamsRefused } = options.calls;
    const { signal } = end;
    this.#signal = signal;
    const key = rendezvousKey(intent.payload);
    this.#key = key;
    const reader = new EventReader(intent);
    this.#reader = reader;
    const queue = new EventQueue(signal);
    this.#queue = queue;
    if (messages !== undefined)
      this.#messageLoop = new MessageLoop({
        messages,
        key,
        reader,
        queue,
        intervalMs,
        onStreamsRefused,
        callContext,
        signal,
      });
    this.#loops = [this.#checkStatus(), this.#messageLoop?.run() ?? Promise.resolve()].map((loop) =>
      loop.catch((error: unknown) => end.abort(error)),
    );
  }

  /** Resolves to the next event. Rejects with the reason why the watch ended. */
  async next(): Promise<PaymentEvent> {
    return (await this.#queue.shift()) ?? this.#lastEvent(this.#signal.reason);
  }

  /** After the end, emits only a payment that was received before, even if the reader was far behind. */
  #lastEvent(reason: unknown): PaymentEvent {
    const events = this.#queue.drain();
    if (isCallersEnd(reason)) throw reason;
    const payment =
      events.find(({ type }) => type === "submitted") ?? this.#reader.readStatus(this.#waitsForMessages);
    if (payment === undefined) throw reason;
    return payment;
  }

  /**
   * Lets the sequencer delete an emitted message. A failure is harmless: the message arrives again and is
   * dropped as a repeat.
   */
  acknowledge(event: PaymentEvent): void {
    const { messages } = this.#options.calls;
    if (!this.#options.soleListener || messages === undefined) return;
    // The payer has yet to read the request. A message that contradicts it is kept as evidence.
    if (event.type === "requested" || event.type === "conflicting") return;
    const id = this.#reader.idOf(event);
    if (id === undefined) return;
    this.#unacknowledged.push(id);
    this.#acknowledging ??= this.#acknowledge(messages);
  }

  /**
   * Makes one call at a time. Events that are emitted meanwhile are acknowledged together in the next call.
   */
  async #acknowledge(messages: MessageCalls): Promise<void> {
    const signal = this.#signal;
    try {
      while (this.#unacknowledged.length > 0 && !signal.aborted) {
        const ids = this.#unacknowledged.splice(0, MAX_ACKNOWLEDGED);
        await messages.acknowledge(this.#key.publicKey, ids, this.#options.calls.callContext(signal));
      }
    } catch {
      // The messages arrive again and are dropped as repeats.
    } finally {
      this.#acknowledging = undefined;
    }
  }

  /** Resolves when the monitor has stopped completely. */
  async ended(): Promise<void> {
    await Promise.allSettled([...this.#loops, this.#acknowledging, this.#polling]);
  }

  /** Reads messages before a status is emitted, because only a message has the payment's details. */
  async #readMessagesFirst(): Promise<void> {
    const loop = this.#messageLoop;
    if (loop === undefined) return;
    if (loop.isStreaming) await sleep(STREAM_GRACE_MS, this.#signal);
    if (this.#reader.isSubmitted || this.#signal.aborted) return;
    const over = new AbortController();
    const stop = () => over.abort();
    const release = onAbort(this.#signal, stop);
    // At most one at a time, even if polls are slow.
    this.#polling ??= loop.poll().finally(() => {
      this.#polling = undefined;
    });
    void this.#polling.then(stop);
    await sleep(POLL_GRACE_MS, over.signal);
    release();
  }

  async #checkStatus(): Promise<void> {
    const signal = this.#signal;
    while (!signal.aborted) {
      try {
        const { intentSubmitted } = await this.#options.calls.getStatus(signal);
        if (intentSubmitted && !this.#reader.isSubmitted) {
          this.#waitsForMessages = true;
          await this.#readMessagesFirst();
          // #lastEvent reports the payment in this case.
          if (signal.aborted) return;
          this.#waitsForMessages = false;
        }
        this.#queue.push(this.#reader.readStatus(intentSubmitted));
      } catch (error) {
        if (finalCodes.has(codeOf(error))) throw error;
      }
      await sleep(this.#options.intervalMs, signal);
    }
  }
}

/** Returns whether the caller ended the watch and expects no more events. */
function isCallersEnd(reason: unknown): boolean {
  const code = codeOf(reason);
  return code === "aborted" || code === "client_closed";
}

function codeOf(error: unknown): string | undefined {
  return error instanceof CodeIntentsError ? error.code : undefined;
}

/**
 * Codes of a status check that end a watch, because the client itself can make no further check. Every other
 * failure is an outage, even a refusal or a redirect: a proxy or a deployment can cause it temporarily while
 * the intent stays payable. docs/events.md lists the reasons.
 */
const finalCodes: ReadonlySet<string | undefined> = new Set([
  "aborted",
  "client_closed",
  "unsupported_by_protocol",
  "unsupported_by_runtime",
]);
