import type { SigningKey } from "../crypto/types.js";
import { CodeIntentsError, TransportError } from "../errors.js";
import type { CallContext, MessageCalls, StreamKind } from "../sequencer/port.js";
import { isNoRoomForStream } from "../sequencer/transports/stream-room.js";
import type { EventQueue } from "./event-queue.js";
import type { EventReader } from "./event-reader.js";
import { IdleTimeout, sleep } from "./idle-timeout.js";

// First and longest upper bound of the random pause before a stream is reopened. The bound doubles.
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

// A stream that ended sooner counts as a failure: the pause before the next one grows.
const SHORT_LIFE_MS = 5_000;

// After this many consecutive streams without a frame, the loop tries the next kind.
const MAX_SILENT_TRIES = 3;

// After polling for this long, the loop tries streams again: the cause of their failure may be gone.
const STREAMS_AGAIN_MS = 60_000;

// The server ends a plain stream after a minute. One that is idle for longer is dead.
const PLAIN_IDLE_MS = 75_000;

// The loop yields to other tasks after this many frames.
const FRAMES_PER_TURN = 100;

/** Options of a {@link MessageLoop}. */
export interface MessageLoopOptions {
  readonly messages: MessageCalls;
  readonly key: SigningKey;
  readonly reader: EventReader;
  readonly queue: EventQueue;
  /** Milliseconds between two polls. */
  readonly intervalMs: number;
  /**
   * Called if the server rejects every kind of stream. The loop then polls, and tries streams again later.
   */
  readonly onStreamsRefused: (error: unknown) => void;
  /** Returns headers and a deadline for one call. */
  readonly callContext: (signal: AbortSignal) => CallContext;
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/** Reads the messages of an intent: from the best stream that works, or by polls if none does. */
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
      if (isNoRoomForStream(error)) {
        // The stream was not opened, so this says nothing about streams of this kind.
        await this.#pollFor(intervalMs);
        continue;
      }
      if (isRefused(error)) {
        // Try the next kind at once. After a minute of polls, this kind is tried again: a proxy may have
        // refused it only temporarily.
        best++;
        silentTries = 0;
        if (best === kinds.length) this.#options.onStreamsRefused(error);
        continue;
      }
      shortLives = lifeMs >= SHORT_LIFE_MS ? 0 : shortLives + 1;
      silentTries = wasAlive || isBusy(error) ? 0 : silentTries + 1;
      if (silentTries >= MAX_SILENT_TRIES) {
        best++;
        silentTries = 0;
      }
      // Another listener holds the stream, or streams do not work. Polls still read the stored messages.
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
    // Set before the first frame, so that the status waits for it: messages have more detail.
    this.#isStreaming = true;
    try {
      for await (const frame of messages.open(kind, key, { signal, headers })) {
        frames++;
        if (frame.case === "message") {
          queue.push(reader.readMessage(frame.message, "stream", messages.bytes));
          idle.restart();
        } else {
          // Two delays without a ping mean that the connection is dead.
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
    // A plain stream sends nothing while there are no messages.
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

/** The outcome of a stream. */
interface StreamEnd {
  /** Whether it sent a frame, or stayed open for long with nothing to send. */
  readonly wasAlive: boolean;
  readonly lifeMs: number;
  readonly error: unknown;
}

/** Returns whether the runtime or the server refuses a kind of stream. */
function isRefused(error: unknown): boolean {
  const code = error instanceof CodeIntentsError ? error.code : undefined;
  return (
    code === "unimplemented" ||
    code === "unsupported_by_runtime" ||
    code === "unauthenticated" ||
    code === "permission_denied" ||
    code === "request_refused" ||
    code === "redirect_refused"
  );
}

function isBusy(error: unknown): boolean {
  return error instanceof TransportError && error.connectCode === "aborted";
}
