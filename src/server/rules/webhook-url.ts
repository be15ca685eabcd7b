import { isLookedUp } from "../../contract/host.js";
import { readUrl } from "../../contract/url.js";
import { isLoopbackHost } from "../../lib/loopback.js";
import { urlErrorText } from "../go/url-error.js";
import { domainNameProblem } from "./domain-name.js";

/** Resolves a host name. Rejects if it does not resolve. */
export type ResolveHost = (hostname: string) => Promise<unknown>;

/** Options of {@link webhookUrlProblem}. */
export interface WebhookUrlRules {
  readonly resolveHost: ResolveHost;
  /** Whether plain http, loopback hosts and ports are also allowed, including over REST. */
  readonly allowLocalWebhooks: boolean;
}

/**
 * Returns why a webhook URL is rejected, or `undefined` if it is valid. The URL is not fetched.
 *
 * The host is checked together with its port, as in the real sequencer: a port makes it an invalid domain
 * name.
 */
export async function webhookUrlProblem(
  text: string,
  { resolveHost, allowLocalWebhooks }: WebhookUrlRules,
  requireHttps: boolean,
): Promise<string | undefined> {
  const written = readUrl(text);
  const url = "scheme" in written && written.scheme === "" ? readUrl(`http://${text}`) : written;
  if ("problem" in url) return urlErrorText(url);
  const scheme = url.scheme.toLowerCase();
  if (requireHttps && scheme !== "https" && !allowLocalWebhooks) return "url scheme must be https";
  if (scheme !== "http" && scheme !== "https") return "url scheme must be http or https";
  const name = allowLocalWebhooks ? url.host.replace(/:\d+$/, "") : url.host;
  if (name === "") return "host component missing";
  if (allowLocalWebhooks && isLoopbackHost(name)) return undefined;
  const problem = domainNameProblem(name);
  if (problem !== undefined) return `host is not a valid domain name: ${problem}`;
  if (!isLookedUp(name)) return `error resolving hostname: lookup ${name}: no such host`;
  try {
    await resolveHost(name);
    return undefined;
  } catch (error) {
    return `error resolving hostname: ${error instanceof Error ? error.message : String(error)}`;
  }
}
