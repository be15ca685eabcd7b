/** Longest delay that a `Retry-After` is reported as: a day, in milliseconds. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** Headers of a response, by name in lower case. */
export interface ResponseHeaders {
  /** Returns `null` or `undefined` if there is no such header. */
  get(name: string): string | null | undefined;
}

/**
 * Returns the delay that `Retry-After` asks for, in milliseconds, at most a day. It is given in seconds, or
 * as a date, which is compared with the response's own `Date` so that the clocks need not agree. Returns
 * `undefined` for any other text, such as a negative number.
 *
 * Source: RFC 9110, section 10.2.3.
 */
export function retryAfterMsOf(headers: ResponseHeaders): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  const delayMs = /^\d+(\.\d+)?$/.test(text)
    ? Math.ceil(Number(text) * 1_000)
    : httpDate(text) - (httpDate(headers.get("date")) || Date.now());
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(0, delayMs), MAX_RETRY_AFTER_MS);
}

/** Parses a date of HTTP in any of its three formats, each of which is in GMT. Returns NaN for other text. */
function httpDate(text: string | null | undefined): number {
  if (!/^[A-Z][a-z]{2,8},? [\w :-]{16,24}$/.test(text ?? "")) return Number.NaN;
  return Date.parse(`${text}`.endsWith("GMT") ? `${text}` : `${text} GMT`);
}
