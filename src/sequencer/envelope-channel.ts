import { TransportError } from "../errors.js";
import { durationText } from "../lib/duration.js";
import { onAbort } from "./abort.js";
import { responseTooLarge } from "./transports/fetch-client.js";
import { type FrameSocket, MAX_RESPONSE_BYTES, type SocketOpener } from "./transports/types.js";

// The same limit as for an HTTP/2 connection.
const HANDSHAKE_MS = 5_000;

// Above the first number of unread bytes the flow of frames stops. Below the second it resumes.
const PAUSE_BYTES = 64 * 1024;
const RESUME_BYTES = 16 * 1024;

// If the flow cannot be stopped, the stream fails above this number of unread bytes.
const MAX_WAITING_BYTES = 4 * MAX_RESPONSE_BYTES;

// Memory that each frame takes in addition, even an empty one.
const FRAME_BYTES = 128;

/** Options of a {@link FrameChannel}. */
export interface ChannelOptions {
  readonly opener: SocketOpener;
  readonly url: string;
  /** Sent with the handshake, if the WebSocket can send headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Closes the socket. */
  readonly signal: AbortSignal;
}

/** Binary frames in both directions, over one WebSocket. */
export class FrameChannel {
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #paused = false;
  #socket: FrameSocket | undefined;
  #open = false;
  #end: { readonly reason: unknown } | undefined;
  #wake = () => {};

  /** Resolves when the WebSocket is open. If it rejects, nothing was sent. */
  static async open({ opener, url, headers, signal }: ChannelOptions): Promise<FrameChannel> {
    signal.throwIfAborted();
    const channel = new FrameChannel();
    const timer = setTimeout(() => channel.#finish(tooSlow()), HANDSHAKE_MS);
    onAbort(signal, () => channel.fail(signal.reason));
    try {
      channel.#socket = opener.open(url, headers, {
        onOpen: () => channel.#opened(),
        onFrame: (frame) => channel.#take(frame),
        onEnd: (error) => channel.#finish(error),
      });
      while (!channel.#open) await channel.#change();
      return channel;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a frame. Resolves when there is room for the next. */
  async send(frame: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#end === undefined) await this.#socket?.send(frame);
  }

  /** Returns the next frame. Throws the reason why the channel ended. A closed channel is a failure, too. */
  async read(): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame === undefined) {
        await this.#change();
        continue;
      }
      this.#waitingBytes -= frame.length + FRAME_BYTES;
      if (this.#paused && this.#waitingBytes <= RESUME_BYTES) {
        this.#paused = false;
        this.#socket?.flow?.resume();
      }
      return frame;
    }
  }

  /** Ends the channel from the client's side. Frames that arrived are dropped. */
  fail(reason: unknown): void {
    this.#waiting.length = 0;
    this.#end = { reason };
    this.#socket?.close();
    this.#wake();
  }

  #opened(): void {
    this.#open = true;
    this.#wake();
  }

  #take(frame: Uint8Array): void {
    if (this.#end !== undefined) return;
    if (frame.length > MAX_RESPONSE_BYTES) {
      this.#finish(responseTooLarge());
      return;
    }
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length + FRAME_BYTES;
    const flow = this.#socket?.flow;
    if (flow === undefined) {
      if (this.#waitingBytes > MAX_WAITING_BYTES) this.#finish(tooFarBehind());
    } else if (!this.#paused && this.#waitingBytes > PAUSE_BYTES) {
      this.#paused = true;
      flow.pause();
    }
    this.#wake();
  }

  /** Ends the channel. Frames that arrived before can still be read. */
  #finish(reason: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    this.#socket?.close();
    this.#wake();
  }

  /** Resolves at the next event. Throws if the channel has ended. */
  async #change(): Promise<void> {
    if (this.#end !== undefined) throw this.#end.reason;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

function tooSlow(): TransportError {
  return new TransportError("unavailable", {
    message: `The sequencer did not open a WebSocket within ${durationText(HANDSHAKE_MS)}. Check baseUrl, and that it runs`,
    retryable: true,
    mayHaveArrived: false,
  });
}

function tooFarBehind(): TransportError {
  return new TransportError("unavailable", {
    message: `More than ${MAX_WAITING_BYTES} bytes of the stream were not read in time. The stream was closed; open it again`,
    retryable: true,
  });
}
