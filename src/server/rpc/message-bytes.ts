/** The one place where messages of a call come in as bytes, and leave as bytes, over every protocol. */
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { shapeOf } from "../../wire/descriptors.js";
import { asGo } from "../../wire/encodings.js";
import { carried } from "../../wire/known-fields.js";
import { WireError } from "../../wire/reader.js";

/**
 * Returns the bytes of a request in a form that the library decodes as Go does.
 *
 * @throws ConnectError Internal for bytes that Go refuses
 */
export function incoming(schema: DescMessage, bytes: Uint8Array): Uint8Array {
  try {
    return carried(shapeOf(schema), bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new ConnectError(
      "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data",
      Code.Internal,
    );
  }
}

/**
 * Returns whether {@link outgoing} can change the messages of a schema. Without oneofs, both orders are the
 * same, and a response has no unknown fields.
 */
export function hasGoOrder(schema: DescMessage): boolean {
  let has = goOrders.get(schema);
  if (has === undefined) {
    has = hasOneof(schema, new Set());
    goOrders.set(schema, has);
  }
  return has;
}

const goOrders = new WeakMap<DescMessage, boolean>();

function hasOneof(schema: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  return (
    schema.oneofs.length > 0 ||
    schema.fields.some(({ message }) => message !== undefined && hasOneof(message, seen))
  );
}

/** Returns the bytes of a response as the original sends them: in Go's order of fields. */
export function outgoing(schema: DescMessage, bytes: Uint8Array): Uint8Array {
  return asGo(schema, bytes);
}
