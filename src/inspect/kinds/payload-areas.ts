/** The areas of each kind of scan-code payload: where they end, and what their bytes mean. */
import { formatUnits, kinQuarks, MAX_UNITS } from "../../money/amount.js";
import { CURRENCIES, type Currency, currencyAt } from "../../money/currency.js";
import { clientSecretOf, NONCE_LENGTH } from "../../rendezvous/nonce.js";
import {
  decodePayload,
  encodePayload,
  PAYLOAD_KINDS,
  PAYLOAD_LENGTH,
  type PayloadKind,
} from "../../rendezvous/payload.js";
import { textValue } from "../message/scalar.js";
import type { InspectProblemCode, InspectProblemKind, InspectValue } from "../types.js";
import { invalidUtf8At } from "../wire.js";
import { count, hexByte, quote } from "../words.js";

const NONCE_OFFSET = PAYLOAD_LENGTH - NONCE_LENGTH;
const USERNAME_OFFSET = 5;
const DOT = 0x2e;

/** A problem in an area; `at` is an offset in the payload. */
interface AreaProblem {
  readonly kind: InspectProblemKind;
  readonly code: InspectProblemCode;
  readonly at: number;
  readonly expected: string;
  readonly found: string;
  readonly why?: string;
}

/** An area of the payload. It starts at the end of the previous area. */
export interface Area {
  readonly name: string;
  readonly end: number;
  readonly meaning: string;
  readonly value?: InspectValue;
  readonly problem?: AreaProblem | undefined;
}

/** The names of the payload kinds. */
export const kindWords: Readonly<Record<PayloadKind, string>> = {
  cash: "cash",
  "gift-card": "a gift card",
  payment: "a request for payment",
  login: "a login request",
  "payment-with-fees": "a request for payment with fees",
  tip: "a tip",
};

/** Returns the kind of a payload by its first byte. */
export function kindOf(byte: number | undefined): PayloadKind | undefined {
  return (Object.keys(PAYLOAD_KINDS) as PayloadKind[]).find((name) => PAYLOAD_KINDS[name] === byte);
}

/** Returns the areas of 20 bytes, in order and without gaps. */
export function payloadAreas(kind: PayloadKind, bytes: Uint8Array): Area[] {
  const first: Area = { name: "kind", end: 1, value: kind, meaning: `kind ${bytes[0]}: ${kindWords[kind]}` };
  if (kind === "tip") return [first, ...tipAreas(bytes)];
  const index = bytes[1] ?? 0;
  const currency = currencyAt(index);
  const hasCurrency = kind === "payment" || kind === "payment-with-fees";
  const readable = new Uint8Array(bytes);
  // Despite an unknown currency, the amount and the nonce are shown.
  if (hasCurrency && currency === undefined) readable[1] = 0;
  const payload = decodePayload(readable);
  if (payload.kind === "tip") return [first];
  const nonce: Area = {
    name: "nonce",
    end: PAYLOAD_LENGTH,
    value: payload.nonce,
    meaning: `${NONCE_LENGTH}-byte nonce, secret; its base58 is the client secret: ${clientSecretOf(payload.nonce)}`,
  };
  switch (payload.kind) {
    case "cash":
    case "gift-card": {
      const { quarks } = payload;
      return [
        first,
        {
          name: "quarks",
          end: NONCE_OFFSET,
          value: quarks,
          meaning: quarksMeaning(quarks),
          problem: reversedProblem(bytes, 1, quarks, isPlausibleQuarks),
        },
        nonce,
      ];
    }
    case "login": {
      const problem = fillerProblem(bytes, 1, NONCE_OFFSET, encodePayload(payload));
      return [
        first,
        { name: "unused", end: NONCE_OFFSET, meaning: "zeros: a login has no amount", problem },
        nonce,
      ];
    }
    default: {
      const { units } = payload;
      const meaning = unitsMeaning(units, currency);
      return [
        first,
        currencyArea(index, currency),
        {
          name: "units",
          end: NONCE_OFFSET,
          value: units,
          meaning,
          problem: reversedProblem(bytes, 2, units, isPlausibleUnits),
        },
        nonce,
      ];
    }
  }
}

function currencyArea(index: number, currency: Currency | undefined): Area {
  const area = { name: "currency", end: 2 };
  if (currency !== undefined)
    return { ...area, value: currency, meaning: `currency index ${index}: ${currency}` };
  const expected = `an index from 0 to ${CURRENCIES.length - 1}`;
  return {
    ...area,
    value: index,
    meaning: `currency index ${index}, which is unknown`,
    problem: { kind: "malformed", code: "unknown_currency_index", at: 1, expected, found: `${index}` },
  };
}

