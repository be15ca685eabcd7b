/** Bodies of REST calls: JSON with the message in base64url, and the key and signature in base58. */
import { fromBase58, toBase58 } from "../../lib/bytes.js";
import { GET_LOGIN_REQUEST, MESSAGE, REQUEST_TO_RECEIVE_BILL, typeOf } from "../catalog.js";
import { type CheckContext, checkMessage, checksOf } from "../checks/checks.js";
import type { InspectCheck } from "../checks/signature-check.js";
import { messageShape } from "../message/shape.js";
import { wrappedBytes } from "../nodes.js";
import { wrapRequest } from "../rules/canonical.js";
import { webhookUrl } from "../rules/value-rules.js";
import { type Draft, report } from "../tree.js";
import { count, quote } from "../words.js";
import {
  base58Member,
  base64urlMember,
  type DocumentMember,
  fromHexText,
  jsonDocument,
  leniently,
  type MemberRule,
} from "./documents.js";
import { fitOf } from "./fit.js";
import { messageTree } from "./message-tree.js";
import type { Read, SectionDraft } from "./sections.js";

/** Names of the bodies that are JSON objects. */
export type BodyName = "create-intent-body" | "get-user-id-body" | "json-object";

const bodyRules: Readonly<Record<string, MemberRule>> = {
  intent: base58Member(32, "the intent id, which is the rendezvous public key"),
  message: base64urlMember("the request without the tag and length of the Message"),
  signature: base58Member(64, "the rendezvous signature, over the complete Message"),
  webhook: {
    meaning: () => "the URL to which the sequencer reports the payment; not signed, and not part of the id",
    expected: (value) => {
      if (value === null) return undefined;
      if (typeof value !== "string" || !value.startsWith("https://")) return "an https URL";
      return webhookUrl(value, new Uint8Array())?.expected;
    },
  },
};

const userIdRules: Readonly<Record<string, MemberRule>> = {
  intent: base58Member(32, "the intent id"),
  message: base64urlMember("a GetLoginForThirdPartyAppRequest"),
  signature: base58Member(64, "the verifier's signature, over the request without its signature"),
};

/** Returns which body a JSON object is, by its members and the content of `message`. */
export function bodyNameOf(bytes: Uint8Array): BodyName {
  const { members } = jsonDocument("", bytes, {});
  const names = new Set(members.map(({ name }) => name));
  if (["intent", "message", "signature"].filter((name) => names.has(name)).length < 2) return "json-object";
  const message = messageIn(members)?.bytes ?? new Uint8Array();
  const login = fitTo(GET_LOGIN_REQUEST, message);
  return login > Math.max(fitTo(REQUEST_TO_RECEIVE_BILL, message), fitTo(MESSAGE, message))
    ? "get-user-id-body"
    : "create-intent-body";
}

/** Reads the body of `POST /v1/createIntent`. */
export function readCreateIntentBody(input: Uint8Array): Read {
  const { root, members } = jsonDocument("body of POST /v1/createIntent", input, bodyRules);
  requireMembers(root, members);
  const body: SectionDraft = { type: "create-intent-body", title: "the body", root };
  const held = messageIn(members);
  if (held === undefined) return { sections: [body], checks: () => [] };
  reportHex(held);
  const { member, bytes: request, notation } = held;

  const isOuter = fitTo(MESSAGE, request) > fitTo(REQUEST_TO_RECEIVE_BILL, request) + 0.3;
  if (isOuter) {
    const expected = "the RequestToReceiveBill alone";
    report(
      member.node,
      "broken_rule",
      "invalid_member",
      member.valueStart,
      expected,
      "the Message around it",
    );
  }
  const message = isOuter ? request : wrapRequest(5, request);
  const added = message.length - request.length;
  const title = isOuter
    ? `message, from ${notation}`
    : `message, from ${notation}, after the ${added} bytes of tag and length that wrap it in a Message, the signed bytes`;
  const tree = messageTree(typeOf(MESSAGE), message);
  const check = (): readonly InspectCheck[] => {
    const key = fromBase58(String(memberOf(members, "intent")));
    const signature = fromBase58(String(memberOf(members, "signature")));
    const usable = key?.length === 32 && signature?.length === 64;
    return usable ? [checkMessage(tree, key, signature), ...checksOf(tree, { publicKey: key })] : [];
  };
  return { sections: [body, { type: MESSAGE, title, root: tree }], checks: check };
}

