/**
 * Reads the wire format of protobuf field by field, with the limits of Go's runtime, which the original
 * uses: tags and varints have at most 10 bytes and 64 bits, and groups nest at most 10,000 deep.
 */

/** Numbers of the wire types. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

/** One field. Positions are byte offsets in the message. */
export interface RawField {
  readonly number: number;
  readonly wireType: number;
  readonly start: number;
  /** Start of the value: after the tag, and after the length of a field of bytes. */
  readonly valueStart: number;
  readonly end: number;
}

/** Bytes that are not a protobuf message. */
export class WireError extends Error {}

const MAX_VARINT_BYTES = 10;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;
const MAX_GROUP_DEPTH = 10_000;

// A number can hold 2^53 exactly, and no length or tag is that large.
interface Varint {
  readonly value: number;
  readonly end: number;
}

/**
 * Yields the fields of a message.
 *
 * @throws WireError
 */
export function* fieldsOf(bytes: Uint8Array): Generator<RawField> {
  for (let at = 0; at < bytes.length; ) {
    const field = readField(bytes, at);
    yield field;
    at = field.end;
  }
}

/** Reads the field that starts at a position. */
function readField(bytes: Uint8Array, start: number): RawField {
  const { number, wireType, end: valueAt } = readTag(bytes, start);
  if (wireType === WIRE.groupStart)
    return { number, wireType, start, valueStart: valueAt, end: groupEnd(bytes, valueAt, number) };
  const { valueStart, end } = readValue(bytes, valueAt, wireType);
  return { number, wireType, start, valueStart, end };
}

/** Writes a varint below 2^53. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

function readTag(bytes: Uint8Array, at: number): { number: number; wireType: number; end: number } {
  const { value, end } = readVarint(bytes, at);
  const number = Math.floor(value / 8);
  const wireType = value % 8;
  if (number < 1 || number > MAX_FIELD_NUMBER) throw new WireError(`field number ${number} at byte ${at}`);
  return { number, wireType, end };
}

function readVarint(bytes: Uint8Array, at: number): Varint {
  let value = 0;
  let factor = 1;
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new WireError(`truncated varint at byte ${at}`);
    // The last byte contains only the 64th bit.
    if (index === MAX_VARINT_BYTES - 1 && byte > 1) break;
    value += (byte & 127) * factor;
    if (byte < 128) return { value, end: at + index + 1 };
    factor *= 128;
  }
  throw new WireError(`varint of more than 64 bits at byte ${at}`);
}

function readValue(bytes: Uint8Array, at: number, wireType: number): { valueStart: number; end: number } {
  switch (wireType) {
    case WIRE.varint:
      return { valueStart: at, end: readVarint(bytes, at).end };
    case WIRE.fixed64:
      return { valueStart: at, end: within(bytes, at, 8) };
    case WIRE.fixed32:
      return { valueStart: at, end: within(bytes, at, 4) };
    case WIRE.bytes: {
      const { value, end } = readVarint(bytes, at);
      return { valueStart: end, end: within(bytes, end, value) };
    }
    default:
      throw new WireError(`wire type ${wireType} before byte ${at}`);
  }
}

function within(bytes: Uint8Array, at: number, length: number): number {
  if (length > bytes.length - at) throw new WireError(`the end is before byte ${at} + ${length}`);
  return at + length;
}

/**
 * Returns the end of a group. The numbers of open groups are on a stack, since the sender chooses the depth.
 */
function groupEnd(bytes: Uint8Array, start: number, number: number): number {
  const open = [number];
  for (let at = start; ; ) {
    const tag = readTag(bytes, at);
    at = tag.end;
    if (tag.wireType === WIRE.groupStart) {
      if (open.length >= MAX_GROUP_DEPTH) throw new WireError("groups nest too deep");
      open.push(tag.number);
    } else if (tag.wireType === WIRE.groupEnd) {
      if (open.pop() !== tag.number) throw new WireError(`a group ends at byte ${at} that is not open`);
      if (open.length === 0) return at;
    } else {
      at = readValue(bytes, at, tag.wireType).end;
    }
  }
}
