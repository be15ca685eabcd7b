/** Finding one's way in a tree. */
import type { InspectNode } from "./types.js";

/** The field of this name within a message; the last one where there are several, as readers take it. */
export function fieldOf<Node extends InspectNode>(
  message: { readonly children: readonly Node[] } | undefined,
  name: string,
): Node | undefined {
  return message && fieldsOf(message, name).at(-1);
}

/** Every field of this name within a message, in order. */
export function fieldsOf<Node extends InspectNode>(
  message: { readonly children: readonly Node[] },
  name: string,
): Node[] {
  return message.children.filter(({ field }) => field?.name === name);
}

/** Bytes of a field whose type wraps one value: a key, a signature. `undefined` unless they are `length`. */
export function wrappedBytes(
  message: InspectNode | undefined,
  name: string,
  length: number,
): Uint8Array | undefined {
  const value = fieldOf(fieldOf(message, name), "value")?.value;
  return value instanceof Uint8Array && value.length === length ? value : undefined;
}

/** Text of a field; `undefined` where it is not there or not text. */
export function textOf(message: InspectNode | undefined, name: string): string | undefined {
  const value = fieldOf(message, name)?.value;
  return typeof value === "string" ? value : undefined;
}

/** Number of a field; `undefined` where it is not there or none. */
export function numberOf(message: InspectNode | undefined, name: string): number | undefined {
  const value = fieldOf(message, name)?.value;
  return typeof value === "number" ? value : undefined;
}

/** A node and everything below it, from the start of the input to its end. */
export function* nodesOf<Node extends InspectNode & { readonly children: readonly Node[] }>(
  node: Node,
): Generator<Node> {
  yield node;
  for (const child of node.children) yield* nodesOf(child);
}

/** First offset that a field of this number would have in a message, by ascending numbers. */
export function placeOf(message: InspectNode, number: number): number {
  const next = message.children.find(({ field }) => (field?.number ?? 0) > number);
  const { offset, length } = message.body ?? message;
  return next?.offset ?? offset + length;
}
