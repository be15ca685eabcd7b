import { InputError } from "../errors.js";

// Longer than any colour that these forms need.
const MAX_LENGTH = 64;

// Nothing that could end an attribute, name a resource or refer to another element: no quote, angle bracket, url() or var().
const FORMS = [
  /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i,
  /^(?:rgb|hsl)a?\((?:[-+.,%/ 0-9]|deg)+\)$/i,
  /^[a-z]+$/i,
];

/** A colour that is safe in an attribute of SVG. Whether a name is one that viewers know is not checked. */
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

/** A colour that can be seen. */
export function checkInk(value: unknown, field: string): string {
  const color = checkColor(value, field);
  if (/^(?:none|transparent)$/i.test(color)) {
    throw new InputError("invalid_option", field, "must be a colour that can be seen");
  }
  return color;
}
