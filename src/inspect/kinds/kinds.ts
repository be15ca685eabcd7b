/** Everything that an input can be, with a score of how much the input looks like each. */
import type { DescMessage } from "@bufbuild/protobuf";
import { hex } from "@scure/base";
import {
  MESSAGE,
  messageType,
  messageTypes,
  REQUEST_TO_LOGIN,
  REQUEST_TO_RECEIVE_BILL,
  SEND_MESSAGE_REQUEST,
  typeOf,
} from "../catalog.js";
import { checksOf } from "../checks/checks.js";
import { messageMeaning } from "../message/meaning.js";
import { messageDraft } from "../message/message.js";
import { type FieldShape, type MessageShape, messageShape } from "../message/shape.js";
import type { InspectNotation } from "../notations/types.js";
import { wrapRequest } from "../rules/canonical.js";
import type { Draft } from "../tree.js";
import {
  keyDraft,
  nonceDraft,
  payloadLikeness,
  scanCodeDraft,
  scanCodeLikeness,
  signatureDraft,
  unknownDraft,
} from "./bare.js";
import { fitOf } from "./fit.js";
import { messageTree } from "./message-tree.js";
import { payloadDraft } from "./payload.js";
import type { Prefix } from "./prefix.js";
import { bodyNameOf, readCreateIntentBody, readGetUserIdBody, readJsonObject } from "./rest-bodies.js";
import type { Read } from "./sections.js";
import { readWebhookToken } from "./webhook-token.js";

/**
 * Names for the option `as` of inputs that are not messages. Messages have their own names, full or short.
 */
export const EXPLAINED_AS = [
  "payload",
  "scan-code",
  "public-key",
  "signature",
  "nonce",
  "create-intent-body",
  "get-user-id-body",
  "json-object",
  "webhook-token",
  "protobuf",
  "bytes",
] as const;

/** A name of {@link EXPLAINED_AS}. */
export type ExplainedAs = (typeof EXPLAINED_AS)[number];

/** One thing that an input can be. */
export interface Kind {
  /** Full name of the message, or one of {@link EXPLAINED_AS}. */
  readonly name: string;
  /** What it is, as a noun phrase with its article. */
  readonly is: string;
  /** The compiled message, if it is one. */
  readonly message?: DescMessage;
  /** Whether it is text that must not be decoded from another notation. */
  readonly isText: boolean;
  /** Whether any input qualifies, so that a match says nothing. */
  readonly isAnything: boolean;
  /** Returns why the bytes are read as this kind. `isClean` means that at most the encoding is wrong. */
  readonly because: (isClean: boolean) => string;
  /** Returns how much bytes look like it, from -1 to 1, or `NEVER`. */
  readonly fit: (bytes: Uint8Array, notation: InspectNotation) => number;
  /** Reads the bytes. A message can have a prefix. */
  readonly read: (bytes: Uint8Array, prefix?: Prefix) => Read;
}

/** Returns every kind, the likelier ones first. */
export function kinds(): readonly Kind[] {
  cached ??= [...others, ...messageTypes().map(messageKind)];
  return cached;
}

// Lower than any score of a possible kind.
const NEVER = -2;

let cached: readonly Kind[] | undefined;

/** Finds a kind by name: that of a message, full or short, or one of {@link EXPLAINED_AS}. */
export function kindNamed(name: string): Kind | undefined {
  const own = kinds().find((kind) => kind.name === name);
  const type = messageType(name);
  return own ?? kinds().find(({ message }) => message !== undefined && message === type);
}

function messageKind(type: DescMessage): Kind {
  const shape = messageShape(type);
  const slips = type.typeName === SEND_MESSAGE_REQUEST ? unwrappedShapes(shape) : [];
  return {
    name: type.typeName,
    is: messageMeaning(type.typeName, []),
    message: type,
    isText: false,
    isAnything: false,
    because: (isClean) =>
      isClean
        ? "every byte belongs to a field of this message, with a valid value"
        : "more of the bytes belong to fields of this message than of any other",
    fit: (bytes, notation) => {
      // Messages are never written in base58.
      if (isText(notation) || notation === "base58") return NEVER;
      return Math.max(fitOf(shape, bytes), ...slips.map((slip) => SLIP * fitOf(slip, bytes)));
    },
    read: (bytes, prefix) => {
      const root = messageTree(type, bytes, prefix);
      const sections = [{ type: type.typeName, title: "the input", root }];
      return { sections, checks: (context) => checksOf(root, context) };
    },
  };
}

// A message that fits except for a well-known mistake is still recognized.
const SLIP = 0.9;

