import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { equalBytes } from "../lib/bytes.js";
import { shapeOf } from "./descriptors.js";
import { inOrder } from "./field-order.js";
import { carried, released } from "./known-fields.js";

/**
 * Decodes a message as Go does: a known field with another wire type is unknown.
 *
 * @throws WireError for bytes that Go rejects
 */
export function decode<S extends DescMessage>(schema: S, bytes: Uint8Array): MessageShape<S> {
  return fromBinary(schema, carried(shapeOf(schema), bytes));
}

/** Encodes a message with its fields by number. */
export function encode<S extends DescMessage>(schema: S, message: MessageShape<S>): Uint8Array {
  return released(shapeOf(schema), toBinary(schema, message));
}

/** Encodes a message as Go does, with the members of oneofs after all other fields of their message. */
export function encodeAsGo<S extends DescMessage>(schema: S, message: MessageShape<S>): Uint8Array {
  return asGo(schema, toBinary(schema, message));
}

/** Returns an encoded message as Go encodes it. */
export function asGo(schema: DescMessage, bytes: Uint8Array): Uint8Array {
  const shape = shapeOf(schema);
  return released(shape, inOrder(shape, bytes, "go"));
}

/**
 * Returns whether one of the encodings that a signature may cover passes a check: fields in order of their
 * numbers and, if different, in Go's order.
 */
export function someEncoding<S extends DescMessage>(
  schema: S,
  message: MessageShape<S>,
  check: (bytes: Uint8Array) => boolean,
): boolean {
  const byNumber = encode(schema, message);
  if (check(byNumber)) return true;
  const go = encodeAsGo(schema, message);
  return !equalBytes(go, byNumber) && check(go);
}
