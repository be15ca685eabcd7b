import { InputError } from "../errors.js";
import { isLoopbackHost } from "./loopback.js";

/**
 * Reads the URL of a sequencer: `https:`, or `http:` on loopback or where that is allowed. Without slashes at
 * its end.
 *
 * @throws InputError naming `field`
 */
export function checkBaseUrl(value: unknown, field: string, allowInsecure: boolean): string {
  if (value === undefined || value === null || value === "")
    throw new InputError("missing_option", field, "required: the sequencer's URL");
  if (typeof value !== "string" || !URL.canParse(value)) {
    throw new InputError(
      "invalid_option",
      field,
      "must be an absolute URL such as https://sequencer.example.com",
    );
  }
  const url = new URL(value);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new InputError("invalid_option", field, "must start with https:// (or http:// on loopback)");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new InputError("invalid_option", field, "must not hold a user name, password, query or fragment");
  }
  if (url.protocol === "http:" && !isLoopbackHost(url.hostname) && !allowInsecure) {
    throw new InputError(
      "invalid_option",
      field,
      "is plain http beyond loopback, where anybody on the way can forge a payment's status; use https, or allowInsecure",
    );
  }
  // Not the whole URL: an empty query or fragment leaves its mark there.
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
