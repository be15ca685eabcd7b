import { Code, ConnectError } from "@connectrpc/connect";
import type { Message } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { Clock } from "./clock.js";

// Messages that wait for a slow reader; the next one blocks.
const BUFFER_LENGTH = 64;

// A message that is blocked this long ends the stream.
const BLOCKED_MS = 10_000;

/** The open streams, one per rendezvous key. */
export class StreamHub {
  readonly #clock: Clock;
  readonly #streams = new Map<string, MessageStream>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Opens the stream of a key.
   *
   * @throws ConnectError Aborted `stream already exists`
   */
  open(intentId: string, closedText = ""): MessageStream {
    if (this.#streams.has(intentId)) throw new ConnectError("stream already exists", Code.Aborted);
    const stream = new MessageStream(this.#clock, closedText, () => {
      if (this.#streams.get(intentId) === stream) this.#streams.delete(intentId);
    });
    this.#streams.set(intentId, stream);
    return stream;
  }

  /** Whether somebody listens at a key. */
  has(intentId: string): boolean {
    return this.#streams.has(intentId);
  }

  /** Hands a message to the stream of its key, if there is one; waits while the stream's buffer is full. */
  async deliver(intentId: string, message: Message): Promise<void> {
    await this.#streams.get(intentId)?.push(message);
  }

  /** Number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** Ends every stream, as a server that shuts down does. */
  close(): void {
    for (const stream of [...this.#streams.values()]) stream.fail(new ConnectError("", Code.Unavailable));
  }
}

/** What a stream hands to its reader. */
export type StreamItem = Message | "ping";

/** One open stream: messages go in, a reader takes them out, and whatever ends it frees its key at once. */
export class MessageStream {
  readonly #clock: Clock;
  readonly #closedText: string;
  readonly #onEnd: () => void;
  readonly #buffer: StreamItem[] = [];
  #failure: ConnectError | undefined;
  #wakeReader: (() => void) | undefined;
  readonly #blocked: (() => void)[] = [];

  constructor(clock: Clock, closedText: string, onEnd: () => void) {
    this.#clock = clock;
    this.#closedText = closedText;
    this.#onEnd = onEnd;
  }

  /** Resolves when the message is in the buffer, or the stream has ended. */
  async push(message: Message): Promise<void> {
    while (this.#failure === undefined && this.#buffer.length >= BUFFER_LENGTH) await this.#room();
    if (this.#failure !== undefined) return;
    this.#buffer.push(message);
    this.#wakeReader?.();
  }

  /** Puts a ping among the messages. A reader that is behind gets none; its silence ends the stream anyway. */
  ping(): void {
    if (this.#failure !== undefined || this.#buffer.length >= BUFFER_LENGTH) return;
    this.#buffer.push("ping");
    this.#wakeReader?.();
  }

  /** Ends the stream with an error for its reader. The first one counts. */
  fail(failure: ConnectError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#onEnd();
    this.#wakeReader?.();
    for (const wake of this.#blocked.splice(0)) wake();
  }

  /** Throws what ended the stream, if it has ended. */
  throwIfEnded(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The next item. Throws what ended the stream; messages that still wait are lost then, as in the original. */
  async take(): Promise<StreamItem> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const item = this.#buffer.shift();
      if (item !== undefined) {
        this.#blocked.shift()?.();
        return item;
      }
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  async #room(): Promise<void> {
    const cancel = this.#clock.after(BLOCKED_MS, () =>
      this.fail(new ConnectError(this.#closedText, Code.Aborted)),
    );
    await new Promise<void>((resolve) => this.#blocked.push(resolve));
    cancel();
  }
}
