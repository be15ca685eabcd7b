/**
 * The messages that a page reads, as tables a tenth the size of the compiled schemas. The names and types of
 * fields are those of the compiled types. The tests compare the results with the compiled schemas.
 */
import type { Message as ProtobufMessage } from "@bufbuild/protobuf";
import type { Timestamp as TimestampMessage } from "@bufbuild/protobuf/wkt";
import type * as common from "../../gen/code/common/v1/model_pb.js";
import type * as messaging from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { GetStatusResponse } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import type * as transaction from "../../gen/code/transaction/v2/transaction_service_pb.js";

export type PolledMessages = messaging.PollMessagesResponse;
export type StreamedMessages = messaging.OpenMessageStreamResponse;
export type MessagesOrPing = messaging.OpenMessageStreamWithKeepAliveResponse;
export type Status = GetStatusResponse;

/** The wire format of a scalar field. */
export type Scalar = "bytes" | "string" | "double" | "bool" | "int32" | "uint32" | "int64" | "uint64";

/** A field: its name, its type, and whether it is repeated or to which oneof it belongs. */
export type Field = readonly [name: string, holds: Scalar | Shape, repeats?: "repeated" | `oneof ${string}`];

/** A message: its full name, and its fields by number. */
export interface Shape<T extends ProtobufMessage = ProtobufMessage> {
  readonly name: T["$typeName"];
  readonly fields: Readonly<Record<number, Field>>;
}

function shape<T extends ProtobufMessage>(name: T["$typeName"], fields: Shape["fields"]): Shape<T> {
  return { name, fields };
}

const value: Shape["fields"] = { 1: ["value", "bytes"] };
const account = shape<common.SolanaAccountId>("code.common.v1.SolanaAccountId", value);
const signature = shape<common.Signature>("code.common.v1.Signature", value);
const intentId = shape<common.IntentId>("code.common.v1.IntentId", value);
const domain = shape<common.Domain>("code.common.v1.Domain", { 1: ["value", "string"] });
const rendezvousKey = shape<messaging.RendezvousKey>("code.messaging.v1.RendezvousKey", value);
const messageId = shape<messaging.MessageId>("code.messaging.v1.MessageId", value);
const timestamp = shape<TimestampMessage>("google.protobuf.Timestamp", {
  1: ["seconds", "int64"],
  2: ["nanos", "int32"],
});
const timed: Shape["fields"] = { 1: ["timestamp", timestamp] };

const exchangeData = shape<transaction.ExchangeData>("code.transaction.v2.ExchangeData", {
  1: ["currency", "string"],
  2: ["exchangeRate", "double"],
  3: ["nativeAmount", "double"],
  4: ["quarks", "uint64"],
});
const withoutRate = shape<transaction.ExchangeDataWithoutRate>(
  "code.transaction.v2.ExchangeDataWithoutRate",
  {
    1: ["currency", "string"],
    2: ["nativeAmount", "double"],
  },
);
const fee = shape<transaction.AdditionalFeePayment>("code.transaction.v2.AdditionalFeePayment", {
  1: ["destination", account],
  2: ["feeBps", "uint32"],
});
const privatePayment = shape<transaction.SendPrivatePaymentMetadata>(
  "code.transaction.v2.SendPrivatePaymentMetadata",
  {
    1: ["destination", account],
    2: ["exchangeData", exchangeData],
    3: ["isWithdrawal", "bool"],
    4: ["isRemoteSend", "bool"],
  },
);
const metadata = shape<transaction.Metadata>("code.transaction.v2.Metadata", {
  2: ["sendPrivatePayment", privatePayment, "oneof type"],
});

