/**
 * All bytes of one payment and its login, from the payload to the webhook, under the names that documents use
 * for them. Everything is fixed, including times and message ids, so every run makes the same bytes.
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import * as crypto from "#crypto";
import { RequestSchema, Response_Result, ResponseSchema } from "../../gen/code/common/v1/model_pb.js";
import {
  MessageSchema,
  PollMessagesRequestSchema,
  SendMessageResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  GetStatusResponseSchema,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { encodePayload, LoginIntent, PaymentIntent, rendezvousKey, TipIntent } from "../../src/index.js";
import type { DiffIntent } from "../../src/inspect/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { CURRENCIES } from "../../src/money/currency.js";
import { signTestWebhook } from "../../src/webhook/index.js";
import { verifier } from "../support/login.js";
import { hex, unhex } from "../support/vectors.js";

/** The published example: 10 usd to the account of zeros. */
const order = {
  destination: "11111111111111111111111111111111",
  amount: 10,
  currency: "usd",
  idempotencyKey: "1234",
} as const;
const intent = PaymentIntent.from(order);
const key: SigningKey = rendezvousKey(intent.payload);
const nonce = intent.payload.slice(9);
const login = LoginIntent.from({
  login: { domain: "example.com", verifier: verifier.secretKey },
  idempotencyKey: order.idempotencyKey,
});

type Kind = NonNullable<MessageInitShape<typeof MessageSchema>["kind"]>;

const rendezvous = { value: key.publicKey };
const signatureOf = (bytes: Uint8Array) => ({ value: key.sign(bytes) });

/** 2024-01-01T00:00:00Z plus N seconds. */
const at = (seconds: number) => ({ seconds: 1_704_067_200n + BigInt(seconds) });

/** A message in its signed form. */
const messageOf = (kind: Kind): Uint8Array => toBinary(MessageSchema, create(MessageSchema, { kind }));

/** A message id in the emulator's format, a UUID of version 4. */
const messageId = (last: number) => ({ value: unhex(`3b9aca0011114222833344445555666${last}`) });

/** A message as the sequencer delivers it: with an id and the sender's signature. */
function delivered(id: number, kind: Kind, isSigned: boolean): Uint8Array {
  const sendMessageRequestSignature = isSigned ? signatureOf(messageOf(kind)) : undefined;
  const message = { id: messageId(id), kind, ...(isSigned ? { sendMessageRequestSignature } : {}) };
  return toBinary(MessageSchema, create(MessageSchema, message));
}

const scanned: Kind = { case: "codeScanned", value: { timestamp: at(0) } };
const rejected: Kind = { case: "clientRejectedPayment", value: { intentId: rendezvous } };
const submitted: Kind = {
  case: "intentSubmitted",
  value: {
    intentId: rendezvous,
    metadata: {
      type: {
        case: "sendPrivatePayment",
        value: {
          destination: { value: new Uint8Array(32) },
          exchangeData: {
            currency: "usd",
            exchangeRate: 0.00001,
            nativeAmount: 10,
            quarks: 100_000_000_000n,
          },
          isWithdrawal: true,
        },
      },
    },
  },
};
const webhookCalled: Kind = { case: "webhookCalled", value: { timestamp: at(5) } };

const askedForMessages = toBinary(
  PollMessagesRequestSchema,
  create(PollMessagesRequestSchema, { rendezvousKey: rendezvous }),
);
const sendMessageResponse = toBinary(
  SendMessageResponseSchema,
  create(SendMessageResponseSchema, { messageId: messageId(0) }),
);

