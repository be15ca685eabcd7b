import { InputError } from "../errors.js";
import { requireString } from "../lib/options.js";

const MAX_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

/**
 * Reads the domain of a login. It must be a base domain, because the sequencer verifies it by the well-known
 * file of that exact domain.
 *
 * @param field names the option in errors
 * @throws InputError `missing_option` or `invalid_option`, with how to fix it
 */
export function checkDomain(domain: unknown, field: string): string {
  const text = requireString(domain, field, "the domain that users log in to, such as example.com");
  const problem = problemOf(text);
  if (problem !== undefined) throw new InputError("invalid_option", field, problem);
  return text;
}

function problemOf(text: string): string | undefined {
  if (text.includes("/")) return `must be only a domain, without scheme or path: ${exampleFor(hostOf(text))}`;
  if (isIpAddress(text)) return "must be a domain, not an IP address";
  if (text.includes(":"))
    return "must not contain a port: the well-known file is fetched over https from port 443";
  if (/^localhost\.?$/i.test(text))
    return "must be a public domain, because the sequencer fetches its well-known file; localhost is not public";
  if (text.endsWith(".")) return "must not end in a dot";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the ASCII range
  if (/[^\x00-\x7f]/.test(text)) return `must be in punycode: ${exampleFor(hostOf(text))}`;
  if (/[A-Z]/.test(text)) return `must be in lower case: ${exampleFor(text.toLowerCase())}`;
  if (text.length > MAX_LENGTH) return `is ${text.length} characters; at most ${MAX_LENGTH} are allowed`;
  const labels = text.split(".");
  for (const label of labels) {
    if (label.length > MAX_LABEL_LENGTH || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) {
      return "is not a domain: each label must be 1 to 63 letters, digits and hyphens, and must not start or end with a hyphen";
    }
    if (/^(?!xn)..--/.test(label))
      return "is not a domain: only punycode has two hyphens in the third and fourth place";
  }
  if (text.includes("xn--") && hostOf(text) !== text) return "is not a domain: its punycode does not decode";
  if (labels.length < 2) return "must have a base domain and a top-level domain, such as example.com";
  if (labels.length > 2)
    return `must be a base domain; subdomains cannot be verified: ${exampleFor(labels.slice(-2).join("."))}`;
  return undefined;
}

function isIpAddress(text: string): boolean {
  return /^\[|:.*:/.test(text) || /^[\d.]+$/.test(text) || /(^|\.)(\d+|0x[\da-f]*)$/i.test(text);
}

function hostOf(text: string): string {
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  return URL.canParse(url) ? new URL(url).hostname : "";
}

/**
 * Suggests the likely domain. Returns nothing unless it is a domain, because the text may be a misplaced
 * secret.
 */
function exampleFor(meant: string): string {
  return problemOf(meant) === undefined ? meant : "example.com";
}
