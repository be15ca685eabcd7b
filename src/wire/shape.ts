import { type RawField, WIRE } from "./reader.js";

/** The parts of a message's description that its wire format depends on. */
export interface WireShape {
  /** Returns the field with a number, or `undefined` for an unknown one. */
  readonly field: (number: number) => WireField | undefined;
}

/** A known field. */
export interface WireField {
  /** The wire type of the field, or of one item. */
  readonly wireType: number;
  /** Whether its items can also be packed into one field of bytes. */
  readonly isPackable: boolean;
  /** Index of its oneof in the message, from 1; 0 for a field outside of oneofs. */
  readonly oneof: number;
  /** The shape of an embedded message. */
  readonly message: WireShape | undefined;
}

/** Returns the description of a field. A field with another wire type is unknown, as in Go. */
export function knownField(shape: WireShape, { number, wireType }: RawField): WireField | undefined {
  const known = shape.field(number);
  const isKnown = known?.wireType === wireType || (known?.isPackable === true && wireType === WIRE.bytes);
  return isKnown ? known : undefined;
}
