/**
 * Generates requests at the edges of the contract: valid ones of every kind, with one or more fields changed.
 */
import { clone, create, type DescField, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type ReflectList, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { WireType } from "@bufbuild/protobuf/wire";
import * as crypto from "#crypto";
import {
  AckMessagesRequestSchema,
  MessageIdSchema,
  MessageSchema,
  OpenMessageStreamRequestSchema,
  OpenMessageStreamWithKeepAliveRequestSchema,
  PollMessagesRequestSchema,
  RequestToLoginSchema,
  RequestToReceiveBillSchema,
  SendMessageRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  RegisterWebhookRequestSchema,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { AdditionalFeePaymentSchema } from "../../gen/code/transaction/v2/transaction_service_pb.js";
import {
  GetLoginForThirdPartyAppRequestSchema,
  LoginToThirdPartyAppRequestSchema,
} from "../../gen/code/user/v1/identity_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { encodeAsGo } from "../../src/wire/encodings.js";
import { fee, fiat, filled, type Kind, kin, payment } from "../support/sequencer.js";

export interface GeneratedRequest {
  readonly schema: DescMessage;
  readonly request: Message;
}

/** The verifier that every domain lists. */
export const verifier: SigningKey = crypto.keyFromSeed(filled(7));

/** Keys to send to. Deriving a key takes longer than the rest of a request. */
const rendezvousKeys = Array.from({ length: 64 }, (_, i) => crypto.keyFromSeed(filled(i + 100)));

/** Returns a source of numbers from 0 to 1, which is the same for the same seed. */
function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const label63 = "a".repeat(63);
const name253 = `${label63}.${label63}.${label63}.${"a".repeat(61)}`;
const hosts = [
  ..."example.com shop.example.com app.getcode.com example.com. app.getcode.com. localhost com. a.b".split(
    " ",
  ),
  ..."Example.com EXAMPLE.COM ex_ample.com example..com .example.com -a.com a-.com ab--cd.com 1-2.3-4".split(
    " ",
  ),
  ..."xn--bcher-kva.de xn--a.com xn---abc.com xn--.com XN--bcher-kva.de bücher.de Bücher.de straße.de".split(
    " ",
  ),
  ..."127.0.0.1 127.1 1.2.3.4.5 999.1.1.1 123 1.2.3.4. [::1] example.com:443 example.com: ex*mple.com".split(
    " ",
  ),
  "ex ample.com",
  "example.com\n",
  "\u2603.net",
  "ﬁ.com",
  "",
  ".",
  "..",
  `${label63}.com`,
  `${label63}a.com`,
  name253,
  `${name253}a`,
  `${name253}.`,
];
const schemes = [
  "https://",
  "https://",
  "http://",
  "HTTPS://",
  "httpS://",
  "httpx://",
  "http:",
  "ftp://",
  "http",
  "",
];
const users = ["", "", "", "me@", "me:pw@", "a b@", "a@b@", "@"];
const paths = [
  "",
  "/",
  "/paid?a=b#c",
  "/a b",
  "/50%",
  "?50%",
  "#50%",
  "/%20",
  "\\x",
  "/\u00e9",
  "/\n",
  "/?\0",
];
const texts: Readonly<Record<string, readonly string[]>> = {
  currency: "usd eur jpy kin ssp stn ves byr ggp xyz con USD uSd us usdc us1 __p toS \u00f9sd usd\n"
    .split(" ")
    .concat(""),
  value: hosts,
};
const doubles = [
  ...[
    1, 1, 0.05, 0.01, 5, 5.01, 2.505, 2500, 2500.5, 250_000, 250_001, 0, -0, -1, -0.01, 1e-320, 1e300, 1e-9,
  ],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Math.fround(2.55), 2501, 2502],
];
const quarks = [0n, 1n, 100_000n, 250_000_000n, 250_050_000n, 250_100_000n, 250_200_000n, 2n ** 64n - 1n];
const integers = [0, 1, 2, 9, 2999, 5000, 5001, 9_999, 10_000, 10_001, 0xffff_ffff];
const lengths = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65];

/** Returns the request with this index. The same seed always gives the same request. */
export function requestOf(seed: number, index: number): GeneratedRequest {
  const random = randomSource(Math.imul(seed, 0x9e3779b1) ^ index);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const rendezvous = pick(rendezvousKeys);
  const { schema, request } = pick(valid(rendezvous, pick))();
  const mutations = pick([0, 1, 1, 1, 1, 2, 2, 3, 5]);
  for (let i = 0; i < mutations; i++) mutate(reflect(schema, request), random, pick);
  if (random() < 0.1) addUnread(schema, request, pick);
  if (random() > 0.03) sign(schema, request, rendezvous, pick([toBinary, toBinary, encodeAsGo]));
  return { schema, request };
}

