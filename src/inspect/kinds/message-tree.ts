/**
 * Builds the tree of a message as `explain` shows it: with the content of an envelope, and the rules of the
 * protocol.
 */
import type { DescMessage } from "@bufbuild/protobuf";
import {
  answerTypes,
  ENVELOPE_REQUEST,
  ENVELOPE_RESPONSE,
  MESSAGE,
  methodNamed,
  REQUEST_TO_LOGIN,
  REQUEST_TO_RECEIVE_BILL,
  SEND_MESSAGE_REQUEST,
  typeOf,
} from "../catalog.js";
import { embedMessage, messageDraft } from "../message/message.js";
import { messageShape } from "../message/shape.js";
import { fieldOf, nodesOf, textOf } from "../nodes.js";
import { applyRules } from "../rules/rules.js";
import { type Draft, report } from "../tree.js";
import { hexByte, quote } from "../words.js";
import { fitOf } from "./fit.js";
import type { Prefix } from "./prefix.js";
import { checkUnwrapped } from "./unwrapped.js";

/** Builds the tree of a message, with the prefix before it. */
export function messageTree(type: DescMessage, input: Uint8Array, prefix?: Prefix): Draft {
  const root = messageDraft(messageShape(type), input, prefix?.length);
  if (prefix !== undefined) {
    const expected = `${hexByte(input[prefix.length])}, the first byte of the message`;
    report(root, "malformed", "unexpected_prefix", 0, expected, prefix.what);
  }
  if (type.typeName === ENVELOPE_REQUEST) openRequest(root, input);
  if (type.typeName === ENVELOPE_RESPONSE) openResponse(root, input);
  checkUnwrapped(root);
  applyRules(root);
  for (const node of nodesOf(root)) {
    if (node.typeName === SEND_MESSAGE_REQUEST) checkWrapper(fieldOf(node, "message"));
  }
  return root;
}

/** Reads the body of a call as the input of its method. */
function openRequest(root: Draft, input: Uint8Array): void {
  const body = fieldOf(root, "body");
  const service = textOf(root, "service");
  const method = textOf(root, "method");
  if (service === undefined || method === undefined) return;
  const named = methodNamed(service, method);
  if (named !== undefined) {
    if (body !== undefined) embedMessage(body, messageShape(named.input), input);
    checkName(fieldOf(root, "service"), service, named.parent.name);
    checkName(fieldOf(root, "method"), method, named.localName);
    return;
  }
  const node = fieldOf(root, "method") ?? root;
  const expected = "a method of the sequencer, such as Messaging and sendMessage";
  const found = `${quote(service.slice(0, 40))} and ${quote(method.slice(0, 40))}`;
  report(node, "broken_rule", "invalid_value", (node.body ?? node).offset, expected, found);
}

/** Reports a gRPC method name in place of the envelope's. */
function checkName(node: Draft | undefined, name: string, expected: string): void {
  if (node === undefined || name === expected) return;
  const at = (node.body ?? node).offset;
  report(node, "broken_rule", "invalid_value", at, `${quote(expected)}, the name in envelopes`, quote(name));
}

/** Reads the body of a response as the type that fits best, since an envelope does not name the call. */
function openResponse(root: Draft, input: Uint8Array): void {
  const body = fieldOf(root, "body");
  if (body?.body === undefined || body.body.length === 0) return;
  const { bytes } = body.body;
  const [best] = answerTypes()
    .map((type) => ({ type, fit: fitOf(messageShape(type), bytes) }))
    .sort((a, b) => b.fit - a.fit);
  if (best !== undefined && best.fit > 0.5) embedMessage(body, messageShape(best.type), input);
}

/** Reports a request in place of the message around it. */
function checkWrapper(message: Draft | undefined): void {
  const bytes = message?.body?.bytes;
  if (message === undefined || bytes === undefined || bytes.length === 0) return;
  const own = fitOf(messageShape(typeOf(MESSAGE)), bytes);
  for (const [typeName, number] of [
    [REQUEST_TO_RECEIVE_BILL, 5],
    [REQUEST_TO_LOGIN, 10],
  ] as const) {
    if (fitOf(messageShape(typeOf(typeName)), bytes) < Math.max(0.7, own + 0.3)) continue;
    const tag = hexByte(number * 8 + 2);
    const at = message.body?.offset ?? message.offset;
    const expected = `the tag ${tag} and a length, which wrap the ${typeName.split(".").at(-1)} in a Message`;
    report(message, "broken_rule", "missing_wrapper", at, expected, "the request alone");
  }
}
