/** The parts of a URL that the rules check. */
export interface UrlParts {
  /** As written; empty if absent. */
  readonly scheme: string;
  /** With its port, escapes decoded; empty if absent. */
  readonly host: string;
}

/** Why a URL is rejected, in the order of Go's parser. */
export type UrlProblem =
  | { readonly kind: "control_character" | "no_scheme" | "colon" | "user" | "bracket" }
  | { readonly kind: "port" | "escape" | "character"; readonly found: string };

/**
 * A URL that Go's parser rejects. `url` is the parsed part: the complete URL, or the URL without its
 * fragment.
 */
export interface BadUrl {
  readonly url: string;
  readonly problem: UrlProblem;
}

/**
 * Parses a URL as Go's parser does, which the original uses. Accepts spaces in a path, a bare `%` in a
 * query and anything but bad escapes in a fragment.
 */
export function readUrl(text: string): UrlParts | BadUrl {
  const hash = text.indexOf("#");
  const url = hash < 0 ? text : text.slice(0, hash);
  const parts = partsOf(url);
  if ("kind" in parts) return { url, problem: parts };
  const problem = hash < 0 ? undefined : badEscape(text.slice(hash + 1));
  return problem === undefined ? parts : { url: text, problem };
}

/** Parses a URL like {@link readUrl}. Returns `undefined` for a URL that Go rejects. */
export function parseUrl(text: string): UrlParts | undefined {
  const result = readUrl(text);
  return "problem" in result ? undefined : result;
}

function partsOf(url: string): UrlParts | UrlProblem {
  if ([...url].some((character) => character < " " || character === "\u007f"))
    return { kind: "control_character" };
  if (url.startsWith(":")) return { kind: "no_scheme" };
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(url)?.[0] ?? "";
  const [rest = ""] = (scheme === "" ? url : url.slice(scheme.length + 1)).split("?", 1);
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { scheme, host: "" };
    if (/^[^/]*:/.test(rest)) return { kind: "colon" };
  }
  const hasAuthority = rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"));
  const [, authority = "", path = ""] = hasAuthority
    ? (/^\/\/([^/]*)(.*)$/s.exec(rest) ?? [])
    : ["", "", rest];
  const at = authority.lastIndexOf("@");
  const written = authority.slice(at + 1);
  const problem = hostProblem(written) ?? userProblem(authority.slice(0, Math.max(at, 0))) ?? badEscape(path);
  return problem ?? { scheme, host: unescaped(written) };
}

/** Returns the first `%` that two hexadecimal digits do not follow, with up to two characters after it. */
function badEscape(text: string): UrlProblem | undefined {
  const [found] = /%(?![0-9a-f]{2})[\s\S]{0,2}/i.exec(text) ?? [];
  return found === undefined ? undefined : { kind: "escape", found };
}

function userProblem(user: string): UrlProblem | undefined {
  return /^[\w.~!$&'()*+,;=%:@-]*$/.test(user) ? badEscape(user) : { kind: "user" };
}

function hostProblem(host: string): UrlProblem | undefined {
  const isBracketed = host.startsWith("[");
  const end = isBracketed ? host.lastIndexOf("]") + 1 : host.search(/:[^:]*$/);
  if (isBracketed && end === 0) return { kind: "bracket" };
  if (end >= 0 && !/^(:\d*)?$/.test(host.slice(end))) return { kind: "port", found: host.slice(end) };
  // Only non-ASCII characters can be escaped in a host, and the % of an IPv6 zone.
  const [found] = /%(?!25|[89a-f][0-9a-f])[\s\S]{0,2}|[ \\^`{|}]/i.exec(host) ?? [];
  if (found === undefined) return undefined;
  return found.startsWith("%") ? { kind: "escape", found } : { kind: "character", found };
}

function unescaped(host: string): string {
  if (!host.includes("%")) return host;
  const bytes = new TextEncoder().encode(host);
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return new TextDecoder().decode(Uint8Array.from(decoded, (character) => character.charCodeAt(0)));
}
