/** Describes bytes in plain words. Types known by name have a better description than their scalar. */
import { ScalarType } from "@bufbuild/protobuf";
import { hex } from "@scure/base";
import { KEY_LENGTH, MESSAGE_ID_LENGTH, SIGNATURE_LENGTH } from "../../contract/numbers.js";
import { toBase58 } from "../../lib/bytes.js";
import type { InspectNode, InspectValue } from "../types.js";
import { count, durationText, floatText, instantText, quote, typeWords, uuidText } from "../words.js";
import type { ValueShape } from "./shape.js";

/** The description of a message type. */
interface KnownType {
  /** Completes "this is ...". */
  readonly is: string;
  /** For messages that wrap one value of bytes: their length, their name, and their usual notation. */
  readonly wraps?: { readonly length: number; readonly what: string; readonly as: "base58" | "UUID" };
  /** Describes the decoded children together. */
  readonly says?: (child: (name: string) => InspectValue | undefined) => string | undefined;
}

/** Descriptions by full name. Every name is that of a compiled message. */
export const knownTypes: Readonly<Record<string, KnownType>> = {
  "code.common.v1.SolanaAccountId": {
    is: "a public key or account",
    wraps: { length: KEY_LENGTH, what: "public key or account", as: "base58" },
  },
  "code.common.v1.IntentId": {
    is: "an intent id",
    wraps: { length: KEY_LENGTH, what: "intent id, the rendezvous public key", as: "base58" },
  },
  "code.common.v1.Signature": {
    is: "an Ed25519 signature",
    wraps: { length: SIGNATURE_LENGTH, what: "Ed25519 signature", as: "base58" },
  },
  "code.common.v1.Domain": { is: "a domain" },
  "code.common.v1.Request": { is: "a call in an envelope" },
  "code.common.v1.Response": { is: "the response to a call in an envelope" },
  "code.messaging.v1.RendezvousKey": {
    is: "a rendezvous public key",
    wraps: { length: KEY_LENGTH, what: "rendezvous public key", as: "base58" },
  },
  "code.messaging.v1.MessageId": {
    is: "a message id",
    wraps: { length: MESSAGE_ID_LENGTH, what: "message id", as: "UUID" },
  },
  "code.messaging.v1.Message": { is: "a message at a rendezvous key" },
  "code.messaging.v1.SendMessageRequest": { is: "a message with its rendezvous key and signature" },
  "code.messaging.v1.RequestToGrabBill": { is: "a request to grab a bill" },
  "code.messaging.v1.RequestToReceiveBill": { is: "a request to receive a bill" },
  "code.messaging.v1.RequestToLogin": { is: "a login request" },
  "code.messaging.v1.CodeScanned": { is: "the code was scanned" },
  "code.messaging.v1.ClientRejectedPayment": { is: "the payer rejected the payment" },
  "code.messaging.v1.ClientRejectedLogin": { is: "the user rejected the login" },
  "code.messaging.v1.IntentSubmitted": { is: "the user has paid or logged in" },
  "code.messaging.v1.WebhookCalled": { is: "the webhook was delivered" },
  "code.messaging.v1.AirdropReceived": { is: "the user received Kin in an airdrop" },
  "code.transaction.v2.ExchangeData": { is: "an amount with its exchange rate" },
  "code.transaction.v2.ExchangeDataWithoutRate": { is: "an amount without an exchange rate" },
  "code.transaction.v2.AdditionalFeePayment": { is: "a fee for another account" },
  "code.transaction.v2.Metadata": { is: "the metadata of a submitted intent" },
  "code.transaction.v2.SendPrivatePaymentMetadata": { is: "a private payment" },
  "code.messaging.v1.OpenMessageStreamRequest": { is: "a request to stream the messages at a key" },
  "code.messaging.v1.OpenMessageStreamResponse": { is: "the messages of a stream" },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveRequest": {
    is: "a client frame of a keep-alive stream",
  },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveResponse": {
    is: "a sequencer frame of a keep-alive stream",
  },
  "code.messaging.v1.ServerPing": { is: "a ping from the sequencer" },
  "code.messaging.v1.ClientPong": { is: "a client's reply to a ping" },
  "code.messaging.v1.PollMessagesRequest": { is: "a request for the messages stored at a key" },
  "code.messaging.v1.PollMessagesResponse": { is: "the messages stored at a key" },
  "code.messaging.v1.AckMessagesRequest": { is: "a request to delete messages at a key" },
  "code.messaging.v1.AckMesssagesResponse": { is: "the response to a request to delete messages" },
  "code.messaging.v1.SendMessageResponse": { is: "the response to a sent message" },
  "code.micropayment.v1.GetStatusRequest": { is: "a request for the state of an intent" },
  "code.micropayment.v1.GetStatusResponse": { is: "the state of an intent" },
  "code.micropayment.v1.RegisterWebhookRequest": { is: "a request to register a webhook" },
  "code.micropayment.v1.RegisterWebhookResponse": { is: "the response to a webhook registration" },
  "code.user.v1.GetLoginForThirdPartyAppRequest": { is: "a request for the user of a login" },
  "code.user.v1.GetLoginForThirdPartyAppResponse": { is: "the user of a login" },
  "code.user.v1.LoginToThirdPartyAppRequest": { is: "a login by the user's wallet" },
  "code.user.v1.LoginToThirdPartyAppResponse": { is: "the response to a login" },
  "google.protobuf.Timestamp": {
    is: "a point in time",
    says: (child) => instantText(BigInt(asNumber(child("seconds"))), Number(asNumber(child("nanos")))),
  },
  "google.protobuf.Duration": {
    is: "a duration",
    says: (child) => durationText(BigInt(asNumber(child("seconds"))), Number(asNumber(child("nanos")))),
  },
};

