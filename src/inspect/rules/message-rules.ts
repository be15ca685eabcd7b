/**
 * What the sequencer asks of each message beyond the wire format, by full name. It has these rules from its own
 * sources, not from the descriptors; a message without an entry has no rule.
 */
import {
  basisPoints,
  currencyCode,
  hostname,
  positiveDouble,
  positiveInteger,
  requestedDouble,
  type ValueRule,
  webhookUrl,
} from "./value-rules.js";

/** Rules of one message. Names are those of the `.proto` file. */
export interface MessageRules {
  /** Fields that have to be there. */
  readonly required?: readonly string[];
  /** Oneofs of which one field has to be there. */
  readonly oneofs?: readonly string[];
  /** Largest number of values of repeated fields. */
  readonly most?: Readonly<Record<string, number>>;
  /** Rules for single values. */
  readonly values?: Readonly<Record<string, ValueRule>>;
}

const timestamped: MessageRules = { required: ["timestamp"] };

export const messageRules: Readonly<Record<string, MessageRules>> = {
  "code.common.v1.SolanaAccountId": { required: ["value"] },
  "code.common.v1.IntentId": { required: ["value"] },
  "code.common.v1.Signature": { required: ["value"] },
  "code.common.v1.Domain": { required: ["value"], values: { value: hostname } },
  "code.common.v1.Request": { required: ["service", "method"] },
  "code.transaction.v2.ExchangeData": {
    required: ["currency", "exchange_rate", "native_amount", "quarks"],
    values: {
      currency: currencyCode,
      native_amount: positiveDouble,
      exchange_rate: positiveDouble,
      quarks: positiveInteger,
    },
  },
  "code.transaction.v2.ExchangeDataWithoutRate": {
    required: ["currency", "native_amount"],
    values: { currency: currencyCode, native_amount: requestedDouble },
  },
  "code.transaction.v2.AdditionalFeePayment": {
    required: ["destination", "fee_bps"],
    values: { fee_bps: basisPoints },
  },
  "code.transaction.v2.Metadata": { oneofs: ["type"] },
  "code.transaction.v2.SendPrivatePaymentMetadata": { required: ["destination", "exchange_data"] },
  "code.messaging.v1.RendezvousKey": { required: ["value"] },
  "code.messaging.v1.MessageId": { required: ["value"] },
  "code.messaging.v1.Message": { oneofs: ["kind"] },
  "code.messaging.v1.RequestToGrabBill": { required: ["requestor_account"] },
  "code.messaging.v1.RequestToReceiveBill": {
    required: ["requestor_account"],
    oneofs: ["exchange_data"],
    most: { additional_fees: 3 },
  },
  "code.messaging.v1.CodeScanned": timestamped,
  "code.messaging.v1.ClientRejectedPayment": { required: ["intent_id"] },
  "code.messaging.v1.IntentSubmitted": { required: ["intent_id"] },
  "code.messaging.v1.WebhookCalled": timestamped,
  "code.messaging.v1.RequestToLogin": { required: ["domain", "verifier", "signature", "rendezvous_key"] },
  "code.messaging.v1.ClientRejectedLogin": timestamped,
  "code.messaging.v1.AirdropReceived": { required: ["airdrop_type", "exchange_data", "timestamp"] },
  "code.messaging.v1.ServerPing": { required: ["timestamp", "ping_delay"] },
  "code.messaging.v1.ClientPong": timestamped,
  "code.messaging.v1.OpenMessageStreamRequest": { required: ["rendezvous_key"] },
  "code.messaging.v1.OpenMessageStreamResponse": { required: ["messages"], most: { messages: 1024 } },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveRequest": { oneofs: ["requestOrPong"] },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveResponse": { oneofs: ["responseOrPing"] },
  "code.messaging.v1.PollMessagesRequest": { required: ["rendezvous_key", "signature"] },
  "code.messaging.v1.PollMessagesResponse": { most: { messages: 1024 } },
  "code.messaging.v1.AckMessagesRequest": {
    required: ["rendezvous_key", "message_ids"],
    most: { message_ids: 1024 },
  },
  "code.messaging.v1.SendMessageRequest": { required: ["message", "rendezvous_key", "signature"] },
  "code.micropayment.v1.GetStatusRequest": { required: ["intent_id"] },
  "code.micropayment.v1.RegisterWebhookRequest": {
    required: ["intent_id", "url"],
    values: { url: webhookUrl },
  },
  "code.user.v1.GetLoginForThirdPartyAppRequest": { required: ["intent_id", "verifier", "signature"] },
  "code.user.v1.LoginToThirdPartyAppRequest": { required: ["intent_id", "user_id", "signature"] },
};
