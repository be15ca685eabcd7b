/**
 * The messages that a page writes. Their fields are in ascending order, because the sequencer verifies
 * signatures over that encoding.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { SigningKey } from "../crypto/types.js";

/** Writes a message whose field `number` contains a message with these bytes. */
function inside(number: number, bytes: Uint8Array): BinaryWriter {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes);
}

/** Encodes a message whose field 1 is a message that contains a key or an id. */
export function wrapped(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return inside(1, inside(1, value).finish()).finish();
}

/**
 * Encodes `OpenMessageStreamRequest` or `PollMessagesRequest`: the key, and its signature over the request
 * without a signature.
 */
export function listening(key: SigningKey): Uint8Array<ArrayBuffer> {
  const unsigned = wrapped(key.publicKey);
  const signature = inside(1, key.sign(unsigned)).finish();
  return new BinaryWriter().raw(unsigned).tag(2, WireType.LengthDelimited).bytes(signature).finish();
}

/** Encodes the `OpenMessageStreamWithKeepAliveRequest` that opens the stream. */
export function keepAlive(key: SigningKey): Uint8Array<ArrayBuffer> {
  return inside(1, listening(key)).finish();
}

/**
 * Encodes the `OpenMessageStreamWithKeepAliveRequest` that answers a ping. `now` is in milliseconds since
 * 1970.
 */
export function pong(now: number): Uint8Array<ArrayBuffer> {
  const timestamp = new BinaryWriter().tag(1, WireType.Varint).int64(Math.floor(now / 1000));
  const nanos = (now % 1000) * 1_000_000;
  if (nanos > 0) timestamp.tag(2, WireType.Varint).int32(nanos);
  return inside(2, inside(1, timestamp.finish()).finish()).finish();
}

/** Encodes an `AckMessagesRequest`. */
export function acknowledgement(
  publicKey: Uint8Array,
  messageIds: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const request = new BinaryWriter().raw(wrapped(publicKey));
  for (const id of messageIds) request.tag(2, WireType.LengthDelimited).bytes(inside(1, id).finish());
  return request.finish();
}

/** Encodes the envelope around a call. */
export function envelope(service: string, method: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const request = new BinaryWriter().tag(2, WireType.LengthDelimited).string(service);
  return request
    .tag(3, WireType.LengthDelimited)
    .string(method)
    .tag(4, WireType.LengthDelimited)
    .bytes(body)
    .finish();
}
