import type { Timestamp } from "@bufbuild/protobuf/wkt";
import * as crypto from "#crypto";
import type { Message } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { Metadata } from "../../gen/code/transaction/v2/transaction_service_pb.js";
import { MESSAGE_ID_LENGTH, PAYMENT_TOLERANCE } from "../contract/numbers.js";
import { equalBytes, fromBase58, toBase58 } from "../lib/bytes.js";
import { jsonSafe } from "../lib/json.js";
import { rendezvousKey } from "../rendezvous/key.js";
import type { MessageBytes } from "../sequencer/port.js";
import { accountText, textOf } from "./base58-text.js";
import type { ForgedEvent, HeardPayment, PaymentEvent } from "./events.js";
import { ExpectedRequest } from "./expected-request.js";
import { isPayment, type WatchedIntent } from "./watched-intent.js";

// The number of messages remembered to drop repeats. A holder of the client secret can send any number.
const MAX_REMEMBERED = 10_000;

// The largest time that a Date can hold, before and after 1970.
const MAX_DATE_MS = 8.64e15;

const serverKinds: ReadonlySet<string> = new Set(["intentSubmitted", "webhookCalled", "airdropReceived"]);

/**
 * Turns the messages and statuses of a rendezvous key into events. Verifies each message with the key, drops
 * repeats, and compares requests and payments with the intent.
 */
export class EventReader {
  readonly #intent: WatchedIntent;
  readonly #publicKey: Uint8Array;
  readonly #ownRequest: ExpectedRequest;
  readonly #seen = new Set<string>();
  #requested = false;
  #foreignRequest = false;
  #submitted = false;
  #contradicted = false;

  constructor(intent: WatchedIntent) {
    this.#intent = intent;
    this.#publicKey = rendezvousKey(intent.payload).publicKey;
    this.#ownRequest = new ExpectedRequest(intent);
  }

  /**
   * Returns the event of a message, or `undefined` if the message reports nothing new. Never throws: an
   * unreadable message must not hide the messages after it.
   */
  readMessage(message: Message, heardFrom: "stream" | "poll", bytes: MessageBytes): PaymentEvent | undefined {
    try {
      return this.#read(message, heardFrom, bytes);
    } catch {
      // Its signature cannot be verified, for example because a page read a field with the wrong wire type.
      const kind = message.kind.case;
      return kind && { type: "forged", kind, problem: "wrong signature", messageId: "" };
    }
  }

