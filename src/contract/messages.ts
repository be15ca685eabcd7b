/**
 * The requirements for each message beyond the wire format. The sequencer validates by this table, and the
 * explorer explains by it. The real sequencer has these rules in its sources, not in the descriptors.
 */
import type { CheckName } from "./checks.js";
import { MAX_FEES, MAX_ITEMS } from "./numbers.js";

/**
 * A member of a oneof that only another product uses. The sequencer knows it, but no message here contains
 * it.
 */
export interface OtherMember {
  readonly field: string;
  readonly message: string;
  /** The first field that the message requires; absent if it can be empty. */
  readonly required?: string;
}

/** The requirements for one message. The names are those of the `.proto` file. */
export interface MessageContract {
  /** Embedded messages that must be set. */
  readonly required?: readonly string[];
  /** Oneofs that must have a case. */
  readonly oneofs?: readonly string[];
  /** Checks of scalar fields. A scalar that is not set is checked as its default value. */
  readonly checks?: Readonly<Record<string, CheckName>>;
  /** Smallest and largest number of items of repeated fields. */
  readonly items?: Readonly<Record<string, readonly [min: number, max: number]>>;
  /** Members of its oneof that are not laid out here, by field number. */
  readonly others?: Readonly<Record<number, OtherMember>>;
}

const account: MessageContract = { checks: { value: "key" } };
const keyAndSignature: MessageContract = { required: ["rendezvous_key", "signature"] };
const timestamped: MessageContract = { required: ["timestamp"] };

/** The contract of every message that has one, by full name. */
export const messageContracts: Readonly<Record<string, MessageContract>> = {
  "code.common.v1.SolanaAccountId": account,
  "code.common.v1.IntentId": account,
  "code.common.v1.Signature": { checks: { value: "signature" } },
  "code.common.v1.Domain": { checks: { value: "hostname" } },
  "code.transaction.v2.ExchangeData": {
    checks: {
      currency: "currency_code",
      exchange_rate: "greater_than_zero",
      native_amount: "greater_than_zero",
      quarks: "greater_than_zero",
    },
  },
  "code.transaction.v2.ExchangeDataWithoutRate": {
    checks: { currency: "currency_code", native_amount: "greater_than_zero" },
  },
  "code.transaction.v2.AdditionalFeePayment": {
    required: ["destination"],
    checks: { fee_bps: "basis_points" },
  },
  "code.transaction.v2.Metadata": {
    oneofs: ["type"],
    others: {
      1: { field: "open_accounts", message: "OpenAccountsMetadata" },
      3: {
        field: "receive_payments_privately",
        message: "ReceivePaymentsPrivatelyMetadata",
        required: "source",
      },
      4: { field: "upgrade_privacy", message: "UpgradePrivacyMetadata" },
      5: { field: "migrate_to_privacy_2022", message: "MigrateToPrivacy2022Metadata" },
      6: { field: "send_public_payment", message: "SendPublicPaymentMetadata", required: "source" },
      7: {
        field: "receive_payments_publicly",
        message: "ReceivePaymentsPubliclyMetadata",
        required: "source",
      },
      8: {
        field: "establish_relationship",
        message: "EstablishRelationshipMetadata",
        required: "relationship",
      },
    },
  },
  "code.transaction.v2.SendPrivatePaymentMetadata": { required: ["destination", "exchange_data"] },
  "code.messaging.v1.RendezvousKey": account,
  "code.messaging.v1.MessageId": { checks: { value: "message_id" } },
  "code.messaging.v1.Message": { oneofs: ["kind"] },
  "code.messaging.v1.RequestToGrabBill": { required: ["requestor_account"] },
  "code.messaging.v1.RequestToReceiveBill": {
    required: ["requestor_account"],
    items: { additional_fees: [0, MAX_FEES] },
    oneofs: ["exchange_data"],
  },
  "code.messaging.v1.CodeScanned": timestamped,
  "code.messaging.v1.ClientRejectedPayment": { required: ["intent_id"] },
  "code.messaging.v1.IntentSubmitted": { required: ["intent_id"] },
  "code.messaging.v1.WebhookCalled": timestamped,
  "code.messaging.v1.RequestToLogin": { required: ["domain", "verifier", "signature", "rendezvous_key"] },
  "code.messaging.v1.ClientRejectedLogin": timestamped,
  "code.messaging.v1.AirdropReceived": {
    required: ["exchange_data", "timestamp"],
    checks: { airdrop_type: "not_unknown_enum" },
  },
  "code.messaging.v1.ServerPing": { required: ["timestamp", "ping_delay"] },
  "code.messaging.v1.ClientPong": timestamped,
  "code.messaging.v1.OpenMessageStreamRequest": { required: ["rendezvous_key"] },
  "code.messaging.v1.OpenMessageStreamResponse": { items: { messages: [1, MAX_ITEMS] } },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveRequest": { oneofs: ["requestOrPong"] },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveResponse": { oneofs: ["responseOrPing"] },
  "code.messaging.v1.PollMessagesRequest": keyAndSignature,
  "code.messaging.v1.PollMessagesResponse": { items: { messages: [0, MAX_ITEMS] } },
  "code.messaging.v1.AckMessagesRequest": {
    required: ["rendezvous_key"],
    items: { message_ids: [1, MAX_ITEMS] },
  },
  "code.messaging.v1.SendMessageRequest": { required: ["message", "rendezvous_key", "signature"] },
  "code.micropayment.v1.GetStatusRequest": { required: ["intent_id"] },
  "code.micropayment.v1.RegisterWebhookRequest": { required: ["intent_id"], checks: { url: "webhook_url" } },
  "code.user.v1.GetLoginForThirdPartyAppRequest": { required: ["intent_id", "verifier", "signature"] },
  "code.user.v1.LoginToThirdPartyAppRequest": { required: ["intent_id", "user_id", "signature"] },
};
