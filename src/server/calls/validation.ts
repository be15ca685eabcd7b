/**
 * The validation that the real sequencer runs before any handler, with its texts: `invalid <Message>.<Field>: <reason>`,
 * and ` | caused by: <inner>` where the failure is inside an embedded message. Within a message, plain fields are
 * checked in declaration order and oneofs last; the first failure is the answer.
 */
import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { parseUrl } from "../rules/url.js";

/** A reason why a value is refused, or `undefined`. */
type Check = (value: never) => string | undefined;

interface MessageRules {
  /** Fields that must be set, by proto name. */
  readonly required?: readonly string[];
  /** Oneofs of which one case must be set, by proto name. */
  readonly oneofs?: readonly string[];
  /** Checks of scalar fields, by proto name. */
  readonly checks?: Readonly<Record<string, Check>>;
  /** Smallest and largest number of items of repeated fields, by proto name. */
  readonly items?: Readonly<Record<string, readonly [number, number]>>;
}

const byteLength =
  (length: number): Check =>
  (value: Uint8Array) =>
    value.length === length ? undefined : `value length must be ${length} bytes`;

// Written as the original's comparison, which lets NaN pass.
const greaterThanZero: Check = (value: number | bigint) =>
  value <= 0 ? "value must be greater than 0" : undefined;

const currencyCode: Check = (value: string) =>
  /^[a-z]{3}$/.test(value) ? undefined : 'value does not match regex pattern "^[a-z]{3}$"';

const basisPoints: Check = (value: number) =>
  value > 0 && value <= 10_000 ? undefined : "value must be inside range (0, 10000]";

const hostname: Check = (value: string) => {
  const length = [...value].length;
  if (length < 1 || length > 253) return "value length must be between 1 and 253 runes, inclusive";
  const labels = value.replace(/\.$/, "").toLowerCase().split(".");
  const valid = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return valid ? undefined : "value must be a valid hostname";
};

const webhookUrl: Check = (value: string) => {
  const length = [...value].length;
  if (length < 1 || length > 1024) return "value length must be between 1 and 1024 runes, inclusive";
  if (!value.startsWith("http")) return 'value does not have prefix "http"';
  const url = parseUrl(value);
  if (url === undefined) return "value must be a valid URI";
  return url.scheme === "" ? "value must be absolute" : undefined;
};

const account: MessageRules = { checks: { value: byteLength(32) } };
const keyAndSignature: MessageRules = { required: ["rendezvous_key", "signature"] };
const timestamped: MessageRules = { required: ["timestamp"] };

const rules: Readonly<Record<string, MessageRules>> = {
  "code.common.v1.SolanaAccountId": account,
  "code.common.v1.IntentId": account,
  "code.common.v1.Signature": { checks: { value: byteLength(64) } },
  "code.common.v1.Domain": { checks: { value: hostname } },
  "code.transaction.v2.ExchangeData": {
    checks: {
      currency: currencyCode,
      exchange_rate: greaterThanZero,
      native_amount: greaterThanZero,
      quarks: greaterThanZero,
    },
  },
  "code.transaction.v2.ExchangeDataWithoutRate": {
    checks: { currency: currencyCode, native_amount: greaterThanZero },
  },
  "code.transaction.v2.AdditionalFeePayment": { required: ["destination"], checks: { fee_bps: basisPoints } },
  "code.transaction.v2.Metadata": { oneofs: ["type"] },
  "code.transaction.v2.SendPrivatePaymentMetadata": { required: ["destination", "exchange_data"] },
  "code.messaging.v1.RendezvousKey": account,
  "code.messaging.v1.MessageId": { checks: { value: byteLength(16) } },
  "code.messaging.v1.Message": { oneofs: ["kind"] },
  "code.messaging.v1.RequestToGrabBill": { required: ["requestor_account"] },
  "code.messaging.v1.RequestToReceiveBill": {
    required: ["requestor_account"],
    items: { additional_fees: [0, 3] },
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
    checks: { airdrop_type: (value: number) => (value === 0 ? "value must not be in list [0]" : undefined) },
  },
  "code.messaging.v1.ServerPing": { required: ["timestamp", "ping_delay"] },
  "code.messaging.v1.ClientPong": timestamped,
  "code.messaging.v1.OpenMessageStreamRequest": { required: ["rendezvous_key"] },
  "code.messaging.v1.OpenMessageStreamResponse": { items: { messages: [1, 1024] } },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveRequest": { oneofs: ["requestOrPong"] },
  "code.messaging.v1.OpenMessageStreamWithKeepAliveResponse": { oneofs: ["responseOrPing"] },
  "code.messaging.v1.PollMessagesRequest": keyAndSignature,
  "code.messaging.v1.PollMessagesResponse": { items: { messages: [0, 1024] } },
  "code.messaging.v1.AckMessagesRequest": { required: ["rendezvous_key"], items: { message_ids: [1, 1024] } },
  "code.messaging.v1.SendMessageRequest": { required: ["message", "rendezvous_key", "signature"] },
  "code.micropayment.v1.GetStatusRequest": { required: ["intent_id"] },
  "code.micropayment.v1.RegisterWebhookRequest": { required: ["intent_id"], checks: { url: webhookUrl } },
  "code.user.v1.GetLoginForThirdPartyAppRequest": { required: ["intent_id", "verifier", "signature"] },
  "code.user.v1.LoginToThirdPartyAppRequest": { required: ["intent_id", "user_id", "signature"] },
};

