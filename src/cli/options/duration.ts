import { InvalidArgumentError } from "commander";

const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

// The limit of timers.
const MAX_MS = 2 ** 31 - 1;

/** Parses a duration such as `500ms`, `30s`, `10m`, `1h` or `1.5s`, and returns milliseconds. */
export function parseDuration(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Math.round(Number(digits) * (milliseconds[unit] ?? Number.NaN));
  if (digits === undefined || Number.isNaN(ms))
    throw new InvalidArgumentError("Use a number with a unit, such as 500ms, 30s, 10m or 1h.");
  if (ms > MAX_MS) throw new InvalidArgumentError("The maximum is 24 days.");
  return ms;
}

/** Parses a duration like {@link parseDuration}, and rejects zero. */
export function parsePositiveDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new InvalidArgumentError("Use a duration longer than zero.");
  return ms;
}
