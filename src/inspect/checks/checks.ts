/** Checks every signature in a tree, and every id that must equal another one in it. */
import { base64urlnopad } from "@scure/base";
import { equalBytes, toBase58 } from "../../lib/bytes.js";
import {
  GET_LOGIN_REQUEST,
  MESSAGE,
  REQUEST_TO_LOGIN,
  REQUEST_TO_RECEIVE_BILL,
  SEND_MESSAGE_REQUEST,
} from "../catalog.js";
import { fieldOf, isMistyped, nodesOf, wrappedBytes } from "../nodes.js";
import { bodyWithout, canonicalBody, goBody, wrapRequest } from "../rules/canonical.js";
import type { InspectNode } from "../types.js";
import { checkSignature, type Guess, guessesAt, type InspectCheck, type Signed } from "./signature-check.js";

// A list can hold a thousand messages; checking the first ones is enough.
const MAX_CHECKS = 20;

/** Keys to verify with, in addition to those in the tree. */
export interface CheckContext {
  /** The rendezvous public key that the messages are signed with, 32 bytes. */
  readonly publicKey?: Uint8Array | undefined;
}

/** Checks everything that can be checked in the tree of a message, in order. */
export function checksOf(root: InspectNode, context: CheckContext): InspectCheck[] {
  const checks: InspectCheck[] = [];
  // A message within a SendMessageRequest is checked as part of it.
  const sent = new Set<InspectNode>();
  for (const node of nodesOf(root)) {
    if (checks.length >= MAX_CHECKS) break;
    switch (node.typeName) {
      case SEND_MESSAGE_REQUEST: {
        const message = fieldOf(node, "message");
        if (message !== undefined) sent.add(message);
        checks.push(...checkSent(node, message));
        break;
      }
      case MESSAGE:
        if (!sent.has(node)) checks.push(...checkDelivered(node, context));
        break;
      case REQUEST_TO_RECEIVE_BILL:
        checks.push(...checkOwn(node, "verifier", "verifier", 6));
        break;
      case REQUEST_TO_LOGIN:
        checks.push(...checkOwn(node, "verifier", "verifier", 5));
        break;
      case "code.messaging.v1.PollMessagesRequest":
      case "code.messaging.v1.OpenMessageStreamRequest":
        checks.push(...checkOwn(node, "rendezvous", "rendezvous_key", 2));
        break;
      case GET_LOGIN_REQUEST:
        checks.push(...checkOwn(node, "verifier", "verifier", 3));
        break;
      case "code.user.v1.LoginToThirdPartyAppRequest":
        checks.push(...checkOwn(node, "user's", "user_id", 3));
        break;
      default:
    }
  }
  return checks;
}

/** Checks the rendezvous signature over a complete message. */
export function checkMessage(
  message: InspectNode,
  key: Uint8Array,
  signature: Uint8Array,
  guesses: readonly Guess[] = [],
): InspectCheck {
  const request = requestOf(message);
  const inner = request?.body?.bytes;
  const verifierKey = wrappedBytes(request, "verifier", 32);
  const name = request?.typeName?.split(".").at(-1) ?? "request";
  const bytes = bodyWithout(message);
  return checkSignature({
    by: "rendezvous",
    key,
    signature,
    what: "the Message",
    bytes,
    canonical: canonicalBody(message),
    go: goBody(message),
    guesses: [
      { how: `over the ${name} alone, without the tag and length of the Message before it`, bytes: inner },
      {
        how: `over the canonical form of the ${name} alone, without the tag and length of the Message before it`,
        bytes: request && canonicalBody(request),
      },
      { how: "over the base64url text of the request", bytes: inner && text(base64urlnopad.encode(inner)) },
      { how: "with the verifier's key", bytes, key: verifierKey },
      ...guesses,
      ...guessesAt(inner, `the ${name}'s`),
    ],
    path: message.path,
  });
}

