/** The one way in which a message is written for signing, and pieces of messages in that way. */
import { type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { concatBytes } from "../../lib/bytes.js";
import { messageType } from "../catalog.js";
import type { InspectNode } from "../types.js";

/**
 * What a writer makes of a message once it has been read: ascending fields, shortest varints, no defaults. `undefined` where
 * the bytes cannot be read.
 */
export function canonicalBytes(type: DescMessage, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return toBinary(type, fromBinary(type, bytes));
  } catch {
    return undefined;
  }
}

/** The bytes of a message's own fields, without those of some numbers. */
export function bodyWithout(message: InspectNode, ...numbers: readonly number[]): Uint8Array {
  const kept = message.children.filter(({ field }) => !numbers.includes(field?.number ?? 0));
  return concatBytes(...kept.map(({ bytes }) => bytes));
}

/** The same in canonical form; `undefined` where the bytes cannot be read. */
export function canonicalBody(message: InspectNode, ...without: readonly number[]): Uint8Array | undefined {
  const bytes = bodyWithout(message, ...without);
  const type = messageType(message.typeName ?? "");
  // Reading and writing could only change what is canonical already where the library has a mistake.
  if (type === undefined || !hasProblems(message)) return bytes;
  return canonicalBytes(type, bytes);
}

/** A `Message` around a request: the tag of its kind, a length, and the bytes of the request. */
export function wrapRequest(field: number, request: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(request).finish();
}

function hasProblems(node: InspectNode): boolean {
  return node.ownProblems.some(({ kind }) => kind !== "broken_rule") || node.children.some(hasProblems);
}
