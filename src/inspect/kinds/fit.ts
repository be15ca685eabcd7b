/**
 * Computes how well bytes fit a message, from -1 to 1: the share of the bytes that are in fields of the
 * message, with values that are valid there. Reads no more of a long input than needed to distinguish
 * messages, and builds no tree.
 */
import { ScalarType } from "@bufbuild/protobuf";
import { knownTypes } from "../message/meaning.js";
import { fixedValue, textValue } from "../message/scalar.js";
import { type FieldShape, type MessageShape, wireTypeOf } from "../message/shape.js";
import { messageRulesOf } from "../rules/message-rules.js";
import { valueRuleOf } from "../rules/rules.js";
import type { Finding } from "../rules/value-rules.js";
import type { InspectValue } from "../types.js";
import { invalidUtf8At, MAX_VARINT_LENGTH, WIRE } from "../wire.js";
import { unwrapped } from "./unwrapped.js";

// Largest number of fields read. A message of this protocol has about a dozen; more means repeated fields.
const MAX_FIELDS = 500;
const MAX_DEPTH = 12;

// How much a value counts for a field or against it: a value that breaks its rule, the same when that is
// tolerated, and a value without its wrapper message.
const RULE_BROKEN = -0.25;
const FORGIVEN = 0.5;
const UNWRAPPED = 0.6;
// A value under the tag of another field says nothing, but the other fields still count.
const SLIPPED = 0.5;
// Below this, another field is tried. From SURE_LIKENESS on, that field is accepted.
const POOR_LIKENESS = 0.3;
const SURE_LIKENESS = 0.85;

/** The number of bytes that fit a message, and of bytes that do not. */
interface Evidence {
  good: number;
  bad: number;
}

/** What can still be read, and what is tolerated. */
interface Budget {
  fields: number;
  /** Number of tags that can belong to another field. */
  slips: number;
  /** Whether a value that breaks its rule still counts for the field. */
  readonly isLenient: boolean;
}

/** Returns how well bytes fit a message. An empty input fits every message, with a score of 0. */
export function fitOf(shape: MessageShape, bytes: Uint8Array): number {
  return fitWith(shape, bytes, { fields: MAX_FIELDS, slips: 0, isLenient: false });
}

/**
 * Returns how well bytes fit a message if one tag can belong to another field and values can break their
 * rules.
 */
export function nearFitOf(shape: MessageShape, bytes: Uint8Array): number {
  return fitWith(shape, bytes, { fields: 4 * MAX_FIELDS, slips: 1, isLenient: true });
}

function fitWith(shape: MessageShape, bytes: Uint8Array, budget: Budget): number {
  if (bytes.length === 0) return 0;
  return fitWithin(shape, bytes, { start: 0, end: bytes.length, whole: true }, 1, budget);
}

function fitWithin(
  shape: MessageShape,
  bytes: Uint8Array,
  { start, end, whole }: { readonly start: number; readonly end: number; readonly whole: boolean },
  depth: number,
  budget: Budget,
): number {
  const evidence: Evidence = { good: 0, bad: 0 };
  const seen = new Set<string>();
  // Fields after a truncation are not missing.
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
    const length = value.end - at;
    const likenessAs = (field: FieldShape): number =>
      likenessOf(field, shape, bytes, tag.value % 8, value, depth, budget);
    const { field, likeness } = fieldFor(shape, Math.floor(tag.value / 8), budget, likenessAs);
    if (likeness > 0) evidence.good += likeness * length;
    else evidence.bad -= likeness * length;
    if (field !== undefined) seen.add(field.info.name).add(field.info.oneof ?? "");
    isCut ||= value.end - value.start < value.declared;
    at = value.end;
  }
  const { required, oneofs } = messageRulesOf(shape.typeName);
  const missing = isCut ? 0 : [...required, ...oneofs].filter((name) => !seen.has(name)).length;
  const total = Math.max(1, at - start);
  return Math.max(-1, (evidence.good - evidence.bad) / total - 0.12 * missing);
}

/** Returns the field that a tag names or, if tolerated, another field that fits far better. */
function fieldFor(
  shape: MessageShape,
  number: number,
  budget: Budget,
  likenessAs: (field: FieldShape) => number,
): { readonly field: FieldShape | undefined; readonly likeness: number } {
  const named = shape.fields.get(number);
  const { slips } = budget;
  budget.slips = 0;
  const own = { field: named, likeness: named === undefined ? -1 : likenessAs(named) };
  if (slips === 0 || own.likeness >= POOR_LIKENESS) {
    budget.slips = slips;
    return own;
  }
  for (const field of shape.fields.values()) {
    const likeness = field === named ? -1 : likenessAs(field);
    if (likeness >= SURE_LIKENESS) return { field, likeness: SLIPPED * likeness };
  }
  budget.slips = slips;
  // The wrong tag can be inside the value.
  return named === undefined ? own : { field: named, likeness: likenessAs(named) };
}

/** A value: its start, its end, and the length that it declares. */
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
  budget: Budget,
): number {
  const { value } = field;
  const whole = end - start === declared;
  if (wireType !== wireTypeOf(value)) return budget.isLenient && wireType <= WIRE.I32 ? 0 : -1;
  if (value.kind === "message") {
    if (depth >= MAX_DEPTH) return -1;
    if (whole && unwrapped(value.typeName, bytes.subarray(start, end)) !== undefined) return UNWRAPPED;
    return start === end ? 0.3 : fitWithin(value.shape(), bytes, { start, end, whole }, depth + 1, budget);
  }
  if (value.kind === "enum") {
    return value.enum.value[bytes[start] ?? -1] !== undefined && end - start === 1 ? 0.6 : -1;
  }
  if (!whole) return cutLikeness(owner.typeName, declared);
  const likeness = scalarLikeness(
    value.scalar,
    valueRuleOf(owner.typeName, field.info.name),
    bytes.subarray(start, end),
  );
  return budget.isLenient && likeness === RULE_BROKEN ? FORGIVEN : likeness;
}

/**
 * Returns the likeness of a truncated value. Only its declared length is known, so it is compared with the
 * length of keys.
 */
function cutLikeness(owner: string, declared: number): number {
  const length = Object.hasOwn(knownTypes, owner) ? knownTypes[owner]?.wraps?.length : undefined;
  if (length === undefined) return 0.1;
  return declared === length ? 0.9 : RULE_BROKEN;
}

/**
 * Returns whether a value is right for the field (1), possible (about 0.5), unlikely (-0.25) or impossible
 * (-1).
 */
function scalarLikeness(scalar: ScalarType, rule: ReturnType<typeof valueRuleOf>, bytes: Uint8Array): number {
  // A value without a rule says little. Bytes say least, since any bytes are valid.
  const judged = (value: InspectValue, otherwise: number): number =>
    rule === undefined ? otherwise : isTaken(rule(value, bytes)) ? 1 : RULE_BROKEN;
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

/** Returns whether the sequencer accepts a value, even a doubtful one. */
function isTaken(finding: Finding | undefined): boolean {
  return finding === undefined || finding.kind === "doubtful";
}

/**
 * Returns the bounds of the value after a tag, truncated at the end of the scope, or `undefined` if the
 * bounds are unknown.
 */
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

/** Reads a varint as a number. The result is exact for lengths and tags. */
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
