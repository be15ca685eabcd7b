import { InputError } from "../errors.js";
import { isLoopbackHost } from "./loopback.js";

/**
 * Checks the URL of a sequencer: `https:`, or `http:` on loopback or if `allowInsecure` is set. Returns it
 * with at most one slash at the end of its path, and with none if it has no path.
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
    throw new InputError(
      "invalid_option",
      field,
      "must not contain a user name, password, query or fragment",
    );
  }
  if (url.protocol === "http:" && !isLoopbackHost(url.hostname) && !allowInsecure) {
    throw new InputError(
      "invalid_option",
      field,
      "is plain http beyond loopback, so an attacker on the network path can forge a payment's status; use https, or set allowInsecure",
    );
  }
  // Not `url.href`: after an empty query or fragment it keeps the `?` or `#`.
  const path = url.pathname.replace(/\/+$/, "/");
  return `${url.origin}${path === "/" ? "" : path}`;
}