/** Adds a field that a decoder keeps unread: one with an unknown number, or a known one with another wire type. */
function addUnread(schema: DescMessage, request: Message, pick: Pick): void {
  const parts = partsOf(schema, request);
  const [part, message] = pick(parts);
  const numbers = part.fields.map(({ number }) => number);
  const no = pick([...numbers, 99, 2 ** 20]);
  const known = part.fields.find(({ number }) => number === no);
  // No field of the protocol has the wire type of four bytes.
  const unread: readonly [wireType: WireType, data: Uint8Array] = pick([
    [WireType.Bit32, Uint8Array.of(1, 2, 3, 4)],
    ...(known === undefined ? [[WireType.Varint, Uint8Array.of(5)] as const] : []),
  ]);
  message.$unknown = [{ no, wireType: unread[0], data: unread[1] }];
}

/** The message, and every message in it. */
function partsOf(schema: DescMessage, message: Message): [DescMessage, Message][] {
  const reflected = reflect(schema, message);
  const inner = schema.fields.flatMap((field): [DescMessage, Message][] => {
    if (field.fieldKind !== "message" || !reflected.isSet(field)) return [];
    return partsOf(field.message, reflected.get(field).message);
  });
  return [[schema, message], ...inner];
}

type Pick = <T>(values: readonly T[]) => T;

function urlOf(pick: Pick): string {
  const url = `${pick(schemes)}${pick(users)}${pick(hosts)}${pick(paths)}`;
  return pick([url, url, url, url, url.padEnd(1024, "a"), url.padEnd(1025, "a")]);
}

/** Functions that create valid unsigned requests, several for most kinds. */
function valid({ publicKey }: SigningKey, pick: Pick): (() => GeneratedRequest)[] {
  const rendezvousKey = { value: publicKey };
  const intentId = rendezvousKey;
  const signature = { value: filled(1, 64) };
  const timestamp = { seconds: 1n };
  const owner = { value: verifier.publicKey };
  const domain = { value: "example.com" };
  const verified = { domain, verifier: owner, signature, rendezvousKey };
  const exchangeData = kin().value;
  const sent = (kind: Kind) => (): GeneratedRequest => ({
    schema: SendMessageRequestSchema,
    request: create(SendMessageRequestSchema, { message: { kind }, rendezvousKey, signature }),
  });
  const paid = (fields: Parameters<typeof payment>[0]) => () =>
    sent({ case: "requestToReceiveBill", value: payment(fields) })();
  const metadata = {
    type: { case: "sendPrivatePayment" as const, value: { destination: { value: filled(1) }, exchangeData } },
  };
  const made =
    <T extends DescMessage>(schema: T, init: Parameters<typeof create<T>>[1]) =>
    (): GeneratedRequest => ({ schema, request: create(schema, init) });
  return [
    paid({}),
    paid({ exchangeData: kin() }),
    paid({ exchangeData: kin() }),
    paid({ additionalFees: [fee(2, 1)] }),
    paid({ additionalFees: [fee(2, 2999), fee(3, 2000), fee(4, 1)] }),
    paid({ additionalFees: [fee(pick([1, 2]), 1), fee(pick([2, 3]), 1)], exchangeData: fiat("eur", 1) }),
    paid({ domain }),
    paid({ domain: { value: pick(hosts) } }),
    paid(verified),
    paid({ ...verified, domain: { value: pick(hosts) } }),
    sent({ case: "requestToLogin", value: verified }),
    sent({ case: "requestToLogin", value: { ...verified, domain: { value: pick(hosts) } } }),
    sent({ case: "clientRejectedPayment", value: { intentId } }),
    sent({ case: "clientRejectedLogin", value: { timestamp } }),
    sent({ case: "codeScanned", value: { timestamp } }),
    sent({ case: "requestToGrabBill", value: { requestorAccount: { value: filled(1) } } }),
    sent({ case: "intentSubmitted", value: { intentId, metadata } } as Kind),
    sent({ case: "airdropReceived", value: { airdropType: 1, exchangeData, timestamp } } as Kind),
    sent({ case: "webhookCalled", value: { timestamp } }),
    made(PollMessagesRequestSchema, { rendezvousKey, signature }),
    made(OpenMessageStreamRequestSchema, { rendezvousKey }),
    made(OpenMessageStreamRequestSchema, { rendezvousKey, signature }),
    made(OpenMessageStreamWithKeepAliveRequestSchema, {
      requestOrPong: { case: "request", value: { rendezvousKey, signature } },
    }),
    made(AckMessagesRequestSchema, { rendezvousKey, messageIds: [{ value: filled(1, 16) }] }),
    made(GetStatusRequestSchema, { intentId }),
    made(RegisterWebhookRequestSchema, { intentId, url: "https://example.com/paid" }),
    made(RegisterWebhookRequestSchema, { intentId, url: urlOf(pick) }),
    made(RegisterWebhookRequestSchema, { intentId, url: urlOf(pick) }),
    made(GetLoginForThirdPartyAppRequestSchema, { intentId, verifier: owner, signature }),
    made(LoginToThirdPartyAppRequestSchema, { intentId, userId: owner, signature }),
  ];
}

