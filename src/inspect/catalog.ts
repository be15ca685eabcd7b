/** Every compiled message and method of the protocol, by full or short name. */
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { file_code_common_v1_model } from "../../gen/code/common/v1/model_pb.js";
import { file_code_messaging_v1_messaging_service } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { file_code_micropayment_v1_micro_payment_service } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { file_code_transaction_v2_transaction_service } from "../../gen/code/transaction/v2/transaction_service_pb.js";
import { file_code_user_v1_identity_service } from "../../gen/code/user/v1/identity_service_pb.js";

/** Full name of the message around a payment or login request. Its bytes are what is signed. */
export const MESSAGE = "code.messaging.v1.Message";
export const SEND_MESSAGE_REQUEST = "code.messaging.v1.SendMessageRequest";
export const REQUEST_TO_RECEIVE_BILL = "code.messaging.v1.RequestToReceiveBill";
export const REQUEST_TO_LOGIN = "code.messaging.v1.RequestToLogin";
export const ENVELOPE_REQUEST = "code.common.v1.Request";
export const ENVELOPE_RESPONSE = "code.common.v1.Response";
export const GET_LOGIN_REQUEST = "code.user.v1.GetLoginForThirdPartyAppRequest";

// For bytes that fit several messages, the most common message comes first.
const commonFirst = [
  MESSAGE,
  SEND_MESSAGE_REQUEST,
  REQUEST_TO_RECEIVE_BILL,
  REQUEST_TO_LOGIN,
  ENVELOPE_REQUEST,
  "code.micropayment.v1.GetStatusRequest",
  "code.micropayment.v1.GetStatusResponse",
  "code.messaging.v1.SendMessageResponse",
  ENVELOPE_RESPONSE,
  "code.messaging.v1.PollMessagesRequest",
  "code.messaging.v1.PollMessagesResponse",
  "code.messaging.v1.OpenMessageStreamRequest",
  "code.messaging.v1.OpenMessageStreamResponse",
  "code.messaging.v1.OpenMessageStreamWithKeepAliveRequest",
  "code.messaging.v1.OpenMessageStreamWithKeepAliveResponse",
  "code.micropayment.v1.RegisterWebhookRequest",
  "code.micropayment.v1.RegisterWebhookResponse",
  GET_LOGIN_REQUEST,
  "code.user.v1.GetLoginForThirdPartyAppResponse",
  "code.messaging.v1.AckMessagesRequest",
];

const files = [
  file_code_messaging_v1_messaging_service,
  file_code_micropayment_v1_micro_payment_service,
  file_code_user_v1_identity_service,
  file_code_common_v1_model,
  file_code_transaction_v2_transaction_service,
];

let sorted: readonly DescMessage[] | undefined;

/** Returns every message, the most common ones first. */
export function messageTypes(): readonly DescMessage[] {
  const rank = ({ typeName }: DescMessage): number => {
    const index = commonFirst.indexOf(typeName);
    return index < 0 ? commonFirst.length : index;
  };
  sorted ??= files.flatMap((file) => file.messages).sort((a, b) => rank(a) - rank(b));
  return sorted;
}

/** Finds a message by its full name (`code.messaging.v1.Message`) or the last part of it, in any case. */
export function messageType(name: string): DescMessage | undefined {
  const wanted = name.toLowerCase();
  return messageTypes().find(
    (type) => type.typeName.toLowerCase() === wanted || type.name.toLowerCase() === wanted,
  );
}

/** Finds a message by exactly its full name. */
export function messageOfType(typeName: string | undefined): DescMessage | undefined {
  return messageTypes().find((type) => type.typeName === typeName);
}

/** Returns the messages that are responses to calls or items of streams. */
export function answerTypes(): readonly DescMessage[] {
  const answers = new Set(
    files.flatMap(({ services }) => services.flatMap(({ methods }) => methods.map(({ output }) => output))),
  );
  return messageTypes().filter((type) => answers.has(type));
}

/**
 * Finds a method of an envelope, by service (`Messaging`, or its full name) and name (`sendMessage`, or
 * gRPC's `SendMessage`).
 */
export function methodNamed(service: string, method: string): DescMethod | undefined {
  const found = files
    .flatMap(({ services }) => services)
    .find(({ name, typeName }) => name === service || typeName === service);
  return found?.methods.find(({ localName, name }) => localName === method || name === method);
}

/** Returns the message of a full name. The name must be that of a compiled message. */
export function typeOf(typeName: string): DescMessage {
  const type = messageOfType(typeName);
  if (type === undefined) throw new Error(`${typeName} is not compiled`);
  return type;
}