function checkSent(request: InspectNode, message: InspectNode | undefined): InspectCheck[] {
  const key = wrappedBytes(request, "rendezvous_key", 32);
  const signature = wrappedBytes(request, "signature", 64);
  if (message === undefined) return [];
  if (key === undefined || signature === undefined) {
    const missing = key === undefined ? "rendezvous key" : "signature";
    const text = `the rendezvous signature cannot be verified without a complete ${missing}`;
    return [{ outcome: "skipped", name: "signature", text, path: request.path }];
  }
  const whole = bodyWithout(request, 3);
  return [
    checkMessage(message, key, signature, [
      { how: "over the SendMessageRequest without its signature", bytes: whole },
      ...[5, 10].map((number) => ({
        how: "over the Message that belongs here, with its tag and length",
        bytes: message.body && wrapRequest(number, message.body.bytes),
        fix: "put the signed Message into message",
      })),
    ]),
    ...checkInnerKey(message, key),
  ];
}

/** Checks a message as the sequencer delivers it: with an id, and with the signature of its sender. */
function checkDelivered(message: InspectNode, { publicKey }: CheckContext): InspectCheck[] {
  const signature = wrappedBytes(message, "send_message_request_signature", 64);
  if (signature === undefined) {
    return publicKey === undefined ? [] : checkInnerKey(message, publicKey);
  }
  const request = requestOf(message);
  const key =
    publicKey ?? wrappedBytes(request, "rendezvous_key", 32) ?? wrappedBytes(request, "intent_id", 32);
  const { path } = message;
  if (key === undefined) {
    const text =
      "the sender's signature needs the rendezvous public key, which the message does not contain: pass publicKey";
    return [{ outcome: "skipped", name: "signature", text, path }];
  }
  return [
    checkSignature({
      by: "rendezvous",
      key,
      signature,
      what: "the Message without id and send_message_request_signature",
      bytes: bodyWithout(message, 1, 3),
      canonical: canonicalBody(message, 1, 3),
      go: goBody(message, 1, 3),
      guesses: [
        { how: "over the Message with its id", bytes: bodyWithout(message, 3) },
        { how: "over the request alone", bytes: request?.body?.bytes },
      ],
      path,
    }),
    ...checkInnerKey(message, key),
  ];
}

/** Checks the keys in the request that must equal the rendezvous key of the message. */
function checkInnerKey(message: InspectNode, key: Uint8Array): InspectCheck[] {
  const request = requestOf(message);
  const [name, inner] = [
    ["rendezvous_key", wrappedBytes(request, "rendezvous_key", 32)] as const,
    ["intent_id", wrappedBytes(request, "intent_id", 32)] as const,
  ].find(([, bytes]) => bytes !== undefined) ?? ["", undefined];
  if (inner === undefined || request === undefined) return [];
  const path = `${request.path}.${name}`;
  if (equalBytes(inner, key)) {
    return [
      {
        outcome: "passed",
        name: "key",
        text: `the ${name} in the request equals the key that the message is sent to`,
        path,
      },
    ];
  }
  const text = `the ${name} in the request is ${toBase58(inner)}, but the message is sent to the key ${toBase58(key)}`;
  return [{ outcome: "failed", name: "key", text, path }];
}

/** Checks a signature of a message over its own other fields. */
function checkOwn(
  message: InspectNode,
  by: string,
  keyField: string,
  signatureField: number,
): InspectCheck[] {
  const key = wrappedBytes(message, keyField, 32);
  const signature = wrappedBytes(message, "signature", 64);
  if (key === undefined || signature === undefined) return [];
  const name = message.typeName?.split(".").at(-1) ?? "message";
  const signed: Signed = {
    by,
    key,
    signature,
    what: `the ${name} without its signature`,
    bytes: bodyWithout(message, signatureField),
    canonical: canonicalBody(message, signatureField),
    go: goBody(message, signatureField),
    guesses: [
      {
        how: "over the message with an empty signature in it",
        bytes: withEmptySignature(message, signatureField),
      },
      {
        how: "with the rendezvous key",
        bytes: bodyWithout(message, signatureField),
        key: wrappedBytes(message, "rendezvous_key", 32),
      },
    ],
    path: message.path,
  };
  return [checkSignature(signed)];
}

function withEmptySignature(message: InspectNode, number: number): Uint8Array {
  const parts = message.children.map(({ field, bytes }) =>
    field?.number === number ? Uint8Array.of(number * 8 + 2, 0) : bytes,
  );
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Returns the content of a message. */
function requestOf(message: InspectNode): InspectNode | undefined {
  return message.children.filter((node) => node.field?.oneof === "kind" && !isMistyped(node)).at(-1);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
