/** Trying whether one other byte would put everything right. */
import type { DescMessage } from "@bufbuild/protobuf";
import { messageTree } from "../kinds/message-tree.js";
import { inspectMessage } from "../message/message.js";
import { inspection } from "../tree.js";

/** Longer messages are not tried: trying is dear, and messages are short. */
export const MAX_TRIED_BYTES = 1024;

/** Whether a message has no problem once one byte of it is another. */
export function isRightWith(type: DescMessage, bytes: Uint8Array, offset: number, byte: number): boolean {
  const changed = Uint8Array.from(bytes);
  changed[offset] = byte;
  // The rules are looked at only where the form is right, which is rare.
  return (
    inspectMessage(type, changed).problems.length === 0 &&
    inspection(messageTree(type, changed)).problems.every(({ kind }) => kind === "doubtful")
  );
}
