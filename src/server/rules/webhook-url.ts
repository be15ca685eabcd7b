import { isLookedUp } from "../../contract/host.js";
import { parseUrl } from "../../contract/url.js";
import { isLoopbackHost } from "../../lib/loopback.js";
import { idnaProblem } from "./idna.js";

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
  const written = parseUrl(text);
  const url = written?.scheme === "" ? parseUrl(`http://${text}`) : written;
  if (url === undefined) return `parse "${text}": not a valid URL`;
  const scheme = url.scheme.toLowerCase();
  if (requireHttps && scheme !== "https" && !allowLocalWebhooks) return "url scheme must be https";
  if (scheme !== "http" && scheme !== "https") return "url scheme must be http or https";
  const name = allowLocalWebhooks ? url.host.replace(/:\d+$/, "") : url.host;
  if (name === "") return "host component missing";
  if (allowLocalWebhooks && isLoopbackHost(name)) return undefined;
  const problem = idnaProblem(name);
  if (problem !== undefined) return `host is not a valid domain name: ${problem}`;
  if (!isLookedUp(name)) return `error resolving hostname: lookup ${name}: no such host`;
  try {
    await resolveHost(name);
    return undefined;
  } catch (error) {
    return `error resolving hostname: ${error instanceof Error ? error.message : String(error)}`;
  }
}