/** The text of the first violated rule, or `undefined` for a valid message. */
export function violationOf(schema: DescMessage, message: Message): string | undefined {
  return violation(reflect(schema, message));
}

function violation(message: ReflectMessage): string | undefined {
  const rule = rules[message.desc.typeName] ?? {};
  for (const field of message.fields) {
    if (field.oneof !== undefined) continue;
    const reason = fieldReason(message, field, rule);
    if (reason !== undefined) return `invalid ${message.desc.name}.${reason}`;
  }
  for (const oneof of message.oneofs) {
    const field = message.oneofCase(oneof);
    if (field === undefined) {
      if (rule.oneofs?.includes(oneof.name))
        return `invalid ${message.desc.name}.${camelCase(oneof.name)}: value is required`;
      continue;
    }
    const reason = fieldReason(message, field, rule);
    if (reason !== undefined) return `invalid ${message.desc.name}.${reason}`;
  }
  return undefined;
}

/** `<Field>: <reason>` of a field that is refused. */
function fieldReason(message: ReflectMessage, field: DescField, rule: MessageRules): string | undefined {
  const name = camelCase(field.name);
  switch (field.fieldKind) {
    case "message":
      if (message.isSet(field)) return embedded(name, message.get(field));
      return rule.required?.includes(field.name) ? `${name}: value is required` : undefined;
    case "list": {
      const list = message.get(field);
      const reason = countReason(list.size, rule.items?.[field.name]);
      if (reason !== undefined) return `${name}: ${reason}`;
      if (field.listKind !== "message") return undefined;
      for (let i = 0; i < list.size; i++) {
        const inner = embedded(`${name}[${i}]`, list.get(i) as ReflectMessage);
        if (inner !== undefined) return inner;
      }
      return undefined;
    }
    default: {
      const reason = rule.checks?.[field.name]?.(message.get(field) as never);
      return reason === undefined ? undefined : `${name}: ${reason}`;
    }
  }
}

function embedded(name: string, message: ReflectMessage): string | undefined {
  const inner = violation(message);
  return inner === undefined
    ? undefined
    : `${name}: embedded message failed validation | caused by: ${inner}`;
}

function countReason(count: number, range: readonly [number, number] | undefined): string | undefined {
  if (range === undefined) return undefined;
  const [min, max] = range;
  if (count >= min && count <= max) return undefined;
  return min === 0
    ? `value must contain no more than ${max} item(s)`
    : `value must contain between ${min} and ${max} items, inclusive`;
}

/** Go's name of a field: `requestor_account` is `RequestorAccount`, `requestOrPong` is `RequestOrPong`. */
function camelCase(name: string): string {
  return name.replace(/(^|_)([a-z0-9])/gi, (_, __, letter: string) => letter.toUpperCase());
}
