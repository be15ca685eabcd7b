/** Rules for single values: what a currency, an amount, a domain or a URL may be. */
import { CURRENCIES } from "../../money/currency.js";
import type { InspectProblemCode, InspectValue } from "../types.js";
import { count, floatText, quote } from "../words.js";

/** What is wrong with a value. */
export interface Finding {
  readonly code: InspectProblemCode;
  /** Offset of the first wrong byte in the value. */
  readonly at: number;
  readonly expected: string;
  readonly found: string;
  /** Default: that it breaks a rule. */
  readonly kind?: "doubtful";
  /** Why it matters, where that is not that the sequencer refuses it. */
  readonly why?: string;
}

/** Looks at a decoded value and its bytes. */
export type ValueRule = (value: InspectValue, bytes: Uint8Array) => Finding | undefined;

const known: ReadonlySet<string> = new Set(CURRENCIES);

// Payloads have an index for these, but the sequencer has no limits for them.
const unlimited: ReadonlySet<string> = new Set(["ssp", "stn", "ves"]);
// The sequencer has limits for these, but payloads have no index for them.
const unindexed: ReadonlySet<string> = new Set(
  "byr clf cuc ggp imp jep lsl ltl lvl std xdr zmk zwl".split(" "),
);

/** `[a-z]{3}`, and one that a payload can name. */
export const currencyCode: ValueRule = (value) => {
  const text = String(value);
  const expected = "three small letters, such as usd";
  const wrong = text.search(/[^a-z]/);
  const found = quote(text);
  if (text.length !== 3)
    return { code: "wrong_length", at: Math.min(3, Math.max(wrong, 0)), expected, found };
  if (wrong >= 0) return { code: "invalid_value", at: wrong, expected, found };
  if (unlimited.has(text)) {
    const expected = "a currency that the sequencer has limits for";
    return { code: "invalid_value", at: 0, expected, found };
  }
  if (known.has(text)) return undefined;
  if (unindexed.has(text)) {
    const why =
      "The sequencer takes it, but no payload can name it: there is no scan code for it, and no key either.";
    const expected = `one of the ${known.size} currencies of payloads`;
    return { code: "invalid_value", at: 0, expected, found, kind: "doubtful", why };
  }
  return { code: "invalid_value", at: 0, expected: `one of the ${known.size} known currencies`, found };
};

/** A double that can be an amount or a rate. */
export const positiveDouble: ValueRule = (value, bytes) => {
  const number = Number(value);
  const turned = bigEndian(bytes);
  const likelyTurned = !isPlausible(number) && turned !== undefined && isPlausible(turned);
  if (number > 0 && Number.isFinite(number) && !likelyTurned) return undefined;
  const hint = likelyTurned
    ? `, but ${floatText(turned)} if the eight bytes are turned round: they go least significant first`
    : "";
  const found = `${floatText(number)}${hint}`;
  return { code: "invalid_value", at: 0, expected: "a finite number greater than 0", found };
};

/** The same of an amount that is asked for without a rate, of which the sequencer lets NaN pass. */
export const requestedDouble: ValueRule = (value, bytes) => {
  const finding = positiveDouble(value, bytes);
  if (finding === undefined || !Number.isNaN(Number(value)) || finding.found !== "NaN") return finding;
  const why =
    "The sequencer takes it, since NaN is neither too small nor too large, but no payment ever equals it, so that nobody can pay.";
  return { ...finding, kind: "doubtful", why };
};

/** A 64-bit integer greater than zero. */
export const positiveInteger: ValueRule = (value) =>
  typeof value === "bigint" && value > 0n
    ? undefined
    : { code: "invalid_value", at: 0, expected: "more than 0", found: `${value}` };

/** A share in basis points. */
export const basisPoints: ValueRule = (value) =>
  Number(value) >= 1 && Number(value) <= 10_000
    ? undefined
    : { code: "invalid_value", at: 0, expected: "1 to 10000 basis points", found: `${value}` };

/** A domain of 1 to 253 characters, in lower case, international ones in punycode. */
export const hostname: ValueRule = (value) => {
  const text = String(value);
  const found = quote(text.slice(0, 80));
  if (text.length < 1 || text.length > 253) {
    return { code: "wrong_length", at: 0, expected: "1 to 253 characters", found: `${text.length}` };
  }
  const expected = "a domain such as example.com: small letters, digits, hyphens and dots";
  const wrong = text.search(/[^a-z0-9.-]/);
  if (wrong >= 0) return { code: "invalid_value", at: wrong, expected, found };
  const labels = text.replace(/\.$/, "").split(".");
  const valid = labels.every((label) => /^(?!(?!xn)..--)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  // A name of one label is a host, but has no base domain.
  return valid && labels.length > 1 ? undefined : { code: "invalid_value", at: 0, expected, found };
};

/** An absolute URL of at most 1024 characters, whose host is judged together with its port. */
export const webhookUrl: ValueRule = (value) => {
  const text = String(value);
  const { length } = [...text];
  if (length < 1 || length > 1024) {
    return { code: "wrong_length", at: 0, expected: "1 to 1024 characters", found: `${length}` };
  }
  const found = quote(text.slice(0, 80));
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) {
    return { code: "invalid_value", at: 0, expected: "an absolute URL that starts with https://", found };
  }
  const hostAt = text.indexOf("//") + 2;
  const [authority = ""] = text.slice(hostAt).split(/[/?#]/, 1);
  const wrong = authority.slice(authority.lastIndexOf("@") + 1).search(/[\0-,/:-`{-\x7f]/);
  if (wrong < 0) return undefined;
  const at = new TextEncoder().encode(text.slice(0, hostAt + authority.lastIndexOf("@") + 1 + wrong)).length;
  const expected = "a host of small letters, digits, hyphens and dots, without a port";
  const why = "The sequencer refuses such a host; the emulator may take it.";
  return { code: "invalid_value", at, expected, found, why };
};

/** Bytes of one length, as keys and signatures are. */
export function exactLength(
  length: number,
  what: string,
  hint: (bytes: Uint8Array) => string,
  why?: string,
): ValueRule {
  return (value, bytes) => {
    if (bytes.length === length) return undefined;
    const expected = `${length} bytes for ${/^[AEIO]/i.test(what) ? "an" : "a"} ${what}`;
    const found = `${count(bytes.length, "byte")}${hint(value as Uint8Array)}`;
    const finding: Finding = { code: "wrong_length", at: 0, expected, found };
    return why === undefined ? finding : { ...finding, why };
  };
}

function bigEndian(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 8) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, false);
}

// What somebody may have meant: neither next to nothing nor beyond every currency.
function isPlausible(number: number): boolean {
  return number >= 1e-9 && number <= 1e15;
}
