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

// One list per family: in a shared list, the rule for IPv4-mapped IPv6 addresses would match every IPv4
// address.
const privateAddresses = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  privateAddresses.ipv4.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 96],
  ["::ffff:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 32],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const) {
  privateAddresses.ipv6.addSubnet(network, prefix, "ipv6");
}

/** Returns whether an IP address is outside the public network. */
export function isPrivate(address: string): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  return privateAddresses[family].check(address, family);
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