/** Describes a message: its type and, if the type is known, its content. */
export function messageMeaning(typeName: string, children: readonly InspectNode[]): string {
  const known = Object.hasOwn(knownTypes, typeName) ? knownTypes[typeName] : undefined;
  const is = known?.is ?? typeWords(typeName);
  // A child without a value is truncated. Half of a message is not described.
  if (known?.says === undefined || children.some(({ value }) => value === undefined)) return is;
  const values = new Map(children.map(({ label, value }) => [label, value]));
  const says = known.says((name) => values.get(name));
  return says === undefined ? is : `${is}: ${says}`;
}

/**
 * Describes the decoded value of a scalar or enum field. `owner` is the type of the message that contains the
 * field.
 */
export function valueMeaning(
  shape: ValueShape,
  owner: string,
  value: InspectValue,
  bytes: Uint8Array,
): string {
  if (shape.kind === "enum") {
    if (typeof value !== "string") return `varint: ${value}, which is not a value of ${shape.enum.typeName}`;
    return `varint: ${shape.enum.values.find(({ name }) => name === value)?.number}, which is ${value}`;
  }
  const size = count(bytes.length, "byte");
  if (typeof value === "string") return `${size} of UTF-8 text: ${quote(value)}`;
  if (typeof value === "object") return wrappedMeaning(owner, bytes) ?? size;
  return `${scalarWords(shape)}: ${typeof value === "number" && isFloat(shape) ? floatText(value) : value}`;
}

/** Describes a field that is unknown or has another wire type. */
export function opaqueMeaning(what: string, varint: bigint | undefined, length: number): string {
  return varint === undefined ? `${what}: ${count(length, "byte")}` : `${what}, varint: ${varint}`;
}

/** Describes the bytes of a well-known wrapper in their usual notation. */
function wrappedMeaning(owner: string, bytes: Uint8Array): string | undefined {
  const wraps = Object.hasOwn(knownTypes, owner) ? knownTypes[owner]?.wraps : undefined;
  if (wraps === undefined) return undefined;
  const { length, what, as } = wraps;
  // Base58 takes quadratic time, so only the right length is encoded.
  if (bytes.length !== length) return `${count(bytes.length, "byte")}; ${what} has ${length}`;
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