/** Reads the body of `POST /v1/getUserId`. */
export function readGetUserIdBody(input: Uint8Array): Read {
  const { root, members } = jsonDocument("body of POST /v1/getUserId", input, userIdRules);
  requireMembers(root, members);
  const body: SectionDraft = { type: "get-user-id-body", title: "the body", root };
  const held = messageIn(members);
  if (held === undefined) return { sections: [body], checks: () => [] };
  reportHex(held);
  const { bytes, notation } = held;
  const tree = messageTree(typeOf(GET_LOGIN_REQUEST), bytes);
  const check = (context: CheckContext): readonly InspectCheck[] => {
    const intent = wrappedBytes(tree, "intent_id", 32);
    const inside = intent && toBase58(intent);
    const same = inside === memberOf(members, "intent");
    const text = same
      ? "intent equals the intent_id of the message"
      : `intent is ${quote(String(memberOf(members, "intent")).slice(0, 60))}, but intent_id of the message is ${inside ?? "absent"}`;
    return [
      { outcome: same ? "passed" : "failed", name: "key", text, path: "intent" },
      ...checksOf(tree, context),
      ...checkSameSignature(members, wrappedBytes(tree, "signature", 64)),
    ];
  };
  const section = { type: GET_LOGIN_REQUEST, title: `message, from ${notation}`, root: tree };
  return { sections: [body, section], checks: check };
}

/** The sequencer puts the signature of the body into the message before it verifies. */
function checkSameSignature(
  members: readonly DocumentMember[],
  inside: Uint8Array | undefined,
): readonly InspectCheck[] {
  const signature = memberOf(members, "signature");
  if (inside === undefined || signature === toBase58(inside)) return [];
  const text = "signature differs from the one in the message; the sequencer uses this one";
  return [{ outcome: "failed", name: "signature", text, path: "signature" }];
}

/** Reads an unknown JSON object. */
export function readJsonObject(input: Uint8Array): Read {
  const { root } = jsonDocument("JSON object", input, {});
  return { sections: [{ type: "json-object", title: "the input", root }], checks: () => [] };
}

function requireMembers(root: Draft, members: readonly DocumentMember[]): void {
  for (const name of ["intent", "message", "signature"]) {
    if (members.some((member) => member.name === name)) continue;
    const why = name === "signature" ? unsigned : undefined;
    report(root, "broken_rule", "missing_field", root.length, `a member ${name}`, "none", why);
  }
}

const unsigned = "The author of the request cannot be verified: the sequencer responds with 400.";

/** Decodes the member `message`. */
interface HeldMessage {
  readonly member: DocumentMember;
  readonly bytes: Uint8Array;
  readonly notation: "base64url" | "hex";
}

/** Decodes the message from hex if that was intended. Hex digits are valid base64url too, for other bytes. */
function messageIn(members: readonly DocumentMember[]): HeldMessage | undefined {
  const member = members.filter(({ name }) => name === "message").at(-1);
  const bytes = leniently(member?.value);
  const digits = fromHexText(member?.value);
  if (member === undefined) return undefined;
  if (digits !== undefined && (bytes === undefined || bestFit(digits) > bestFit(bytes))) {
    return { member, bytes: digits, notation: "hex" };
  }
  return bytes === undefined || bytes.length === 0 ? undefined : { member, bytes, notation: "base64url" };
}

function bestFit(bytes: Uint8Array): number {
  return Math.max(...[REQUEST_TO_RECEIVE_BILL, MESSAGE, GET_LOGIN_REQUEST].map((name) => fitTo(name, bytes)));
}

function reportHex({ member, bytes, notation }: HeldMessage): void {
  if (notation !== "hex") return;
  const found = `hex of ${count(bytes.length, "byte")}`;
  const why =
    "The text is also valid base64url, but those bytes are not a request: the sequencer responds with 400.";
  const expected = "base64url without padding";
  // With a 0x prefix, it is not even base64url.
  member.node.ownProblems.splice(0);
  member.node.meaning = member.node.meaning.replace(/base64url of .*$/, found);
  report(member.node, "broken_rule", "invalid_member", member.valueStart, expected, found, why);
}

function memberOf(members: readonly DocumentMember[], name: string): unknown {
  return members.filter((member) => member.name === name).at(-1)?.value;
}

function fitTo(typeName: string, bytes: Uint8Array): number {
  return fitOf(messageShape(typeOf(typeName)), bytes);
}
