import { InputError } from "../errors.js";

/**
 * Reads the caller's options. Accepts plain objects only and rejects unknown names, so a typo never passes
 * silently.
 */
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
      hint ?? `unknown option; the options are ${allowed.join(", ")}`,
    );
  }
}

/**
 * Reads a required string option. An absent value, `null` and `""` throw `missing_option`; other types throw
 * `invalid_option`.
 */
export function requireString(value: unknown, field: string, what: string): string {
  if (value === undefined || value === null || value === "") {
    throw new InputError("missing_option", field, `required: ${what}`);
  }
  if (typeof value !== "string") throw new InputError("invalid_option", field, `must be a string: ${what}`);
  return value;
}

/** Reads a duration in milliseconds. `allowZero` accepts 0, for "at once" or "none". */
export function checkDuration(value: unknown, field: string, allowZero = false): number {
  // setTimeout overflows above 2^31-1 and fires at once.
  const max = 2 ** 31 - 1;
  if (typeof value !== "number" || !Number.isInteger(value) || value > max || value < (allowZero ? 0 : 1)) {
    throw new InputError(
      "invalid_option",
      field,
      `must be an integer number of milliseconds from ${allowZero ? 0 : 1} to ${max}`,
    );
  }
  return value;
}
