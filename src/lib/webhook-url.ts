import { MAX_WEBHOOK_URL_LENGTH } from "../contract/numbers.js";
import { InputError } from "../errors.js";

/**
 * Reads a webhook URL: absolute, `https:` or `http:`, at most 1024 characters. The sequencer applies further
 * rules to hosts, ports and schemes.
 */
export function checkWebhookUrl(value: unknown, field: string): string {
  if (value === undefined || value === null || value === "") {
    throw new InputError("missing_option", field, "required: an absolute https URL");
  }
  if (typeof value !== "string")
    throw new InputError("invalid_option", field, "must be a string: an absolute https URL");
  // The sequencer counts characters, not UTF-16 units.
  if ([...value].length > MAX_WEBHOOK_URL_LENGTH) {
    throw new InputError("invalid_option", field, `is longer than ${MAX_WEBHOOK_URL_LENGTH} characters`);
  }
  // URL repairs spaces, backslashes, and missing or extra slashes. The sequencer's parser does not.
  const url =
    /^https?:\/\/[^@/?#\\\s\p{Cc}\p{Surrogate}][^\\\s\p{Cc}\p{Surrogate}]*$/u.test(value) &&
    URL.canParse(value)
      ? new URL(value)
      : undefined;
  if (url === undefined) {
    throw new InputError(
      "invalid_option",
      field,
      "must be an absolute URL that starts with https:// (or http://)",
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new InputError("invalid_option", field, "must not contain a user name or password");
  }
  return value;
}
