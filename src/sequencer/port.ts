import type { Message } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../crypto/types.js";
import type { Intent } from "../intents/intent.js";
import type { Capabilities } from "./capabilities.js";

/** Options of one call. */
export interface CallOptions {
  /** Ends the call with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call, retries included, ends with `deadline_exceeded`. Default: the client's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Sent with this call, over the client's own headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What one attempt gets: it ends when `signal` fires. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** Milliseconds that are left of the call's deadline. */
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether an earlier attempt of the same call may have taken effect. */
  readonly mayRepeat: boolean;
}

/**
 * What became of a webhook's registration. It is unsigned and the first one wins, so a webhook that exists already may be
 * anybody's, and its URL is unknown.
 */
export type WebhookRegistration =
  /** Registered by this call. */
  | "registered"
  /** A webhook exists; its URL is unknown. */
  | "already_registered"
  /** A webhook exists; an earlier attempt of this very call, whose answer was lost, may have registered it. */
  | "probably_ours"
  /** A webhook exists; REST does not say whether this call registered it. */
  | "registered_or_existing";

/** The intent that a webhook is for. */
export interface WebhookTarget {
  /** Rendezvous public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Needed where the protocol registers a webhook only together with the intent. */
  readonly intent: Intent | undefined;
}

/** What a sequencer says of an intent. Unsigned: worth what the connection to the sequencer is worth. */
export interface IntentStatus {
  /** `submitted` once paid; `pending` while only the request is known; `unknown` where there is no request. */
  readonly state: "unknown" | "pending" | "submitted";
  /** Whether a request is registered at this key; not whose. */
  readonly exists: boolean;
  /** Whether a scan is on record; `undefined` where the protocol cannot say. It proves nothing. */
  readonly codeScanned: boolean | undefined;
  /** Whether the payment was submitted. Not finality on the chain. */
  readonly intentSubmitted: boolean;
}

/** A signed question for who logged in. */
export interface UserIdRequest {
  /** Rendezvous public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Serialized `code.user.v1.GetLoginForThirdPartyAppRequest`, its signature included. */
  readonly message: Uint8Array;
  /** The verifier's signature, 64 bytes. */
  readonly signature: Uint8Array;
}

/** Who logged in with an intent. Unsigned: worth what the connection to the sequencer is worth. */
export interface LoggedInUser {
  /** The user as this domain knows them: base58 of a 32-byte public key. `undefined` where nobody is known. */
  readonly userId: string | undefined;
  /**
   * Why there is none; absent with a user, and over REST, which does not say. `no_user_logged_in` also where a payer paid
   * without sharing who they are.
   */
  readonly reason?: "request_not_found" | "login_not_supported" | "no_user_logged_in";
}

/** How a stream is kept: with pings in both directions, which needs HTTP/2 or a WebSocket, or plainly. */
export type StreamKind = "keep-alive" | "plain";

/** What a stream yields: messages, and with keep-alive the sequencer's pings, which show that it lives. */
export type StreamFrame =
  | { readonly case: "message"; readonly message: Message }
  | { readonly case: "ping"; readonly delayMs: number };

/** The bytes of a message that was heard. */
export interface MessageBytes {
  /** All of them. */
  whole(message: Message): Uint8Array;
  /**
   * Those that its sender signed: without the id and the signature that the server added, with fields by
   * number.
   */
  sent(message: Message): Uint8Array;
  /** What a sender signed in the other encoding that counts: in Go's order of fields. */
  asGo(sent: Uint8Array): Uint8Array;
  /**
   * Of what a sender signed, the message without the signature that a login's verifier gave, and that signature; `undefined`
   * for what is no request.
   */
  withoutVerifier(
    sent: Uint8Array,
  ): { readonly message: Uint8Array; readonly signature: Uint8Array } | undefined;
}

/** What a sequencer that carries messages can do. */
export interface MessageCalls {
  /** How the messages that it gives are read again as bytes. */
  readonly bytes: MessageBytes;
  /** Kinds of stream that are worth trying, best first. */
  readonly streams: readonly StreamKind[];
  /** The stored messages, at most 257. Deletes nothing. */
  poll(key: SigningKey, attempt: CallContext): Promise<readonly Message[]>;
  /** Deletes messages by their 16-byte ids. */
  acknowledge(publicKey: Uint8Array, messageIds: readonly Uint8Array[], attempt: CallContext): Promise<void>;
  /** Opens the stream of a key: stored messages first. Ends with a typed error, or when `signal` fires. */
  open(
    kind: StreamKind,
    key: SigningKey,
    context: Pick<CallContext, "signal" | "headers">,
  ): AsyncIterable<StreamFrame>;
}

/**
 * What the SDK needs from a sequencer, whatever it speaks. Each method is one attempt and throws typed errors only;
 * deadlines and retries are around it.
 */
export interface Sequencer {
  readonly capabilities: Capabilities;
  /** Absent where the protocol carries no messages. */
  readonly messages: MessageCalls | undefined;
  /** Registers the intent, and its webhook where it has one. Resolves only where the sequencer said so. */
  register(
    intent: Intent,
    attempt: CallContext,
    /** Called when the sequencer has stored the request, before the webhook is registered. */
    onStored: () => void,
  ): Promise<WebhookRegistration | undefined>;
  /** Registers a webhook for an intent that is registered. */
  registerWebhook(target: WebhookTarget, url: string, attempt: CallContext): Promise<WebhookRegistration>;
  /** Status of the intent with this 32-byte rendezvous public key. */
  getStatus(publicKey: Uint8Array, attempt: CallContext): Promise<IntentStatus>;
  /** Who logged in with an intent. */
  getUserId(request: UserIdRequest, attempt: CallContext): Promise<LoggedInUser>;
  /** Releases every socket. */
  close(): Promise<void>;
}

/** The status that the three flags spell. */
export function statusOf(
  exists: boolean,
  codeScanned: boolean | undefined,
  intentSubmitted: boolean,
): IntentStatus {
  const state = intentSubmitted ? "submitted" : exists ? "pending" : "unknown";
  return { state, exists, codeScanned, intentSubmitted };
}
