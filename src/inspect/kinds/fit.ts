/**
 * How well bytes fit a message, from -1 to 1: the share of the bytes that are in fields which it has, with values that
 * these can have. It reads no more of long input than it needs to tell messages apart, and builds nothing.
 */
import { ScalarType } from "@bufbuild/protobuf";
import { knownTypes } from "../message/meaning.js";
import { fixedValue, textValue } from "../message/scalar.js";
import { type FieldShape, type MessageShape, wireTypeOf } from "../message/shape.js";
import { messageRules } from "../rules/message-rules.js";
import { valueRuleOf } from "../rules/rules.js";
import type { InspectValue } from "../types.js";
import { invalidUtf8At, MAX_VARINT_LENGTH, WIRE } from "../wire.js";

// Fields looked at. A message of this protocol has a dozen; those with more are lists of the same again.
const MAX_FIELDS = 500;
const MAX_DEPTH = 12;

/** Bytes that speak for a message, and bytes that speak against it. */
interface Evidence {
  good: number;
  bad: number;
}

/** Fit of bytes to a message. Nothing fits every message, but badly. */
export function fitOf(shape: MessageShape, bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const budget = { fields: MAX_FIELDS };
  return fitWithin(shape, bytes, { start: 0, end: bytes.length, whole: true }, 1, budget);
}

function fitWithin(
  shape: MessageShape,
  bytes: Uint8Array,
  { start, end, whole }: { readonly start: number; readonly end: number; readonly whole: boolean },
  depth: number,
  budget: { fields: number },
): number {
  const evidence: Evidence = { good: 0, bad: 0 };
  const seen = new Set<string>();
  // What was cut off is not missing.
  let isCut = !whole;
  let at = start;
  while (at < end && budget.fields-- > 0) {
    const tag = readSmall(bytes, at, end);
    const value = tag && fieldEnd(bytes, tag.value % 8, tag.end, end);
    if (tag === undefined || value === undefined || tag.value < 8) {
      evidence.bad += end - at;
      at = end;
      break;
    }
    const field = shape.fields.get(Math.floor(tag.value / 8));
    const length = value.end - at;
    const likeness =
      field === undefined ? -1 : likenessOf(field, shape, bytes, tag.value % 8, value, depth, budget);
    if (likeness > 0) evidence.good += likeness * length;
    else evidence.bad -= likeness * length;
    if (field !== undefined) seen.add(field.info.name).add(field.info.oneof ?? "");
    isCut ||= value.end - value.start < value.declared;
    at = value.end;
  }
  const { required = [], oneofs = [] } = messageRules[shape.typeName] ?? {};
  const missing = isCut ? 0 : [...required, ...oneofs].filter((name) => !seen.has(name)).length;
  const total = Math.max(1, at - start);
  return Math.max(-1, (evidence.good - evidence.bad) / total - 0.12 * missing);
}

/** A value: where it starts and ends, and how long it says that it is. */
interface Value {
  readonly start: number;
  readonly end: number;
  readonly declared: number;
}

function likenessOf(
  field: FieldShape,
  owner: MessageShape,
  bytes: Uint8Array,
  wireType: number,
  { start, end, declared }: Value,
  depth: number,
  budget: { fields: number },
): number {
  const { value } = field;
  const whole = end - start === declared;
  if (wireType !== wireTypeOf(value)) return -1;
  if (value.kind === "message") {
    if (depth >= MAX_DEPTH) return -1;
    return start === end ? 0.3 : fitWithin(value.shape(), bytes, { start, end, whole }, depth + 1, budget);
  }
  if (value.kind === "enum") {
    return value.enum.value[bytes[start] ?? -1] !== undefined && end - start === 1 ? 0.6 : -1;
  }
  if (!whole) return cutLikeness(owner.typeName, declared);
  return scalarLikeness(
    value.scalar,
    valueRuleOf(owner.typeName, field.info.name),
    bytes.subarray(start, end),
  );
}

/** Of a value that is cut off only its length says something, where keys have theirs. */
function cutLikeness(owner: string, declared: number): number {
  const length = Object.hasOwn(knownTypes, owner) ? knownTypes[owner]?.wraps?.length : undefined;
  if (length === undefined) return 0.1;
  return declared === length ? 0.9 : -0.25;
}

/** Whether a value is one that the field can have (1), might have (about 0.5), should not have (-0.25), or cannot have (-1). */
function scalarLikeness(scalar: ScalarType, rule: ReturnType<typeof valueRuleOf>, bytes: Uint8Array): number {
  // What has no rule says little, and bytes least of all, which may be anything.
  const judged = (value: InspectValue, otherwise: number): number =>
    rule === undefined ? otherwise : rule(value, bytes) === undefined ? 1 : -0.25;
  switch (scalar) {
    case ScalarType.BYTES:
      return judged(bytes, 0.4);
    case ScalarType.STRING:
      if (invalidUtf8At(bytes) >= 0 || bytes.some((byte) => byte < 0x20)) return -1;
      return judged(textValue(bytes), 0.5);
    case ScalarType.DOUBLE:
      return judged(fixedValue(scalar, bytes), 0.6);
    case ScalarType.BOOL:
      return bytes.length === 1 && (bytes[0] ?? 2) <= 1 ? 0.6 : -1;
    default:
      return 0.6;
  }
}

/** Bounds of the value after a tag; cut off at the end of the scope. `undefined` where nothing can be told. */
function fieldEnd(bytes: Uint8Array, wireType: number, start: number, end: number): Value | undefined {
  const upTo = (start: number, wanted: number): Value => ({
    start,
    end: Math.min(wanted, end),
    declared: wanted - start,
  });
  switch (wireType) {
    case WIRE.VARINT: {
      const varint = readSmall(bytes, start, end);
      return varint && upTo(start, varint.end);
    }
    case WIRE.I64:
      return upTo(start, start + 8);
    case WIRE.I32:
      return upTo(start, start + 4);
    case WIRE.LEN: {
      const length = readSmall(bytes, start, end);
      return length && upTo(length.end, length.end + length.value);
    }
    default:
      return undefined;
  }
}

/** A varint as a number, which is exact as far as lengths and tags go. */
function readSmall(
  bytes: Uint8Array,
  at: number,
  end: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let length = 0; length < MAX_VARINT_LENGTH && at + length < end; length++) {
    const byte = bytes[at + length] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * length);
    if (byte < 0x80) return { value, end: at + length + 1 };
  }
  return undefined;
}
