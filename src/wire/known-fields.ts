import { concatBytes } from "../lib/bytes.js";
import { fieldsOf, type RawField, varint, WIRE } from "./reader.js";
import { knownField, type WireShape } from "./shape.js";

/**
 * The number of a field that contains another field unchanged, which a decoder would misread. No message of
 * this protocol has a field with this number, so decoders keep it as an unknown field.
 */
const CARRIER: number = 2 ** 29 - 2;

// The library rejects longer tags, and groups that nest deeper.
const MAX_PLAIN_TAG_BYTES = 5;
const MAX_PLAIN_GROUP_BYTES = 64;

/**
 * Returns the bytes of a message in a form that the protobuf library decodes as Go does: a known field with
 * another wire type is unknown there, but the library would read on inside it. Such fields move into
 * {@link CARRIER}, and {@link released} takes them out again. Bytes without them are returned as they are.
 *
 * @throws WireError for bytes that Go refuses
 */
export function carried(shape: WireShape, bytes: Uint8Array): Uint8Array {
  let parts: Uint8Array[] | undefined;
  let copied = 0;
  for (const field of fieldsOf(bytes)) {
    const replacement = replacementOf(shape, bytes, field);
    if (replacement === undefined) continue;
    parts ??= [];
    parts.push(bytes.subarray(copied, field.start), replacement);
    copied = field.end;
  }
  return parts === undefined ? bytes : concatBytes(...parts, bytes.subarray(copied));
}

/** Returns the bytes of a message with every carried field in its place among the unknown ones. */
export function released(shape: WireShape, bytes: Uint8Array): Uint8Array {
  let parts: Uint8Array[] | undefined;
  let copied = 0;
  for (const field of fieldsOf(bytes)) {
    const value = bytes.subarray(field.valueStart, field.end);
    let replacement: Uint8Array;
    if (field.number === CARRIER) replacement = value;
    else {
      const message = knownField(shape, field)?.message;
      const inner = message === undefined ? value : released(message, value);
      if (inner === value) continue;
      replacement = withValue(field, inner);
    }
    parts ??= [];
    parts.push(bytes.subarray(copied, field.start), replacement);
    copied = field.end;
  }
  return parts === undefined ? bytes : concatBytes(...parts, bytes.subarray(copied));
}

function replacementOf(shape: WireShape, bytes: Uint8Array, field: RawField): Uint8Array | undefined {
  const known = knownField(shape, field);
  if (known !== undefined) {
    const value = bytes.subarray(field.valueStart, field.end);
    const inner = known.message === undefined ? value : carried(known.message, value);
    return inner === value && hasPlainTag(bytes, field) ? undefined : withValue(field, inner);
  }
  const isPlain =
    shape.field(field.number) === undefined &&
    field.number !== CARRIER &&
    hasPlainTag(bytes, field) &&
    (field.wireType !== WIRE.groupStart || field.end - field.start <= MAX_PLAIN_GROUP_BYTES);
  if (isPlain) return undefined;
  // Go keeps an unknown field with the shortest tag.
  const whole = concatBytes(tagOf(field), bytes.subarray(tagEnd(bytes, field), field.end));
  return concatBytes(varint(CARRIER * 8 + WIRE.bytes), varint(whole.length), whole);
}

/** Encodes a field with another value, or with the shortest tag. */
function withValue(field: RawField, value: Uint8Array): Uint8Array {
  return field.wireType === WIRE.bytes
    ? concatBytes(tagOf(field), varint(value.length), value)
    : concatBytes(tagOf(field), value);
}

function tagOf({ number, wireType }: RawField): Uint8Array {
  return varint(number * 8 + wireType);
}

function tagEnd(bytes: Uint8Array, { start }: RawField): number {
  let end = start;
  while ((bytes[end] ?? 0) >= 128) end++;
  return end + 1;
}

function hasPlainTag(bytes: Uint8Array, field: RawField): boolean {
  return tagEnd(bytes, field) - field.start <= MAX_PLAIN_TAG_BYTES;
}
