/** Reads a message from start to end, field by field. Values without fields are read in leaf.ts. */

import { type Draft, draft, report, span } from "../tree.js";
import type { InspectSpan } from "../types.js";
import { readVarint, type Varint, WIRE, wireType, wireTypeText } from "../wire.js";
import { count } from "../words.js";
import { readFixed, readPacked, readPlainBytes, readVarintValue } from "./leaf.js";
import { messageMeaning, opaqueMeaning } from "./meaning.js";
import { SeenFields } from "./order.js";
import { brokenTag, checkMinimal, endOfBroken, reportBroken, type Scope, unreadable } from "./scope.js";
import { type FieldShape, type MessageShape, wireTypeOf } from "./shape.js";

// Deepest nesting of messages that is read; the usual limit of protobuf readers.
const MAX_DEPTH = 100;

// A tag is a 32-bit number, and its lowest three bits are the wire type.
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

/** The fields of a message or group. */
interface FieldRun {
  readonly children: Draft[];
  /** Offset of the first byte after the fields. */
  readonly end: number;
  /** The tag that closed the group. */
  readonly endTag?: InspectSpan;
  /** Whether the rest of the scope could not be parsed. */
  readonly stopped: boolean;
}

/** Where a value ends, and whether the fields after it can still be parsed. */
interface ValueEnd {
  readonly end: number;
  readonly stopped?: boolean;
}

/** Reads fields up to the end of the scope, or up to the tag that closes the group `group`. */
export function readFields(scope: Scope, start: number, group?: number): FieldRun {
  const children: Draft[] = [];
  const seen = new SeenFields();
  let at = start;
  while (at < scope.end) {
    const tag = readVarint(scope.bytes, at, scope.end);
    if (!tag.ok) {
      children.push(brokenTag(scope, at, tag));
      return { children, end: scope.end, stopped: true };
    }
    const after = at + tag.length;
    if (group !== undefined && tag.value === BigInt(group * 8 + WIRE.EGROUP)) {
      return { children, end: after, endTag: span(scope.bytes, at, after), stopped: false };
    }
    const { node, stopped } = readField(scope, at, tag, seen);
    children.push(node);
    at += node.length;
    if (stopped && at < scope.end) children.push(unreadable(scope, at));
    if (stopped) return { children, end: scope.end, stopped };
  }
  return { children, end: at, stopped: false };
}

function readField(
  scope: Scope,
  at: number,
  tag: Varint,
  seen: SeenFields,
): { readonly node: Draft; readonly stopped: boolean } {
  const number = Number(tag.value >> 3n);
  const type = wireType(Number(tag.value & 7n));
  const described = scope.shape?.fields.get(number);
  const known = described !== undefined && accepts(described, type.number) ? described : undefined;
  // A packed list is one field; its elements have the index.
  const index = known?.repeated === true && !isPacked(known, type.number) ? `[${seen.countOf(number)}]` : "";
  const label = `${described?.info.name ?? `#${number}`}${index}`;
  const after = at + tag.length;
  const node = draft(
    "field",
    label,
    scope.path === "" ? label : `${scope.path}.${label}`,
    span(scope.bytes, at, after),
  );
  node.field = described?.info ?? { number, known: false };
  node.wireType = type;
  node.tag = span(scope.bytes, at, after);
  checkTag(node, tag);

  if (known === undefined) {
    if (described !== undefined && isPlain(type.number)) {
      const expected = `wire type ${wireTypeText(wireType(wireTypeOf(described.value)))} for ${label}`;
      report(node, "malformed", "wrong_wire_type", at, expected, wireTypeText(type));
    }
    seen.noteUnknown(number);
  } else {
    if (known.value.kind !== "scalar" && known.info.type !== undefined) node.typeName = known.info.type;
    for (const { code, expected, found } of seen.note(known)) {
      report(node, "not_canonical", code, at, expected, found);
    }
  }
  const { end, stopped = false } = readValue(node, scope, known, after, seen);
  if (index !== "") seen.add(number);
  const whole = span(scope.bytes, at, end);
  node.length = whole.length;
  node.bytes = whole.bytes;
  return { node, stopped };
}

function checkTag(node: Draft, tag: Varint): void {
  const { offset } = node;
  const number = tag.value >> 3n;
  if (number === 0n) {
    report(node, "malformed", "field_number_zero", offset, "a field number of at least 1", "0");
  } else if (number > MAX_FIELD_NUMBER) {
    const expected = `a field number of at most ${MAX_FIELD_NUMBER}`;
    report(node, "malformed", "field_number_out_of_range", offset, expected, `${number}`);
  }
  const type = node.wireType?.number ?? 0;
  if (type === WIRE.SGROUP || type === WIRE.EGROUP) {
    const expected = "wire type VARINT, I64, LEN or I32 (the protocol has no groups)";
    report(node, "malformed", "group", offset, expected, type === WIRE.SGROUP ? "SGROUP" : "EGROUP");
  } else if (!isPlain(type)) {
    report(node, "malformed", "invalid_wire_type", offset, "wire type VARINT, I64, LEN or I32", `${type}`);
  }
  checkMinimal(node, tag, offset);
}

