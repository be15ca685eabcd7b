import type { SigningKey } from "../crypto/types.js";
import { CodeIntentsError, TransportError } from "../errors.js";
import type { CallContext, MessageCalls, StreamKind } from "../sequencer/port.js";
import type { EventQueue } from "./event-queue.js";
import type { EventReader } from "./event-reader.js";
import { IdleTimeout, sleep } from "./idle-timeout.js";

// First and longest pause before a stream is opened again; the pause is random, below a bound that doubles.
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

// A stream that lived shorter was not a success: one that ends at once must not be reopened without a pause.
const SHORT_LIFE_MS = 5_000;

// After this many streams in a row without a frame, the next kind is tried.
const MAX_SILENT_TRIES = 3;

// After polling for this long, streams are tried again: their failure may have passed.
const STREAMS_AGAIN_MS = 60_000;

// The server ends a plain stream after a minute; one that is idle for longer is dead.
const PLAIN_IDLE_MS = 75_000;

// Other tasks run after this many frames, however fast they arrive.
const FRAMES_PER_TURN = 100;

/** What a {@link MessageLoop} reads and writes. */
export interface MessageLoopOptions {
  readonly messages: MessageCalls;
  readonly key: SigningKey;
  readonly reader: EventReader;
  readonly queue: EventQueue;
  /** Milliseconds between two polls. */
  readonly intervalMs: number;
  /** Headers and a deadline for one call. */
  readonly callContext: (signal: AbortSignal) => CallContext;
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/** Reads the messages of an intent: from the best stream that works, by polls when none does. */
export class MessageLoop {
  readonly #options: MessageLoopOptions;
  #isStreaming = false;

  constructor(options: MessageLoopOptions) {
    this.#options = options;
  }

  /** Whether a stream is open or being opened. */
  get isStreaming(): boolean {
    return this.#isStreaming;
  }

  /** Runs until the signal fires. */
  async run(): Promise<void> {
    const { messages, signal, intervalMs } = this.#options;
    const kinds = messages.streams;
    const longestPauseMs = Math.min(LONGEST_PAUSE_MS, 2 * intervalMs);
    let best = 0;
    let silentTries = 0;
    let shortLives = 0;
    while (!signal.aborted) {
      const kind = kinds[best];
      if (kind === undefined) {
        await this.#pollFor(kinds.length === 0 ? Number.POSITIVE_INFINITY : STREAMS_AGAIN_MS);
        best = 0;
        continue;
      }
      const { wasAlive, lifeMs, error } = await this.#readStream(kind);
      if (isRefused(error)) {
        // The next kind at once. Polls lead back to this kind: a proxy may have refused it for a moment only.
        best++;
        silentTries = 0;
        continue;
      }
      shortLives = lifeMs >= SHORT_LIFE_MS ? 0 : shortLives + 1;
      silentTries = wasAlive || isBusy(error) ? 0 : silentTries + 1;
      if (silentTries >= MAX_SILENT_TRIES) {
        best++;
        silentTries = 0;
      }
      // Another listener holds the stream, or streams do not work: stored messages can be polled anyway.
      if (!wasAlive) await this.poll();
      await sleep(Math.random() * Math.min(longestPauseMs, FIRST_PAUSE_MS * 2 ** shortLives), signal);
    }
  }

  async #pollFor(ms: number): Promise<void> {
    const { signal, intervalMs } = this.#options;
    const end = performance.now() + ms;
    while (!signal.aborted && performance.now() < end) {
      await this.poll();
      await sleep(intervalMs, signal);
    }
  }

  /** Reads one stream to its end. */
  async #readStream(kind: StreamKind): Promise<StreamEnd> {
    const { messages, key, reader, queue, callContext } = this.#options;
    const idle = new IdleTimeout(this.#options.signal, kind === "plain" ? PLAIN_IDLE_MS : LONGEST_PAUSE_MS);
    const { signal } = idle;
    const { headers } = callContext(signal);
    const openedAt = performance.now();
    let frames = 0;
    let failure: unknown;
    // Set before the first frame, too: a stream's first message has more detail than the status.
    this.#isStreaming = true;
    try {
      for await (const frame of messages.open(kind, key, { signal, headers })) {
        frames++;
        if (frame.case === "message") {
          queue.push(reader.readMessage(frame.message, "stream", messages.bytes));
          idle.restart();
        } else {
          // A ping that is an entire delay late will not come.
          idle.restart(2 * Math.min(Math.max(1_000, frame.delayMs), LONGEST_PAUSE_MS));
        }
        if (queue.isFull) {
          // The stream is not idle while it waits for the reader.
          idle.pause();
          await queue.hasRoom();
          idle.restart();
        }
        if (frames % FRAMES_PER_TURN === 0) await sleep(0, signal);
      }
    } catch (error) {
      failure = error;
    }
    this.#isStreaming = false;
    const { expired } = idle;
    idle.stop();
    const lifeMs = performance.now() - openedAt;
    // A plain stream sends nothing when nothing happens.
    const wasAlive = frames > 0 || (lifeMs >= SHORT_LIFE_MS && !expired);
    return { wasAlive, lifeMs, error: failure };
  }

  /** Reads the stored messages once. Never rejects. */
  async poll(): Promise<void> {
    const { messages, key, reader, queue, callContext, signal } = this.#options;
    if (signal.aborted) return;
    try {
      for (const message of await messages.poll(key, callContext(signal))) {
        queue.push(reader.readMessage(message, "poll", messages.bytes));
        await queue.hasRoom();
      }
    } catch {
      // The status is checked as well, and its failures are logged.
    }
  }
}

/** How a stream went. */
interface StreamEnd {
  /** Whether it sent a frame, or lived long without anything to send. */
  readonly wasAlive: boolean;
  readonly lifeMs: number;
  readonly error: unknown;
}

/** Whether the runtime or the server refuses a kind of stream. */
function isRefused(error: unknown): boolean {
  const code = error instanceof CodeIntentsError ? error.code : undefined;
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
