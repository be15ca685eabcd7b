/**
 * The validation that the real sequencer runs before any handler, with its texts:
 * `invalid <Message>.<Field>: <reason>`, and ` | caused by: <inner>` for a failure inside an embedded
 * message. Within a message, plain fields are checked in declaration order and oneofs last. The first failure
 * is returned.
 */
import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { WireType } from "@bufbuild/protobuf/wire";
import { type CheckName, type Fault, faultOf } from "../../contract/checks.js";
import { type MessageContract, messageContracts, type OtherMember } from "../../contract/messages.js";
import {
  ALL_BASIS_POINTS,
  KEY_LENGTH,
  MAX_DOMAIN_LENGTH,
  MAX_WEBHOOK_URL_LENGTH,
  MESSAGE_ID_LENGTH,
  SIGNATURE_LENGTH,
} from "../../contract/numbers.js";
import { readUrl } from "../../contract/url.js";
import { hostnameErrorText } from "../go/hostname-error.js";
import { sprintfWithoutArguments } from "../go/sprintf.js";
import { urlErrorText } from "../go/url-error.js";

/** The real sequencer's text for every failure of a check. */
const texts: Readonly<Record<CheckName, Partial<Record<Fault, string>>>> = {
  key: { length: lengthText(KEY_LENGTH) },
  signature: { length: lengthText(SIGNATURE_LENGTH) },
  message_id: { length: lengthText(MESSAGE_ID_LENGTH) },
  currency_code: { value: 'value does not match regex pattern "^[a-z]{3}$"' },
  greater_than_zero: { value: "value must be greater than 0" },
  basis_points: { value: `value must be inside range (0, ${ALL_BASIS_POINTS}]` },
  hostname: { length: runesText(MAX_DOMAIN_LENGTH), value: "value must be a valid hostname" },
  webhook_url: {
    length: runesText(MAX_WEBHOOK_URL_LENGTH),
    prefix: 'value does not have prefix "http"',
    uri: "value must be a valid URI",
    relative: "value must be absolute",
  },
  not_unknown_enum: { value: "value must not be in list [0]" },
};

/** Returns the text of the first violated rule, or `undefined` for a valid message. */
export function violationOf(schema: DescMessage, message: Message): string | undefined {
  const text = violation(reflect(schema, message));
  return text === undefined ? undefined : sprintfWithoutArguments(text);
}

function violation(message: ReflectMessage): string | undefined {
  const rule = messageContracts[message.desc.typeName] ?? {};
  for (const field of message.fields) {
    if (field.oneof !== undefined) continue;
    const reason = fieldReason(message, field, rule);
    if (reason !== undefined) return `invalid ${message.desc.name}.${reason}`;
  }
  for (const oneof of message.oneofs) {
    const field = message.oneofCase(oneof);
    if (field === undefined) {
      const other = otherMember(message, rule);
      if (other !== undefined) return otherViolation(message, other);
      if (rule.oneofs?.includes(oneof.name))
        return `invalid ${message.desc.name}.${camelCase(oneof.name)}: value is required`;
      continue;
    }
    const reason = fieldReason(message, field, rule);
    if (reason !== undefined) return `invalid ${message.desc.name}.${reason}`;
  }
  return undefined;
}

interface Other {
  readonly member: OtherMember;
  readonly isEmpty: boolean;
}

/** Returns the last member of a oneof that is not laid out here, which the library keeps unread. */
function otherMember(message: ReflectMessage, { others }: MessageContract): Other | undefined {
  const fields = [...(message.getUnknown() ?? [])].reverse();
  for (const { no, wireType, data } of fields) {
    const member = others?.[no];
    // The data of such a field starts with its length.
    if (member !== undefined && wireType === WireType.LengthDelimited)
      return { member, isEmpty: data.length === 1 };
  }
  return undefined;
}

function otherViolation(message: ReflectMessage, { member, isEmpty }: Other): string | undefined {
  if (member.required === undefined || !isEmpty) return undefined;
  const inner = `invalid ${member.message}.${camelCase(member.required)}: value is required`;
  return `invalid ${message.desc.name}.${camelCase(member.field)}: embedded message failed validation | caused by: ${inner}`;
}

/** Returns `<Field>: <reason>` for an invalid field, or `undefined`. */
function fieldReason(message: ReflectMessage, field: DescField, rule: MessageContract): string | undefined {
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
      const check = rule.checks?.[field.name];
      const fault = check && faultOf(check, message.get(field));
      if (check === undefined || fault === undefined) return undefined;
      const cause = causeOf(check, fault, message.get(field));
      return `${name}: ${texts[check][fault]}${cause === undefined ? "" : ` | caused by: ${cause}`}`;
    }
  }
}

/** Returns the cause that the original adds where another parser rejects a value. */
function causeOf(check: CheckName, fault: Fault, value: unknown): string | undefined {
  if (check === "hostname" && fault === "value") return hostnameErrorText(String(value));
  if (check !== "webhook_url" || fault !== "uri") return undefined;
  const url = readUrl(String(value));
  return "problem" in url ? urlErrorText(url) : undefined;
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

/**
 * Returns Go's name of a field: `requestor_account` is `RequestorAccount`, `requestOrPong` is
 * `RequestOrPong`.
 */
function camelCase(name: string): string {
  const known = goNames.get(name);
  if (known !== undefined) return known;
  const goName = name.replace(/(^|_)([a-z0-9])/gi, (_, __, letter: string) => letter.toUpperCase());
  goNames.set(name, goName);
  return goName;
}

// Keyed by the name in the schema. Each request needs many of them.
const goNames = new Map<string, string>();

function lengthText(length: number): string {
  return `value length must be ${length} bytes`;
}

function runesText(max: number): string {
  return `value length must be between 1 and ${max} runes, inclusive`;
}
