/** Tries whether changing one byte fixes everything. */
import type { DescMessage } from "@bufbuild/protobuf";
import { messageTree } from "../kinds/message-tree.js";
import { inspectMessage } from "../message/message.js";
import { inspection } from "../tree.js";

/** Longest message that is tried, since trying is expensive and messages are short. */
export const MAX_TRIED_BYTES = 1024;

/** Returns whether a message has no problem after one of its bytes is replaced. */
export function isRightWith(type: DescMessage, bytes: Uint8Array, offset: number, byte: number): boolean {
  const changed = Uint8Array.from(bytes);
  changed[offset] = byte;
  // The rules are checked only if the form is right, which is rare.
  return (
    inspectMessage(type, changed).problems.length === 0 &&
    inspection(messageTree(type, changed)).problems.every(({ kind }) => kind === "doubtful")
  );
}
