/** Everything that an input can be, and how much it looks like each. */
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

/** Names of what is no message, for the option `as`. Messages go by their own names, full or short. */
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

/** Something that an input can be. */
export interface Kind {
  /** Full name of the message, or one of {@link EXPLAINED_AS}. */
  readonly name: string;
  /** What it is, in words, with its article. */
  readonly is: string;
  /** The compiled message, where it is one. */
  readonly message?: DescMessage;
  /** Whether it is text itself, which is not to be read as bytes in another notation. */
  readonly isText: boolean;
  /** Whether anything can be it, so that to be it means nothing. */
  readonly isAnything: boolean;
  /** Why bytes are taken for it; `isClean` where nothing is wrong with them but perhaps the form. */
  readonly because: (isClean: boolean) => string;
  /** How much bytes look like it, from -1 to 1, or that they cannot be it. */
  readonly fit: (bytes: Uint8Array, notation: InspectNotation) => number;
  /** With what goes before the bytes of a message. */
  readonly read: (bytes: Uint8Array, prefix?: Prefix) => Read;
}

/** Every kind, the likelier ones first. */
export function kinds(): readonly Kind[] {
  cached ??= [...others, ...messageTypes().map(messageKind)];
  return cached;
}

// Less than any bytes of a kind.
const NEVER = -2;

let cached: readonly Kind[] | undefined;

/** The kind of a name: of a message, full or short, or one of {@link EXPLAINED_AS}. */
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
        ? "every byte falls into a field that it has, with a value that the field can have"
        : "more of the bytes fall into fields that it has than into those of any other message",
    fit: (bytes, notation) => {
      // Nobody writes messages in base58.
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

// What fits but for a well-known mistake is still recognised.
const SLIP = 0.9;

/** A `SendMessageRequest` in which the request stands where the message around it should. */
function unwrappedShapes(shape: MessageShape): MessageShape[] {
  return [REQUEST_TO_RECEIVE_BILL, REQUEST_TO_LOGIN].map((typeName) => {
    const fields = [...shape.fields].map(([number, field]): [number, FieldShape] => {
      const value = { kind: "message", typeName, shape: () => messageShape(typeOf(typeName)) } as const;
      return [number, field.info.name === "message" ? { ...field, value } : field];
    });
    return { ...shape, fields: new Map(fields) };
  });
}

const isLong = "that is its length";
const isLongBut = (isClean: boolean): string => (isClean ? isLong : `${isLong} but for a byte`);

const others: readonly Kind[] = [
  bare("payload", "the payload of a scan code", payloadLikeness, payloadDraft, (isClean) =>
    isClean ? `${isLong}, and its kind is known` : "its length or its beginning say so",
  ),
  bare("scan-code", "the bytes that a scan code carries", scanCodeLikeness, scanCodeDraft, (isClean) =>
    isClean ? `${isLong}, and header and parity are those of a scan code` : isLong,
  ),
  bare("public-key", "a public key, an account or an intent id", ofLength(32), keyDraft, isLongBut),
  bare("signature", "a signature", ofLength(64), signatureDraft, isLongBut),
  bare("nonce", "a nonce, whose base58 is a client secret", ofLength(11), nonceDraft, () => isLong),
  body("create-intent-body", "the body of POST /v1/createIntent", readCreateIntentBody),
  body("get-user-id-body", "the body of POST /v1/getUserId", readGetUserIdBody),
  body("json-object", "a JSON object that is nothing known here", readJsonObject),
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
    "a message of no known type",
    () => NEVER,
    rawDraft,
    () => "the fields are well-formed",
  ),
  bare(
    "bytes",
    "nothing known here",
    () => NEVER,
    unknownDraft,
    () => "it fits nothing",
  ),
];

// No field is known; every one is shown.
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
    because: () => (name === "json-object" ? "that is how it is written" : "of its members"),
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

/** Hex of the tag and the length that make a `Message` of a request of this type; `undefined` for all other types. */
export function headerAround(typeName: string, request: Uint8Array): string | undefined {
  const field = fieldAround(typeName);
  if (field === undefined) return undefined;
  const whole = wrapRequest(field, request);
  return hex.encode(whole.subarray(0, whole.length - request.length)).replace(/..(?=.)/g, "$& ");
}

/** Number of the field of `Message` that holds a request of this type, where its bytes alone are not what is signed. */
export function fieldAround(typeName: string): number | undefined {
  if (typeName !== REQUEST_TO_RECEIVE_BILL && typeName !== REQUEST_TO_LOGIN) return undefined;
  return messageType(MESSAGE)?.fields.find(({ message }) => message?.typeName === typeName)?.number;
}
