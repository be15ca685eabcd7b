/** What two inputs have in common that can be compared, whatever they came in. */
import { InputError } from "../../errors.js";
import { fromBase58 } from "../../lib/bytes.js";
import { PAYLOAD_LENGTH } from "../../rendezvous/payload.js";
import { ENVELOPE_REQUEST, MESSAGE, SEND_MESSAGE_REQUEST, typeOf } from "../catalog.js";
import { type ExplainOptions, explain } from "../explain.js";
import type { Explanation } from "../explanation.js";
import { fieldAround, headerAround } from "../kinds/kinds.js";
import { messageTree } from "../kinds/message-tree.js";
import { inspectPayload } from "../kinds/payload.js";
import { fieldOf, wrappedBytes } from "../nodes.js";
import { wrapRequest } from "../rules/canonical.js";
import { inputBytes, inspection } from "../tree.js";
import type { Inspection, InspectNode } from "../types.js";

/** An intent, as far as it is compared. */
export interface DiffIntent {
  /** 20 bytes. */
  readonly payload: Uint8Array;
  /** The serialized `Message`; a tip has none. */
  readonly toBinary?: () => Uint8Array;
}

/** Text or bytes in any notation that {@link explain} reads, or an intent. */
export type DiffInput = string | Uint8Array | DiffIntent;

/** What is compared, in this order. */
export const PIECES = ["input", "payload", "message", "key", "signature"] as const;

/** Something that an input holds. */
export type Piece = (typeof PIECES)[number];

/** An input, taken apart. */
export interface Side {
  /** What it is, in words. */
  readonly is: string;
  readonly pieces: ReadonlyMap<Piece, Inspection>;
  /** Of a request that stands alone, the hex of what makes a `Message` of it. */
  readonly lacks?: string | undefined;
  /** Whether the request stands alone in it as it should. */
  readonly isBody?: boolean;
}

/** Takes an input apart. */
export function sideOf(input: DiffInput, options: ExplainOptions): Side {
  if (typeof input === "string" || input instanceof Uint8Array) return sideOfBytes(explain(input, options));
  const { payload } = input ?? {};
  if (!(payload instanceof Uint8Array)) {
    throw new InputError("invalid_option", "input", "must be text, a Uint8Array or an intent");
  }
  const pieces = new Map<Piece, Inspection>([["payload", inspectPayload(payload)]]);
  const message = messageBytes(input);
  if (message !== undefined) pieces.set("message", messageOf(message));
  return { is: "an intent", pieces };
}

/** A login that was rebuilt without its verifier's key cannot be signed; the payload is there all the same. */
function messageBytes(intent: DiffIntent): Uint8Array | undefined {
  try {
    return intent.toBinary?.();
  } catch {
    return undefined;
  }
}

function sideOfBytes(explanation: Explanation): Side {
  const { type, sections } = explanation;
  const [whole, inner] = sections;
  const pieces = new Map<Piece, Inspection>();
  if (whole === undefined) return { is: type, pieces };
  // The text of a body can be written in many ways that mean the same.
  if (type !== "create-intent-body") pieces.set("input", whole.tree);
  const set = (piece: Piece, bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined) pieces.set(piece, plain(piece, bytes));
  };
  const bytes = whole.tree.body?.bytes ?? whole.tree.bytes;
  const field = fieldAround(type);
  if (type === "create-intent-body") {
    if (inner !== undefined) pieces.set("message", inner.tree);
    for (const [name, piece] of [
      ["intent", "key"],
      ["signature", "signature"],
    ] as const) {
      const value = whole.tree.children.find(({ label }) => label === name)?.value;
      set(piece, fromBase58(String(value)));
    }
  } else if (field !== undefined) {
    pieces.set("message", messageOf(wrapRequest(field, bytes)));
  } else if (type === MESSAGE) {
    pieces.set("message", whole.tree);
  } else if (type === "payload") {
    pieces.set("payload", whole.tree);
  } else if (type === "scan-code") {
    pieces.set("payload", inspectPayload(whole.tree.bytes.subarray(-PAYLOAD_LENGTH)));
  } else {
    const request = requestOf(whole.tree);
    const message = fieldOf(request, "message")?.body?.bytes;
    if (message !== undefined) pieces.set("message", messageOf(message));
    set("key", wrappedBytes(request, "rendezvous_key", 32));
    set("signature", wrappedBytes(request, "signature", 64));
  }
  return { is: type, pieces, lacks: headerAround(type, bytes), isBody: type === "create-intent-body" };
}

/** The `SendMessageRequest` of an input. */
function requestOf(tree: Inspection): InspectNode | undefined {
  const body = tree.typeName === ENVELOPE_REQUEST ? fieldOf(tree, "body") : tree;
  return body?.typeName === SEND_MESSAGE_REQUEST ? body : undefined;
}

function messageOf(bytes: Uint8Array): Inspection {
  return inspection(messageTree(typeOf(MESSAGE), inputBytes(bytes)));
}

function plain(piece: Piece, bytes: Uint8Array): Inspection {
  return (
    explain(bytes, { as: piece === "key" ? "public-key" : "signature" }).sections[0]?.tree ??
    inspectPayload(bytes)
  );
}
