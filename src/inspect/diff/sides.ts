/** Finds the pieces of two inputs that can be compared, in any form. */
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

/** The compared properties of an intent. */
export interface DiffIntent {
  /** 20 bytes. */
  readonly payload: Uint8Array;
  /** The serialized `Message`; absent for a tip. */
  readonly toBinary?: () => Uint8Array;
}

/** Text or bytes in any notation that {@link explain} reads, or an intent. */
export type DiffInput = string | Uint8Array | DiffIntent;

/** The pieces that are compared, in this order. */
export const PIECES = ["input", "payload", "message", "key", "signature"] as const;

/** A piece of an input. */
export type Piece = (typeof PIECES)[number];

/** A parsed input. */
export interface Side {
  /** A description of the input. */
  readonly is: string;
  readonly pieces: ReadonlyMap<Piece, Inspection>;
  /** For a bare request, the hex of the bytes that make it a `Message`. */
  readonly lacks?: string | undefined;
  /** Whether it is a REST body, in which a bare request is correct. */
  readonly isBody?: boolean;
  /** What is wrong with it, in words; absent for an intent and for what the sequencer accepts. */
  readonly fault?: string | undefined;
}

/** Parses an input. */
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

/** A login rebuilt without its verifier's key cannot be signed, but its payload is available. */
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
  if (whole === undefined) return { is: type, pieces, fault: faultOf(explanation) };
  // The text of a body has many equivalent forms.
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
      set(piece, typeof value === "string" ? fromBase58(value) : undefined);
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
  return {
    is: type,
    pieces,
    lacks: headerAround(type, bytes),
    isBody: type === "create-intent-body",
    fault: faultOf(explanation),
  };
}

function faultOf({ problems, checks, verdict }: Explanation): string | undefined {
  const isWrong =
    problems.some(({ kind }) => kind !== "doubtful") || checks.some(({ outcome }) => outcome === "failed");
  return isWrong ? verdict : undefined;
}

/** Finds the `SendMessageRequest` of an input. */
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