function tipAreas(bytes: Uint8Array): Area[] {
  const dot = bytes.indexOf(DOT, USERNAME_OFFSET);
  const end = dot < 0 ? PAYLOAD_LENGTH : dot;
  const name = bytes.subarray(USERNAME_OFFSET, end);
  const username = textValue(name);
  const written = encodePayload({ kind: "tip", username: username === "" ? "?" : username });
  const flags: Area = {
    name: "flags",
    end: USERNAME_OFFSET,
    meaning: "flags, none of them used",
    problem: fillerProblem(bytes, 1, USERNAME_OFFSET, written),
  };
  const problem = usernameProblem(name, dot < 0);
  const text: Area = {
    name: "username",
    end,
    value: username,
    meaning: `${count(name.length, "byte")} of UTF-8 text: ${quote(username)}`,
    problem,
  };
  if (dot < 0) return [flags, text];
  const meaning =
    dot === PAYLOAD_LENGTH - 1 ? "a dot" : "a dot, then the start of the base64 SHA-256 of the name";
  // If the name is not readable, the bytes after it cannot be checked.
  const padding = problem === undefined ? fillerProblem(bytes, dot, PAYLOAD_LENGTH, written) : undefined;
  return [flags, text, { name: "padding", end: PAYLOAD_LENGTH, meaning, problem: padding }];
}

function usernameProblem(name: Uint8Array, fillsArea: boolean): AreaProblem | undefined {
  if (name.length === 0) {
    const expected = "a username before the dot";
    return { kind: "malformed", code: "missing_username", at: USERNAME_OFFSET, expected, found: "none" };
  }
  const invalidAt = invalidUtf8At(name);
  // An encoder truncates a long name after 15 bytes, even inside a character.
  if (invalidAt < 0 || (fillsArea && isUtf8SoFar(name))) return undefined;
  const at = USERNAME_OFFSET + invalidAt;
  return {
    kind: "malformed",
    code: "invalid_utf8",
    at,
    expected: "UTF-8 text",
    found: hexByte(name[invalidAt]),
  };
}

function isUtf8SoFar(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function fillerProblem(
  bytes: Uint8Array,
  start: number,
  end: number,
  written: Uint8Array,
): AreaProblem | undefined {
  for (let at = start; at < end; at++) {
    if (bytes[at] === written[at]) continue;
    const expected = `${hexByte(written[at])}, as an encoder writes it`;
    return { kind: "not_canonical", code: "payload_filler", at, expected, found: hexByte(bytes[at]) };
  }
  return undefined;
}

/** Reports a number that only makes sense with its bytes reversed. */
function reversedProblem(
  bytes: Uint8Array,
  at: number,
  value: bigint,
  isPlausible: (value: bigint) => boolean,
): AreaProblem | undefined {
  const reversed = bytes.subarray(at, NONCE_OFFSET).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (isPlausible(value) || !isPlausible(reversed)) return undefined;
  const size = NONCE_OFFSET - at;
  return {
    kind: "doubtful",
    code: "invalid_value",
    at,
    expected: `${reversed} with the least significant byte first`,
    found: `${value}, but ${reversed} with the ${size} bytes reversed`,
    why: "The bytes are probably in reverse order. Every byte is part of the rendezvous key, so the right order leads to another key.",
  };
}

// At most 100 billion of any currency.
function isPlausibleUnits(units: bigint): boolean {
  return units > 0n && units <= 10n ** 13n;
}

// At most 3 trillion kin, which is more than exist, in whole hundredths.
function isPlausibleQuarks(quarks: bigint): boolean {
  const perHundredth = kinQuarks({ units: 1n, nativeAmount: 0.01 });
  return quarks > 0n && quarks <= 3n * 10n ** 14n * perHundredth && quarks % perHundredth === 0n;
}

function quarksMeaning(quarks: bigint): string {
  const perUnit = kinQuarks({ units: 1n, nativeAmount: 0.01 });
  const kin = quarks % perUnit === 0n ? `, which is ${formatUnits(quarks / perUnit)} kin` : "";
  return `8-byte little-endian quarks: ${quarks}${kin}`;
}

function unitsMeaning(units: bigint, currency: Currency | undefined): string {
  const of = currency === undefined ? "" : ` ${currency}`;
  const text = `7-byte little-endian hundredths: ${units}, which is ${formatUnits(units)}${of}`;
  if (units <= MAX_UNITS) return text;
  const negative = 2n ** 56n - units;
  // Official clients encode a negative amount in two's complement.
  const wrapped = negative <= MAX_UNITS ? `, perhaps -${formatUnits(negative)} wrapped around` : "";
  return `${text}; larger than the exact range${wrapped}`;
}
