/** The bodies of calls as frames: five bytes of head, then a message. */
import { Code, ConnectError } from "@connectrpc/connect";
import { concatBytes } from "../../lib/bytes.js";

const HEAD_LENGTH = 5;

/** How a protocol reads the frames of a body. */
export interface FrameRules {
  /** Maximum size of one message, in bytes. */
  readonly maxBytes: number;
  /** Whether a call with one request ignores what follows its first frame, and an empty body is `EOF`. */
  readonly likeGo: boolean;
}

type MapMessage = (message: Uint8Array) => Uint8Array;

/**
 * Maps the messages in the frames of a body. Other frames pass: trailers, compressed ones, and a truncated last
 * frame, which the library reports.
 *
 * @throws ConnectError ResourceExhausted for a larger message
 */
export async function* mapFrames(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, likeGo }: FrameRules,
  readsMany: boolean,
  map: MapMessage,
): AsyncGenerator<Uint8Array> {
  const waiting = new Waiting();
  let count = 0;
  for await (const chunk of body) {
    waiting.add(chunk);
    for (let head = waiting.peek(HEAD_LENGTH); head !== undefined; head = waiting.peek(HEAD_LENGTH)) {
      // Bit 0 of the flags is compression; other bits mark frames that hold no message.
      const flags = head[0] as number;
      const length = new DataView(head.buffer, head.byteOffset).getUint32(1);
      if (length > maxBytes) throw tooLarge(length, maxBytes, likeGo);
      if (likeGo && flags > 1)
        throw new ConnectError(`grpc: received unexpected payload format ${flags}`, Code.Internal);
      const frame = waiting.take(HEAD_LENGTH + length);
      if (frame === undefined) break;
      yield flags === 0 ? mapFrame(frame, map) : frame;
      count += 1;
      if (likeGo && !readsMany) return;
    }
  }
  const rest = waiting.take(waiting.length);
  if (rest !== undefined && rest.length > 0) yield rest;
  else if (likeGo && count === 0) throw new ConnectError("EOF", Code.Unknown);
}

/**
 * Maps a body that is one message.
 *
 * @throws ConnectError ResourceExhausted for a larger body
 */
export async function* mapWhole(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  map: MapMessage,
): AsyncGenerator<Uint8Array> {
  const waiting = new Waiting();
  for await (const chunk of body) {
    waiting.add(chunk);
    if (waiting.length > maxBytes) throw tooLarge(waiting.length, maxBytes, false);
  }
  yield map(waiting.take(waiting.length) ?? new Uint8Array(0));
}

/** Bytes that wait for more. Each is copied a few times at most, however small the chunks are. */
class Waiting {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  // A chunk is not written to; the first one is used as it is.
  #isOwn = false;

  get length(): number {
    return this.#end - this.#start;
  }

  add(chunk: Uint8Array): void {
    const { length } = this;
    if (length === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#isOwn = false;
    } else {
      if (!this.#isOwn || this.#end + chunk.length > this.#bytes.length) {
        const larger = new Uint8Array(2 * (length + chunk.length));
        larger.set(this.#bytes.subarray(this.#start, this.#end));
        this.#bytes = larger;
        this.#start = 0;
        this.#isOwn = true;
      }
      this.#bytes.set(chunk, this.#start + length);
    }
    this.#end = this.#start + length + chunk.length;
  }

  /** Returns all bytes if there are at least this many. */
  peek(length: number): Uint8Array | undefined {
    return this.length < length ? undefined : this.#bytes.subarray(this.#start, this.#end);
  }

  /** Removes and returns the first bytes if there are as many. */
  take(length: number): Uint8Array | undefined {
    if (this.length < length) return undefined;
    this.#start += length;
    return this.#bytes.subarray(this.#start - length, this.#start);
  }
}

function mapFrame(frame: Uint8Array, map: MapMessage): Uint8Array {
  const message = frame.subarray(HEAD_LENGTH);
  const mapped = map(message);
  if (mapped === message) return frame;
  const head = new Uint8Array(HEAD_LENGTH);
  new DataView(head.buffer).setUint32(1, mapped.length);
  return concatBytes(head, mapped);
}

function tooLarge(length: number, maxBytes: number, likeGo: boolean): ConnectError {
  const text = likeGo
    ? `grpc: received message larger than max (${length} vs. ${maxBytes})`
    : `message size ${length} is larger than configured readMaxBytes ${maxBytes}`;
  return new ConnectError(text, Code.ResourceExhausted);
}
