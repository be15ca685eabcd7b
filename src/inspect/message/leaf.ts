/** Reads values without fields: numbers, text, bytes, enums, and packed lists of them. */
import { ScalarType } from "@bufbuild/protobuf";
import { type Draft, draft, report, span } from "../tree.js";
import type { InspectValue } from "../types.js";
import { invalidUtf8At, readVarint, WIRE } from "../wire.js";
import { count, hexByte } from "../words.js";
import { opaqueMeaning, valueMeaning } from "./meaning.js";
import type { SeenFields } from "./order.js";
import { fixedValue, isZero, textValue, varintValue } from "./scalar.js";
import { checkMinimal, endOfBroken, reportBroken, type Scope, unreadable } from "./scope.js";
import { type FieldShape, type ValueShape, wireTypeOf } from "./shape.js";

/** Reads a varint. After a varint that is too long, nothing can be parsed. */
export function readVarintValue(
  node: Draft,
  scope: Scope,
  known: FieldShape | undefined,
  owner: string,
  at: number,
): { readonly end: number; readonly stopped: boolean } {
  const varint = readVarint(scope.bytes, at, scope.end);
  if (!varint.ok) {
    const end = endOfBroken(scope, varint);
    node.body = span(scope.bytes, at, end);
    node.meaning = varint.fault === "truncated" ? "a truncated varint" : "a varint that cannot be read";
    reportBroken(node, scope, varint, "a varint");
    return { end, stopped: varint.fault === "too_long" };
  }
  const end = at + varint.length;
  node.body = span(scope.bytes, at, end);
  checkMinimal(node, varint, at);
  if (known === undefined) {
    node.value = varint.value;
    node.meaning = opaqueMeaning(whatOf(node), varint.value, varint.length);
    return { end, stopped: false };
  }
  const scalar = known.value.kind === "scalar" ? known.value.scalar : ScalarType.INT32;
  const { value, written } = varintValue(scalar, varint.value);
  if (written !== varint.value) {
    const expected = `${written}, since readers ignore all other bits of this type`;
    report(node, "not_canonical", "varint_out_of_range", at, expected, `${varint.value}`);
  }
  setValue(node, known, owner, value);
  return { end, stopped: false };
}

/** Reads a value of four or eight bytes, and returns where it ends. */
export function readFixed(
  node: Draft,
  scope: Scope,
  known: FieldShape | undefined,
  owner: string,
  at: number,
  length: 4 | 8,
): number {
  const end = Math.min(at + length, scope.end);
  const body = span(scope.bytes, at, end);
  node.body = body;
  if (body.length < length) {
    node.meaning = `truncated after ${count(body.length, "byte")} of ${length}`;
    if (at + length > scope.declaredEnd) {
      report(node, "malformed", "truncated", end, `the rest of ${length} bytes`, "the end");
    }
  } else if (known?.value.kind === "scalar") {
    setValue(node, known, owner, fixedValue(known.value.scalar, body.bytes));
  } else {
    node.value = body.bytes;
    node.meaning = opaqueMeaning(whatOf(node), undefined, length);
  }
  return end;
}

/**
 * Reads the body of a node as text or bytes. Leaves it as it is if it is not `whole` or the field is unknown.
 */
export function readPlainBytes(
  node: Draft,
  known: FieldShape | undefined,
  owner: string,
  whole: boolean,
): void {
  const body = node.body;
  if (body === undefined) return;
  if (known === undefined) {
    if (whole) node.value = body.bytes;
    node.meaning = opaqueMeaning(whatOf(node), undefined, body.length);
    return;
  }
  const isText = known.value.kind === "scalar" && known.value.scalar === ScalarType.STRING;
  if (!whole) {
    node.meaning = isText ? "UTF-8 text" : "bytes";
    return;
  }
  const invalidAt = isText && known.checkUtf8 ? invalidUtf8At(body.bytes) : -1;
  if (invalidAt >= 0) {
    node.meaning = `${count(body.length, "byte")} that should be UTF-8 text`;
    const found = hexByte(body.bytes[invalidAt]);
    report(node, "malformed", "invalid_utf8", body.offset + invalidAt, "UTF-8 text", found);
    return;
  }
  setValue(node, known, owner, isText ? textValue(body.bytes) : body.bytes);
}

/** Reads the body of a node as consecutive values without tags. */
export function readPacked(node: Draft, scope: Scope, known: FieldShape, seen: SeenFields): void {
  const { number, name } = known.info;
  const body = node.body;
  if (body === undefined) return;
  if (known.packed === false) {
    report(
      node,
      "not_canonical",
      "packing",
      node.offset,
      `${name} with a tag for each value`,
      "one tag for all values",
    );
  } else if (seen.countOf(number) > 0) {
    report(node, "not_canonical", "packing", node.offset, `${name} as one list`, "another list");
  } else if (body.length === 0) {
    report(node, "not_canonical", "explicit_default", node.offset, "nothing for an empty list", "a tag");
  }
  const type = wireTypeOf(known.value);
  const one: FieldShape = { ...known, packed: undefined };
  let at = body.offset;
  while (at < scope.end) {
    const label = `[${seen.countOf(number)}]`;
    const element = draft("element", label, `${node.path}${label}`, span(scope.bytes, at, at));
    const { end, stopped } =
      type === WIRE.VARINT
        ? readVarintValue(element, scope, one, "", at)
        : { end: readFixed(element, scope, one, "", at, type === WIRE.I64 ? 8 : 4), stopped: false };
    const whole = span(scope.bytes, at, end);
    element.length = whole.length;
    element.bytes = whole.bytes;
    node.children.push(element);
    seen.add(number);
    at = end;
    if (stopped && at < scope.end) node.children.push(unreadable(scope, at));
    if (stopped) break;
  }
  node.meaning = count(node.children.length, "value");
}

function setValue(node: Draft, known: FieldShape, owner: string, value: InspectValue): void {
  node.value = named(known.value, value);
  node.meaning = valueMeaning(known.value, owner, node.value, node.body?.bytes ?? new Uint8Array());
  if (known.implicit && isDefault(known.value, value)) {
    report(node, "not_canonical", "explicit_default", node.offset, "nothing for a default value", "a tag");
  }
  if (node.kind === "field" && known.packed === true) {
    report(
      node,
      "not_canonical",
      "packing",
      node.offset,
      `${known.info.name} as one list`,
      "a tag for one value",
    );
  }
}

function named(shape: ValueShape, value: InspectValue): InspectValue {
  if (shape.kind !== "enum") return value;
  return shape.enum.value[Number(value)]?.name ?? value;
}

function isDefault(shape: ValueShape, value: InspectValue): boolean {
  return shape.kind === "enum" ? value === shape.enum.values[0]?.number : isZero(value);
}

function whatOf(node: Draft): string {
  const { known, number, name } = node.field ?? { known: false, number: 0 };
  return known ? `${name} with another wire type` : `unknown field ${number}`;
}
