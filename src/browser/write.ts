/** What a page writes of the wire contract: fields in ascending number, as the sequencer's signature checks need them. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { SigningKey } from "../crypto/types.js";

/** A message whose field `number` holds a message of these bytes. */
function inside(number: number, bytes: Uint8Array): BinaryWriter {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes);
}

/** A key or an id in a message of its own, as field 1 of another. */
export function wrapped(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return inside(1, inside(1, value).finish()).finish();
}

/** `OpenMessageStreamRequest` and `PollMessagesRequest`: the key, and its signature over the request with the key alone. */
export function listening(key: SigningKey): Uint8Array<ArrayBuffer> {
  const unsigned = wrapped(key.publicKey);
  const signature = inside(1, key.sign(unsigned)).finish();
  return new BinaryWriter().raw(unsigned).tag(2, WireType.LengthDelimited).bytes(signature).finish();
}

/** `OpenMessageStreamWithKeepAliveRequest` that opens the stream. */
export function keepAlive(key: SigningKey): Uint8Array<ArrayBuffer> {
  return inside(1, listening(key)).finish();
}

/** `OpenMessageStreamWithKeepAliveRequest` that answers a ping. */
export function pong(now: number): Uint8Array<ArrayBuffer> {
  const timestamp = new BinaryWriter().tag(1, WireType.Varint).int64(Math.floor(now / 1000));
  const nanos = (now % 1000) * 1_000_000;
  if (nanos > 0) timestamp.tag(2, WireType.Varint).int32(nanos);
  return inside(2, inside(1, timestamp.finish()).finish()).finish();
}

/** `AckMessagesRequest`. */
export function acknowledgement(
  publicKey: Uint8Array,
  messageIds: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const request = new BinaryWriter().raw(wrapped(publicKey));
  for (const id of messageIds) request.tag(2, WireType.LengthDelimited).bytes(inside(1, id).finish());
  return request.finish();
}

/** The envelope around a call. */
export function envelope(service: string, method: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const request = new BinaryWriter().tag(2, WireType.LengthDelimited).string(service);
  return request
    .tag(3, WireType.LengthDelimited)
    .string(method)
    .tag(4, WireType.LengthDelimited)
    .bytes(body)
    .finish();
}
