/** Formats values as words. Text of the input is escaped here so that it cannot control a terminal. */

/** Returns `1 byte`, `20 bytes`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

/** Returns `0a`. */
export function hexByte(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, "0");
}

/**
 * Quotes text. Characters that are invisible or control a terminal or the writing direction are shown as
 * `\u{...}`.
 */
export function quote(text: string): string {
  const safe = text
    .replace(/["\\]/g, "\\$&")
    .replace(
      /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu,
      (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
    );
  return `"${safe}"`;
}

/**
 * Returns a double or float in its shortest decimal form, always recognizable as one: `10.0`, `0.05`,
 * `1e+21`, `-0.0`.
 */
export function floatText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Returns the usual text form of 16 bytes as a UUID. */
export function uuidText(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Returns a point in time in ISO 8601, with nanoseconds if needed, or `undefined` if it is invalid. */
export function instantText(seconds: bigint, nanos: number): string | undefined {
  if (nanos < 0 || nanos > 999_999_999) return undefined;
  // The range of a Date, which includes the range of a Timestamp.
  if (seconds < -8_640_000_000_000n || seconds > 8_640_000_000_000n) return undefined;
  const date = new Date(Number(seconds) * 1000);
  const digits = nanos.toString().padStart(9, "0");
  const fraction = digits.endsWith("000000") ? digits.slice(0, 3) : digits;
  return date.toISOString().replace(/\.\d+Z$/, `.${fraction}Z`);
}

/** Returns `5 s`, `0.25 s`, `-1.5 s`, or `undefined` if the signs of the two parts differ. */
export function durationText(seconds: bigint, nanos: number): string | undefined {
  if (Math.abs(nanos) > 999_999_999 || (seconds > 0n && nanos < 0) || (seconds < 0n && nanos > 0))
    return undefined;
  const sign = seconds < 0n || nanos < 0 ? "-" : "";
  const whole = seconds < 0n ? -seconds : seconds;
  const fraction = Math.abs(nanos).toString().padStart(9, "0").replace(/0+$/, "");
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`} s`;
}

/** Splits a type's name into words: `code.messaging.v1.AckMessagesRequest` is `ack messages request`. */
export function typeWords(typeName: string): string {
  const name = typeName.slice(typeName.lastIndexOf(".") + 1);
  return name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
}
