import { Code, ConnectError } from "@connectrpc/connect";
import type { Message } from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import { realTime } from "../clock.js";

// Messages kept for a slow reader. The next one blocks.
const BUFFER_LENGTH = 64;

// A message that is blocked this long ends the stream. Real time: the reader's network is slow.
const BLOCKED_MS = 10_000;

/** An item that a stream passes to its reader. */
export type StreamItem = Message | "ping";

/** A message that arrived while the buffer was full. */
interface Blocked {
  readonly message: Message;
  readonly settle: () => void;
}

/**
 * One open stream: messages go in, and a reader takes them out. When it ends, its key and its timers are free
 * at once, even if the reader never returns.
 */
export class MessageStream {
  readonly #closedText: string;
  readonly #buffer: StreamItem[] = [];
  /** In order of arrival, which is also the order of delivery. */
  readonly #blocked: Blocked[] = [];
  readonly #endCallbacks: (() => void)[] = [];
  #failure: ConnectError | undefined;
  #wakeReader: (() => void) | undefined;

  constructor(closedText: string) {
    this.#closedText = closedText;
  }

  /** Calls `callback` when the stream ends, or immediately if it has ended. */
  onEnd(callback: () => void): void {
    if (this.#failure === undefined) this.#endCallbacks.push(callback);
    else callback();
  }

  /** Resolves when the message is in the buffer or the stream has ended. */
  async push(message: Message): Promise<void> {
    if (this.#failure !== undefined) return;
    if (this.#buffer.length >= BUFFER_LENGTH) return this.#wait(message);
    this.#buffer.push(message);
    this.#wakeReader?.();
  }

  /**
   * Adds a ping to the buffer. A reader that is behind gets none; its missing pong ends the stream anyway.
   */
  ping(): void {
    if (this.#failure !== undefined || this.#buffer.length >= BUFFER_LENGTH) return;
    this.#buffer.push("ping");
    this.#wakeReader?.();
  }

  /** Ends the stream with an error for its reader. Later failures are ignored. */
  fail(failure: ConnectError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#buffer.length = 0;
    for (const callback of this.#endCallbacks.splice(0)) callback();
    for (const { settle } of this.#blocked.splice(0)) settle();
    this.#wakeReader?.();
  }

  /** Throws the error that ended the stream, if it has ended. */
  throwIfEnded(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Returns the next item. Throws the error that ended the stream; messages still in the buffer are then
   * lost, as in the real sequencer.
   */
  async take(): Promise<StreamItem> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const item = this.#buffer.shift();
      if (item !== undefined) {
        this.#moveUp();
        return item;
      }
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  #wait(message: Message): Promise<void> {
    return new Promise((resolve) => {
      const cancel = realTime.after(BLOCKED_MS, () =>
        this.fail(new ConnectError(this.#closedText, Code.Aborted)),
      );
      const settle = () => {
        cancel();
        resolve();
      };
      this.#blocked.push({ message, settle });
    });
  }

  #moveUp(): void {
    const first = this.#blocked.shift();
    if (first === undefined) return;
    this.#buffer.push(first.message);
    first.settle();
  }
}
