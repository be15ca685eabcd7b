import { InputError } from "../errors.js";

// Longer than any colour in these formats.
const MAX_LENGTH = 64;

// Excludes everything that could end an attribute, load a resource or refer to another element: quotes, angle
// brackets, url() and var().
const FORMS = [
  /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i,
  /^(?:rgb|hsl)a?\((?:[-+.,%/ 0-9]|deg)+\)$/i,
  /^[a-z]+$/i,
];

/** Reads a colour that is safe in an SVG attribute. Does not check that a colour name exists. */
export function checkColor(value: unknown, field: string): string {
  if (typeof value === "string" && value.length <= MAX_LENGTH && FORMS.some((form) => form.test(value))) {
    return value;
  }
  throw new InputError(
    "invalid_option",
    field,
    'must be a colour: hexadecimal ("#45464E"), rgb() or hsl() with plain numbers, or a name ("white")',
  );
}

/** Reads a visible colour. */
export function checkInk(value: unknown, field: string): string {
  const color = checkColor(value, field);
  if (/^(?:none|transparent)$/i.test(color)) {
    throw new InputError("invalid_option", field, "must be a visible colour");
  }
  return color;
}
