/** What can be heard of an intent. Every event says what it is worth. */

/** The payment that the sequencer says was submitted; checked against the intent before it is told. */
export interface HeardPayment {
  /** Token account, base58. */
  readonly destination: string;
  /** Currency code, lower case. */
  readonly currency: string;
  /** The amount that was paid, within 0.0001 of the intent's. */
  readonly nativeAmount: number;
  /** Worth of one kin in the currency. */
  readonly exchangeRate: number;
  /** A kin is 100,000 quarks. */
  readonly quarks: bigint;
}

/** Our own request is at the sequencer. It may come again after a reconnect; it is told once. */
export interface RequestedEvent {
  readonly type: "requested";
  /** Base58 of 16 bytes; empty where the sequencer gave none. */
  readonly messageId: string;
}

/**
 * Somebody who holds the client secret says that the code was scanned. Merchant, browser and payer hold it, so it proves
 * nothing more; release and cancel nothing on it.
 */
export interface ScannedEvent {
  readonly type: "scanned";
  /** When, in the scanner's words. */
  readonly at: Date;
  readonly messageId: string;
}

/**
 * The sequencer says that the intent was submitted, by a payment or a login: unsigned, worth what the connection to it is worth, and not finality on
 * the chain. Goods that cannot be recalled want the verified webhook.
 */
export interface SubmittedEvent {
  readonly type: "submitted";
  /** Where it was heard. */
  readonly heardFrom: "stream" | "poll" | "status";
  /** Only where the sequencer sent it; it fits the intent then. */
  readonly payment?: HeardPayment;
}

/** Somebody who holds the client secret says that the payer or user declined. The intent stays open: it is not an end. */
export interface RejectedEvent {
  readonly type: "rejected";
  readonly messageId: string;
}

/** The sequencer says that the webhook was answered. */
export interface WebhookCalledEvent {
  readonly type: "webhookCalled";
  readonly at: Date;
  readonly messageId: string;
}

/** A message that is not what it claims to be: believe nothing of it. */
export interface ForgedEvent {
  readonly type: "forged";
  /** Kind that the message claims, such as `codeScanned`. */
  readonly kind: string;
  readonly problem: "unsigned" | "wrong signature" | "signed by a client";
  readonly messageId: string;
}

/** Something that is properly made, and contradicts the intent. */
export interface ConflictingEvent {
  readonly type: "conflicting";
  /** A request with other details signed by the intent's own key, or a payment that is not of this intent, or of a login. */
  readonly subject: "request" | "payment";
  /** What differs, such as `destination`. */
  readonly field: string;
  readonly messageId: string;
}

/** An event of {@link PaymentIntents.watch}. */
export type PaymentEvent =
  | RequestedEvent
  | ScannedEvent
  | SubmittedEvent
  | RejectedEvent
  | WebhookCalledEvent
  | ForgedEvent
  | ConflictingEvent;

/**
 * An event of {@link LoginIntents.watch}: the same as of a payment. `submitted` says that somebody logged in and carries no
 * `payment`; who it was is asked by {@link LoginIntents.getUserId}.
 */
export type LoginEvent = PaymentEvent;
