import { base64 } from "@scure/base";
import * as crypto from "#crypto";
import { InputError } from "../errors.js";
import { type Currency, currencyAt, currencyIndex } from "../money/currency.js";
import { NONCE_LENGTH } from "./nonce.js";

/** Length of a scan-code payload in bytes. */
export const PAYLOAD_LENGTH = 20;

/** Value of byte 0 for each payload kind. */
export const PAYLOAD_KINDS = {
  cash: 0,
  "gift-card": 1,
  payment: 2,
  login: 3,
  "payment-with-fees": 4,
  tip: 5,
} as const;

/** Name of a payload kind. */
export type PayloadKind = keyof typeof PAYLOAD_KINDS;

/** Payload kinds that request a payment. */
export type PaymentKind = "payment" | "payment-with-fees";

/** Cash or a gift card: an amount in quarks. */
export interface CashPayload {
  readonly kind: "cash" | "gift-card";
  /** 0 to 2^64 - 1. 1 kin is 100,000 quarks. */
  readonly quarks: bigint;
  /** 11 bytes. */
  readonly nonce: Uint8Array;
}

/** A request for payment. */
export interface PaymentPayload {
  readonly kind: PaymentKind;
  readonly currency: Currency;
  /** Hundredths of the currency, 0 to 2^56 - 1, for every currency. */
  readonly units: bigint;
  /** 11 bytes. */
  readonly nonce: Uint8Array;
}

/** A request to log in. */
export interface LoginPayload {
  readonly kind: "login";
  /** 11 bytes. */
  readonly nonce: Uint8Array;
}

/** A tip to a user of a platform. It has no nonce: anyone who knows the name can derive the key. */
export interface TipPayload {
  readonly kind: "tip";
  /** User name. It is truncated to 15 bytes of UTF-8, even inside a character. */
  readonly username: string;
}

/** The decoded content of a scan code's 20 bytes. */
export type RendezvousPayload = CashPayload | PaymentPayload | LoginPayload | TipPayload;

const USERNAME_OFFSET = 5;
const USERNAME_LENGTH = PAYLOAD_LENGTH - USERNAME_OFFSET;
const NONCE_OFFSET = PAYLOAD_LENGTH - NONCE_LENGTH;

// A byte order mark is part of the name.
const usernameDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Encodes a payload into its 20 bytes.
 *
 * @throws InputError `invalid_option`, naming the field that is out of range
 * @example
 * ```ts
 * const payload = encodePayload({ kind: "payment", currency: "usd", units: 1000n, nonce: randomNonce() });
 * const key = rendezvousKey(payload);
 * ```
 */
export function encodePayload(payload: RendezvousPayload): Uint8Array {
  const bytes = new Uint8Array(PAYLOAD_LENGTH);
  const code: number | undefined = Object.hasOwn(PAYLOAD_KINDS, payload.kind)
    ? PAYLOAD_KINDS[payload.kind]
    : undefined;
  if (code === undefined) {
    throw new InputError("invalid_option", "kind", `must be one of ${Object.keys(PAYLOAD_KINDS).join(", ")}`);
  }
  bytes[0] = code;
  if (payload.kind === "tip") {
    bytes.set(usernameArea(payload.username), USERNAME_OFFSET);
    return bytes;
  }
  if (!(payload.nonce instanceof Uint8Array) || payload.nonce.length !== NONCE_LENGTH) {
    throw new InputError("invalid_option", "nonce", `must be ${NONCE_LENGTH} bytes`);
  }
  switch (payload.kind) {
    case "cash":
    case "gift-card":
      writeLittleEndian(bytes, 1, 8, payload.quarks, "quarks");
      break;
    case "payment":
    case "payment-with-fees":
      bytes[1] = currencyIndex(payload.currency);
      writeLittleEndian(bytes, 2, 7, payload.units, "units");
      break;
    case "login":
      break;
  }
  bytes.set(payload.nonce, NONCE_OFFSET);
  return bytes;
}

/**
 * Decodes the 20 bytes of a scan code.
 *
 * @throws InputError `invalid_option` if the length, the kind or the currency index is invalid
 */
export function decodePayload(bytes: Uint8Array): RendezvousPayload {
  checkPayloadLength(bytes);
  const kind = (Object.keys(PAYLOAD_KINDS) as PayloadKind[]).find((name) => PAYLOAD_KINDS[name] === bytes[0]);
  if (kind === undefined)
    throw new InputError("invalid_option", "payload[0]", `${bytes[0]} is not a known kind (0 to 5)`);
  if (kind === "tip") {
    const area = bytes.subarray(USERNAME_OFFSET);
    const dot = area.indexOf(0x2e);
    return { kind, username: usernameDecoder.decode(dot < 0 ? area : area.subarray(0, dot)) };
  }
  // A slice of a Buffer would share its memory.
  const nonce = new Uint8Array(bytes.subarray(NONCE_OFFSET));
  if (kind === "login") return { kind, nonce };
  if (kind === "cash" || kind === "gift-card") return { kind, quarks: readLittleEndian(bytes, 1, 8), nonce };
  const currency = currencyAt(bytes[1] ?? 0);
  if (currency === undefined) {
    throw new InputError(
      "invalid_option",
      "payload[1]",
      `${bytes[1]} is not the index of a known currency (0 to 153)`,
    );
  }
  return { kind, currency, units: readLittleEndian(bytes, 2, 7), nonce };
}

/** Throws unless `bytes` is 20 bytes long. */
export function checkPayloadLength(bytes: unknown): asserts bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array) || bytes.length !== PAYLOAD_LENGTH) {
    throw new InputError("invalid_option", "payload", `must be a Uint8Array of ${PAYLOAD_LENGTH} bytes`);
  }
}

/** The name. If there is room left, a dot and the start of the base64 of the name's hash follow. */
function usernameArea(username: unknown): Uint8Array {
  if (typeof username !== "string" || username.length === 0) {
    throw new InputError("missing_option", "username", "required: the user's name on the platform");
  }
  if (username.length > USERNAME_LENGTH) {
    throw new InputError(
      "invalid_option",
      "username",
      `must be at most ${USERNAME_LENGTH} characters (UTF-16 units)`,
    );
  }
  if (/\p{Surrogate}/u.test(username)) {
    throw new InputError("invalid_option", "username", "must be well-formed Unicode");
  }
  const name = new TextEncoder().encode(username).subarray(0, USERNAME_LENGTH);
  const area = new Uint8Array(USERNAME_LENGTH);
  area.set(name);
  const padding = `.${base64.encode(crypto.sha256(name))}`.slice(0, USERNAME_LENGTH - name.length);
  area.set(new TextEncoder().encode(padding), name.length);
  return area;
}

function writeLittleEndian(
  bytes: Uint8Array,
  offset: number,
  length: number,
  value: unknown,
  field: string,
): void {
  const max = 2n ** BigInt(8 * length) - 1n;
  if (typeof value !== "bigint" || value < 0n || value > max) {
    throw new InputError("invalid_option", field, `must be a bigint from 0 to ${max}`);
  }
  // A seven-byte field leaves its eighth byte zero. The nonce overwrites that byte later.
  new DataView(bytes.buffer).setBigUint64(offset, value, true);
}

function readLittleEndian(bytes: Uint8Array, offset: number, length: number): bigint {
  const value = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true);
  return BigInt.asUintN(8 * length, value);
}
