/**
 * Raw calls to an emulator without the client: any message, signed by any key, and the error of a rejected
 * call.
 */
import { randomBytes } from "node:crypto";
import { clone, create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import * as crypto from "#crypto";
import { SignatureSchema } from "../../gen/code/common/v1/model_pb.js";
import {
  type Message,
  MessageSchema,
  Messaging,
  PollMessagesRequestSchema,
  type RequestToLogin,
  RequestToLoginSchema,
  type RequestToReceiveBill,
  RequestToReceiveBillSchema,
  type SendMessageResponse,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  type GetStatusResponse,
  MicroPayment,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";

/** Fields of a payment request; `undefined` omits one. */
export interface PaymentFields {
  readonly requestorAccount?: { readonly value: Uint8Array } | undefined;
  readonly exchangeData?: ExchangeData | undefined;
  readonly domain?: { readonly value: string } | undefined;
  readonly verifier?: { readonly value: Uint8Array } | undefined;
  readonly signature?: { readonly value: Uint8Array } | undefined;
  readonly rendezvousKey?: { readonly value: Uint8Array } | undefined;
  readonly additionalFees?: readonly FeeFields[] | undefined;
}

/** Fields of a login request; `undefined` omits one. */
export type LoginFields = Pick<PaymentFields, "domain" | "verifier" | "signature" | "rendezvousKey">;

export interface FeeFields {
  readonly destination?: { readonly value: Uint8Array };
  readonly feeBps: number;
}

export type ExchangeData =
  | { readonly case: "partial"; readonly value: Partial<FiatFields> }
  | { readonly case: "exact"; readonly value: Partial<KinFields> };

interface FiatFields {
  readonly currency: string;
  readonly nativeAmount: number;
}

interface KinFields extends FiatFields {
  readonly exchangeRate: number;
  readonly quarks: bigint;
}

export type MessageInit = MessageInitShape<typeof MessageSchema>;
export type Kind = NonNullable<MessageInit["kind"]>;

/** An emulator, or another server that a transport reaches. */
interface Reachable {
  readonly transport: Transport;
}

/** The error of a call: the name of its Connect code, and the sequencer's message. */
export interface Refusal {
  readonly code: string;
  readonly text: string;
}

export const invalid = (text: string): Refusal => ({ code: "InvalidArgument", text });
export const unauthenticated = (text = ""): Refusal => ({ code: "Unauthenticated", text });
export const denied = (text: string): Refusal => ({ code: "PermissionDenied", text });

/** Returns the error of a call. Fails if the call succeeds or fails with anything but a Connect error. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in outcome) throw new Error(`was accepted, with ${JSON.stringify(outcome.value, printable)}`);
  if (!(outcome.error instanceof ConnectError)) throw outcome.error;
  return { code: Code[outcome.error.code] ?? "", text: outcome.error.rawMessage };
}

function printable(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

export function messagingOf({ transport }: Reachable): Client<typeof Messaging> {
  return createClient(Messaging, transport);
}

export function microPaymentOf({ transport }: Reachable): Client<typeof MicroPayment> {
  return createClient(MicroPayment, transport);
}

/** Creates a new key. */
export function newKey(): SigningKey {
  return crypto.keyFromSeed(new Uint8Array(randomBytes(32)));
}

/** Returns `length` equal bytes. */
export function filled(byte: number, length = 32): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(byte);
}

/** Creates a request for 1 usd to an account of ones, with some fields replaced. */
export function payment(fields: PaymentFields = {}): RequestToReceiveBill {
  const all = { requestorAccount: { value: filled(1) }, exchangeData: fiat("usd", 1), ...fields };
  return create(RequestToReceiveBillSchema, all as MessageInitShape<typeof RequestToReceiveBillSchema>);
}

export function fiat(currency: string, nativeAmount: number): ExchangeData {
  return { case: "partial", value: { currency, nativeAmount } };
}

/** Creates a request for 2500 kin, with some fields replaced. */
export function kin(fields: Partial<KinFields> = {}): ExchangeData {
  const { nativeAmount = 2500, quarks = BigInt(Math.round(nativeAmount)) * 100_000n } = fields;
  return { case: "exact", value: { currency: "kin", exchangeRate: 1, ...fields, nativeAmount, quarks } };
}

/** Creates a fee for the account of 32 such bytes. */
export function fee(byte: number, feeBps: number): FeeFields {
  return { destination: { value: filled(byte) }, feeBps };
}

/**
 * Creates a payment request signed by a verifier for a rendezvous key, unless the fields contain a signature.
 */
export function verifiedPayment(
  rendezvous: SigningKey,
  verifier: SigningKey,
  domain: string,
  fields: PaymentFields = {},
): RequestToReceiveBill {
  const request = payment({
    domain: { value: domain },
    verifier: { value: verifier.publicKey },
    rendezvousKey: { value: rendezvous.publicKey },
    ...fields,
  });
  if (!("signature" in fields)) {
    const value = verifier.sign(toBinary(RequestToReceiveBillSchema, request));
    request.signature = create(SignatureSchema, { value });
  }
  return request;
}

/**
 * Creates a login request signed by a verifier for a rendezvous key, unless the fields contain a signature.
 */
export function login(
  rendezvous: SigningKey,
  verifier: SigningKey,
  domain: string,
  fields: LoginFields = {},
): RequestToLogin {
  const all = {
    domain: { value: domain },
    verifier: { value: verifier.publicKey },
    rendezvousKey: { value: rendezvous.publicKey },
    ...fields,
  };
  const request = create(RequestToLoginSchema, all as MessageInitShape<typeof RequestToLoginSchema>);
  if (!("signature" in fields)) {
    const value = verifier.sign(toBinary(RequestToLoginSchema, request));
    request.signature = create(SignatureSchema, { value });
  }
  return request;
}

/** Sends a message at a key, signed by that key unless the request says otherwise. */
export async function send(
  emulator: Reachable,
  key: SigningKey,
  message: MessageInit,
  signature?: Uint8Array,
): Promise<SendMessageResponse> {
  const sent = create(MessageSchema, message);
  return messagingOf(emulator).sendMessage({
    message: sent,
    rendezvousKey: { value: key.publicKey },
    signature: { value: signature ?? key.sign(toBinary(MessageSchema, sent)) },
  });
}

export function sendKind(emulator: Reachable, key: SigningKey, kind: Kind): Promise<SendMessageResponse> {
  return send(emulator, key, { kind });
}

export function sendPayment(
  emulator: Reachable,
  key: SigningKey,
  value: RequestToReceiveBill,
): Promise<SendMessageResponse> {
  return sendKind(emulator, key, { case: "requestToReceiveBill", value });
}

export function sendLogin(
  emulator: Reachable,
  key: SigningKey,
  value: RequestToLogin,
): Promise<SendMessageResponse> {
  return sendKind(emulator, key, { case: "requestToLogin", value });
}

export const codeScanned: Kind = { case: "codeScanned", value: { timestamp: { seconds: 1n } } };

/** Returns the messages stored at a key. */
export async function poll(emulator: Reachable, key: SigningKey): Promise<Message[]> {
  const request = create(PollMessagesRequestSchema, { rendezvousKey: { value: key.publicKey } });
  const value = key.sign(toBinary(PollMessagesRequestSchema, request));
  request.signature = create(SignatureSchema, { value });
  return (await messagingOf(emulator).pollMessages(request)).messages;
}

export function statusOf(emulator: Reachable, key: SigningKey): Promise<GetStatusResponse> {
  return microPaymentOf(emulator).getStatus({ intentId: { value: key.publicKey } });
}

/** Returns a delivered message without the fields that the server added. */
export function withoutServerFields(message: Message): Message {
  const copy = clone(MessageSchema, message);
  delete copy.id;
  delete copy.sendMessageRequestSignature;
  return copy;
}

/** Encodes a length-delimited field. */
export function lengthDelimited(fieldNumber: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint((fieldNumber << 3) | 2), varint(content.length), content]);
}

/** Encodes a number as a varint, in `length` bytes if given, even if fewer suffice. */
export function varint(value: number, length = 1): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length < length; rest = Math.floor(rest / 128))
    bytes.push(rest % 128);
  return Uint8Array.from(bytes, (byte, i) => (i < bytes.length - 1 ? byte | 0x80 : byte));
}

/** Posts the bytes of a SendMessageRequest, which need not be canonical. */
export async function postSendMessage(
  { url }: { readonly url: string },
  key: SigningKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<{ readonly status: number; readonly code?: string; readonly message?: string }> {
  const body = Buffer.concat([
    lengthDelimited(1, message),
    lengthDelimited(2, lengthDelimited(1, key.publicKey)),
    lengthDelimited(3, lengthDelimited(1, signature)),
  ]);
  const response = await fetch(`${url}/code.messaging.v1.Messaging/SendMessage`, {
    method: "POST",
    headers: { "content-type": "application/proto" },
    body,
  });
  if (response.status === 200) return { status: 200 };
  return { ...((await response.json()) as object), status: response.status };
}
