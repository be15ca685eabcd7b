/** Messages that only the server creates. They have an id and no signature. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Message, MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { fromBase58, toBase58 } from "../lib/bytes.js";
import { newMessageId } from "./message-id.js";
import type { MessageRecord, SubmittedPayment } from "./store/store.js";

/** A message from the server, to be stored and delivered. */
export interface ServerMessage {
  readonly message: Message;
  readonly record: MessageRecord;
}

/** Creates IntentSubmitted, with the payment's metadata if there is a payment. */
export function intentSubmitted(
  intentId: string,
  payment: SubmittedPayment | undefined,
  now: number,
): ServerMessage {
  const metadata = payment && {
    type: {
      case: "sendPrivatePayment" as const,
      value: {
        destination: { value: bytesOf(payment.destination) },
        exchangeData: {
          currency: payment.currency,
          exchangeRate: payment.exchangeRate,
          nativeAmount: payment.nativeAmount,
          quarks: payment.quarks,
        },
        isWithdrawal: true,
      },
    },
  };
  const value = { intentId: { value: bytesOf(intentId) }, ...(metadata === undefined ? {} : { metadata }) };
  return serverMessage({ case: "intentSubmitted", value }, now);
}

/** Creates WebhookCalled. */
export function webhookCalled(now: number): ServerMessage {
  return serverMessage({ case: "webhookCalled", value: { timestamp: timestampFromMs(now) } }, now);
}

function serverMessage(
  kind: NonNullable<MessageInitShape<typeof MessageSchema>["kind"]>,
  now: number,
): ServerMessage {
  const id = newMessageId();
  const message = create(MessageSchema, { id: { value: id }, kind });
  const record = {
    messageId: toBase58(id),
    kind: message.kind.case ?? "",
    bytes: toBinary(MessageSchema, message),
    createdAt: now,
  };
  return { message, record };
}

function bytesOf(base58: string): Uint8Array {
  const bytes = fromBase58(base58);
  if (bytes === undefined) throw new Error("A stored account is not base58");
  return bytes;
}
