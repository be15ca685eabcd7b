/** Text whose members hold encoded bytes: bodies of REST calls, and webhook tokens. */
import { base64nopad, base64urlnopad, hex } from "@scure/base";
import { fromBase58 } from "../../lib/bytes.js";
import { type Draft, report } from "../tree.js";
import { count, quote } from "../words.js";
import { valueDraft } from "./bare.js";
import { type JsonTextMember, scanJsonObject } from "./json-text.js";
import { addArea } from "./payload.js";

/** A parsed member of a JSON object, with its node. */
export interface DocumentMember {
  readonly name: string;
  readonly value: unknown;
  /** Offset of the value in the text. */
  readonly valueStart: number;
  readonly node: Draft;
}

/** Builds the tree of a JSON object. Each member includes the whitespace and punctuation before it. */
export interface JsonDocument {
  readonly root: Draft;
  readonly members: readonly DocumentMember[];
}

/** The rule for a member: what it means, and what is wrong with its value. */
export interface MemberRule {
  readonly meaning: (value: unknown) => string;
  /** The expected value, if the value cannot be used; otherwise `undefined`. */
  readonly expected: (value: unknown) => string | undefined;
}

/**
 * Reads a JSON object by rules for its members. `why` states why a broken rule matters. Members without a
 * rule are shown.
 */
export function jsonDocument(
  label: string,
  input: Uint8Array,
  rules: Readonly<Record<string, MemberRule>>,
  why?: string,
): JsonDocument {
  const root = valueDraft(label, input);
  const { members, end, expected } = scanJsonObject(input);
  let at = 0;
  const read = members.map((member): DocumentMember => {
    const node = memberNode(root, input, at, member, rules, why);
    at = member.end;
    const { name, value, valueStart } = member;
    return { name, value, valueStart, node };
  });
  if (expected !== undefined) {
    const rest = addArea(root, "unreadable", "unreadable", input, at, input.length);
    rest.meaning = `${count(rest.length, "byte")} that are not JSON from byte ${end} on`;
    report(rest, "malformed", "unreadable_text", end, expected, foundAt(input, end));
  } else if (at < input.length) {
    addArea(root, "text", "end", input, at, input.length).meaning = "the end of the object";
    if (end < input.length) {
      report(
        root,
        "malformed",
        "trailing_bytes",
        end,
        "the end",
        `${count(input.length - end, "byte")} more`,
      );
    }
  }
  return { root, members: read };
}

function memberNode(
  root: Draft,
  input: Uint8Array,
  at: number,
  { name, value, valueStart, end }: JsonTextMember,
  rules: Readonly<Record<string, MemberRule>>,
  why: string | undefined,
): Draft {
  // Text of the input must not control a terminal.
  const node = addArea(root, "text", quote(name.slice(0, 60)).slice(1, -1), input, at, end);
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    node.value = value;
  node.meaning = rule === undefined ? "an unknown member, which is ignored" : rule.meaning(value);
  const expected = rule?.expected(value);
  if (expected !== undefined) {
    report(node, "broken_rule", "invalid_member", valueStart, expected, shownValue(value), why);
  }
  return node;
}

/** Returns a rule for base58 of a fixed number of bytes. */
export function base58Member(length: number, what: string): MemberRule {
  return {
    meaning: () => `${what}, base58 of ${length} bytes`,
    expected: (value) =>
      typeof value === "string" && fromBase58(value)?.length === length
        ? undefined
        : `base58 of ${length} bytes`,
  };
}

/** Returns a rule for base64url without padding, as the sequencer requires. */
export function base64urlMember(what: string): MemberRule {
  return {
    meaning: (value) => `${what}, base64url of ${count(leniently(value)?.length ?? 0, "byte")}`,
    expected: (value) => (strictly(value) === undefined ? "base64url without padding" : undefined),
  };
}

/** Finds bytes in a member that holds hex. Hex digits are valid base64url too, for other bytes. */
export function fromHexText(value: unknown): Uint8Array | undefined {
  const [, digits] = (typeof value === "string" && /^(?:0x)?((?:[0-9a-f]{2})+)$/i.exec(value)) || [];
  return digits === undefined ? undefined : hex.decode(digits.toLowerCase());
}

/** Decodes a member in base64url. Accepts any other base64 too, so that the bytes can still be shown. */
export function leniently(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  let end = value.length;
  while (value.charAt(end - 1) === "=") end--;
  const bare = value.slice(0, end);
  return (
    strictly(value) ?? attempt(() => base64nopad.decode(bare)) ?? attempt(() => base64urlnopad.decode(bare))
  );
}

function strictly(value: unknown): Uint8Array | undefined {
  return typeof value === "string" ? attempt(() => base64urlnopad.decode(value)) : undefined;
}

function attempt(decode: () => Uint8Array): Uint8Array | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

function shownValue(value: unknown): string {
  if (typeof value === "string") return quote(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  return value === null ? "null" : Array.isArray(value) ? "a list" : `${typeof value}`;
}

function foundAt(input: Uint8Array, at: number): string {
  return at < input.length ? quote(new TextDecoder().decode(input.subarray(at, at + 12))) : "the end";
}
