import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WIRE } from "./reader.js";
import type { WireField, WireShape } from "./shape.js";

const shapes = new WeakMap<DescMessage, WireShape>();

/** Returns the shape of a message by its descriptor. */
export function shapeOf(message: DescMessage): WireShape {
  const known = shapes.get(message);
  if (known !== undefined) return known;
  const fields = new Map<number, WireField>();
  const shape: WireShape = { field: (number) => fields.get(number) };
  shapes.set(message, shape);
  for (const field of message.fields) fields.set(field.number, fieldOf(message, field));
  return shape;
}

function fieldOf(message: DescMessage, field: DescField): WireField {
  const wireType = wireTypeOf(field);
  return {
    wireType,
    isPackable: field.fieldKind === "list" && wireType !== WIRE.bytes,
    oneof: field.oneof === undefined ? 0 : message.oneofs.indexOf(field.oneof) + 1,
    message: field.message === undefined ? undefined : shapeOf(field.message),
  };
}

function wireTypeOf(field: DescField): number {
  if (field.message !== undefined || field.fieldKind === "map") return WIRE.bytes;
  if (field.enum !== undefined) return WIRE.varint;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WIRE.bytes;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WIRE.fixed64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WIRE.fixed32;
    default:
      return WIRE.varint;
  }
}