  #read(message: Message, heardFrom: "stream" | "poll", bytes: MessageBytes): PaymentEvent | undefined {
    const messageId = textOf(message.id?.value, MESSAGE_ID_LENGTH);
    const kind = message.kind.case;
    // Compare all bytes, not only the id, which a forged copy shares with the original.
    if (kind === undefined || this.#isRepeat(crypto.sha256(bytes.whole(message)))) return undefined;
    const signature = message.sendMessageRequestSignature?.value;
    const forged = (problem: ForgedEvent["problem"]): PaymentEvent => ({
      type: "forged",
      kind,
      problem,
      messageId,
    });
    if (serverKinds.has(kind)) {
      return signature === undefined
        ? this.#readServerMessage(message, messageId, heardFrom)
        : forged("signed by a client");
    }
    if (signature === undefined) return forged("unsigned");
    const sent = bytes.sent(message);
    const isSigned = encodingsOf(sent, bytes).some((encoding) =>
      crypto.verify(this.#publicKey, encoding, signature),
    );
    if (!isSigned) return forged("wrong signature");
    // Only after verification, so that a forged copy cannot suppress the original. A message that is sent
    // again gets a new id but has the same signature.
    if (this.#isRepeat(signature)) return undefined;
    return this.#readClientMessage(message, messageId, () =>
      this.#ownRequest.differenceOf(message, sent, bytes),
    );
  }

  /** Whether a payment or login was reported. */
  get isSubmitted(): boolean {
    return this.#submitted;
  }

  /**
   * Returns the event of a status, or `undefined` if the status reports nothing new, or if after a conflict
   * it may report another party's payment.
   */
  readStatus(intentSubmitted: boolean): PaymentEvent | undefined {
    if (!intentSubmitted || this.#submitted || this.#isDoubtful()) return undefined;
    this.#submitted = true;
    return { type: "submitted", heardFrom: "status" };
  }

  /**
   * Returns whether "submitted" without details may report another party's payment: after a payment that does
   * not match the intent, or if the only request received is not ours. The sequencer stores one request per
   * key.
   */
  #isDoubtful(): boolean {
    return this.#contradicted || (this.#foreignRequest && !this.#requested);
  }

  #readServerMessage(
    message: Message,
    messageId: string,
    heardFrom: "stream" | "poll",
  ): PaymentEvent | undefined {
    const { kind } = message;
    if (kind.case === "webhookCalled") {
      return { type: "webhookCalled", at: dateOf(kind.value.timestamp), messageId };
    }
    if (kind.case !== "intentSubmitted") return undefined;
    const field = equalBytes(kind.value.intentId?.value ?? new Uint8Array(0), this.#publicKey)
      ? this.#contradiction(kind.value.metadata)
      : "intent";
    if (field !== undefined) {
      this.#contradicted = true;
      return { type: "conflicting", subject: "payment", field, messageId };
    }
    const payment = paymentOf(kind.value.metadata);
    if (this.#submitted || (payment === undefined && this.#isDoubtful())) return undefined;
    this.#submitted = true;
    return { type: "submitted", heardFrom, ...(payment === undefined ? {} : { payment }) };
  }

  #readClientMessage(
    message: Message,
    messageId: string,
    difference: () => string | undefined,
  ): PaymentEvent | undefined {
    const { kind } = message;
    switch (kind.case) {
      case "requestToReceiveBill":
      case "requestToLogin": {
        const field = difference();
        if (field !== undefined) {
          this.#foreignRequest = true;
          return { type: "conflicting", subject: "request", field, messageId };
        }
        if (this.#requested) return undefined;
        this.#requested = true;
        return { type: "requested", messageId };
      }
      case "codeScanned":
        return { type: "scanned", at: dateOf(kind.value.timestamp), messageId };
      case "clientRejectedPayment":
        return isPayment(this.#intent) ? { type: "rejected", messageId } : undefined;
      case "clientRejectedLogin":
        return this.#intent.login === undefined ? undefined : { type: "rejected", messageId };
      default:
        return undefined;
    }
  }

  /**
   * Returns the field of a payment's metadata that differs from the intent; `undefined` if none does, or if
   * there is no metadata.
   */
  #contradiction(metadata: Metadata | undefined): string | undefined {
    if (metadata === undefined) return undefined;
    const payment = paymentOf(metadata);
    if (payment === undefined || !isPayment(this.#intent)) return "kind";
    const { destination, currency, amount } = this.#intent;
    if (payment.destination !== destination) return "destination";
    if (payment.currency !== currency) return "currency";
    // NaN must not pass.
    return Math.abs(payment.nativeAmount - Number(amount)) <= PAYMENT_TOLERANCE ? undefined : "amount";
  }

  /** Returns the 16-byte id of the message that caused an event, if it has one. */
  idOf(event: PaymentEvent): Uint8Array | undefined {
    return "messageId" in event && event.messageId !== "" ? fromBase58(event.messageId) : undefined;
  }

  #isRepeat(name: Uint8Array): boolean {
    const text = toBase58(name);
    if (this.#seen.has(text)) return true;
    this.#seen.add(text);
    if (this.#seen.size > MAX_REMEMBERED) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return false;
  }
}

/**
 * Returns the encodings over which a signature is valid: in order of field numbers and, if different, in Go's
 * order.
 */
function encodingsOf(sent: Uint8Array, bytes: MessageBytes): readonly Uint8Array[] {
  const go = bytes.asGo(sent);
  return equalBytes(go, sent) ? [sent] : [sent, go];
}

function paymentOf(metadata: Metadata | undefined): HeardPayment | undefined {
  if (metadata?.type.case !== "sendPrivatePayment") return undefined;
  const { destination, exchangeData } = metadata.type.value;
  if (destination === undefined || exchangeData === undefined) return undefined;
  const { currency, nativeAmount, exchangeRate, quarks } = exchangeData;
  return jsonSafe({
    destination: accountText(destination.value),
    currency,
    nativeAmount,
    exchangeRate,
    quarks,
  });
}

/** Returns a valid date for any timestamp. An invalid date would throw when the caller prints it. */
function dateOf(timestamp: Timestamp | undefined): Date {
  const ms =
    timestamp === undefined ? 0 : Number(timestamp.seconds) * 1000 + Math.round(timestamp.nanos / 1e6);
  return new Date(Math.min(Math.max(ms, -MAX_DATE_MS), MAX_DATE_MS));
}