/** The inputs of `explain <name>`. */
export const inputs: Readonly<Record<string, string | Uint8Array>> = {
  "payload-cash": encodePayload({ kind: "cash", quarks: 5_000_000n, nonce }),
  "payload-gift-card": encodePayload({ kind: "gift-card", quarks: 5_000_000n, nonce }),
  "payload-payment": intent.payload,
  "payload-login": login.payload,
  "payload-payment-with-fees": encodePayload({
    kind: "payment-with-fees",
    currency: "usd",
    units: 1000n,
    nonce,
  }),
  "payload-tip": TipIntent.from({ platform: "x", username: "getcode" }).payload,
  message: intent.toBinary(),
  "message-kin": PaymentIntent.from({ ...order, amount: 2500, currency: "kin" }).toBinary(),
  "message-fees": PaymentIntent.from({
    ...order,
    fees: [{ destination: "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz", basisPoints: 150 }],
  }).toBinary(),
  "send-message-request": intent.toSendMessageRequest(),
  "rest-body": JSON.stringify({ ...intent.toRestBody(), webhook: "https://example.com/paid" }),
  envelope: toBinary(
    RequestSchema,
    create(RequestSchema, {
      service: "Messaging",
      method: "sendMessage",
      body: intent.toSendMessageRequest(),
    }),
  ),
  "envelope-answer": toBinary(ResponseSchema, create(ResponseSchema, { body: sendMessageResponse })),
  "envelope-refusal": toBinary(
    ResponseSchema,
    create(ResponseSchema, {
      result: Response_Result.ERROR,
      message: "[invalid_argument] client submitted intent",
    }),
  ),
  "login-request": login.toSendMessageRequest(),
  rejected: messageOf(rejected),
  "delivered-scanned": delivered(1, scanned, true),
  "delivered-submitted": delivered(3, submitted, false),
  "delivered-webhook-called": delivered(4, webhookCalled, false),
  poll: toBinary(
    PollMessagesRequestSchema,
    create(PollMessagesRequestSchema, {
      rendezvousKey: rendezvous,
      signature: signatureOf(askedForMessages),
    }),
  ),
  "get-status": toBinary(GetStatusRequestSchema, create(GetStatusRequestSchema, { intentId: rendezvous })),
  status: toBinary(
    GetStatusResponseSchema,
    create(GetStatusResponseSchema, { exists: true, codeScanned: true, intentSubmitted: true }),
  ),
  "webhook-token": signTestWebhook(
    {
      intent: intent.id,
      destination: intent.destination,
      currency: "usd",
      amount: 10,
      exchangeRate: 0.00001,
      quarks: 100_000_000_000n,
      fees: 100_000_000n,
    },
    { privateKey: new Uint8Array(32).fill(7) },
  ),
};

/**
 * Keys that the inputs themselves do not contain: the rendezvous key for messages, the sequencer's key for
 * the token.
 */
export const publicKeys: Readonly<Record<string, string>> = {
  "delivered-scanned": intent.id,
  "webhook-token": "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB",
};

/** The inputs of `diff <name> <name>`. */
export const intents: Readonly<Record<string, DiffIntent>> = {
  "order-1042": PaymentIntent.from({ ...order, amount: "2.50", idempotencyKey: "order-1042" }),
  "order-1042-dearer": PaymentIntent.from({ ...order, amount: "2.60", idempotencyKey: "order-1042" }),
  "order-1042-elsewhere": PaymentIntent.from({
    ...order,
    destination: "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz",
    amount: "2.50",
    idempotencyKey: "order-1042",
  }),
};

const otherAccount = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const elsewhere = PaymentIntent.from({ ...order, destination: otherAccount });

/** Returns ten currencies a line. */
function currencyLines(): (readonly [string, string])[] {
  const starts = CURRENCIES.map((_, index) => index).filter((index) => index % 10 === 0);
  return starts.map((start) => {
    const currencies = CURRENCIES.slice(start, start + 10);
    const line = currencies.map((currency, at) => `${currency}=${start + at}`).join(" ");
    return [`${start} to ${start + currencies.length - 1}`, line];
  });
}

const idempotencyHash = crypto.sha256(new TextEncoder().encode(order.idempotencyKey));
const { signature } = intent.sign();

/** The values of `values <name>`. */
export const values: Readonly<Record<string, readonly (readonly [what: string, value: string])[]>> = {
  nonce: [
    ['SHA-256 of "1234"', hex(idempotencyHash)],
    ["nonce, its first 11 bytes", hex(nonce)],
    ["client secret, base58 of that", intent.clientSecret],
  ],
  key: [
    ["payload", hex(intent.payload)],
    ["seed, SHA-256 of that", hex(crypto.sha256(intent.payload))],
    ["public key of that seed", hex(key.publicKey)],
    ["intent id, base58 of that", intent.id],
  ],
  currencies: currencyLines(),
  "another-account": [
    ["account, base58", otherAccount],
    ["its 32 bytes, 6 to 37", hex(elsewhere.toBinary().subarray(6, 38))],
    ["intent id, the same", elsewhere.id],
    ["the Message, 54 bytes", hex(elsewhere.toBinary())],
    ["signature, 64 bytes", hex(elsewhere.sign().signature)],
    ["base58 of that", toBase58(elsewhere.sign().signature)],
  ],
  signature: [
    ["signed, 54 bytes", hex(intent.toBinary())],
    ["signature, 64 bytes", hex(signature)],
    ["base58 of that", toBase58(signature)],
  ],
};
