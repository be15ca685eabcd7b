/** Rules for single values: currencies, amounts, domains and URLs. */
import { type CheckName, faultOf } from "../../contract/checks.js";
import { isLookedUp } from "../../contract/host.js";
import { idnaProblem } from "../../contract/idna.js";
import { SEQUENCER_LIMITS } from "../../contract/limits.js";
import {
  ALL_BASIS_POINTS,
  MAX_DOMAIN_LENGTH,
  MAX_LABEL_LENGTH,
  MAX_WEBHOOK_URL_LENGTH,
} from "../../contract/numbers.js";
import { type BadUrl, readUrl, type UrlProblem } from "../../contract/url.js";
import { fromBase58 } from "../../lib/bytes.js";
import { CURRENCIES } from "../../money/currency.js";
import type { InspectProblemCode, InspectValue } from "../types.js";
import { count, floatText, quote } from "../words.js";

/** A problem of a value. */
export interface Finding {
  readonly code: InspectProblemCode;
  /** Offset of the first wrong byte in the value. */
  readonly at: number;
  readonly expected: string;
  readonly found: string;
  /** Default: `broken_rule`. */
  readonly kind?: "doubtful";
  /** Whether it violates a rule of payment requests only, not the contract of its message. */
  readonly ofRequests?: boolean;
  /** Why it matters. Default: the sequencer rejects it. */
  readonly why?: string;
}

/** Checks a decoded value and its bytes. */
export type ValueRule = (value: InspectValue, bytes: Uint8Array) => Finding | undefined;

const known: ReadonlySet<string> = new Set(CURRENCIES);

/** Matches `[a-z]{3}` and is a currency of payloads. */
const currencyCode: ValueRule = (value) => {
  const text = String(value);
  const expected = "three lowercase letters, such as usd";
  const wrong = text.search(/[^a-z]/);
  const found = quote(text);
  if (text.length !== 3)
    return { code: "wrong_length", at: Math.min(3, Math.max(wrong, 0)), expected, found };
  if (wrong >= 0) return { code: "invalid_value", at: wrong, expected, found };
  const isLimited = Object.hasOwn(SEQUENCER_LIMITS, text);
  if (known.has(text)) {
    const expected = "a currency that the sequencer has limits for";
    return isLimited ? undefined : { code: "invalid_value", at: 0, expected, found, ofRequests: true };
  }
  if (isLimited) {
    const why = "The sequencer accepts it, but no payload can encode it, so it has no scan code and no key.";
    const expected = `one of the ${known.size} currencies of payloads`;
    return { code: "invalid_value", at: 0, expected, found, kind: "doubtful", why };
  }
  const anyKnown = `one of the ${known.size} known currencies`;
  return { code: "invalid_value", at: 0, expected: anyKnown, found, ofRequests: true };
};

/** A double that is a valid amount or rate. */
const positiveDouble: ValueRule = (value, bytes) => {
  const number = Number(value);
  const turned = bigEndian(bytes);
  const likelyTurned = !isPlausible(number) && turned !== undefined && isPlausible(turned);
  if (number > 0 && Number.isFinite(number) && !likelyTurned) return undefined;
  const hint = likelyTurned
    ? `, but ${floatText(turned)} with the eight bytes reversed: the least significant byte comes first`
    : "";
  const finding: Finding = {
    code: "invalid_value",
    at: 0,
    expected: "a finite number greater than 0",
    found: `${floatText(number)}${hint}`,
  };
  return faultOf("greater_than_zero", number) === undefined ? { ...finding, ofRequests: true } : finding;
};

/** The same for an amount requested without a rate, for which the sequencer accepts NaN. */
const requestedDouble: ValueRule = (value, bytes) => {
  const finding = positiveDouble(value, bytes);
  if (finding === undefined || !Number.isNaN(Number(value)) || finding.found !== "NaN") return finding;
  const why =
    "The sequencer accepts it, since NaN is neither too small nor too large, but no payment equals it, so the request cannot be paid.";
  return { ...finding, kind: "doubtful", why };
};

/** A 64-bit integer greater than zero. */
const positiveInteger: ValueRule = (value) =>
  faultOf("greater_than_zero", value) === undefined
    ? undefined
    : { code: "invalid_value", at: 0, expected: "an integer greater than 0", found: `${value}` };

