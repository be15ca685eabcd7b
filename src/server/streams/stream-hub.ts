import { Code, ConnectError } from "@connectrpc/connect";
import type { Message } from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import { MessageStream } from "./message-stream.js";

/** The open streams, one per rendezvous key. */
export class StreamHub {
  readonly #streams = new Map<string, MessageStream>();
  #closed = false;

  /**
   * Opens the stream of a key.
   *
   * @throws ConnectError Aborted `stream already exists`
   */
  open(intentId: string, closedText = ""): MessageStream {
    if (this.#closed) throw new ConnectError("", Code.Unavailable);
    if (this.#streams.has(intentId)) throw new ConnectError("stream already exists", Code.Aborted);
    const stream = new MessageStream(closedText);
    this.#streams.set(intentId, stream);
    stream.onEnd(() => this.#streams.delete(intentId));
    return stream;
  }

  /** Returns whether the stream of a key is open. */
  has(intentId: string): boolean {
    return this.#streams.has(intentId);
  }

  /** Passes a message to the stream of its key, if one is open. Waits while the stream's buffer is full. */
  async deliver(intentId: string, message: Message): Promise<void> {
    await this.#streams.get(intentId)?.push(message);
  }

  /** Number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** Ends every stream with Unavailable, as in a server shutdown, and opens no more. */
  close(): void {
    this.#closed = true;
    this.reset();
  }

  /** Ends every stream like {@link StreamHub.close}, but allows new ones. */
  reset(): void {
    for (const stream of [...this.#streams.values()]) stream.fail(new ConnectError("", Code.Unavailable));
  }
}
