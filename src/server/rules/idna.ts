import { domainToASCII, domainToUnicode } from "node:url";
import { invalidLabel } from "../../contract/host.js";

/**
 * Returns why the strict registration profile of IDNA rejects a host name, or `undefined` if it is valid.
 * Nothing is mapped, so uppercase letters, underscores and colons are rejected.
 */
export function idnaProblem(name: string): string | undefined {
  const rune = disallowedRune(name);
  if (rune !== undefined) {
    const codePoint = (rune.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `idna: disallowed rune U+${codePoint}`;
  }
  const label = invalidLabel(name);
  return label === undefined ? undefined : `idna: invalid label "${label}"`;
}

function disallowedRune(name: string): string | undefined {
  const foreign = [...name].filter((rune) => !/[a-z0-9.-]/.test(rune));
  const ascii = foreign.find((rune) => rune < "\u0080");
  if (ascii !== undefined) return ascii;
  // Non-ASCII characters are valid if no mapping changes them.
  return foreign.length > 0 && domainToUnicode(domainToASCII(name)) !== name ? foreign[0] : undefined;
}
