import type { Message as ProtobufMessage } from "@bufbuild/protobuf";
import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import type { Message } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { concatBytes } from "../lib/bytes.js";
import type { MessageBytes } from "../sequencer/port.js";
import { inOrder } from "../wire/field-order.js";
import { WIRE } from "../wire/reader.js";
import type { WireShape } from "../wire/shape.js";
import { type Field, message as messageShape, type Scalar, type Shape } from "./shapes.js";

/** A message during decoding. */
type Fields = Record<string, unknown>;

interface OneOf {
  case: string | undefined;
  value?: unknown;
}

// The bytes from which each message was decoded.
const rawBytes = new WeakMap<object, Uint8Array>();

/**
 * Decodes a message like the library does with a compiled schema: absent fields have their defaults, unknown
 * fields are skipped, repeated occurrences of a singular message are merged.
 *
 * @throws Error if the bytes are not a message of this shape
 */
export function decode<T extends ProtobufMessage>(shape: Shape<T>, bytes: Uint8Array): T {
  return read(shape, bytes, empty(shape)) as unknown as T;
}

function read(shape: Shape, bytes: Uint8Array, into: Fields): Fields {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = shape.fields[number];
    if (field === undefined) reader.skip(wireType as WireType, number);
    else take(reader, field, into);
  }
  if (shape === messageShape) rawBytes.set(into, bytes);
  return into;
}

function take(reader: BinaryReader, [name, holds, repeats]: Field, into: Fields): void {
  if (repeats === "repeated") {
    (into[name] as unknown[]).push(readValue(reader, holds, undefined));
    return;
  }
  if (repeats === undefined) {
    into[name] = readValue(reader, holds, into[name]);
    return;
  }
  const oneOf = into[repeats.slice("oneof ".length)] as OneOf;
  oneOf.value = readValue(reader, holds, oneOf.case === name ? oneOf.value : undefined);
  oneOf.case = name;
}

function readValue(reader: BinaryReader, holds: Scalar | Shape, before: unknown): unknown {
  if (typeof holds === "object")
    return read(holds, reader.bytes(), (before as Fields | undefined) ?? empty(holds));
  const scalar = reader[holds]();
  return holds === "int64" || holds === "uint64" ? BigInt(scalar as bigint | string) : scalar;
}

const defaults: Readonly<Record<Scalar, unknown>> = {
  bytes: new Uint8Array(0),
  string: "",
  double: 0,
  bool: false,
  int32: 0,
  uint32: 0,
  int64: 0n,
  uint64: 0n,
};

function empty({ name, fields }: Shape): Fields {
  const message: Fields = { $typeName: name };
  for (const [field, holds, repeats] of Object.values(fields)) {
    if (repeats === "repeated") message[field] = [];
    else if (repeats !== undefined) message[repeats.slice("oneof ".length)] = { case: undefined };
    else if (typeof holds === "string") message[field] = defaults[holds];
  }
  return message;
}

// Field numbers that the server adds to a message: its id, and the signature with which it was sent.
const ADDED_BY_SERVER = new Set([1, 3]);

/** Returns the received bytes of messages that {@link decode} returned. */
export const rawMessageBytes: MessageBytes = {
  whole: bytesOf,
  sent(message) {
    const bytes = bytesOf(message);
    const reader = new BinaryReader(bytes);
    const kept: Uint8Array[] = [];
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [number, wireType] = reader.tag();
      reader.skip(wireType, number);
      if (!ADDED_BY_SERVER.has(number)) kept.push(bytes.subarray(start, reader.pos));
    }
    return inOrder(wireShapeOf(messageShape), concatBytes(...kept), "number");
  },
  asGo: (sent) => inOrder(wireShapeOf(messageShape), sent, "go"),
  // A page's payment requests no login, so there is no verifier's signature.
  withoutVerifier: () => undefined,
};

/** The shape of a message for the order of its fields. */
function wireShapeOf({ fields }: Shape): WireShape {
  return {
    field(number) {
      const known = fields[number];
      if (known === undefined) return undefined;
      const [, holds, repeats] = known;
      return {
        wireType: typeof holds === "object" ? WIRE.bytes : wireTypes[holds],
        isPackable: false,
        oneof: repeats?.startsWith("oneof ") ? 1 : 0,
        message: typeof holds === "object" ? wireShapeOf(holds) : undefined,
      };
    },
  };
}

const wireTypes: Readonly<Record<Scalar, number>> = {
  bytes: WIRE.bytes,
  string: WIRE.bytes,
  double: WIRE.fixed64,
  bool: WIRE.varint,
  int32: WIRE.varint,
  uint32: WIRE.varint,
  int64: WIRE.varint,
  uint64: WIRE.varint,
};

function bytesOf(message: Message): Uint8Array {
  return rawBytes.get(message) ?? new Uint8Array(0);
}
