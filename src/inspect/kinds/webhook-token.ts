/** Webhook tokens: compact JWTs. */
import * as crypto from "#crypto";
import type { CheckContext } from "../checks/checks.js";
import type { InspectCheck } from "../checks/signature-check.js";
import { report } from "../tree.js";
import { count, quote } from "../words.js";
import { valueDraft } from "./bare.js";
import { base58Member, base64urlMember, jsonDocument, leniently, type MemberRule } from "./documents.js";
import { addArea } from "./payload.js";
import type { Read, SectionDraft } from "./sections.js";

const text = (what: string): MemberRule => ({
  meaning: (value) => `${what}: ${quote(String(value).slice(0, 60))}`,
  expected: (value) => (typeof value === "string" ? undefined : "a string"),
});
const number = (what: string): MemberRule => ({
  meaning: (value) => `${what}: ${String(value).slice(0, 40)}`,
  expected: (value) => (typeof value === "number" && value >= 0 ? undefined : "a number"),
});

const headerRules: Readonly<Record<string, MemberRule>> = {
  alg: {
    meaning: (value) => `the algorithm: ${String(value).slice(0, 40)}`,
    expected: (value) =>
      value === "EdDSA" ? undefined : "EdDSA, the only algorithm that the sequencer uses",
  },
  typ: text("the type"),
};

const claimRules: Readonly<Record<string, MemberRule>> = {
  amount: number("the amount paid, in the currency's main unit"),
  currency: text("the currency, in uppercase in this token"),
  destination: base58Member(32, "the account that was paid"),
  exchangeRate: number("the currency's main unit per kin"),
  fees: number("quarks paid to accounts other than destination"),
  intent: base58Member(32, "the intent id"),
  quarks: number("quarks paid; 100000 quarks are one kin"),
  state: text("the state"),
  user: base58Member(32, "the user's public id at the domain of the request"),
};

const notOurs = "The sequencer does not write such a token, so this one is not from it.";

const DOT = 0x2e;
const encoded = base64urlMember("");

/** Reads a webhook token: a compact JWT of three parts. */
export function readWebhookToken(input: Uint8Array): Read {
  const root = valueDraft("webhook token", input);
  const whole: SectionDraft = { type: "webhook-token", title: "the token", root };
  const first = input.indexOf(DOT);
  const second = first < 0 ? -1 : input.indexOf(DOT, first + 1);
  if (second < 0) {
    const found = first < 0 ? "no dot" : "one dot";
    report(root, "malformed", "truncated", input.length, "three parts separated by dots", found);
  }
  // Each part includes the dot after it.
  const ends = [first, second, input.length - 1].map((dot) => (dot < 0 ? input.length : dot + 1));
  const decoded: (Uint8Array | undefined)[] = [];
  let at = 0;
  for (const [index, name] of ["header", "claims", "signature"].entries()) {
    const end = ends[index] ?? input.length;
    if (at >= end) break;
    const part = new TextDecoder().decode(input.subarray(at, input[end - 1] === DOT ? end - 1 : end));
    const bytes = encoded.expected(part) === undefined ? leniently(part) : undefined;
    const node = addArea(root, "text", name, input, at, end);
    node.meaning = `${name}, ${bytes === undefined ? "which cannot be decoded" : `base64url of ${count(bytes.length, "byte")}`}`;
    if (bytes === undefined) {
      report(node, "malformed", "unreadable_text", at, "base64url without padding", quote(part.slice(0, 20)));
    }
    decoded.push(bytes);
    at = end;
  }
  const [header, claims, signature] = decoded;
  const sections: SectionDraft[] = [whole];
  for (const [title, bytes, rules] of [
    ["header", header, headerRules],
    ["claims", claims, claimRules],
  ] as const) {
    if (bytes === undefined) continue;
    sections.push({
      type: "json-object",
      title: `${title}, from base64url`,
      root: jsonDocument(title, bytes, rules, notOurs).root,
    });
  }
  const check = ({ publicKey }: CheckContext): readonly InspectCheck[] => {
    if (signature?.length !== 64) return [];
    if (publicKey === undefined) {
      const missing =
        "the signature needs the sequencer's public key, which the token does not contain: pass publicKey";
      return [{ outcome: "skipped", name: "signature", text: missing, path: "signature" }];
    }
    const signed = input.subarray(0, second);
    const passed = crypto.verify(publicKey, signed, signature);
    const verdict = passed ? "verifies with the given key" : "does not verify with the given key";
    return [
      {
        outcome: passed ? "passed" : "failed",
        name: "signature",
        text: `the signature ${verdict}, over the header and claims as written`,
        path: "signature",
      },
    ];
  };
  return { sections, checks: check };
}