/** Returns shapes of a `SendMessageRequest` that holds the request in place of the message around it. */
function unwrappedShapes(shape: MessageShape): MessageShape[] {
  return [REQUEST_TO_RECEIVE_BILL, REQUEST_TO_LOGIN].map((typeName) => {
    const fields = [...shape.fields].map(([number, field]): [number, FieldShape] => {
      const value = { kind: "message", typeName, shape: () => messageShape(typeOf(typeName)) } as const;
      return [number, field.info.name === "message" ? { ...field, value } : field];
    });
    return { ...shape, fields: new Map(fields) };
  });
}

const isLong = "it has the right length";
const isLongBut = (isClean: boolean): string => (isClean ? isLong : `${isLong}, except for one byte`);

const others: readonly Kind[] = [
  bare("payload", "the payload of a scan code", payloadLikeness, payloadDraft, (isClean) =>
    isClean ? `${isLong} and a known kind` : "its length or its first bytes match",
  ),
  bare("scan-code", "the bytes of a scan code", scanCodeLikeness, scanCodeDraft, (isClean) =>
    isClean ? `${isLong}, and its header and parity match` : isLong,
  ),
  bare("public-key", "a public key, an account or an intent id", ofLength(32), keyDraft, isLongBut),
  bare("signature", "a signature", ofLength(64), signatureDraft, isLongBut),
  bare("nonce", "a nonce, whose base58 is a client secret", ofLength(11), nonceDraft, () => isLong),
  body("create-intent-body", "the body of POST /v1/createIntent", readCreateIntentBody),
  body("get-user-id-body", "the body of POST /v1/getUserId", readGetUserIdBody),
  body("json-object", "an unknown JSON object", readJsonObject),
  {
    name: "webhook-token",
    is: "a webhook token, which is a JWT",
    isText: true,
    isAnything: false,
    because: () => "it has the three parts of a JWT",
    fit: (_bytes, notation) => (notation === "JWT" ? 1 : NEVER),
    read: readWebhookToken,
  },
  bare(
    "protobuf",
    "a message of unknown type",
    () => NEVER,
    rawDraft,
    () => "the fields are well-formed",
  ),
  bare(
    "bytes",
    "unknown bytes",
    () => NEVER,
    unknownDraft,
    () => "nothing known fits",
  ),
];

// No field is known; each one is shown by number.
const noFields: MessageShape = { typeName: "protobuf", fields: new Map(), isMapEntry: false };

function rawDraft(bytes: Uint8Array): Draft {
  return messageDraft(noFields, bytes);
}

function bare(
  name: ExplainedAs,
  is: string,
  likeness: (bytes: Uint8Array) => number,
  draft: (bytes: Uint8Array) => Draft,
  because: (isClean: boolean) => string,
): Kind {
  return {
    name,
    is,
    because,
    isText: false,
    isAnything: name === "protobuf" || name === "bytes",
    fit: (bytes, notation) => (isText(notation) ? NEVER : likeness(bytes)),
    read: (bytes) => ({
      sections: [{ type: name, title: "the input", root: draft(bytes) }],
      checks: () => [],
    }),
  };
}

function body(name: ExplainedAs, is: string, read: (bytes: Uint8Array) => Read): Kind {
  return {
    name,
    is,
    isText: true,
    isAnything: name === "json-object",
    because: () => (name === "json-object" ? "it is written as one" : "of its members"),
    fit: (bytes, notation) => (notation === "JSON" && bodyNameOf(bytes) === name ? 1 : NEVER),
    read,
  };
}

function ofLength(length: number): (bytes: Uint8Array) => number {
  return (bytes) => (bytes.length === length ? 0.75 : NEVER);
}

function isText(notation: InspectNotation): boolean {
  return notation === "JSON" || notation === "JWT" || notation === "text";
}

/**
 * Returns the hex of the tag and length that wrap a request of this type in a `Message`, or `undefined` for
 * other types.
 */
export function headerAround(typeName: string, request: Uint8Array): string | undefined {
  const field = fieldAround(typeName);
  if (field === undefined) return undefined;
  const whole = wrapRequest(field, request);
  return hex.encode(whole.subarray(0, whole.length - request.length)).replace(/..(?=.)/g, "$& ");
}

/**
 * Returns the number of the `Message` field that holds a request of this type, or `undefined` for other
 * types. The bytes of a bare request are not the signed bytes.
 */
export function fieldAround(typeName: string): number | undefined {
  if (typeName !== REQUEST_TO_RECEIVE_BILL && typeName !== REQUEST_TO_LOGIN) return undefined;
  return messageType(MESSAGE)?.fields.find(({ message }) => message?.typeName === typeName)?.number;
}
