/** The named checks of single values, exactly as the real sequencer makes them before it runs a handler. */
import {
  ALL_BASIS_POINTS,
  KEY_LENGTH,
  MAX_DOMAIN_LENGTH,
  MAX_WEBHOOK_URL_LENGTH,
  MESSAGE_ID_LENGTH,
  SIGNATURE_LENGTH,
} from "./numbers.js";
import { parseUrl } from "./url.js";

/** Name of a check. Every check rejects the default value of its field, so a checked field must be set. */
export type CheckName =
  | "key"
  | "signature"
  | "message_id"
  | "currency_code"
  | "greater_than_zero"
  | "basis_points"
  | "hostname"
  | "webhook_url"
  | "not_unknown_enum";

/** Why a value fails its check. */
export type Fault = "length" | "value" | "prefix" | "uri" | "relative";

type Check = (value: never) => Fault | undefined;

const valid = (isValid: boolean): Fault | undefined => (isValid ? undefined : "value");

const byteLength =
  (length: number): Check =>
  (value: Uint8Array) =>
    value.length === length ? undefined : "length";

const checks: Readonly<Record<CheckName, Check>> = {
  key: byteLength(KEY_LENGTH),
  signature: byteLength(SIGNATURE_LENGTH),
  message_id: byteLength(MESSAGE_ID_LENGTH),
  currency_code: (value: string) => valid(/^[a-z]{3}$/.test(value)),
  // The same comparison as in the original, which accepts NaN.
  greater_than_zero: (value: number | bigint) => valid(!(value <= 0)),
  basis_points: (value: number) => valid(value > 0 && value <= ALL_BASIS_POINTS),
  hostname: (value: string) => {
    if (!isLengthWithin(value, MAX_DOMAIN_LENGTH)) return "length";
    const labels = value.replace(/\.$/, "").toLowerCase().split(".");
    return valid(labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)));
  },
  webhook_url: (value: string) => {
    if (!isLengthWithin(value, MAX_WEBHOOK_URL_LENGTH)) return "length";
    if (!value.startsWith("http")) return "prefix";
    const url = parseUrl(value);
    if (url === undefined) return "uri";
    return url.scheme === "" ? "relative" : undefined;
  },
  not_unknown_enum: (value: number) => valid(value !== 0),
};

/** Returns why a value fails a check, or `undefined`. The value has the type of its field. */
export function faultOf(check: CheckName, value: unknown): Fault | undefined {
  return checks[check](value as never);
}

function isLengthWithin(text: string, max: number): boolean {
  const length = [...text].length;
  return length >= 1 && length <= max;
}
