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
  /** Returns whether webhooks of a host can use plain http and ports, including over REST. */
  readonly isLocalHost: IsLocalHost;
}

/** Returns whether a host, without a port, receives local webhooks. */
export type IsLocalHost = (host: string) => boolean;

/**
 * Returns which hosts receive local webhooks: none, this machine, or this machine and the listed hosts.
 *
 * @param allowed The option `allowLocalWebhooks` of a server
 */
export function localHosts(allowed: boolean | readonly string[]): IsLocalHost {
  if (allowed === false) return () => false;
  const listed = new Set(allowed === true ? [] : allowed.map(hostName));
  return (host) => isLoopbackHost(host) || listed.has(hostName(host));
}

function hostName(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, "");
}

/**
 * Returns why a webhook URL is rejected, or `undefined` if it is valid. The URL is not fetched.
 *
 * The host is checked together with its port, as in the real sequencer: a port makes it an invalid domain
 * name.
 */
export async function webhookUrlProblem(
  text: string,
  { resolveHost, isLocalHost }: WebhookUrlRules,
  requireHttps: boolean,
): Promise<string | undefined> {
  const written = readUrl(text);
  const url = "scheme" in written && written.scheme === "" ? readUrl(`http://${text}`) : written;
  if ("problem" in url) return urlErrorText(url);
  const scheme = url.scheme.toLowerCase();
  const isLocal = isLocalHost(url.host.replace(/:\d+$/, ""));
  if (requireHttps && scheme !== "https" && !isLocal) return "url scheme must be https";
  if (scheme !== "http" && scheme !== "https") return "url scheme must be http or https";
  if (isLocal) return undefined;
  const name = url.host;
  if (name === "") return "host component missing";
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
