/** Resolves a host name; rejects where it does not resolve. */
export type ResolveHost = (hostname: string) => Promise<unknown>;

/** How webhook URLs are judged. */
export interface WebhookUrlRules {
  readonly resolveHost: ResolveHost;
  /** Whether plain http, loopback hosts and ports are allowed too, over REST as well. */
  readonly allowLocalWebhooks: boolean;
}

/**
 * Why a webhook URL is refused, or `undefined`. The URL is not fetched.
 *
 * The host is judged together with its port, as the original judges it: a port makes it an invalid domain name.
 */
export async function webhookUrlProblem(
  text: string,
  { resolveHost, allowLocalWebhooks }: WebhookUrlRules,
  requireHttps: boolean,
): Promise<string | undefined> {
  const withScheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(text) ? text : `http://${text}`;
  // URL lower-cases the host, but the original judges it as it was written.
  const parts = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)/.exec(withScheme);
  const scheme = parts?.[1]?.toLowerCase();
  const host = parts?.[2]?.replace(/^.*@/, "") ?? "";
  if (allowLocalWebhooks && (scheme === "http" || scheme === "https") && isLoopback(host)) return undefined;
  if (requireHttps && scheme !== "https" && !allowLocalWebhooks) return "url scheme must be https";
  if (scheme !== "http" && scheme !== "https") return "url scheme must be http or https";
  if (host === "") return "host component missing";
  const name = allowLocalWebhooks ? host.replace(/:\d+$/, "") : host;
  if (!/^[a-z0-9.-]+$/.test(name)) {
    const character = [...name].find((rune) => !/^[a-z0-9.-]$/.test(rune)) ?? "";
    const rune = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `host is not a valid domain name: idna: disallowed rune U+${rune}`;
  }
  if (!URL.canParse(withScheme)) return `parse "${text}": not a valid URL`;
  try {
    await resolveHost(name);
    return undefined;
  } catch (error) {
    return `error resolving hostname: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(name)
  );
}
