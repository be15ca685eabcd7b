/** The part of SendMessage that all kinds share, in the order of the real sequencer. */
import { clone, create, toBinary } from "@bufbuild/protobuf";
import * as crypto from "#crypto";
import { SignatureSchema } from "../../../gen/code/common/v1/model_pb.js";
import {
  type Message,
  MessageIdSchema,
  MessageSchema,
  type SendMessageRequest,
  SendMessageResponse_Result,
} from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import { equalBytes, toBase58 } from "../../lib/bytes.js";
import { someEncoding } from "../../wire/encodings.js";
import { invalidArgument, unauthenticated } from "../failure.js";
import { newMessageId } from "../message-id.js";
import type { RequestRecord, StoreTransaction } from "../store/store.js";
import { checkLoginRequest } from "./login-request.js";
import { checkPaymentRequest, type PaymentRules } from "./payment-request.js";

/** Dependencies of the rules. */
export interface SendMessageRules extends PaymentRules {
  /**
   * Returns whether an account is a temporary incoming account of a wallet, the only kind that can grab a
   * bill.
   */
  readonly isTemporaryIncomingAccount: (account: string) => boolean | Promise<boolean>;
}

/** The circumstances in which a message arrives. */
export interface SendCircumstances {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether a stream is open at the key. */
  readonly hasOpenStream: boolean;
}

/** The result of sending a message. */
export interface SendOutcome {
  readonly result: SendMessageResponse_Result;
  /** 16 bytes; `undefined` if the message was not stored. */
  readonly messageId: Uint8Array | undefined;
  /** The stored message, to be delivered. */
  readonly stored: Message | undefined;
}

// Kinds that only the server can create.
const serverKinds: Readonly<Record<string, string>> = {
  intentSubmitted: "intent_submitted",
  webhookCalled: "webhook_called",
  airdropReceived: "airdrop_received",
};

// A bill can be grabbed only while a stream is open, but the receiver has this long to open it.
const GRAB_GRACE_MS = 60_000;

/**
 * Checks a valid SendMessageRequest and stores its message. Also stores the request record that a new payment
 * or login request creates.
 */
export async function sendMessage(
  request: SendMessageRequest,
  rules: SendMessageRules & SendCircumstances,
  transaction: StoreTransaction,
): Promise<SendOutcome> {
  const message = request.message ?? create(MessageSchema);
  const rendezvous = request.rendezvousKey?.value ?? new Uint8Array(0);
  const signature = request.signature?.value ?? new Uint8Array(0);
  checkServerFields(message);
  if (!someEncoding(MessageSchema, message, (bytes) => crypto.verify(rendezvous, bytes, signature)))
    throw unauthenticated();
  const { now, hasOpenStream } = rules;
  const record = await checkKind(message, rendezvous, rules, transaction);
  if (message.kind.case === "requestToGrabBill" && !hasOpenStream) {
    const firstSeenAt = await transaction.firstSeenAt();
    if (firstSeenAt !== undefined && now - firstSeenAt > GRAB_GRACE_MS) {
      return { result: SendMessageResponse_Result.NO_ACTIVE_STREAM, messageId: undefined, stored: undefined };
    }
  }
  const messageId = newMessageId();
  const stored = clone(MessageSchema, message);
  stored.id = create(MessageIdSchema, { value: messageId });
  stored.sendMessageRequestSignature = create(SignatureSchema, { value: signature });
  if (record !== undefined) await transaction.putRequest({ ...record, createdAt: now });
  await transaction.addMessage({
    messageId: toBase58(messageId),
    kind: message.kind.case ?? "",
    bytes: toBinary(MessageSchema, stored),
    createdAt: now,
  });
  return { result: SendMessageResponse_Result.OK, messageId, stored };
}

function checkServerFields(message: Message): void {
  if (message.id !== undefined) throw invalidArgument("message.id cannot be set by clients");
  if (message.sendMessageRequestSignature !== undefined) {
    throw invalidArgument("message.send_message_request_signature cannot be set by clients");
  }
  const serverKind = serverKinds[message.kind.case ?? ""];
  if (serverKind !== undefined) throw invalidArgument(`message.kind cannot be ${serverKind}`);
}

async function checkKind(
  { kind }: Message,
  rendezvous: Uint8Array,
  rules: SendMessageRules,
  transaction: StoreTransaction,
): Promise<Omit<RequestRecord, "createdAt"> | undefined> {
  switch (kind.case) {
    case "requestToReceiveBill":
      return checkPaymentRequest(kind.value, rendezvous, rules, transaction);
    case "requestToLogin":
      return checkLoginRequest(kind.value, rendezvous, rules.fetchWellKnown, transaction);
    case "requestToGrabBill": {
      const account = toBase58(kind.value.requestorAccount?.value ?? new Uint8Array(0));
      if (await rules.isTemporaryIncomingAccount(account)) return undefined;
      throw invalidArgument("requestor account must be a temporary incoming account");
    }
    case "clientRejectedPayment":
      if (equalBytes(kind.value.intentId?.value ?? new Uint8Array(0), rendezvous)) return undefined;
      throw invalidArgument(`intent id must be ${toBase58(rendezvous)}`);
    default:
      return undefined;
  }
}
