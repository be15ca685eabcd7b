import type { SigningKey } from "../crypto/types.js";
import { CodeIntentsError, TransportError } from "../errors.js";
import { rendezvousKey } from "../rendezvous/key.js";
import type { CallContext, IntentStatus, MessageCalls, StreamKind } from "../sequencer/port.js";
import { EventReader } from "./event-reader.js";
import type { PaymentEvent } from "./events.js";
import { IdleTimeout, sleep } from "./idle-timeout.js";
import type { WatchedIntent } from "./watched-intent.js";

/** When a watch is over. */
export type WatchUntil = "submitted" | "webhook" | "rejected";

/** {@link WatchOptions}, checked, with every default in place. */
export interface WatchPolicy {
  readonly until: WatchUntil;
  /** Milliseconds between two questions for the status, and between two polls. */
  readonly intervalMs: number;
  /** Whether nobody else listens, so that what was told may be deleted at the sequencer. */
  readonly soleListener: boolean;
}

/** What a watch hears by. Every call is one attempt, ends with `signal`, and throws typed errors. */
export interface WatchSource {
  readonly getStatus: (signal: AbortSignal) => Promise<IntentStatus>;
  /** Absent where the protocol carries no messages. */
  readonly messages: MessageCalls | undefined;
  /** Headers and a deadline for a call to the message service. */
  readonly attempt: (signal: AbortSignal) => CallContext;
}

// First and longest pause before a stream is opened again; the pause is drawn below a doubling bound.
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

// A stream that lived shorter was no success: one that ends at once must not be opened without end.
const SHORT_LIFE_MS = 5_000;

// A stream that gave nothing so many times in a row is given up for the next kind.
const MAX_SILENT_TRIES = 3;

// After so long without streams they are tried again: what was wrong with them may have passed.
const STREAMS_AGAIN_MS = 60_000;

// A plain stream lives a minute; one that is silent for longer is dead without having said so.
const PLAIN_SILENCE_MS = 75_000;

// The stream tells of a payment with its details, the status without: this long it may have the first word.
const STREAM_GRACE_MS = 500;

// A reader that is this many events behind stops the streams until it catches up.
const MAX_WAITING_EVENTS = 1_000;

// After so many frames everything else has its turn, however fast they come.
const FRAMES_PER_TURN = 100;

// As many ids as the sequencer takes at once.
const MAX_ACKNOWLEDGED = 1_024;

/**
 * Hears what becomes of an intent, by every way at once: the best stream there is, polls where there is none, and the
 * status at an interval, which alone suffices to hear of a payment.
 */
export async function* watchIntent(
  intent: WatchedIntent,
  source: WatchSource,
  policy: WatchPolicy,
  end: AbortController,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const watch = new Watch(intent, source, policy, end);
  const told = new Set<PaymentEvent["type"]>();
  try {
    watch.start();
    for (;;) {
      const event = await watch.next();
      told.add(event.type);
      yield event;
      if (isOver(told, policy.until)) return;
      watch.acknowledge(event);
    }
  } finally {
    end.abort(watchOver);
    await watch.ended();
  }
}

const watchOver = new TransportError("aborted", { message: "The watch is over" });

function isOver(told: ReadonlySet<PaymentEvent["type"]>, until: WatchUntil): boolean {
  // The webhook's message can overtake the payment's, and never stands for it.
  if (until === "webhook") return told.has("submitted") && told.has("webhookCalled");
  return told.has("submitted") || told.has(until);
}

class Watch {
  readonly #source: WatchSource;
  readonly #policy: WatchPolicy;
  readonly #end: AbortController;
  readonly #reader: EventReader;
  readonly #key: SigningKey;
  readonly #events: PaymentEvent[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #told: Uint8Array[] = [];
  #wakeReader: (() => void) | undefined;
  #wakeLoops: (() => void) | undefined;
  #streaming = false;
  #waitsForStream = false;
  #acknowledging: Promise<void> | undefined;

