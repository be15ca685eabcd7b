/** Finds nodes in a tree. */
import type { InspectNode } from "./types.js";

/** Finds a field of a message by name: the last one if there are several, as readers do. */
export function fieldOf<Node extends InspectNode>(
  message: { readonly children: readonly Node[] } | undefined,
  name: string,
): Node | undefined {
  return message && fieldsOf(message, name).at(-1);
}

/** Finds every field of this name within a message, in order. Those with another wire type are not read. */
export function fieldsOf<Node extends InspectNode>(
  message: { readonly children: readonly Node[] },
  name: string,
): Node[] {
  return message.children.filter((node) => node.field?.name === name && !isMistyped(node));
}

/** Returns whether a known field has another wire type, so that readers treat it as unknown. */
export function isMistyped({ ownProblems }: Pick<InspectNode, "ownProblems">): boolean {
  return ownProblems.some(({ code }) => code === "wrong_wire_type");
}

/**
 * Returns the bytes of a field whose type wraps one value, such as a key or a signature, or `undefined` if
 * they are not `length` bytes.
 */
export function wrappedBytes(
  message: InspectNode | undefined,
  name: string,
  length: number,
): Uint8Array | undefined {
  const value = fieldOf(fieldOf(message, name), "value")?.value;
  return value instanceof Uint8Array && value.length === length ? value : undefined;
}

/** Returns the text of a field, or `undefined` if it is missing or not text. */
export function textOf(message: InspectNode | undefined, name: string): string | undefined {
  const value = fieldOf(message, name)?.value;
  return typeof value === "string" ? value : undefined;
}

/** Returns the number of a field, or `undefined` if it is missing or not a number. */
export function numberOf(message: InspectNode | undefined, name: string): number | undefined {
  const value = fieldOf(message, name)?.value;
  return typeof value === "number" ? value : undefined;
}

/** Returns a node and everything below it, from the start of the input to its end. */
export function* nodesOf<Node extends InspectNode & { readonly children: readonly Node[] }>(
  node: Node,
): Generator<Node> {
  yield node;
  for (const child of node.children) yield* nodesOf(child);
}

/** Returns the offset at which a field of this number belongs in a message, by ascending numbers. */
export function placeOf(message: InspectNode, number: number): number {
  const next = message.children.find(({ field }) => (field?.number ?? 0) > number);
  const { offset, length } = message.body ?? message;
  return next?.offset ?? offset + length;
}
