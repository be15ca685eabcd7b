/** Finds the one tag whose replacement by the tag of another field fixes everything. */
import type { DescMessage } from "@bufbuild/protobuf";
import { messageOfType } from "../catalog.js";
import { messageShape, wireTypeOf } from "../message/shape.js";
import { nodesOf } from "../nodes.js";
import { type Draft, report } from "../tree.js";
import type { Inspection } from "../types.js";
import { hexByte } from "../words.js";
import { isRightWith, MAX_TRIED_BYTES } from "./trial.js";

const MAX_TRIES = 120;

/** A tag that could be the right one. */
interface Meant {
  readonly message: Draft;
  readonly offset: number;
  readonly tag: number;
  readonly name: string;
}

/**
 * Reports the one-byte tag whose change leaves no problem, if there is exactly one such change. Returns
 * whether it did.
 */
export function hintAtTag(root: Draft, type: DescMessage, tree: Inspection): boolean {
  const { bytes, problems } = tree;
  const [first] = problems.filter(({ kind }) => kind === "malformed" || kind === "broken_rule");
  // A field that clients must not send would become valid under another tag, but that is not the mistake.
  if (first === undefined || first.code === "not_for_clients") return false;
  if (bytes.length > MAX_TRIED_BYTES) return false;
  // A wrong tag comes before all other problems, and most likely close to the first.
  const candidates = [...nodesOf(root)].flatMap(meantTags).filter(({ offset }) => offset <= first.offset);
  const right = candidates
    .sort((a, b) => b.offset - a.offset)
    .slice(0, MAX_TRIES)
    .filter(({ offset, tag }) => isRightWith(type, bytes, offset, tag));
  const [meant] = right;
  if (meant === undefined || right.length > 1) return false;
  const { message, offset, tag, name } = meant;
  reportTag(message, offset, tag, name, bytes[offset]);
  // The cause comes before its consequences.
  message.ownProblems.unshift(...message.ownProblems.splice(-1));
  return true;
}

/** Reports the tag of a wrong field. */
export function reportTag(
  message: Draft,
  offset: number,
  tag: number,
  name: string,
  found: number | undefined,
): void {
  const expected = `${hexByte(tag)}, the tag of ${name} (field ${tag >> 3})`;
  const instead = `${hexByte(found)}, which is field ${(found ?? 0) >> 3}`;
  report(message, "malformed", "wrong_field", offset, expected, instead);
}

/** Returns every other one-byte tag that the fields of a message can have. */
function meantTags(message: Draft): Meant[] {
  const type = messageOfType(message.typeName);
  if (type === undefined) return [];
  const tags = [...messageShape(type).fields.values()].map(({ info, value }) => ({
    tag: info.number * 8 + wireTypeOf(value),
    name: info.name,
  }));
  return message.children.flatMap(({ tag: own }) =>
    own === undefined || own.length !== 1
      ? []
      : tags
          .filter(({ tag }) => tag < 0x80 && tag !== own.bytes[0])
          .map(({ tag, name }) => ({ message, offset: own.offset, tag, name })),
  );
}