/** A fee in basis points. */
const basisPoints: ValueRule = (value) =>
  faultOf("basis_points", value) === undefined
    ? undefined
    : {
        code: "invalid_value",
        at: 0,
        expected: `1 to ${ALL_BASIS_POINTS} basis points`,
        found: `${value}`,
      };

/** An enum value other than the first, which is the unknown value. */
const knownEnum: ValueRule = (value) =>
  faultOf("not_unknown_enum", value) === undefined
    ? undefined
    : { code: "invalid_value", at: 0, expected: "a value other than 0, which means unknown", found: "0" };

/** A domain of 1 to 253 characters, in lowercase, with international names in punycode. */
export const hostname: ValueRule = (value) => {
  const text = String(value);
  const found = quote(text.slice(0, 80));
  const fault = faultOf("hostname", text);
  if (fault === "length") {
    const expected = `1 to ${MAX_DOMAIN_LENGTH} characters`;
    return { code: "wrong_length", at: 0, expected, found: `${[...text].length}` };
  }
  const expected = "a domain such as example.com: lowercase letters, digits, hyphens and dots";
  const wrong = text.search(/[^a-z0-9.-]/);
  if (wrong >= 0) return { code: "invalid_value", at: byteOffset(text, wrong), expected, found };
  const label = labelFinding(text, 0);
  if (label !== undefined) return label;
  // A name of one label is a host without a base domain. The sequencer counts the empty label after a final
  // dot.
  const isValid = fault === undefined && text.includes(".");
  return isValid ? undefined : { code: "invalid_value", at: 0, expected, found };
};

/** Reports the label that makes a host name invalid. `start` is the index of the name in its text. */
function labelFinding(name: string, start: number): Finding | undefined {
  if (name.length > MAX_DOMAIN_LENGTH) {
    const expected = `a host of at most ${MAX_DOMAIN_LENGTH} characters`;
    return { code: "invalid_value", at: start, expected, found: `${name.length}` };
  }
  const problem = idnaProblem(name);
  if (problem === undefined) return undefined;
  const labels = name.split(".");
  const index = labels.findIndex((one) => one === "" || idnaProblem(one) !== undefined);
  const label = labels[index] ?? name;
  const at = start + labels.slice(0, Math.max(0, index)).reduce((sum, { length }) => sum + length + 1, 0);
  return {
    code: "invalid_value",
    at,
    expected: labelRule(label),
    found: `the label ${quote(label.slice(0, 80))}`,
  };
}

function labelRule(label: string): string {
  if (label === "") return "a label between two dots";
  if (label.length > MAX_LABEL_LENGTH) return `labels of at most ${MAX_LABEL_LENGTH} characters`;
  if (/^-|-$/.test(label)) return "labels that neither start nor end with a hyphen";
  if (label.startsWith("xn--")) return "punycode that decodes to a valid international label";
  if (/^..--/.test(label)) return "no hyphens in the third and fourth place, except in punycode after xn";
  return "a valid host name";
}

/** An absolute URL of at most 1024 characters. Its host is checked together with its port. */
export const webhookUrl: ValueRule = (value) => {
  const text = String(value);
  const fault = faultOf("webhook_url", text);
  if (fault === "length") {
    const expected = `1 to ${MAX_WEBHOOK_URL_LENGTH} characters`;
    return { code: "wrong_length", at: 0, expected, found: `${[...text].length}` };
  }
  const found = quote(text.slice(0, 80));
  const url = readUrl(text);
  if ("problem" in url) return urlFinding(text, url);
  if (fault !== undefined || !/^https?$/i.test(url.scheme) || url.host === "") {
    return { code: "invalid_value", at: 0, expected: "an absolute URL that starts with https://", found };
  }
  const { host } = url;
  const wrong = host.search(/[^a-z0-9.-]/);
  const isShort = host.length <= MAX_DOMAIN_LENGTH;
  if (wrong < 0 && isShort && idnaProblem(host) === undefined && isLookedUp(host)) return undefined;
  const hostAt = text.indexOf("//") + 2;
  const [authority = ""] = text.slice(hostAt).split("/", 1);
  const start = hostAt + authority.lastIndexOf("@") + 1;
  const why = "The sequencer rejects such a host; the emulator can be configured to accept it.";
  const label = wrong < 0 ? labelFinding(host, byteOffset(text, start)) : undefined;
  if (label !== undefined) return { ...label, why };
  const at = byteOffset(text, start + Math.max(0, wrong));
  const expected = "a host of lowercase letters, digits, hyphens and dots, without a port";
  return { code: "invalid_value", at, expected, found, why };
};