const toGrabBill = shape<messaging.RequestToGrabBill>("code.messaging.v1.RequestToGrabBill", {
  1: ["requestorAccount", account],
});
const airdropReceived = shape<messaging.AirdropReceived>("code.messaging.v1.AirdropReceived", {
  1: ["airdropType", "int32"],
  2: ["exchangeData", exchangeData],
  3: ["timestamp", timestamp],
});
const toReceiveBill = shape<messaging.RequestToReceiveBill>("code.messaging.v1.RequestToReceiveBill", {
  1: ["requestorAccount", account],
  2: ["exact", exchangeData, "oneof exchangeData"],
  3: ["partial", withoutRate, "oneof exchangeData"],
  4: ["domain", domain],
  5: ["verifier", account],
  6: ["signature", signature],
  7: ["rendezvousKey", rendezvousKey],
  8: ["additionalFees", fee, "repeated"],
});
const codeScanned = shape<messaging.CodeScanned>("code.messaging.v1.CodeScanned", timed);
const rejectedPayment = shape<messaging.ClientRejectedPayment>("code.messaging.v1.ClientRejectedPayment", {
  1: ["intentId", intentId],
});
const intentSubmitted = shape<messaging.IntentSubmitted>("code.messaging.v1.IntentSubmitted", {
  1: ["intentId", intentId],
  2: ["metadata", metadata],
});
const webhookCalled = shape<messaging.WebhookCalled>("code.messaging.v1.WebhookCalled", timed);
const toLogin = shape<messaging.RequestToLogin>("code.messaging.v1.RequestToLogin", {
  1: ["domain", domain],
  4: ["verifier", account],
  5: ["signature", signature],
  6: ["rendezvousKey", rendezvousKey],
});
const rejectedLogin = shape<messaging.ClientRejectedLogin>("code.messaging.v1.ClientRejectedLogin", {
  4: ["timestamp", timestamp],
});

export const message: Shape<messaging.Message> = shape("code.messaging.v1.Message", {
  1: ["id", messageId],
  2: ["requestToGrabBill", toGrabBill, "oneof kind"],
  3: ["sendMessageRequestSignature", signature],
  4: ["airdropReceived", airdropReceived, "oneof kind"],
  5: ["requestToReceiveBill", toReceiveBill, "oneof kind"],
  6: ["codeScanned", codeScanned, "oneof kind"],
  7: ["clientRejectedPayment", rejectedPayment, "oneof kind"],
  8: ["intentSubmitted", intentSubmitted, "oneof kind"],
  9: ["webhookCalled", webhookCalled, "oneof kind"],
  10: ["requestToLogin", toLogin, "oneof kind"],
  12: ["clientRejectedLogin", rejectedLogin, "oneof kind"],
});

export const openStreamResponse: Shape<messaging.OpenMessageStreamResponse> = shape(
  "code.messaging.v1.OpenMessageStreamResponse",
  { 1: ["messages", message, "repeated"] },
);
const ping = shape<messaging.ServerPing>("code.messaging.v1.ServerPing", {
  1: ["timestamp", timestamp],
  // Duration has the same fields as Timestamp. Only its seconds are used.
  2: ["pingDelay", { name: "google.protobuf.Duration", fields: timestamp.fields }],
});
export const keepAliveResponse: Shape<messaging.OpenMessageStreamWithKeepAliveResponse> = shape(
  "code.messaging.v1.OpenMessageStreamWithKeepAliveResponse",
  {
    1: ["response", openStreamResponse, "oneof responseOrPing"],
    2: ["ping", ping, "oneof responseOrPing"],
  },
);
export const pollResponse: Shape<messaging.PollMessagesResponse> = shape(
  "code.messaging.v1.PollMessagesResponse",
  { 1: ["messages", message, "repeated"] },
);
export const ackResponse: Shape<messaging.AckMesssagesResponse> = shape(
  "code.messaging.v1.AckMesssagesResponse",
  { 1: ["result", "int32"] },
);
export const statusResponse: Shape<GetStatusResponse> = shape("code.micropayment.v1.GetStatusResponse", {
  1: ["exists", "bool"],
  2: ["codeScanned", "bool"],
  3: ["intentSubmitted", "bool"],
});
export const envelopeResponse: Shape<common.Response> = shape("code.common.v1.Response", {
  1: ["result", "int32"],
  2: ["body", "bytes"],
  3: ["message", "string"],
});
