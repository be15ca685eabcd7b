import type { Fee } from "../../intents/fees.js";

/** The payment that a request asks for. */
export interface RequestedPayment {
  /** Token account, base58. */
  readonly destination: string;
  readonly currency: string;
  /** The double of the request, compared bit by bit. */
  readonly nativeAmount: number;
  /** Set for kin only. */
  readonly exchangeRate: number | undefined;
  /** Set for kin only. */
  readonly quarks: bigint | undefined;
  readonly fees: readonly Fee[];
}

/** The domain of a request. */
export interface RequestedDomain {
  /** Base domain, such as `example.com`. */
  readonly base: string;
  /** Whether a verifier proved that it owns the domain. */
  readonly verified: boolean;
}

/** Created by the first valid request at a rendezvous key. It never changes afterwards. */
export interface RequestRecord {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** `undefined` for a login. */
  readonly payment: RequestedPayment | undefined;
  readonly domain: RequestedDomain | undefined;
}

/** A message at a rendezvous key, kept until it is acknowledged. */
export interface MessageRecord {
  /** Base58 of the 16-byte message id. */
  readonly messageId: string;
  /** Case name of the kind, such as `codeScanned`. */
  readonly kind: string;
  /** Serialized `code.messaging.v1.Message`, including its id and request signature. */
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A payment as submitted. */
export interface SubmittedPayment {
  /** Token account, base58. */
  readonly destination: string;
  readonly currency: string;
  readonly nativeAmount: number;
  /** Value of one kin in the currency. */
  readonly exchangeRate: number;
  /** The complete payment, in quarks; a kin is 100,000 quarks. */
  readonly quarks: bigint;
  /** The part that does not reach the destination: the sequencer's fee and the additional fees, in quarks. */
  readonly feeQuarks: bigint;
}

/** Created when a payer has paid or a user has logged in. */
export interface IntentRecord {
  readonly state: "submitted" | "revoked";
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
  /** `undefined` for a login. */
  readonly payment: SubmittedPayment | undefined;
  /**
   * The user who logged in or paid, as the verified domain of the request identifies them: the authority key
   * of the relationship account, base58 of 32 bytes. Absent if no user was disclosed to the domain.
   */
  readonly user?: string | undefined;
}

/** The one webhook of an intent; the first registration wins. */
export interface WebhookRecord {
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** `registered` until the intent is submitted, then `pending` until delivery succeeds or fails. */
  readonly state: "registered" | "pending" | "confirmed" | "failed";
  /** Every attempt so far, oldest first. */
  readonly attempts: readonly WebhookAttempt[];
}

/** One attempt to deliver a webhook. */
export interface WebhookAttempt {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** HTTP status of the response. Absent without a response. */
  readonly httpStatus?: number;
  /** Why the attempt has no response, or why a response does not count. */
  readonly error?: string;
}

/** The complete state at one rendezvous key. */
export interface KeyState {
  readonly request?: RequestRecord;
  readonly intent?: IntentRecord;
  readonly webhook?: WebhookRecord;
  /** Oldest first. */
  readonly messages: readonly MessageRecord[];
  /** Milliseconds since 1970; absent before the first message. */
  readonly firstSeenAt?: number;
}

/**
 * The reads and writes of one request at one rendezvous key. The writes take effect together or not at all.
 */
export interface StoreTransaction {
  /** Returns the request that the first valid message created, or `undefined` before that. */
  getRequest(): Promise<RequestRecord | undefined>;
  /** Stores the request. Called once: a request never changes. */
  putRequest(request: RequestRecord): Promise<void>;
  /** Returns the submitted payment or login, or `undefined` before that. */
  getIntent(): Promise<IntentRecord | undefined>;
  /** Stores or replaces the intent. */
  putIntent(intent: IntentRecord): Promise<void>;
  /** Returns the registered webhook with its delivery state, or `undefined` before that. */
  getWebhook(): Promise<WebhookRecord | undefined>;
  /** Stores the webhook, or replaces it as its delivery continues. */
  putWebhook(webhook: WebhookRecord): Promise<void>;
  /** Appends a message. */
  addMessage(message: MessageRecord): Promise<void>;
  /** Returns at most `limit` messages, oldest first. */
  listMessages(limit: number): Promise<readonly MessageRecord[]>;
  /** Returns whether a message of this kind is currently stored. */
  hasMessage(kind: string): Promise<boolean>;
  /** Deletes messages by base58 id. Ignores unknown ids. */
  deleteMessages(messageIds: readonly string[]): Promise<void>;
  /**
   * Returns when the first message arrived, acknowledged or not, in milliseconds since 1970. `undefined`
   * before that.
   */
  firstSeenAt(): Promise<number | undefined>;
}

/**
 * Stores the sequencer's state. A database shared by several instances can replace the memory: the rules use
 * only this interface, every request is one transaction, and no transaction spans two keys.
 */
export interface Store {
  /**
   * Runs `work` on the state at one rendezvous key, in base58. If `work` throws, none of its writes remain.
   * Transactions on the same key run one after the other. `work` can wait for the network.
   */
  transaction<T>(intentId: string, work: (transaction: StoreTransaction) => Promise<T>): Promise<T>;
  /** Returns the complete state, by rendezvous key in base58. */
  dump(): Promise<ReadonlyMap<string, KeyState>>;
  /** Replaces the complete state. */
  load(states: ReadonlyMap<string, KeyState>): Promise<void>;
  /** Releases resources. Called only for the default store; the caller closes a store that it passes. */
  close(): Promise<void>;
}
