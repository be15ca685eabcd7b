/** The canonical encoding of messages, which is the one to sign, and of parts of messages. */
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { concatBytes, equalBytes } from "../../lib/bytes.js";
import { asGo, decode, encode } from "../../wire/encodings.js";
import { messageType } from "../catalog.js";
import { isMistyped } from "../nodes.js";
import type { InspectNode } from "../types.js";

/**
 * Reads a message and writes it again: ascending fields, shortest varints, no defaults. Returns `undefined`
 * if the bytes cannot be read.
 */
export function canonicalBytes(type: DescMessage, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return encode(type, decode(type, bytes));
  } catch {
    return undefined;
  }
}

/** Returns the bytes of a message's own fields, without the fields of the given numbers. */
export function bodyWithout(message: InspectNode, ...numbers: readonly number[]): Uint8Array {
  const kept = message.children.filter(
    (child) => !numbers.includes(child.field?.number ?? 0) || isMistyped(child),
  );
  return concatBytes(...kept.map(({ bytes }) => bytes));
}

/** Returns the same in canonical form, or `undefined` if the bytes cannot be read. */
export function canonicalBody(message: InspectNode, ...without: readonly number[]): Uint8Array | undefined {
  const bytes = bodyWithout(message, ...without);
  const type = messageType(message.typeName ?? "");
  // Canonical bytes would only change by a bug in the library.
  if (type === undefined || !hasProblems(message)) return bytes;
  return canonicalBytes(type, bytes);
}

/**
 * Returns the message in Go's order, or `undefined` if that is the canonical form or the bytes are
 * unreadable.
 */
export function goBody(message: InspectNode, ...without: readonly number[]): Uint8Array | undefined {
  const type = messageType(message.typeName ?? "");
  const canonical = canonicalBody(message, ...without);
  if (type === undefined || canonical === undefined) return undefined;
  try {
    const go = asGo(type, canonical);
    return equalBytes(go, canonical) ? undefined : go;
  } catch {
    return undefined;
  }
}

/** Wraps a request in a `Message`: the tag of its kind, a length, and the bytes of the request. */
export function wrapRequest(field: number, request: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(request).finish();
}

function hasProblems(node: InspectNode): boolean {
  return node.ownProblems.some(({ kind }) => kind !== "broken_rule") || node.children.some(hasProblems);
}
