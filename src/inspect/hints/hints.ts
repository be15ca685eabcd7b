/** Finds the one mistake that explains all problems, and reports it before the others. */
import type { DescMessage } from "@bufbuild/protobuf";
import type { Draft } from "../tree.js";
import type { Inspection } from "../types.js";
import { hintAtEnd } from "./end.js";
import { hintAtLength } from "./length.js";
import { hintAtTag } from "./tag.js";

/**
 * Reports the one length, the one tag or the missing end that explains the problems of a message. Returns
 * whether it did.
 */
export function addHint(root: Draft, type: DescMessage, tree: Inspection): boolean {
  // With a prefix, all tried offsets would shift. The prefix is the first problem anyway.
  if (root.lengthPrefix !== undefined) return false;
  return hintAtLength(root, type, tree) || hintAtTag(root, type, tree) || hintAtEnd(root, tree);
}
