/** What explains all that is wrong at once: it is said before what follows from it. */
import type { DescMessage } from "@bufbuild/protobuf";
import type { Draft } from "../tree.js";
import type { Inspection } from "../types.js";
import { hintAtEnd } from "./end.js";
import { hintAtLength } from "./length.js";
import { hintAtTag } from "./tag.js";

/** Reports the one length, the one tag or the missing end that explains the problems of a message; whether it did. */
export function addHint(root: Draft, type: DescMessage, tree: Inspection): boolean {
  // Offsets that are tried would have to be moved by what goes before the message, which is the first problem anyway.
  if (root.lengthPrefix !== undefined) return false;
  return hintAtLength(root, type, tree) || hintAtTag(root, type, tree) || hintAtEnd(root, tree);
}
