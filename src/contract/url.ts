/** The parts of a URL that the rules check. */
export interface UrlParts {
  /** As written; empty if absent. */
  readonly scheme: string;
  /** As written, with its port; empty if absent. */
  readonly host: string;
}

/**
 * Parses a URL as Go's parser does, which the original uses. Returns `undefined` for a URL that Go rejects.
 * Keeps the host as written, and accepts spaces in a path and a bare `%` in a query.
 */
export function parseUrl(text: string): UrlParts | undefined {
  const [, hierarchy = "", fragment = ""] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/s.exec(text) ?? [];
  if (hasControlCharacter(text) || hasBadEscape(fragment)) return undefined;
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(hierarchy)?.[0] ?? "";
  const rest = scheme === "" ? hierarchy : hierarchy.slice(scheme.length + 1);
  if (scheme === "" && /^[^/]*:/.test(rest)) return undefined;
  if (scheme !== "" && !rest.startsWith("/")) return { scheme, host: "" };
  const [, authority = "", path = ""] = /^\/\/([^/]*)(.*)$/s.exec(rest) ?? ["", "", rest];
  if (hasBadEscape(path)) return undefined;
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  if (!isUserInfo(authority.slice(0, Math.max(at, 0))) || !isHostAndPort(host)) return undefined;
  return { scheme, host };
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < " " || character === "\u007f");
}

function hasBadEscape(text: string): boolean {
  return /%(?![0-9a-f]{2})/i.test(text);
}

function isUserInfo(text: string): boolean {
  return !hasBadEscape(text) && /^[\w.~!$&'()*+,;=%:@-]*$/.test(text);
}

function isHostAndPort(text: string): boolean {
  const portAt = text.startsWith("[") ? text.lastIndexOf("]") + 1 : text.search(/:[^:]*$/);
  if (text.startsWith("[") && portAt === 0) return false;
  if (portAt >= 0 && !/^(:\d*)?$/.test(text.slice(portAt))) return false;
  // Only non-ASCII characters can be escaped in a host, and the % of an IPv6 zone.
  return !/%(?!25|[89a-f][0-9a-f])/i.test(text) && !/[ \\^`{|}]/.test(text);
}
