/** The bodies of calls as frames: five bytes of head, then a message. */
import { Code, ConnectError } from "@connectrpc/connect";
import { concatBytes } from "../../lib/bytes.js";

const HEAD_LENGTH = 5;

/** One frame. Bit 0 of the flags is compression; other bits mark frames that hold no message. */
export interface Frame {
  readonly flags: number;
  readonly data: Uint8Array;
}

/** How a protocol reads the frames of a request. */
export interface FrameRules {
  /** Maximum size of one message, in bytes. */
  readonly maxBytes: number;
  /** Whether a call with one request ignores what follows its first frame, and an empty body is `EOF`. */
  readonly likeGo: boolean;
}

/**
 * Splits a body into frames. A truncated last frame is passed on as it is, so that the library reports it.
 *
 * @throws ConnectError ResourceExhausted for a larger message
 */
export async function* splitFrames(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, likeGo }: FrameRules,
  readsMany: boolean,
): AsyncGenerator<Frame | Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  let count = 0;
  for await (const chunk of body) {
    rest = rest.length === 0 ? chunk : concatBytes(rest, chunk);
    while (rest.length >= HEAD_LENGTH) {
      const flags = rest[0] as number;
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(1);
      if (length > maxBytes) throw tooLarge(length, maxBytes, likeGo);
      if (likeGo && flags > 1)
        throw new ConnectError(`grpc: received unexpected payload format ${flags}`, Code.Internal);
      if (rest.length < HEAD_LENGTH + length) break;
      yield { flags, data: rest.subarray(HEAD_LENGTH, HEAD_LENGTH + length) };
      count += 1;
      if (likeGo && !readsMany) return;
      rest = rest.subarray(HEAD_LENGTH + length);
    }
  }
  if (rest.length > 0) yield rest;
  else if (likeGo && count === 0) throw new ConnectError("EOF", Code.Unknown);
}

/** Passes a body on, up to a number of bytes. */
export async function* limited(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(length, maxBytes, false);
    yield chunk;
  }
}

/** Writes a frame. */
export function joinFrame({ flags, data }: Frame): Uint8Array {
  const head = new Uint8Array(HEAD_LENGTH);
  head[0] = flags;
  new DataView(head.buffer).setUint32(1, data.length);
  return concatBytes(head, data);
}

function tooLarge(length: number, maxBytes: number, likeGo: boolean): ConnectError {
  const text = likeGo
    ? `grpc: received message larger than max (${length} vs. ${maxBytes})`
    : `message size ${length} is larger than configured readMaxBytes ${maxBytes}`;
  return new ConnectError(text, Code.ResourceExhausted);
}
