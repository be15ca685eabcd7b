import { concatBytes } from "../lib/bytes.js";
import { fieldsOf, type RawField, WIRE } from "./reader.js";
import { knownField, type WireField, type WireShape } from "./shape.js";

/**
 * An order of fields that counts for a signature: `number`, as most encoders write them, or `go`, as Go's
 * runtime does, with the members of oneofs after all other fields of their message. Unknown fields come last
 * in both.
 */
export type FieldOrder = "number" | "go";

/** Returns the same message with its fields in an order, at every depth. */
export function inOrder(shape: WireShape, bytes: Uint8Array, order: FieldOrder): Uint8Array {
  const fields = [...fieldsOf(bytes)].map((field) => ({ field, known: knownField(shape, field) }));
  fields.sort((a, b) => compare(a, b, order));
  return concatBytes(...fields.map(({ field, known }) => ordered(bytes, field, known?.message, order)));
}

interface Placed {
  readonly field: RawField;
  readonly known: WireField | undefined;
}

function compare(a: Placed, b: Placed, order: FieldOrder): number {
  if (a.known === undefined || b.known === undefined) return Number(!a.known) - Number(!b.known);
  return placeOf(a.known, order) - placeOf(b.known, order) || a.field.number - b.field.number;
}

/** Fields outside of oneofs come first, then each oneof. */
function placeOf(known: WireField, order: FieldOrder): number {
  return order === "go" ? known.oneof : 0;
}

function ordered(
  bytes: Uint8Array,
  { start, valueStart, end, wireType }: RawField,
  message: WireShape | undefined,
  order: FieldOrder,
): Uint8Array {
  if (message === undefined || wireType !== WIRE.bytes) return bytes.subarray(start, end);
  const value = inOrder(message, bytes.subarray(valueStart, end), order);
  // Reordering fields changes no length.
  return concatBytes(bytes.subarray(start, valueStart), value);
}
