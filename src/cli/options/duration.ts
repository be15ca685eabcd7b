import { InvalidArgumentError } from "commander";

const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

// The longest that a timer can be set to.
const MAX_MS = 2 ** 31 - 1;

/** Reads a duration of the command line: `500ms`, `30s`, `10m`, `1h`, or `1.5s`; in milliseconds. */
export function parseDuration(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Math.round(Number(digits) * (milliseconds[unit] ?? Number.NaN));
  if (digits === undefined || Number.isNaN(ms))
    throw new InvalidArgumentError("A duration has a unit, such as 500ms, 30s, 10m or 1h.");
  if (ms > MAX_MS) throw new InvalidArgumentError("At most 24 days are possible.");
  return ms;
}

/** As {@link parseDuration}, and refuses zero. */
export function parsePositiveDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new InvalidArgumentError("It must be longer than zero.");
  return ms;
}
