import type { DescMessage } from "@bufbuild/protobuf";
import { InputError } from "../../errors.js";
import { type Draft, draft, inputBytes, inspection, span } from "../tree.js";
import type { Inspection } from "../types.js";
import { count } from "../words.js";
import { readFields } from "./fields.js";
import { messageMeaning } from "./meaning.js";
import { type MessageShape, messageShape } from "./shape.js";

/**
 * Parses a serialized message: which byte is which, and what it means.
 *
 * Reads the wire format directly and takes every name from the compiled descriptor. Does not throw for
 * invalid bytes: the tree holds everything that could be read, and `problems` lists where parsing failed and
 * what was expected. The nodes hold views into `bytes`, not copies.
 *
 * @throws InputError only if `schema` is not a compiled message or `bytes` is not a `Uint8Array`
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
  if (!isCompiled(schema)) {
    throw new InputError("invalid_option", "schema", "must be a compiled message, such as MessageSchema");
  }
  return inspection(messageDraft(messageShape(schema), inputBytes(bytes)));
}

function isCompiled(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && "kind" in schema && schema.kind === "message";
}

/** Creates the tree of a message, not yet finished. `start` bytes before the message contain its length. */
export function messageDraft(shape: MessageShape, input: Uint8Array, start = 0): Draft {
  const end = input.length;
  const root = draft("message", shape.typeName, "", span(input, 0, end));
  root.typeName = shape.typeName;
  if (start > 0) root.lengthPrefix = { ...span(input, 0, start), value: end - start };
  root.body = span(input, start, end);
  const scope = { bytes: input, shape, end, declaredEnd: end, path: "", depth: 1 };
  root.children = readFields(scope, start).children;
  root.meaning = `${messageMeaning(shape.typeName, root.children)}, ${count(end - start, "byte")}`;
  return root;
}

/**
 * Parses a field of bytes as the message that it holds. The value becomes fields. Used for content that the
 * descriptor does not describe, such as the body of an envelope.
 */
export function embedMessage(node: Draft, shape: MessageShape, input: Uint8Array): void {
  const { body } = node;
  if (body === undefined || node.children.length > 0) return;
  const end = body.offset + body.length;
  const declaredEnd = body.offset + (node.lengthPrefix?.value ?? body.length);
  const scope = { bytes: input, shape, end, declaredEnd, path: node.path, depth: 2 };
  node.children = readFields(scope, body.offset).children;
  node.typeName = shape.typeName;
  node.meaning = `holds ${messageMeaning(shape.typeName, node.children)} (${shape.typeName})`;
  delete node.value;
}
