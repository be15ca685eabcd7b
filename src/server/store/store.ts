import type { Fee } from "../../intents/fees.js";

/** What a request asks to be paid. */
export interface RequestedPayment {
  /** Token account, base58. */
  readonly destination: string;
  readonly currency: string;
  /** The double of the request, compared bit for bit. */
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
  /** Whether a verifier showed that it owns the domain. */
  readonly verified: boolean;
}

/** Made from the first valid request at a rendezvous key; never changed afterwards. */
export interface RequestRecord {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Absent for a login. */
  readonly payment: RequestedPayment | undefined;
  readonly domain: RequestedDomain | undefined;
}

/** A message at a rendezvous key, kept until it is acknowledged. */
export interface MessageRecord {
  /** Base58 of the 16-byte message id. */
  readonly messageId: string;
  /** Name of the kind, such as `codeScanned`. */
  readonly kind: string;
  /** Serialized `code.messaging.v1.Message`, id and request signature included. */
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A payment as it was submitted. */
export interface SubmittedPayment {
  /** Token account, base58. */
  readonly destination: string;
  readonly currency: string;
  readonly nativeAmount: number;
  /** Worth of one kin in the currency. */
  readonly exchangeRate: number;
  /** The whole payment; a kin is 100,000 quarks. */
  readonly quarks: bigint;
  /** What does not reach the destination: the sequencer's own fee and the extra ones. */
  readonly feeQuarks: bigint;
}

/** What exists once somebody has paid or logged in. */
export interface IntentRecord {
  readonly state: "submitted" | "revoked";
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
  /** Absent for a login. */
  readonly payment: SubmittedPayment | undefined;
  /**
   * Who logged in or paid, as the verified domain of the request knows them: the authority key of the relationship account,
   * base58 of 32 bytes. Absent where the domain was told nobody.
   */
  readonly user?: string | undefined;
}

/** The one webhook of an intent; the first registration wins. */
export interface WebhookRecord {
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** `registered` until the intent is submitted, `pending` while it is being delivered. */
  readonly state: "registered" | "pending" | "confirmed" | "failed";
  /** Every attempt so far, oldest first. */
  readonly attempts: readonly WebhookAttempt[];
}

/** One attempt to deliver a webhook. */
export interface WebhookAttempt {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Status of the answer; absent without one. */
  readonly httpStatus?: number;
  /** Why there was no answer. */
  readonly error?: string;
}

/** Everything at one rendezvous key. */
export interface KeyState {
  readonly request?: RequestRecord;
  readonly intent?: IntentRecord;
  readonly webhook?: WebhookRecord;
  /** Oldest first. */
  readonly messages: readonly MessageRecord[];
  /** Milliseconds since 1970; absent before the first message. */
  readonly firstSeenAt?: number;
}

/** Reads and writes of one request at one rendezvous key, which take effect together or not at all. */
export interface StoreTransaction {
  /** The request that the first valid message made; `undefined` before. */
  getRequest(): Promise<RequestRecord | undefined>;
  /** Called once: a request never changes. */
  putRequest(request: RequestRecord): Promise<void>;
  /** What was paid or logged in; `undefined` before. */
  getIntent(): Promise<IntentRecord | undefined>;
  /** Stores it, or replaces it. */
  putIntent(intent: IntentRecord): Promise<void>;
  /** The webhook that was registered, with its state of delivery; `undefined` before. */
  getWebhook(): Promise<WebhookRecord | undefined>;
  /** Stores it, or replaces it as its delivery goes on. */
  putWebhook(webhook: WebhookRecord): Promise<void>;
  /** Stores one more message, the newest. */
  addMessage(message: MessageRecord): Promise<void>;
  /** Oldest first, at most `limit`. */
  listMessages(limit: number): Promise<readonly MessageRecord[]>;
  /** Whether a message of this kind is stored at present. */
  hasMessage(kind: string): Promise<boolean>;
  /** By base58 id; unknown ids are no error. */
  deleteMessages(messageIds: readonly string[]): Promise<void>;
  /** When the first message arrived, acknowledged or not, in milliseconds since 1970; `undefined` before. */
  firstSeenAt(): Promise<number | undefined>;
}

/**
 * Where the sequencer keeps its state. A database that several instances share can take the place of the memory: the
 * rules only ever see this interface, every request is one transaction, and no transaction spans two keys.
 */
export interface Store {
  /**
   * Runs `work` on the state at one rendezvous key, given by its base58 text. When it throws, nothing that it wrote
   * remains. Transactions on the same key run one after the other; `work` may wait for the network.
   */
  transaction<T>(intentId: string, work: (transaction: StoreTransaction) => Promise<T>): Promise<T>;
  /** Everything, by the base58 text of the key. */
  dump(): Promise<ReadonlyMap<string, KeyState>>;
  /** Replaces everything. */
  load(states: ReadonlyMap<string, KeyState>): Promise<void>;
  /** Releases resources. Called only for the default store; the caller closes a store that it passes. */
  close(): Promise<void>;
}