function readValue(
  node: Draft,
  scope: Scope,
  known: FieldShape | undefined,
  at: number,
  seen: SeenFields,
): ValueEnd {
  const owner = scope.shape?.typeName ?? "";
  switch (node.wireType?.number) {
    case WIRE.VARINT:
      return readVarintValue(node, scope, known, owner, at);
    case WIRE.I64:
      return { end: readFixed(node, scope, known, owner, at, 8) };
    case WIRE.I32:
      return { end: readFixed(node, scope, known, owner, at, 4) };
    case WIRE.LEN:
      return readLengthDelimited(node, scope, known, at, seen);
    case WIRE.SGROUP:
      return readGroup(node, scope, at);
    case WIRE.EGROUP:
      node.meaning = "the end of a group that is not open";
      return { end: at };
    default:
      node.meaning = "a tag that no value can follow";
      return { end: at, stopped: true };
  }
}

function readLengthDelimited(
  node: Draft,
  scope: Scope,
  known: FieldShape | undefined,
  at: number,
  seen: SeenFields,
): ValueEnd {
  const prefix = readVarint(scope.bytes, at, scope.end);
  if (!prefix.ok) {
    const end = endOfBroken(scope, prefix);
    node.lengthPrefix = span(scope.bytes, at, end);
    node.meaning = "a length that cannot be read";
    reportBroken(node, scope, prefix, "a length");
    return { end, stopped: true };
  }
  const start = at + prefix.length;
  node.lengthPrefix = { ...span(scope.bytes, at, start), value: Number(prefix.value) };
  checkMinimal(node, prefix, at);
  const declaredEnd = start + Number(prefix.value);
  if (declaredEnd > scope.declaredEnd) {
    const expected = `a length of at most ${scope.declaredEnd - start}`;
    report(node, "malformed", "length_beyond_end", at, expected, `${prefix.value}`);
  }
  const end = Math.min(declaredEnd, scope.end);
  const body = span(scope.bytes, start, end);
  node.body = body;
  const missing =
    declaredEnd > end ? `, truncated after ${count(body.length, "byte")} of ${prefix.value}` : "";

  const inner = { ...scope, end, declaredEnd, path: node.path };
  if (known?.value.kind === "message") {
    const shape = known.value.shape();
    readMessage(node, { ...inner, shape, depth: scope.depth + (shape.isMapEntry ? 0 : 1) }, shape, start);
  } else if (known !== undefined && isPacked(known, WIRE.LEN)) {
    readPacked(node, inner, known, seen);
  } else {
    readPlainBytes(node, known, scope.shape?.typeName ?? "", missing === "");
  }
  node.meaning += missing;
  return { end };
}

function readMessage(node: Draft, scope: Scope, shape: MessageShape, start: number): void {
  if (scope.depth > MAX_DEPTH) {
    node.meaning = opaqueMeaning("a message nested too deep to read", undefined, scope.end - start);
    report(node, "malformed", "too_deep", start, `at most ${MAX_DEPTH} nested messages`, "one more");
    return;
  }
  node.children = readFields(scope, start).children;
  const oneof = node.field?.oneof;
  node.meaning = `${oneof === undefined ? "" : `${oneof}: `}${messageMeaning(shape.typeName, node.children)}`;
}

function readGroup(node: Draft, outer: Scope, at: number): ValueEnd {
  const scope: Scope = { ...outer, shape: undefined, path: node.path, depth: outer.depth + 1 };
  if (scope.depth > MAX_DEPTH) {
    node.meaning = "a group nested too deep to read";
    report(node, "malformed", "too_deep", at, `at most ${MAX_DEPTH} nested messages`, "one more");
    return { end: at, stopped: true };
  }
  const run = readFields(scope, at, node.field?.number);
  node.meaning = "a group, which has fields but no length";
  node.children = run.children;
  const bodyEnd = run.end - (run.endTag?.length ?? 0);
  node.body = span(scope.bytes, at, bodyEnd);
  if (run.endTag !== undefined) node.endTag = run.endTag;
  else if (!run.stopped && scope.end === scope.declaredEnd) {
    report(node, "malformed", "truncated", scope.end, `the end of group ${node.field?.number}`, "the end");
  }
  return { end: run.end, stopped: run.stopped };
}

function isPlain(type: number): boolean {
  return type === WIRE.VARINT || type === WIRE.I64 || type === WIRE.LEN || type === WIRE.I32;
}

function isPacked(field: FieldShape, type: number): boolean {
  return field.packed !== undefined && type === WIRE.LEN;
}

function accepts(field: FieldShape, type: number): boolean {
  return type === wireTypeOf(field.value) || isPacked(field, type);
}
