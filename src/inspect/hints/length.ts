/** Finds the one length whose correction fixes everything after it. */
import type { DescMessage } from "@bufbuild/protobuf";
import { nodesOf } from "../nodes.js";
import { type Draft, report } from "../tree.js";
import type { Inspection } from "../types.js";
import { isRightWith, MAX_TRIED_BYTES } from "./trial.js";

const MAX_TRIES = 60;
const MAX_BYTE_LENGTH = 127;

/**
 * Reports the one-byte length whose change leaves no problem, if there is exactly one. Returns whether it
 * did.
 */
export function hintAtLength(root: Draft, type: DescMessage, tree: Inspection): boolean {
  const { bytes, problems, parts } = tree;
  const broken = problems.find(({ kind }) => kind === "malformed");
  if (broken === undefined || bytes.length > MAX_TRIED_BYTES) return false;
  const lengths = parts.filter(
    ({ what, offset, length }) => what === "length" && length === 1 && offset <= broken.offset,
  );
  const found = new Map<number, number>();
  let tries = 0;
  for (const { offset } of lengths.reverse()) {
    for (const value of likelyValues(bytes, offset, root)) {
      if (tries++ >= MAX_TRIES) break;
      if (isRightWith(type, bytes, offset, value)) found.set(offset, value);
    }
  }
  const [right] = found;
  if (right === undefined || found.size > 1) return false;
  const [offset, value] = right;
  const node = [...nodesOf(root)].find(({ lengthPrefix }) => lengthPrefix?.offset === offset);
  if (node === undefined) return false;
  report(node, "malformed", "wrong_length_prefix", offset, `a length of ${value}`, `${bytes[offset]}`);
  // The cause comes before its consequences.
  node.ownProblems.unshift(...node.ownProblems.splice(-1));
  return true;
}

/** Returns likely correct lengths: a little more or less, or up to the end of a surrounding message. */
function likelyValues(bytes: Uint8Array, offset: number, root: Draft): number[] {
  const now = bytes[offset] ?? 0;
  const ends = [...nodesOf(root)]
    .filter(({ offset: start, length }) => start <= offset && offset < start + length)
    .map(({ offset: start, length }) => start + length - offset - 1);
  const values = new Set([...ends, now - 1, now + 1, now - 2, now + 2]);
  values.delete(now);
  return [...values].filter((value) => value >= 0 && value <= MAX_BYTE_LENGTH);
}
