/**
 * The sequencer's requirements for a host name beyond the form of a domain: the strict registration profile
 * of IDNA.
 */
import { MAX_DOMAIN_LENGTH } from "./numbers.js";

/**
 * Returns the first label of an ASCII name that the profile rejects, or the name itself if it has an empty
 * label or is too long.
 */
export function invalidLabel(name: string): string | undefined {
  const withoutRoot = name.replace(/\.$/, "");
  const labels = withoutRoot.split(".");
  if (labels.includes("") || withoutRoot.length > MAX_DOMAIN_LENGTH) return name;
  return labels.find(
    (label) =>
      label.length > 63 ||
      /^-|-$/.test(label) ||
      (label.startsWith("xn--") ? !isPunycode(label) : /^..--./.test(label)),
  );
}

/**
 * Returns whether a resolver looks a name up. It does not for names with a letter beyond ASCII, or with only
 * digits that are not an address.
 */
export function isLookedUp(name: string): boolean {
  if (/[^\0-\x7f]/.test(name)) return false;
  return /[a-z_-]/i.test(name) || /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$/.test(name);
}

// The URL parser of every runtime decodes punycode, but accepts a delimiter with nothing before it.
function isPunycode(label: string): boolean {
  return !/^xn---(?!.*-)/.test(label) && URL.canParse(`http://${label}/`);
}