/** Changes one field anywhere in a message. */
function mutate(message: ReflectMessage, random: () => number, pick: Pick): void {
  const field = pick(message.fields.filter((known) => known.oneof === undefined || message.isSet(known)));
  if (field === undefined) return;
  if (field.oneof !== undefined && random() < 0.15) changeCase(message, field.oneof, random, pick);
  else if (field.fieldKind === "message") mutateEmbedded(message, field, random, pick);
  else if (field.fieldKind === "list" && field.listKind === "message")
    mutateList(message.get(field), field.message, random, pick);
  else if (field.fieldKind === "enum") message.set(field, pick([0, 1, 2, 9]));
  else if (field.fieldKind === "scalar")
    message.set(field, scalar(message.get(field), field.name, random, pick));
}

function mutateEmbedded(
  message: ReflectMessage,
  field: DescField & { fieldKind: "message" },
  random: () => number,
  pick: Pick,
): void {
  const choice = random();
  if (message.isSet(field) && choice < 0.15) message.clear(field);
  else if (message.isSet(field) && choice >= 0.25) mutate(message.get(field), random, pick);
  else {
    const value = reflect(field.message);
    if (!message.isSet(field)) mutate(value, random, pick);
    message.set(field, value);
  }
}

/** Changes an item of a list, or the list's length. */
function mutateList(list: ReflectList, item: DescMessage, random: () => number, pick: Pick): void {
  if (list.size > 0 && random() < 0.4) {
    mutate(list.get(Math.floor(random() * list.size)) as ReflectMessage, random, pick);
    return;
  }
  const isFee = item === AdditionalFeePaymentSchema;
  const size = isFee
    ? pick([0, 1, 2, 3, 3, 4, 5])
    : random() < 0.05
      ? pick([1023, 1024, 1025])
      : pick([0, 1, 2]);
  list.clear();
  for (let i = 0; i < size; i++) {
    const taker = 2 + (random() < 0.1 ? 0 : i);
    const value = isFee
      ? create(AdditionalFeePaymentSchema, fee(taker, pick([1, 1, 1000, 1666, 1667, 5000])))
      : create(MessageIdSchema, { value: filled(i, 16) });
    list.add(reflect(item, value));
  }
}

function changeCase(
  message: ReflectMessage,
  oneof: NonNullable<ReflectMessage["fields"][number]["oneof"]>,
  random: () => number,
  pick: Pick,
): void {
  for (const field of oneof.fields) message.clear(field);
  const field = pick([undefined, ...oneof.fields]);
  if (field?.fieldKind !== "message") return;
  const value = reflect(field.message);
  for (let i = pick([0, 1, 3]); i > 0; i--) mutate(value, random, pick);
  message.set(field, value);
}

function scalar(value: unknown, name: string, random: () => number, pick: Pick): unknown {
  if (value instanceof Uint8Array) {
    if (random() < 0.3) return Uint8Array.from(value, (byte, i) => (i === 0 ? byte ^ 1 : byte));
    return filled(pick([0, 1, 2, 3]), pick(lengths));
  }
  if (typeof value === "string") return name === "url" ? urlOf(pick) : pick(texts[name] ?? [""]);
  if (typeof value === "bigint") return name === "quarks" ? pick(quarks) : pick([0n, 1n, -1n]);
  if (name === "nanos") return pick([0, 1, -1, 2 ** 31 - 1]);
  if (typeof value === "number") return name === "fee_bps" ? pick(integers) : pick(doubles);
  return !value;
}

interface Signable {
  signature?: { value: Uint8Array } | undefined;
}

/** Signs every signature field of the right length, requests within a message first. */
function sign(
  schema: DescMessage,
  request: Message,
  rendezvous: SigningKey,
  encode: (schema: DescMessage, message: Message) => Uint8Array,
): void {
  const over = (part: DescMessage, value: Message & Signable, key: SigningKey): void => {
    if (value.signature?.value.length !== 64) return;
    const unsigned = clone(part, value) as Message & Signable;
    unsigned.signature = undefined;
    value.signature.value = key.sign(encode(part, unsigned));
  };
  switch (schema) {
    case SendMessageRequestSchema: {
      const sent = request as ReturnType<typeof create<typeof SendMessageRequestSchema>>;
      const kind = sent.message?.kind;
      if (kind?.case === "requestToReceiveBill") over(RequestToReceiveBillSchema, kind.value, verifier);
      if (kind?.case === "requestToLogin") over(RequestToLoginSchema, kind.value, verifier);
      if (sent.message === undefined || sent.signature?.value.length !== 64) return;
      const message: ReturnType<typeof create<typeof MessageSchema>> = sent.message;
      sent.signature.value = rendezvous.sign(encode(MessageSchema, message));
      return;
    }
    case PollMessagesRequestSchema:
    case OpenMessageStreamRequestSchema:
      over(schema, request, rendezvous);
      return;
    case OpenMessageStreamWithKeepAliveRequestSchema: {
      const { requestOrPong } = request as ReturnType<
        typeof create<typeof OpenMessageStreamWithKeepAliveRequestSchema>
      >;
      if (requestOrPong.case === "request")
        over(OpenMessageStreamRequestSchema, requestOrPong.value, rendezvous);
      return;
    }
    case GetLoginForThirdPartyAppRequestSchema:
    case LoginToThirdPartyAppRequestSchema:
      over(schema, request, verifier);
      return;
    default:
  }
}
