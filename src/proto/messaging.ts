/**
 * `code.messaging.v1`: the messages that are exchanged at a rendezvous key, and the service that stores and
 * delivers them.
 *
 * @example
 * ```ts
 * import { create, toBinary } from "@bufbuild/protobuf";
 * import { MessageSchema } from "code-intents/proto/messaging";
 *
 * const tokenAccount = new Uint8Array(32).fill(1);
 * const message = create(MessageSchema, {
 *   kind: {
 *     case: "requestToReceiveBill",
 *     value: {
 *       requestorAccount: { value: tokenAccount },
 *       exchangeData: { case: "partial", value: { currency: "usd", nativeAmount: 0.25 } },
 *     },
 *   },
 * });
 * const bytesToSign = toBinary(MessageSchema, message);
 * ```
 *
 * @module
 */
export {
  type AckMessagesRequest,
  AckMessagesRequestSchema,
  type AckMesssagesResponse,
  AckMesssagesResponse_Result,
  AckMesssagesResponse_ResultSchema,
  AckMesssagesResponseSchema,
  type AirdropReceived,
  AirdropReceivedSchema,
  type ClientPong,
  ClientPongSchema,
  type ClientRejectedLogin,
  ClientRejectedLoginSchema,
  type ClientRejectedPayment,
  ClientRejectedPaymentSchema,
  type CodeScanned,
  CodeScannedSchema,
  type IntentSubmitted,
  IntentSubmittedSchema,
  type Message,
  type MessageId,
  MessageIdSchema,
  MessageSchema,
  Messaging,
  type OpenMessageStreamRequest,
  OpenMessageStreamRequestSchema,
  type OpenMessageStreamResponse,
  OpenMessageStreamResponseSchema,
  type OpenMessageStreamWithKeepAliveRequest,
  OpenMessageStreamWithKeepAliveRequestSchema,
  type OpenMessageStreamWithKeepAliveResponse,
  OpenMessageStreamWithKeepAliveResponseSchema,
  type PollMessagesRequest,
  PollMessagesRequestSchema,
  type PollMessagesResponse,
  PollMessagesResponseSchema,
  type RendezvousKey,
  RendezvousKeySchema,
  type RequestToGrabBill,
  RequestToGrabBillSchema,
  type RequestToLogin,
  RequestToLoginSchema,
  type RequestToReceiveBill,
  RequestToReceiveBillSchema,
  type SendMessageRequest,
  SendMessageRequestSchema,
  type SendMessageResponse,
  SendMessageResponse_Result,
  SendMessageResponse_ResultSchema,
  SendMessageResponseSchema,
  type ServerPing,
  ServerPingSchema,
  type WebhookCalled,
  WebhookCalledSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