/** Reports the place where a URL cannot be parsed. */
function urlFinding(text: string, { problem }: BadUrl): Finding {
  const [expected, found, index] = urlProblem(text, problem);
  return {
    code: "invalid_value",
    at: byteOffset(text, Math.max(0, index)),
    expected,
    found: quote(found.slice(0, 80)),
  };
}

function urlProblem(
  text: string,
  problem: UrlProblem,
): readonly [expected: string, found: string, index: number] {
  switch (problem.kind) {
    case "escape":
      return [
        "two hexadecimal digits after each %, or %25 for the character itself",
        problem.found,
        text.indexOf(problem.found),
      ];
    case "port":
      return ["a host without a port", problem.found, text.indexOf(problem.found)];
    case "character":
      return [
        "a host of lowercase letters, digits, hyphens and dots",
        problem.found,
        text.indexOf(problem.found, text.indexOf("//")),
      ];
    case "control_character": {
      const index = [...text].findIndex((character) => character < " " || character === "\u007f");
      const before = [...text].slice(0, index).join("");
      return ["no control characters", text.charAt(before.length), before.length];
    }
    case "user":
      return ["no user name before the host", text, text.indexOf("//") + 2];
    case "bracket":
      return ["a closing bracket after the address", text, text.indexOf("[")];
    default:
      return ["an absolute URL that starts with https://", text, 0];
  }
}

/** Returns the offset of a character in the UTF-8 of a text. */
function byteOffset(text: string, index: number): number {
  return new TextEncoder().encode(text.slice(0, index)).length;
}

/** Bytes of a fixed length, such as keys and signatures. */
export function exactLength(
  length: number,
  what: string,
  hint: (bytes: Uint8Array) => string,
  why?: string,
): ValueRule {
  return (value, bytes) => {
    if (bytes.length === length) return undecodedText(bytes, what);
    const expected = `${length} bytes for ${/^[AEIO]/i.test(what) ? "an" : "a"} ${what}`;
    const found = `${count(bytes.length, "byte")}${hint(value as Uint8Array)}`;
    const finding: Finding = { code: "wrong_length", at: 0, expected, found };
    return why === undefined ? finding : { ...finding, why };
  };
}

/** Reports keys and signatures that are letters, which random bytes never are. */
function undecodedText(bytes: Uint8Array, what: string): Finding | undefined {
  const text = new TextDecoder().decode(bytes);
  // Bytes that repeat are placeholders.
  if (bytes.length < 32 || new Set(bytes).size < 8 || fromBase58(text) === undefined) return undefined;
  const found = `${quote(text)}, the letters of base58 text`;
  const why =
    "The sequencer accepts any bytes here. These are probably the start of the text itself: decode the base58 first.";
  return {
    code: "invalid_value",
    at: 0,
    kind: "doubtful",
    expected: `the decoded bytes of the ${what}`,
    found,
    why,
  };
}

const REQUESTED = "code.transaction.v2.ExchangeDataWithoutRate";

const rules: Partial<Readonly<Record<CheckName, ValueRule>>> = {
  currency_code: currencyCode,
  basis_points: basisPoints,
  hostname,
  webhook_url: webhookUrl,
  not_unknown_enum: knownEnum,
  greater_than_zero: (value, bytes) =>
    typeof value === "bigint" ? positiveInteger(value, bytes) : positiveDouble(value, bytes),
};

/** Returns the rule that explains a check of a field, or `undefined` for keys and signatures. */
export function ruleOf(check: CheckName, typeName: string): ValueRule | undefined {
  return check === "greater_than_zero" && typeName === REQUESTED ? requestedDouble : rules[check];
}

function bigEndian(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 8) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, false);
}

// A plausible amount: neither close to 0 nor larger than any currency needs.
function isPlausible(number: number): boolean {
  return number >= 1e-9 && number <= 1e15;
}
