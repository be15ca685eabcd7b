/** Builds nodes, and collects from the finished tree what concerns the complete input. */
import { InputError } from "../errors.js";
import type {
  Inspection,
  InspectNode,
  InspectNodeKind,
  InspectPart,
  InspectPartKind,
  InspectProblem,
  InspectProblemCode,
  InspectProblemKind,
  InspectSpan,
} from "./types.js";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A node that is not yet finished. */
export type Draft = Omit<Mutable<InspectNode>, "children" | "ownProblems"> & {
  children: Draft[];
  readonly ownProblems: InspectProblem[];
};

/** Returns the bytes from `offset` up to `end`. */
export function span(bytes: Uint8Array, offset: number, end: number): InspectSpan {
  return { offset, length: end - offset, bytes: bytes.subarray(offset, end) };
}

/** Creates a node from `offset` up to `end`, without a meaning. */
export function draft(
  kind: InspectNodeKind,
  label: string,
  path: string,
  { offset, length, bytes }: InspectSpan,
): Draft {
  return { kind, label, path, offset, length, bytes, meaning: "", children: [], ownProblems: [] };
}

/** Adds a problem to a node. */
export function report(
  node: Draft,
  kind: InspectProblemKind,
  code: InspectProblemCode,
  offset: number,
  expected: string,
  found: string,
  why?: string,
): void {
  const problem = { kind, code, offset, path: node.path, expected, found };
  node.ownProblems.push(why === undefined ? problem : { ...problem, why });
}

/** Finishes a tree. */
export function inspection(root: Draft): Inspection {
  const problems: InspectProblem[] = [];
  const parts: InspectPart[] = [];
  gather(root, problems, parts);
  return { ...root, problems: problems.sort((a, b) => a.offset - b.offset), parts };
}

/**
 * Returns the caller's bytes as a plain `Uint8Array`, since every view of a `Buffer` would have the methods
 * of `Buffer`.
 *
 * @throws InputError if they are not bytes; the content of the bytes never is an error
 */
export function inputBytes(bytes: unknown): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new InputError("invalid_option", "bytes", "must be a Uint8Array");
  // A buffer that was transferred to another thread is empty and has no views.
  if (bytes.length === 0) return new Uint8Array();
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function gather(node: InspectNode, problems: InspectProblem[], parts: InspectPart[]): void {
  for (const problem of node.ownProblems) problems.push(problem);
  const add = (what: InspectPartKind, part: InspectSpan | undefined): void => {
    if (part === undefined || part.length === 0) return;
    const { offset, length, bytes } = part;
    parts.push({ offset, length, bytes, what, path: node.path });
  };
  add("tag", node.tag);
  add("length", node.lengthPrefix);
  if (node.children.length === 0) add(node.kind === "unreadable" ? "unreadable" : "value", node.body);
  for (const child of node.children) gather(child, problems, parts);
  add("end-group", node.endTag);
}
