import type { SigningKey } from "../crypto/types.js";
import { CodeIntentsError, TransportError } from "../errors.js";
import type { PaymentIntent } from "../intents/payment-intent.js";
import { rendezvousKey } from "../rendezvous/key.js";
import type { MessageCalls, StreamKind } from "../sequencer/messages.js";
import type { Attempt, IntentStatus } from "../sequencer/port.js";
import type { PaymentEvent } from "./events.js";
import { Listener } from "./listener.js";

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
  readonly attempt: (signal: AbortSignal) => Attempt;
}

// First and longest pause before a stream is opened again; the pause is drawn below a doubling bound.
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

// A stream that gave nothing so many times in a row is given up for the next kind.
const MAX_SILENT_TRIES = 3;

// A plain stream lives a minute; one that is silent for longer is dead without having said so.
const PLAIN_SILENCE_MS = 75_000;

// The stream tells of a payment with its details, the status without: this long it may have the first word.
const STREAM_GRACE_MS = 500;

// A reader that is this many events behind stops the streams until it catches up.
const MAX_WAITING_EVENTS = 1_000;

/**
 * Hears what becomes of an intent, by every way at once: the best stream there is, polls where there is none, and the
 * status at an interval, which alone suffices to hear of a payment.
 */
export async function* watchIntent(
  intent: PaymentIntent,
  source: WatchSource,
  policy: WatchPolicy,
  end: AbortController,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const watch = new Watch(intent, source, policy, end);
  try {
    watch.start();
    for (;;) {
      const event = await watch.next();
      yield event;
      watch.acknowledge(event);
      if (isEnd(event, policy.until)) return;
    }
  } finally {
    end.abort(watchOver);
    await watch.ended();
  }
}

const watchOver = new TransportError("aborted", { message: "The watch is over" });

function isEnd(event: PaymentEvent, until: WatchUntil): boolean {
  switch (event.type) {
    case "submitted":
      return until !== "webhook";
    case "webhookCalled":
      return true;
    case "rejected":
      return until === "rejected";
    default:
      return false;
  }
}

class Watch {
  readonly #source: WatchSource;
  readonly #policy: WatchPolicy;
  readonly #end: AbortController;
  readonly #listener: Listener;
  readonly #key: SigningKey;
  readonly #events: PaymentEvent[] = [];
  readonly #loops: Promise<void>[] = [];
  #wakeReader: (() => void) | undefined;
  #wakeLoops: (() => void) | undefined;
  #streaming = false;

  constructor(intent: PaymentIntent, source: WatchSource, policy: WatchPolicy, end: AbortController) {
    this.#source = source;
    this.#policy = policy;
    this.#end = end;
    this.#listener = new Listener(intent);
    this.#key = rendezvousKey(intent.payload);
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
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) {
        this.#wakeLoops?.();
        return event;
      }
      this.#end.signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /** Lets the sequencer forget what was told. A failure is no matter: it is told of again, and recognized. */
  acknowledge(event: PaymentEvent): void {
    const { messages } = this.#source;
    if (!this.#policy.soleListener || messages === undefined) return;
    const id = this.#listener.idOf(event);
    if (id === undefined) return;
    this.#loops.push(
      messages.acknowledge(this.#key.publicKey, [id], this.#source.attempt(this.#end.signal)).catch(() => {}),
    );
  }

  /** Resolves when nothing of this watch runs any more. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#loops);
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
        if (intentSubmitted && this.#streaming) await sleep(STREAM_GRACE_MS, signal);
        this.#tell(this.#listener.hearStatus(intentSubmitted));
      } catch (error) {
        if (isHopeless(error)) throw error;
      }
      await sleep(this.#policy.intervalMs, signal);
    }
  }

  async #listen(messages: MessageCalls): Promise<void> {
    const { signal } = this.#end;
    const kinds = [...messages.streams];
    let failures = 0;
    while (!signal.aborted) {
      const [kind] = kinds;
      if (kind === undefined) {
        await this.#poll(messages);
        await sleep(this.#policy.intervalMs, signal);
        continue;
      }
      const { heard, error } = await this.#stream(messages, kind);
      failures = heard ? 0 : failures + 1;
      if (isUnsupported(error) || (failures >= MAX_SILENT_TRIES && !isBusy(error))) {
        kinds.shift();
        failures = 0;
        continue;
      }
      // Somebody else listens, or nobody can: what is stored can be read all the same.
      if (!heard) await this.#poll(messages);
      await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), signal);
    }
  }

  /** Reads one stream to its end. */
  async #stream(messages: MessageCalls, kind: StreamKind): Promise<{ heard: boolean; error: unknown }> {
    const silence = new Silence(this.#end.signal, kind === "plain" ? PLAIN_SILENCE_MS : LONGEST_PAUSE_MS);
    const { headers } = this.#source.attempt(silence.signal);
    let heard = false;
    try {
      for await (const frame of messages.open(kind, this.#key, { signal: silence.signal, headers })) {
        heard = true;
        this.#streaming = true;
        if (frame.case === "message") {
          this.#tell(this.#listener.hear(frame.message, "stream"));
          silence.restart();
        } else {
          // A ping that is a whole delay late will not come.
          silence.restart(2 * Math.max(1_000, frame.delayMs));
        }
        await this.#room();
      }
      return { heard, error: undefined };
    } catch (error) {
      return { heard, error };
    } finally {
      this.#streaming = false;
      silence.stop();
    }
  }

  async #poll(messages: MessageCalls): Promise<void> {
    const { signal } = this.#end;
    if (signal.aborted) return;
    try {
      for (const message of await messages.poll(this.#key, this.#source.attempt(signal))) {
        this.#tell(this.#listener.hear(message, "poll"));
      }
      await this.#room();
    } catch {
      // The status is asked for besides, and tells of every failure that is for good.
    }
  }

  #tell(event: PaymentEvent | undefined): void {
    if (event === undefined || this.#end.signal.aborted) return;
    this.#events.push(event);
    this.#wakeReader?.();
  }

  async #room(): Promise<void> {
    while (this.#events.length >= MAX_WAITING_EVENTS && !this.#end.signal.aborted) {
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

/** Ends a stream that is silent for too long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  #patienceMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outer: AbortSignal, patienceMs: number) {
    this.#outer = outer;
    this.#patienceMs = patienceMs;
    if (outer.aborted) this.#onOuter();
    outer.addEventListener("abort", this.#onOuter, { once: true });
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(patienceMs: number = this.#patienceMs): void {
    this.#patienceMs = patienceMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(new Error("the stream is silent")), patienceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#onOuter);
    this.#controller.abort();
  }

  readonly #onOuter = () => this.#controller.abort(this.#outer.reason);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
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
    code === "unauthenticated" ||
    code === "permission_denied" ||
    code === "request_refused"
  );
}

function isBusy(error: unknown): boolean {
  return error instanceof TransportError && error.connectCode === "aborted";
}