  constructor(intent: WatchedIntent, source: WatchSource, policy: WatchPolicy, end: AbortController) {
    this.#source = source;
    this.#policy = policy;
    this.#end = end;
    this.#key = rendezvousKey(intent.payload);
    this.#reader = new EventReader(intent);
    end.signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  start(): void {
    this.#loops.push(this.#run(() => this.#askStatus()));
    if (this.#source.messages !== undefined) {
      const { messages } = this.#source;
      this.#loops.push(this.#run(() => this.#listen(messages)));
    }
  }

  /** The next event. Throws what ended the watch from outside. */
  async next(): Promise<PaymentEvent> {
    const { signal } = this.#end;
    for (;;) {
      if (signal.aborted) return this.#last(signal.reason);
      const event = this.#events.shift();
      if (event !== undefined) {
        this.#wakeLoops?.();
        return event;
      }
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /** What is told after the end: a payment that was heard before, however far behind the reader was, but nothing else. */
  #last(reason: unknown): PaymentEvent {
    const events = this.#events.splice(0);
    if (isCallersEnd(reason)) throw reason;
    const payment =
      events.find(({ type }) => type === "submitted") ?? this.#reader.readStatus(this.#waitsForStream);
    if (payment === undefined) throw reason;
    return payment;
  }

  /** Lets the sequencer forget what was told. A failure is no matter: it is told of again, and recognized. */
  acknowledge(event: PaymentEvent): void {
    const { messages } = this.#source;
    if (!this.#policy.soleListener || messages === undefined) return;
    // The payer has yet to read the request; without it nobody can pay. What contradicts it stays to be looked into.
    if (event.type === "requested" || event.type === "conflicting") return;
    const id = this.#reader.idOf(event);
    if (id === undefined) return;
    this.#told.push(id);
    this.#acknowledging ??= this.#acknowledge(messages);
  }

  /** One call at a time, however many events are told meanwhile. */
  async #acknowledge(messages: MessageCalls): Promise<void> {
    const { signal } = this.#end;
    try {
      while (this.#told.length > 0 && !signal.aborted) {
        const ids = this.#told.splice(0, MAX_ACKNOWLEDGED);
        await messages.acknowledge(this.#key.publicKey, ids, this.#source.attempt(signal));
      }
    } catch {
      // Told of again, and recognized.
    } finally {
      this.#acknowledging = undefined;
    }
  }

  /** Resolves when nothing of this watch runs any more. */
  async ended(): Promise<void> {
    await Promise.allSettled([...this.#loops, this.#acknowledging]);
  }

  /** A loop that fails for good ends the watch with its error. */
  async #run(loop: () => Promise<void>): Promise<void> {
    try {
      await loop();
    } catch (error) {
      this.#end.abort(error);
    }
  }

  async #askStatus(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        const { intentSubmitted } = await this.#source.getStatus(signal);
        if (intentSubmitted && this.#streaming) {
          this.#waitsForStream = true;
          await sleep(STREAM_GRACE_MS, signal);
          this.#waitsForStream = false;
        }
        this.#tell(this.#reader.readStatus(intentSubmitted));
      } catch (error) {
        if (isHopeless(error)) throw error;
      }
      await sleep(this.#policy.intervalMs, signal);
    }
  }

  async #listen(messages: MessageCalls): Promise<void> {
    const { signal } = this.#end;
    const { intervalMs } = this.#policy;
    const kinds = [...messages.streams];
    const longestPauseMs = Math.min(LONGEST_PAUSE_MS, 2 * intervalMs);
    let best = 0;
    let silentTries = 0;
    let shortLives = 0;
    while (!signal.aborted) {
      const kind = kinds[best];
      if (kind === undefined) {
        await this.#pollFor(kinds.length === 0 ? Number.POSITIVE_INFINITY : STREAMS_AGAIN_MS, messages);
        best = 0;
        continue;
      }
      const { heard, lifeMs, error } = await this.#stream(messages, kind);
      if (isUnsupported(error)) {
        kinds.splice(best, 1);
        silentTries = 0;
        continue;
      }
      shortLives = lifeMs >= SHORT_LIFE_MS ? 0 : shortLives + 1;
      silentTries = heard || isBusy(error) ? 0 : silentTries + 1;
      if (silentTries >= MAX_SILENT_TRIES) {
        best++;
        silentTries = 0;
      }
      // Somebody else listens, or nobody can: what is stored can be read all the same.
      if (!heard) await this.#poll(messages);
      await sleep(Math.random() * Math.min(longestPauseMs, FIRST_PAUSE_MS * 2 ** shortLives), signal);
    }
  }

  async #pollFor(ms: number, messages: MessageCalls): Promise<void> {
    const { signal } = this.#end;
    const end = performance.now() + ms;
    while (!signal.aborted && performance.now() < end) {
      await this.#poll(messages);
      await sleep(this.#policy.intervalMs, signal);
    }
  }

  /** Reads one stream to its end. */
  async #stream(messages: MessageCalls, kind: StreamKind): Promise<StreamEnd> {
    const silence = new IdleTimeout(this.#end.signal, kind === "plain" ? PLAIN_SILENCE_MS : LONGEST_PAUSE_MS);
    const { headers } = this.#source.attempt(silence.signal);
    const openedAt = performance.now();
    let frames = 0;
    let failure: unknown;
    // Before it gives anything, too: what it gives first tells more than the status.
    this.#streaming = true;
    try {
      for await (const frame of messages.open(kind, this.#key, { signal: silence.signal, headers })) {
        frames++;
        if (frame.case === "message") {
          this.#tell(this.#reader.readMessage(frame.message, "stream", messages.bytes));
          silence.restart();
        } else {
          // A ping that is a whole delay late will not come.
          silence.restart(2 * Math.min(Math.max(1_000, frame.delayMs), LONGEST_PAUSE_MS));
        }
        if (this.#isFull()) {
          // What waits for the reader is no silence of the stream.
          silence.pause();
          await this.#room();
          silence.restart();
        }
        if (frames % FRAMES_PER_TURN === 0) await sleep(0, silence.signal);
      }
    } catch (error) {
      failure = error;
    }
    this.#streaming = false;
    const { wasSilent } = silence;
    silence.stop();
    const lifeMs = performance.now() - openedAt;
    // A plain stream gives nothing where nothing happens.
    const heard = frames > 0 || (lifeMs >= SHORT_LIFE_MS && !wasSilent);
    return { heard, lifeMs, error: failure };
  }

  async #poll(messages: MessageCalls): Promise<void> {
    const { signal } = this.#end;
    if (signal.aborted) return;
    try {
      for (const message of await messages.poll(this.#key, this.#source.attempt(signal))) {
        this.#tell(this.#reader.readMessage(message, "poll", messages.bytes));
        await this.#room();
      }
    } catch {
      // The status is asked for besides, and tells of every failure that is for good.
    }
  }

  #tell(event: PaymentEvent | undefined): void {
    if (event === undefined || this.#end.signal.aborted) return;
    this.#events.push(event);
    this.#wakeReader?.();
  }

  #isFull(): boolean {
    return this.#events.length >= MAX_WAITING_EVENTS && !this.#end.signal.aborted;
  }

  async #room(): Promise<void> {
    while (this.#isFull()) {
      await new Promise<void>((resolve) => {
        this.#wakeLoops = resolve;
      });
    }
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeLoops?.();
  }
}

/** How a stream went. */
interface StreamEnd {
  /** Whether it gave anything, or lived without anything to give. */
  readonly heard: boolean;
  readonly lifeMs: number;
  readonly error: unknown;
}

/** Whether the caller wanted the end, and no more events with it. */
function isCallersEnd(reason: unknown): boolean {
  const code = codeOf(reason);
  return code === "aborted" || code === "client_closed";
}

function codeOf(error: unknown): string | undefined {
  return error instanceof CodeIntentsError ? error.code : undefined;
}

/** Failures of a question for the status that no waiting mends. */
function isHopeless(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code !== undefined &&
    [
      "unimplemented",
      "request_refused",
      "unauthenticated",
      "permission_denied",
      "redirect_refused",
      "client_closed",
    ].includes(code)
  );
}

function isUnsupported(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === "unimplemented" ||
    code === "unsupported_by_runtime" ||
    code === "unauthenticated" ||
    code === "permission_denied" ||
    code === "request_refused"
  );
}

function isBusy(error: unknown): boolean {
  return error instanceof TransportError && error.connectCode === "aborted";
}
