/** What bytes mean, in plain words. Types that are known by name say more than their scalar does. */
import { ScalarType } from "@bufbuild/protobuf";
import { hex } from "@scure/base";
import { KEY_LENGTH, MESSAGE_ID_LENGTH, SIGNATURE_LENGTH } from "../../contract/numbers.js";
import { toBase58 } from "../../lib/bytes.js";
import type { InspectNode, InspectValue } from "../types.js";
import { count, durationText, floatText, instantText, quote, typeWords, uuidText } from "../words.js";
import type { ValueShape } from "./shape.js";

/** What is known of a message type by its full name. */
interface KnownType {
  /** Completes "this is ...". */
  readonly is: string;
  /** For messages that wrap one value of bytes: their length, what they are, and how people write them. */
  readonly wraps?: { readonly length: number; readonly what: string; readonly as: "base58" | "UUID" };
  /** What the decoded children say together. */
  readonly says?: (child: (name: string) => InspectValue | undefined) => string | undefined;
}

/** By full name; every name is one of a compiled message. */
export const knownTypes: Readonly<Record<string, KnownType>> = {
  "code.common.v1.SolanaAccountId": {
    is: "a public key or account",
    wraps: { length: KEY_LENGTH, what: "public key or account", as: "base58" },
  },
  "code.common.v1.IntentId": {
    is: "the id of an intent",
    wraps: { length: KEY_LENGTH, what: "intent id, the rendezvous public key", as: "base58" },
  },
  "code.common.v1.Signature": {
    is: "an Ed25519 signature",
    wraps: { length: SIGNATURE_LENGTH, what: "Ed25519 signature", as: "base58" },
  },
  "code.common.v1.Domain": { is: "a domain" },
  "code.common.v1.Request": { is: "a call in an envelope" },
  "code.common.v1.Response": { is: "the answer to a call in an envelope" },
  "code.messaging.v1.RendezvousKey": {
    is: "a rendezvous public key",
    wraps: { length: KEY_LENGTH, what: "rendezvous public key", as: "base58" },
  },
  "code.messaging.v1.MessageId": {
    is: "the id of a message",
    wraps: { length: MESSAGE_ID_LENGTH, what: "message id", as: "UUID" },
  },
  "code.messaging.v1.Message": { is: "a message at a rendezvous key" },
  "code.messaging.v1.SendMessageRequest": { is: "a message with the key it is sent to and its signature" },
  "code.messaging.v1.RequestToGrabBill": { is: "a request to grab a bill" },
  "code.messaging.v1.RequestToReceiveBill": { is: "a request to receive a bill" },
  "code.messaging.v1.RequestToLogin": { is: "a request to log in" },
  "code.messaging.v1.CodeScanned": { is: "the code was scanned" },
  "code.messaging.v1.ClientRejectedPayment": { is: "the payer turned the payment down" },
  "code.messaging.v1.ClientRejectedLogin": { is: "the user turned the login down" },
  "code.messaging.v1.IntentSubmitted": { is: "the user has paid or logged in" },
  "code.messaging.v1.WebhookCalled": { is: "the webhook was delivered" },
  "code.messaging.v1.AirdropReceived": { is: "Kin was given to the user" },
  "code.transaction.v2.ExchangeData": { is: "an amount with its exchange rate" },
  "code.transaction.v2.ExchangeDataWithoutRate": { is: "an amount without exchange rate" },
  "code.transaction.v2.AdditionalFeePayment": { is: "a share of the payment for somebody else" },
  "code.transaction.v2.Metadata": { is: "what was submitted" },
  "code.transaction.v2.SendPrivatePaymentMetadata": { is: "a private payment" },
  "code.messaging.v1.OpenMessageStreamRequest": { is: "a request for a stream of the messages at a key" },
  "code.messaging.v1.OpenMessageStreamResponse": { is: "messages of a stream" },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveRequest": {
    is: "a client's frame on a keep-alive stream",
  },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveResponse": {
    is: "a frame of the sequencer on a keep-alive stream",
  },
  "code.messaging.v1.ServerPing": { is: "a ping of the sequencer" },
  "code.messaging.v1.ClientPong": { is: "a client's answer to a ping" },
  "code.messaging.v1.PollMessagesRequest": { is: "a request for the messages stored at a key" },
  "code.messaging.v1.PollMessagesResponse": { is: "the messages stored at a key" },
  "code.messaging.v1.AckMessagesRequest": { is: "a request to delete messages at a key" },
  "code.messaging.v1.AckMesssagesResponse": { is: "the answer about messages to be deleted" },
  "code.messaging.v1.SendMessageResponse": { is: "the answer about a message that was sent" },
  "code.micropayment.v1.GetStatusRequest": { is: "a question about the state of an intent" },
  "code.micropayment.v1.GetStatusResponse": { is: "the state of an intent" },
  "code.micropayment.v1.RegisterWebhookRequest": { is: "a request to register a webhook" },
  "code.micropayment.v1.RegisterWebhookResponse": { is: "the answer about a webhook" },
  "code.user.v1.GetLoginForThirdPartyAppRequest": { is: "a question about who logged in" },
  "code.user.v1.GetLoginForThirdPartyAppResponse": { is: "the answer about who logged in" },
  "code.user.v1.LoginToThirdPartyAppRequest": { is: "a wallet's login of its user" },
  "code.user.v1.LoginToThirdPartyAppResponse": { is: "the answer about a login" },
  "google.protobuf.Timestamp": {
    is: "an instant",
    says: (child) => instantText(BigInt(asNumber(child("seconds"))), Number(asNumber(child("nanos")))),
  },
  "google.protobuf.Duration": {
    is: "a span of time",
    says: (child) => durationText(BigInt(asNumber(child("seconds"))), Number(asNumber(child("nanos")))),
  },
};

