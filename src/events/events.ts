/** The events of a watch. Each type states what its event proves. */

/** The payment that the sequencer reported. It is compared with the intent before it is emitted. */
export interface HeardPayment {
  /** Token account, base58. */
  readonly destination: string;
  /** Currency code, lower case. */
  readonly currency: string;
  /** The paid amount, within 0.0001 of the intent's. */
  readonly nativeAmount: number;
  /** Price of one kin in the currency. */
  readonly exchangeRate: number;
  /** The paid amount in quarks. A kin is 100,000 quarks. `JSON.stringify` writes it as decimal text. */
  readonly quarks: bigint;
}

/** The sequencer stores this intent's own request. Emitted once, even after reconnects. */
export interface RequestedEvent {
  readonly type: "requested";
  /** Base58 of 16 bytes; empty if the sequencer sent none. */
  readonly messageId: string;
}

/**
 * The code was scanned, according to a sender who knows the client secret: merchant, browser or payer. It
 * proves nothing else. Release and cancel nothing because of it.
 */
export interface ScannedEvent {
  readonly type: "scanned";
  /** Time of the scan, as stated by the sender. */
  readonly at: Date;
  readonly messageId: string;
}

/**
 * The intent was submitted: the sequencer reported a payment or a login. The report is unsigned: trust it
 * only as far as the connection to the sequencer. It does not prove finality on the chain. For goods that
 * cannot be recalled, wait for the verified webhook.
 */
export interface SubmittedEvent {
  readonly type: "submitted";
  /** Source of the report. */
  readonly heardFrom: "stream" | "poll" | "status";
  /** Present only if the sequencer sent it. It matches the intent. */
  readonly payment?: HeardPayment;
}

/**
 * The payer or user declined, according to a sender who knows the client secret. The intent stays open: it
 * can still be paid.
 */
export interface RejectedEvent {
  readonly type: "rejected";
  readonly messageId: string;
}

/** The webhook responded with 200, according to the sequencer. */
export interface WebhookCalledEvent {
  readonly type: "webhookCalled";
  /** Time of the call, as stated by the sequencer. */
  readonly at: Date;
  readonly messageId: string;
}

/** A message that failed verification. Trust nothing in it. */
export interface ForgedEvent {
  readonly type: "forged";
  /** The kind that the message claims to be, such as `codeScanned`. */
  readonly kind: string;
  readonly problem: "unsigned" | "wrong signature" | "signed by a client";
  readonly messageId: string;
}

/** A valid message that contradicts the intent. */
export interface ConflictingEvent {
  readonly type: "conflicting";
  /**
   * `"request"`: a request with other details, signed with the intent's own key. `"payment"`: a payment that
   * does not match the intent, or that is reported for a login.
   */
  readonly subject: "request" | "payment";
  /** The field that differs, such as `destination`. */
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
 * An event of {@link LoginIntents.watch}, with the types of a payment's events. `submitted` reports that a
 * user logged in, without `payment`. {@link LoginIntents.getUserId} returns the user.
 */
export type LoginEvent = PaymentEvent;
