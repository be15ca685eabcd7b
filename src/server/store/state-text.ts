/** The complete state as JSON text: for exports, and for tests that start from a known state. */

import { fromBinary } from "@bufbuild/protobuf";
import { base64 } from "@scure/base";
import { MessageSchema } from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import { ALL_BASIS_POINTS } from "../../contract/numbers.js";
import { InputError } from "../../errors.js";
import type { Fee } from "../../intents/fees.js";
import { fromBase58 } from "../../lib/bytes.js";
import type {
  IntentRecord,
  KeyState,
  MessageRecord,
  RequestedDomain,
  RequestedPayment,
  RequestRecord,
  SubmittedPayment,
  WebhookAttempt,
  WebhookRecord,
} from "./store.js";

const FORMAT = "code-intents/emulator-state/v1";

/**
 * The end of the year 9999, in milliseconds since 1970: the latest time that a protobuf timestamp can
 * represent.
 */
export const LATEST_TIME = 253_402_300_799_999;

/** Serializes a state. Bytes and bigints, which JSON lacks, become tagged text. */
export function writeState(states: ReadonlyMap<string, KeyState>): string {
  return JSON.stringify({ format: FORMAT, intents: Object.fromEntries(states) }, tagged);
}

/**
 * Parses a state that {@link writeState} wrote. Checks every part, so that none can fail later.
 *
 * @throws InputError for any other text
 */
export function readState(text: string): ReadonlyMap<string, KeyState> {
  let file: unknown;
  try {
    file = JSON.parse(text, (_, value: unknown) => untagged(value));
  } catch {
    throw notAState();
  }
  if (!isRecord(file) || file.format !== FORMAT || !isRecord(file.intents)) throw notAState();
  const states = Object.entries(file.intents);
  for (const [intentId, state] of states) if (!isId(32)(intentId) || !isKeyState(state)) throw notAState();
  return new Map(states as [string, KeyState][]);
}

/**
 * Tags bytes and bigints. Reads the value from its holder, because JSON has already converted a Buffer when
 * it is passed as `value`.
 */
function tagged(this: unknown, name: string, value: unknown): unknown {
  const held: unknown = isRecord(this) ? this[name] : value;
  if (typeof held === "bigint") return { $bigint: held.toString() };
  if (held instanceof Uint8Array) return { $bytes: base64.encode(Uint8Array.from(held)) };
  return value;
}

function untagged(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (typeof value.$bigint === "string" && /^\d{1,20}$/.test(value.$bigint)) return BigInt(value.$bigint);
  if (typeof value.$bytes === "string") return base64.decode(value.$bytes);
  return value;
}

type Check = (value: unknown) => boolean;

const isRequestedPayment = hasFields<RequestedPayment>({
  destination: isId(32),
  currency: isCurrency,
  nativeAmount: isAmount,
  exchangeRate: optional(isAmount),
  quarks: optional(isQuarks),
  fees: listOf(hasFields<Fee>({ destination: isId(32), basisPoints: isBasisPoints })),
});

const isSubmittedPayment = hasFields<SubmittedPayment>({
  destination: isId(32),
  currency: isCurrency,
  nativeAmount: isAmount,
  exchangeRate: isAmount,
  quarks: isQuarks,
  feeQuarks: isQuarks,
});

const isKeyState = hasFields<KeyState>({
  request: optional(
    hasFields<RequestRecord>({
      createdAt: isTime,
      payment: optional(isRequestedPayment),
      domain: optional(
        hasFields<RequestedDomain>({ base: isText, verified: (value) => typeof value === "boolean" }),
      ),
    }),
  ),
  intent: optional(
    hasFields<IntentRecord>({
      state: oneOf("submitted", "revoked"),
      submittedAt: isTime,
      payment: optional(isSubmittedPayment),
      user: optional(isId(32)),
    }),
  ),
  webhook: optional(
    hasFields<WebhookRecord>({
      url: isText,
      createdAt: isTime,
      state: oneOf("registered", "pending", "confirmed", "failed"),
      attempts: listOf(
        hasFields<WebhookAttempt>({
          startedAt: isTime,
          httpStatus: optional(isHttpStatus),
          error: optional(isText),
        }),
      ),
    }),
  ),
  messages: listOf(
    hasFields<MessageRecord>({ messageId: isId(16), kind: isText, bytes: isMessage, createdAt: isTime }),
  ),
  firstSeenAt: optional(isTime),
});

/** Returns a check for an object with these fields and no others. */
function hasFields<T>(checks: { readonly [Name in keyof T]-?: Check }): Check {
  const byName = new Map<string, Check>(Object.entries(checks));
  return (value) =>
    isRecord(value) &&
    Object.keys(value).every((name) => byName.has(name)) &&
    [...byName].every(([name, check]) => check(Object.hasOwn(value, name) ? value[name] : undefined));
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function oneOf(...values: readonly string[]): Check {
  return (value) => values.some((known) => known === value);
}

function isId(length: number): Check {
  return (value) => typeof value === "string" && fromBase58(value)?.length === length;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isCurrency(value: unknown): boolean {
  return typeof value === "string" && /^[a-z]{3}$/.test(value);
}

/** Returns whether a value is a time in milliseconds since 1970 that a protobuf timestamp can represent. */
function isTime(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= LATEST_TIME;
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY;
}

function isQuarks(value: unknown): boolean {
  return typeof value === "bigint" && value < 2n ** 64n;
}

function isBasisPoints(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= ALL_BASIS_POINTS;
}

function isHttpStatus(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 999;
}

function isMessage(value: unknown): boolean {
  if (!(value instanceof Uint8Array)) return false;
  try {
    fromBinary(MessageSchema, value);
    return true;
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

function notAState(): InputError {
  return new InputError("invalid_option", "state", `is not an exported state (${FORMAT})`);
}
