import { Code, ConnectError } from "@connectrpc/connect";
import type { Message } from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import type { Clock } from "../clock.js";

// Messages that wait for a slow reader; the next one blocks.
const BUFFER_LENGTH = 64;

// A message that is blocked this long ends the stream.
const BLOCKED_MS = 10_000;

/** What a stream hands to its reader. */
export type StreamItem = Message | "ping";

/** A message that found the buffer full. */
interface Blocked {
  readonly message: Message;
  readonly settle: () => void;
}

/**
 * One open stream: messages go in, a reader takes them out, and whatever ends it frees its key and its timers at once,
 * whether or not the reader ever comes back.
 */
export class MessageStream {
  readonly #clock: Clock;
  readonly #closedText: string;
  readonly #buffer: StreamItem[] = [];
  /** In the order of their arrival, which is the order in which they move up. */
  readonly #blocked: Blocked[] = [];
  readonly #endings: (() => void)[] = [];
  #failure: ConnectError | undefined;
  #wakeReader: (() => void) | undefined;

  constructor(clock: Clock, closedText: string) {
    this.#clock = clock;
    this.#closedText = closedText;
  }

  /** Calls back when the stream ends; at once where it has ended. */
  onEnd(callback: () => void): void {
    if (this.#failure === undefined) this.#endings.push(callback);
    else callback();
  }

  /** Resolves when the message is in the buffer, or the stream has ended. */
  async push(message: Message): Promise<void> {
    if (this.#failure !== undefined) return;
    if (this.#buffer.length >= BUFFER_LENGTH) return this.#wait(message);
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
    this.#buffer.length = 0;
    for (const callback of this.#endings.splice(0)) callback();
    for (const { settle } of this.#blocked.splice(0)) settle();
    this.#wakeReader?.();
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
      const cancel = this.#clock.after(BLOCKED_MS, () =>
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
