/** Checks a tree against the rules of the protocol, and reports every violation at its first wrong byte. */
import type { DescMessage } from "@bufbuild/protobuf";
import { base64, base64url, hex } from "@scure/base";
import { fromBase58 } from "../../lib/bytes.js";
import { messageTypes } from "../catalog.js";
import { knownTypes } from "../message/meaning.js";
import { fieldsOf, nodesOf, placeOf } from "../nodes.js";
import { printableText } from "../notations/readings.js";
import { type Draft, report } from "../tree.js";
import { WIRE } from "../wire.js";
import { crossRules } from "./cross-rules.js";
import { type MessageRules, messageRulesOf } from "./message-rules.js";
import { exactLength, ruleOf, type ValueRule } from "./value-rules.js";

const SIGNATURE = "code.common.v1.Signature";
const noSignature =
  "Without a signature of 64 bytes there is nothing to verify: the sequencer rejects the request at once.";

// Messages that report a payment. The sequencer validates their exchange data, but does not apply the rules
// of requests.
const reporting: ReadonlySet<string> = new Set([
  "code.transaction.v2.SendPrivatePaymentMetadata",
  "code.messaging.v1.AirdropReceived",
]);
const neverRequested = "The sequencer accepts no request with it, so no payment should have it.";

let byName: ReadonlyMap<string, DescMessage> | undefined;

/** Adds all rule violations to a tree. In a truncated message, no field is reported as missing. */
export function applyRules(root: Draft): void {
  byName ??= new Map(messageTypes().map((type) => [type.typeName, type]));
  const nodes = [...nodesOf(root)];
  const isWhole = !nodes.some(({ ownProblems }) =>
    ownProblems.some(({ kind, code }) => kind === "malformed" && code !== "wrong_wire_type"),
  );
  const reported = new Set<Draft>();
  for (const node of nodes) {
    const type = byName.get(node.typeName ?? "");
    if (type === undefined) continue;
    const rules = messageRulesOf(type.typeName);
    checkUnknown(node, type);
    checkCounts(node, rules);
    if (isWhole) checkPresence(node, type, rules);
    checkValues(node, type.typeName, rules, reported.has(node));
    if (reporting.has(type.typeName)) for (const child of node.children) reported.add(child);
    crossRules[type.typeName]?.(node);
  }
}

/** Returns the rule for a field of a message, if there is one. */
export function valueRuleOf(typeName: string, field: string): ValueRule | undefined {
  const wraps = Object.hasOwn(knownTypes, typeName) ? knownTypes[typeName]?.wraps : undefined;
  if (wraps !== undefined) {
    const why = typeName === SIGNATURE ? noSignature : undefined;
    return exactLength(wraps.length, wraps.what, (bytes) => encodedHint(bytes, wraps), why);
  }
  const { checks } = messageRulesOf(typeName);
  const check = Object.hasOwn(checks, field) ? checks[field] : undefined;
  return check && ruleOf(check, typeName);
}

function checkUnknown(message: Draft, type: DescMessage): void {
  for (const node of message.children) {
    const { field } = node;
    if (field === undefined || field.known || field.number === 0) continue;
    const { number } = field;
    const reserved = type.proto.reservedRange.some(({ start, end }) => number >= start && number < end);
    const has = type.fields.map((known) => known.number).join(", ");
    const expected = `a field of ${type.name}: ${has}`;
    const code = reserved ? "reserved_field" : "unknown_field";
    const found = reserved ? `field ${number}, which is reserved` : `field ${number}`;
    report(node, "broken_rule", code, node.offset, expected, found);
  }
}

function checkCounts(message: Draft, { most }: MessageRules): void {
  for (const [name, limit] of Object.entries(most)) {
    const extra = fieldsOf(message, name)[limit];
    if (extra === undefined) continue;
    report(extra, "broken_rule", "too_many", extra.offset, `at most ${limit} ${name}`, "one more");
  }
}

function checkPresence(message: Draft, type: DescMessage, { required, oneofs }: MessageRules): void {
  for (const name of required) {
    const field = type.fields.find((known) => known.name === name);
    // One with another wire type has a problem already.
    if (field === undefined || message.children.some((child) => child.field?.name === name)) continue;
    const at = placeOf(message, field.number);
    const why = name === "signature" || type.typeName === SIGNATURE ? noSignature : undefined;
    report(message, "broken_rule", "missing_field", at, `${name}, field ${field.number}`, "none", why);
  }
  for (const name of oneofs) {
    const fields = type.oneofs.find((oneof) => oneof.name === name)?.fields ?? [];
    if (message.children.some((child) => child.field?.oneof === name)) continue;
    const choice = fields.map((field) => `${field.name} (${field.number})`).join(", ");
    const at = placeOf(message, Math.min(...fields.map(({ number }) => number)));
    report(message, "broken_rule", "missing_field", at, `one of ${choice}`, "none");
  }
}

function checkValues(message: Draft, typeName: string, { checks }: MessageRules, isReported: boolean): void {
  for (const name of Object.keys(checks)) {
    const rule = valueRuleOf(typeName, name);
    for (const node of fieldsOf(message, name)) {
      const { value, body, lengthPrefix, wireType } = node;
      if (value === undefined || body === undefined) continue;
      const finding = rule?.(value, body.bytes);
      if (finding === undefined) continue;
      const { code, at, expected, found, kind = "broken_rule", why, ofRequests } = finding;
      const isLength = code === "wrong_length" && wireType?.number === WIRE.LEN && lengthPrefix !== undefined;
      const offset = isLength ? lengthPrefix.offset : body.offset + at;
      if (isReported && ofRequests) report(node, "doubtful", code, offset, expected, found, neverRequested);
      else report(node, kind, code, offset, expected, found, why);
    }
  }
}

/** Returns what bytes of a wrong length can be: text that was not decoded. */
function encodedHint(bytes: Uint8Array, { length }: { readonly length: number }): string {
  const text = bytes.length <= 2 * length ? printableText(bytes) : undefined;
  if (text === undefined) return "";
  const decoders = {
    hex: hex.decode,
    base58: fromBase58,
    base64: (source: string) => base64.decode(source.padEnd(Math.ceil(source.length / 4) * 4, "=")),
    base64url: (source: string) => base64url.decode(source.padEnd(Math.ceil(source.length / 4) * 4, "=")),
  };
  for (const [name, decode] of Object.entries(decoders)) {
    try {
      if (decode(text)?.length === length) return `, which are ${name} text: decode it first`;
    } catch {
      // The text of other clients.
    }
  }
  return "";
}