/** What a message is, and what it says as a whole where its type is known for that. */
export function messageMeaning(typeName: string, children: readonly InspectNode[]): string {
  const known = Object.hasOwn(knownTypes, typeName) ? knownTypes[typeName] : undefined;
  const is = known?.is ?? typeWords(typeName);
  // A child without a value was cut off, and nothing is said from half of it.
  if (known?.says === undefined || children.some(({ value }) => value === undefined)) return is;
  const values = new Map(children.map(({ label, value }) => [label, value]));
  const says = known.says((name) => values.get(name));
  return says === undefined ? is : `${is}: ${says}`;
}

/**
 * What the decoded value of a scalar or enum field means. `owner` is the type of the message that the field
 * is in.
 */
export function valueMeaning(
  shape: ValueShape,
  owner: string,
  value: InspectValue,
  bytes: Uint8Array,
): string {
  if (shape.kind === "enum") {
    if (typeof value !== "string") return `varint: ${value}, which ${shape.enum.typeName} does not have`;
    return `varint: ${shape.enum.values.find(({ name }) => name === value)?.number}, which is ${value}`;
  }
  const size = count(bytes.length, "byte");
  if (typeof value === "string") return `${size} of UTF-8 text: ${quote(value)}`;
  if (typeof value === "object") return wrappedMeaning(owner, bytes) ?? size;
  return `${scalarWords(shape)}: ${typeof value === "number" && isFloat(shape) ? floatText(value) : value}`;
}

/** What can be said of a field that the descriptor does not have, or has with another wire type. */
export function opaqueMeaning(what: string, varint: bigint | undefined, length: number): string {
  return varint === undefined ? `${what}: ${count(length, "byte")}` : `${what}, varint: ${varint}`;
}

/** The bytes of a well-known wrapper, in the notation that people use for it. */
function wrappedMeaning(owner: string, bytes: Uint8Array): string | undefined {
  const wraps = Object.hasOwn(knownTypes, owner) ? knownTypes[owner]?.wraps : undefined;
  if (wraps === undefined) return undefined;
  const { length, what, as } = wraps;
  // Base58 takes quadratic time, so it is for the right length only.
  if (bytes.length !== length) return `${count(bytes.length, "byte")}, where ${what} has ${length}`;
  return `${length}-byte ${what}: ${as} ${as === "UUID" ? uuidText(hex.encode(bytes)) : toBase58(bytes)}`;
}

function scalarWords(shape: ValueShape): string {
  switch (shape.kind === "scalar" ? shape.scalar : undefined) {
    case ScalarType.DOUBLE:
      return "8-byte little-endian double";
    case ScalarType.FLOAT:
      return "4-byte little-endian float";
    case ScalarType.FIXED64:
      return "8-byte little-endian unsigned integer";
    case ScalarType.SFIXED64:
      return "8-byte little-endian signed integer";
    case ScalarType.FIXED32:
      return "4-byte little-endian unsigned integer";
    case ScalarType.SFIXED32:
      return "4-byte little-endian signed integer";
    case ScalarType.SINT32:
    case ScalarType.SINT64:
      return "zigzag varint";
    default:
      return "varint";
  }
}

function isFloat(shape: ValueShape): boolean {
  return shape.kind === "scalar" && (shape.scalar === ScalarType.DOUBLE || shape.scalar === ScalarType.FLOAT);
}

function asNumber(value: InspectValue | undefined): number | bigint {
  return typeof value === "number" || typeof value === "bigint" ? value : 0;
}
