import type { DescMessage } from "@bufbuild/protobuf";
import { readFields } from "./fields.js";
import { messageMeaning } from "./meaning.js";
import { messageShape } from "./shape.js";
import { draft, inputBytes, inspection, span } from "./tree.js";
import type { Inspection } from "./types.js";
import { count } from "./words.js";

/**
 * Takes a serialized message apart: which byte is which, and what it means.
 *
 * It reads the wire format itself and takes every name from the compiled descriptor. Broken input does not
 * throw: the tree holds what could be read, and `problems` says where it went wrong and what was expected
 * there. The nodes hold views into `bytes`, not copies.
 *
 * @throws InputError only where `bytes` is no `Uint8Array`
 * @example
 * ```ts
 * import { inspectMessage, renderText } from "code-intents/inspect";
 * import { MessageSchema } from "code-intents/proto/messaging";
 *
 * const tree = inspectMessage(MessageSchema, intent.toBinary());
 * tree.problems; // []: well-formed and canonical
 * tree.children[0]?.meaning; // "kind: a request to receive a bill"
 * tree.parts; // tag, length, tag, length, ...: every byte once, in order
 * console.log(renderText(tree));
 * ```
 */
export function inspectMessage(schema: DescMessage, bytes: Uint8Array): Inspection {
  const input = inputBytes(bytes);
  const whole = span(input, 0, input.length);
  const root = draft("message", schema.typeName, "", whole);
  root.typeName = schema.typeName;
  root.body = whole;
  const end = input.length;
  const shape = messageShape(schema);
  root.children = readFields({ bytes: input, shape, end, declaredEnd: end, path: "", depth: 1 }, 0).children;
  root.meaning = `${messageMeaning(schema.typeName, root.children)}, ${count(end, "byte")}`;
  return inspection(root);
}
