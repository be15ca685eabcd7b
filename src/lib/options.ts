import { InputError } from "../errors.js";

/** Reads caller's options: plain objects only, and no name that is not listed, so that a typo cannot pass silently. */
export function checkOptions(
  options: unknown,
  path: string,
  allowed: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): asserts options is Record<string, unknown> {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InputError("invalid_option", path || "options", "must be an object");
  }
  for (const name of Object.keys(options)) {
    if (allowed.includes(name)) continue;
    const field = path ? `${path}.${name}` : name;
    const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
    throw new InputError(
      "unknown_option",
      field,
      hint ?? `no such option; the options are ${allowed.join(", ")}`,
    );
  }
}

/** A required string option: absent, `null` and `""` are `missing_option`, other types `invalid_option`. */
export function requireString(value: unknown, field: string, what: string): string {
  if (value === undefined || value === null || value === "") {
    throw new InputError("missing_option", field, `required: ${what}`);
  }
  if (typeof value !== "string") throw new InputError("invalid_option", field, `must be a string: ${what}`);
  return value;
}

/** A duration in milliseconds; `allowZero` where zero means "at once" or "none". */
export function checkDuration(value: unknown, field: string, allowZero = false): number {
  // setTimeout overflows above 2^31-1 and would fire at once.
  const max = 2 ** 31 - 1;
  if (typeof value !== "number" || !Number.isInteger(value) || value > max || value < (allowZero ? 0 : 1)) {
    throw new InputError(
      "invalid_option",
      field,
      `must be a whole number of milliseconds, ${allowZero ? 0 : 1} to ${max}`,
    );
  }
  return value;
}
