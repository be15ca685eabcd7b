/** The fields of a message as the wire format needs them, derived from a compiled descriptor. */
import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import type { InspectField } from "../types.js";
import { WIRE } from "../wire.js";

/**
 * The type of a field's value. The shape of a message is created on demand, since messages can contain
 * themselves.
 */
export type ValueShape =
  | { readonly kind: "scalar"; readonly scalar: ScalarType }
  | { readonly kind: "enum"; readonly enum: DescEnum }
  | { readonly kind: "message"; readonly typeName: string; readonly shape: () => MessageShape };

/** One field of a message. */
export interface FieldShape {
  readonly info: InspectField & { readonly name: string };
  readonly value: ValueShape;
  readonly repeated: boolean;
  /**
   * The canonical form of a repeated scalar: one tag per value, or all values packed. `undefined` for other
   * fields.
   */
  readonly packed: boolean | undefined;
  /** Whether a default value is omitted. */
  readonly implicit: boolean;
  readonly checkUtf8: boolean;
}

/** The fields of a message, by number. */
export interface MessageShape {
  readonly typeName: string;
  readonly fields: ReadonlyMap<number, FieldShape>;
  /** Entries of a map are messages only on the wire; they do not count as a level of nesting. */
  readonly isMapEntry: boolean;
}

// The value is a literal because importing it would include the descriptors of all well-known types.
const implicitPresence: typeof FeatureSet_FieldPresence.IMPLICIT = 2;

// Descriptors never change, so each is looked up once per message in the input.
const shapes: WeakMap<DescMessage, MessageShape> = new WeakMap();

/** Returns the shape of a message. */
export function messageShape(desc: DescMessage): MessageShape {
  let shape = shapes.get(desc);
  if (shape === undefined) {
    const fields = new Map(desc.fields.map((field) => [field.number, fieldShape(field)]));
    shape = { typeName: desc.typeName, fields, isMapEntry: false };
    shapes.set(desc, shape);
  }
  return shape;
}

/** Returns the wire type of a single value. */
export function wireTypeOf(value: ValueShape): number {
  if (value.kind === "enum") return WIRE.VARINT;
  if (value.kind === "message") return WIRE.LEN;
  switch (value.scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WIRE.I64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WIRE.I32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WIRE.LEN;
    default:
      return WIRE.VARINT;
  }
}

/** Returns the name of a value's type: `double`, or the full name of the message or enum. */
function typeNameOf(value: ValueShape): string {
  if (value.kind === "enum") return value.enum.typeName;
  if (value.kind === "message") return value.typeName;
  return ScalarType[value.scalar].toLowerCase();
}

function fieldShape(field: DescField): FieldShape {
  const value = field.fieldKind === "map" ? mapEntry(field) : plainValue(field);
  const repeated = field.fieldKind === "list" || field.fieldKind === "map";
  const packable = field.fieldKind === "list" && wireTypeOf(value) !== WIRE.LEN;
  return {
    info: {
      number: field.number,
      known: true,
      name: field.name,
      jsonName: field.jsonName,
      localName: field.localName,
      type: typeNameOf(value),
      repeated,
      ...(field.oneof === undefined ? {} : { oneof: field.oneof.name }),
    },
    value,
    repeated,
    packed: packable ? field.packed : undefined,
    implicit: !repeated && field.oneof === undefined && field.presence === implicitPresence,
    checkUtf8: field.utf8Validation,
  };
}

function plainValue({
  message,
  enum: enumeration,
  scalar,
}: Pick<DescField, "message" | "enum" | "scalar">): ValueShape {
  if (message !== undefined) {
    return { kind: "message", typeName: message.typeName, shape: () => messageShape(message) };
  }
  if (enumeration !== undefined) return { kind: "enum", enum: enumeration };
  return { kind: "scalar", scalar: scalar ?? ScalarType.BYTES };
}

/** On the wire, a map is a list of messages with key and value; the compiled descriptor omits them. */
function mapEntry(field: DescField & { fieldKind: "map" }): ValueShape {
  const entryField = (number: number, name: string, value: ValueShape): FieldShape => ({
    info: {
      number,
      known: true,
      name,
      jsonName: name,
      localName: name,
      type: typeNameOf(value),
      repeated: false,
    },
    value,
    repeated: false,
    packed: undefined,
    implicit: false,
    checkUtf8: field.utf8Validation,
  });
  const key = entryField(1, "key", { kind: "scalar", scalar: field.mapKey });
  const value = entryField(2, "value", plainValue(field));
  const typeName = `${field.parent.typeName}.${field.name} entry`;
  const entry = { typeName, fields: new Map([key, value].map((f) => [f.info.number, f])), isMapEntry: true };
  return { kind: "message", typeName, shape: () => entry };
}
