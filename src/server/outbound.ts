/** The server's default network access: host names and well-known files. Tests replace both. */
import { lookup as lookupWithCallback } from "node:dns";
import { lookup } from "node:dns/promises";
import { get } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import type { WellKnownAnswer } from "./rules/domain.js";

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
const MAX_REDIRECTS = 10;

/** Resolves a host name with the system's resolver. */
export async function resolveHost(hostname: string): Promise<void> {
  await lookup(hostname);
}

/**
 * Fetches a well-known file over https. Limits: five seconds, 64 KiB and ten redirects. Never connects to a
 * private address, so a domain in a request cannot make the server read its own network.
 */
export async function fetchWellKnown(url: string): Promise<WellKnownAnswer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let target = new URL(url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await fetchOnce(target, signal);
    if (answer.location === undefined) return answer;
    target = new URL(answer.location, target);
    if (target.protocol !== "https:") throw new Error("redirected away from https");
  }
  throw new Error(`stopped after ${MAX_REDIRECTS} redirects`);
}

function fetchOnce(
  url: URL,
  signal: AbortSignal,
): Promise<WellKnownAnswer & { readonly location: string | undefined }> {
  return new Promise((resolve, reject) => {
    // `lookup` is not called for an address in the URL itself.
    const address = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(address) !== 0 && isPrivate(address)) throw new Error("the address is private");
    const request = get(url, { signal, agent: false, lookup: publicLookup }, (response) => {
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      if ([301, 302, 303, 307, 308].includes(status) && location !== undefined) {
        response.destroy();
        resolve({ status, body: "", location });
        return;
      }
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_BYTES) response.destroy(new Error(`the file is larger than ${MAX_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status, body: Buffer.concat(chunks).toString("utf8"), location: undefined }),
      );
    });
    request.on("error", reject);
  });
}

// The ranges of IANA's special-purpose registries, and those that RFCs deprecate. Some are globally
// reachable, such as AS112, but none of them contains a merchant's server.
// One list per family: in a shared list, the rule for IPv4-mapped IPv6 addresses would match every IPv4
// address.
const specialIpv4 = subnets("ipv4", [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private use
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8], // loopback
  ["169.254.0.0", 16], // link-local
  ["172.16.0.0", 12], // private use
  ["192.0.0.0", 24], // IETF protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.31.196.0", 24], // AS112
  ["192.52.193.0", 24], // multicast tunneling
  ["192.88.99.0", 24], // 6to4 relays, deprecated
  ["192.168.0.0", 16], // private use
  ["192.175.48.0", 24], // AS112
  ["198.18.0.0", 15], // benchmarking
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 3], // multicast, reserved, broadcast
]);
// The only global unicast space that is assigned. Outside it are loopback, IPv4-mapped (::ffff:0:0/96),
// IPv4-translated (::ffff:0:0:0/96), NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard-only (100::/64), segment
// routing (5f00::/16), unique local (fc00::/7), link-local, site-local and multicast addresses, among others.
const globalIpv6 = subnets("ipv6", [["2000::", 3]]);
const specialIpv6 = subnets("ipv6", [
  // IETF protocol assignments, such as Teredo, benchmarking (2001:2::/48) and ORCHID (2001:20::/28).
  ["2001::", 23],
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4
  ["2620:4f:8000::", 48], // AS112
  ["3fff::", 20], // documentation
]);

function subnets(family: "ipv4" | "ipv6", ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

/** Returns whether an IP address is outside the public network. */
export function isPrivate(address: string): boolean {
  if (isIP(address) !== 6) return specialIpv4.check(address, "ipv4");
  return !globalIpv6.check(address, "ipv6") || specialIpv6.check(address, "ipv6");
}

/**
 * Resolves a host like the system does, but returns public addresses only. Node connects to the very address
 * that is checked here.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookupWithCallback(hostname, { ...options, all: true }, (error, addresses) => {
    const allowed = error === null ? addresses.filter(({ address }) => !isPrivate(address)) : [];
    const [first] = allowed;
    if (error !== null) callback(error, "", 0);
    else if (first === undefined) callback(new Error(`${hostname} has no public address`), "", 0);
    else if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};
