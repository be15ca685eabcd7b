/** The bodies of calls as frames: five bytes of head, then a message. */
import { Code, ConnectError } from "@connectrpc/connect";
import { concatBytes } from "../../lib/bytes.js";

const HEAD_LENGTH = 5;

/** The flag of a frame whose message is compressed. Larger flags mark frames that hold no message. */
const COMPRESSED = 1;

/** How a protocol reads the frames of a body. */
export interface FrameRules {
  /** Maximum size of one message, in bytes, before and after decompression. */
  readonly maxBytes: number;
  /**
   * Whether the frames are read as Go's runtime for gRPC reads them: it ignores what follows the first frame
   * of a call with one request, and has its own text for each failure.
   */
  readonly likeGo: boolean;
}

/** How many requests a call has, by the kind of its method. */
export type MethodKind = "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";

/** Changes a message. */
export type MapMessage = (message: Uint8Array) => Uint8Array;

/** Decompresses a message. */
export type Decompress = (message: Uint8Array) => Promise<Uint8Array>;

/** How {@link mapFrames} and {@link mapWhole} change the messages of a body. */
export interface MessageMaps {
  /** Changes each message. The default leaves it. */
  readonly map?: MapMessage | undefined;
  /** Decompresses a message before it is changed. By default, compressed frames pass. */
  readonly decompress?: Decompress | undefined;
}

/**
 * Maps the messages in the frames of a body. Other frames pass unchanged: trailers, and a truncated last
 * frame, which the library reports.
 *
 * @throws ConnectError ResourceExhausted for a larger message; over gRPC, also Unknown or Internal for a body
 *   that ends too early, and Internal for a flag
 */
export async function* mapFrames(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, likeGo }: FrameRules,
  kind: MethodKind,
  maps: MessageMaps,
): AsyncGenerator<Uint8Array> {
  const readsMany = kind === "bidi_streaming" || kind === "client_streaming";
  const waiting = new Waiting();
  let count = 0;
  for await (const chunk of body) {
    waiting.add(chunk);
    for (let head = waiting.peek(HEAD_LENGTH); head !== undefined; head = waiting.peek(HEAD_LENGTH)) {
      const flags = head[0] as number;
      const length = new DataView(head.buffer, head.byteOffset).getUint32(1);
      if (length > maxBytes) throw tooLarge(length, maxBytes, likeGo);
      if (likeGo && flags !== 0) throw unexpectedFlags(flags);
      const frame = waiting.take(HEAD_LENGTH + length);
      if (frame === undefined) break;
      yield flags > COMPRESSED ? frame : mapFrame(frame, maps);
      count += 1;
      if (likeGo && !readsMany) return;
    }
  }
  const rest = waiting.take(waiting.length);
  if (rest !== undefined && rest.length > 0) {
    if (likeGo) throw new ConnectError("unexpected EOF", kind === "unary" ? Code.Unknown : Code.Internal);
    yield rest;
  } else if (likeGo && count === 0) {
    throw new ConnectError("EOF", Code.Unknown);
  }
}

/**
 * Maps a body that is one message.
 *
 * @throws ConnectError ResourceExhausted for a larger body
 */
export async function* mapWhole(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  { map, decompress }: MessageMaps,
): AsyncGenerator<Uint8Array> {
  const waiting = new Waiting();
  for await (const chunk of body) {
    waiting.add(chunk);
    if (waiting.length > maxBytes) throw tooLarge(waiting.length, maxBytes, false);
  }
  const received = waiting.take(waiting.length) ?? new Uint8Array(0);
  const message = decompress === undefined ? received : await decompress(received);
  yield map === undefined ? message : map(message);
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

function mapFrame(frame: Uint8Array, { map, decompress }: MessageMaps): Uint8Array | Promise<Uint8Array> {
  const message = frame.subarray(HEAD_LENGTH);
  if (frame[0] === COMPRESSED) {
    return decompress === undefined
      ? frame
      : decompress(message).then((data) => joinFrame(map === undefined ? data : map(data)));
  }
  const mapped = map === undefined ? message : map(message);
  return mapped === message ? frame : joinFrame(mapped);
}

function joinFrame(message: Uint8Array): Uint8Array {
  const head = new Uint8Array(HEAD_LENGTH);
  new DataView(head.buffer).setUint32(1, message.length);
  return concatBytes(head, message);
}

/** The compression of a call is known before its frames, and Go's runtime has none. */
function unexpectedFlags(flags: number): ConnectError {
  const text =
    flags === COMPRESSED
      ? "grpc: compressed flag set with identity or empty encoding"
      : `grpc: received unexpected payload format ${flags}`;
  return new ConnectError(text, Code.Internal);
}

function tooLarge(length: number, maxBytes: number, likeGo: boolean): ConnectError {
  const text = likeGo
    ? `grpc: received message larger than max (${length} vs. ${maxBytes})`
    : `message size ${length} is larger than configured readMaxBytes ${maxBytes}`;
  return new ConnectError(text, Code.ResourceExhausted);
}
