import type { Message } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../crypto/types.js";
import type { Intent } from "../intents/intent.js";
import type { Capabilities } from "./capabilities.js";

/** Options of one call. */
export interface CallOptions {
  /** Ends the call with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds until the call, including its retries, ends with `deadline_exceeded`. Default: the client's
   * `timeoutMs`.
   */
  readonly timeoutMs?: number | undefined;
  /** Sent with this call. They replace the client's headers of the same names. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Context of one attempt, which ends when `signal` fires. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** Milliseconds until the call's deadline. */
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether an earlier attempt of the same call can have taken effect. */
  readonly mayRepeat: boolean;
}

/**
 * Result of a webhook's registration. A registration is unsigned and the first one wins, so an existing
 * webhook can belong to another party, and its URL is unknown.
 */
export type WebhookRegistration =
  /** Registered by this call. */
  | "registered"
  /** A webhook exists. Its URL is unknown. */
  | "already_registered"
  /**
   * A webhook exists. An earlier attempt of the same call, whose response was lost, may have registered it.
   */
  | "probably_ours"
  /** A webhook exists. REST does not report whether this call registered it. */
  | "registered_or_existing";

/** The intent of a webhook. */
export interface WebhookTarget {
  /** Rendezvous public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Required if the protocol registers a webhook only together with the intent. */
  readonly intent: Intent | undefined;
}

/** A sequencer's status of an intent. Unsigned: trust it only as far as the connection to the sequencer. */
export interface IntentStatus {
  /** `submitted` if paid, `pending` if only the request is registered, `unknown` if there is no request. */
  readonly state: "unknown" | "pending" | "submitted";
  /** Whether a request is registered at this key. It can be another party's. */
  readonly exists: boolean;
  /** Whether a scan is on record; `undefined` if the protocol does not report it. It proves nothing. */
  readonly codeScanned: boolean | undefined;
  /** Whether the payment was submitted. Not finality on the chain. */
  readonly intentSubmitted: boolean;
}

/** A signed request for the user who logged in. */
export interface UserIdRequest {
  /** Rendezvous public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Serialized `code.user.v1.GetLoginForThirdPartyAppRequest`, including its signature. */
  readonly message: Uint8Array;
  /** The verifier's signature, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * The user who logged in with an intent. Unsigned: trust it only as far as the connection to the sequencer.
 */
export interface LoggedInUser {
  /** Id of the user at this domain: base58 of a 32-byte public key. `undefined` if there is none. */
  readonly userId: string | undefined;
  /**
   * Why there is no user; absent with a user, and over REST, which does not report it. `no_user_logged_in`
   * also if a payer paid without a login.
   */
  readonly reason?: "request_not_found" | "login_not_supported" | "no_user_logged_in";
}

/** Kind of stream: with pings in both directions, which need HTTP/2 or a WebSocket, or without. */
export type StreamKind = "keep-alive" | "plain";

/** A frame of a stream: a message or, with keep-alive, a ping of the sequencer. */
export type StreamFrame =
  | { readonly case: "message"; readonly message: Message }
  | { readonly case: "ping"; readonly delayMs: number };

/** Encodes a received message. */
export interface MessageBytes {
  /** Returns all bytes. */
  whole(message: Message): Uint8Array;
  /**
   * Returns the bytes that the sender signed: without the id and the signature that the server added, with
   * fields by number.
   */
  sent(message: Message): Uint8Array;
  /** Returns signed bytes in the other valid encoding: with fields in Go's order. */
  asGo(sent: Uint8Array): Uint8Array;
  /**
   * Takes the bytes that a sender signed. Returns them without the signature of a login's verifier, and that
   * signature; `undefined` if they are not a request.
   */
  withoutVerifier(
    sent: Uint8Array,
  ): { readonly message: Uint8Array; readonly signature: Uint8Array } | undefined;
}

/** The calls of a sequencer that carries messages. */
export interface MessageCalls {
  /** Encodes the messages that this sequencer returns. */
  readonly bytes: MessageBytes;
  /** Kinds of stream to try, best first. */
  readonly streams: readonly StreamKind[];
  /** Returns the stored messages, at most 257. Deletes nothing. */
  poll(key: SigningKey, attempt: CallContext): Promise<readonly Message[]>;
  /** Deletes messages by their 16-byte ids. */
  acknowledge(publicKey: Uint8Array, messageIds: readonly Uint8Array[], attempt: CallContext): Promise<void>;
  /** Opens the stream of a key, stored messages first. It ends with a typed error, or when `signal` fires. */
  open(
    kind: StreamKind,
    key: SigningKey,
    context: Pick<CallContext, "signal" | "headers">,
  ): AsyncIterable<StreamFrame>;
}

/**
 * A sequencer, whatever its protocol. Each method makes one attempt and throws only typed errors. Callers add
 * deadlines and retries.
 */
export interface Sequencer {
  readonly capabilities: Capabilities;
  /** Absent if the protocol carries no messages. */
  readonly messages: MessageCalls | undefined;
  /** Registers the intent, and its webhook if it has one. Resolves only if the sequencer confirmed it. */
  register(
    intent: Intent,
    attempt: CallContext,
    /** Called when the sequencer has stored the request, before the webhook is registered. */
    onStored: () => void,
  ): Promise<WebhookRegistration | undefined>;
  /** Registers a webhook for a registered intent. */
  registerWebhook(target: WebhookTarget, url: string, attempt: CallContext): Promise<WebhookRegistration>;
  /** Returns the status of the intent with this 32-byte rendezvous public key. */
  getStatus(publicKey: Uint8Array, attempt: CallContext): Promise<IntentStatus>;
  /** Returns the user who logged in with an intent. */
  getUserId(request: UserIdRequest, attempt: CallContext): Promise<LoggedInUser>;
  /** Releases every socket. */
  close(): Promise<void>;
}

/** Returns the status for the three flags. */
export function statusOf(
  exists: boolean,
  codeScanned: boolean | undefined,
  intentSubmitted: boolean,
): IntentStatus {
  const state = intentSubmitted ? "submitted" : exists ? "pending" : "unknown";
  return { state, exists, codeScanned, intentSubmitted };
}
