const octet = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^127(\\.${octet}){3}$`);

/**
 * Returns whether a host is this machine: `localhost` and its subdomains, 127.0.0.0/8 as four decimal
 * numbers, and `::1`. Accepts a host as written in a URL, a Host header or an option: without a port, in any
 * case, with or without brackets around an IPv6 address and a dot at the end of a name. Does not resolve
 * names.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return /^(.+\.)?localhost$/.test(name) || name === "::1" || name === "[::1]" || ipv4.test(name);
}

/**
 * Returns whether the address of a socket is this machine: 127.0.0.0/8, also as an IPv4-mapped IPv6 address
 * (`::ffff:127.0.0.1`), or `::1`. Never `true` for a name.
 */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || ipv4.test(address.replace(/^::ffff:/i, ""));
}
