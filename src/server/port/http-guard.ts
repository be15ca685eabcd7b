/**
 * Protects a local server from foreign web pages: the Host check stops DNS rebinding, the Origin check stops
 * cross-site requests, and CORS headers let the allowed origins read the responses.
 *
 * @module
 */

import http from "node:http";
import type http2 from "node:http2";
import net from "node:net";
import type { Duplex } from "node:stream";
import { cors } from "@connectrpc/connect";
import { isLoopbackHost } from "../../lib/loopback.js";

/** A Node request, on HTTP/1.1 or HTTP/2. */
export type PortRequest = http.IncomingMessage | http2.Http2ServerRequest;

/** The response to a {@link PortRequest}. */
export type PortResponse = http.ServerResponse | http2.Http2ServerResponse;

/** The address that a server listens on. */
export interface BoundAddress {
  /** Address or host name, as passed to `listen`. */
  host: string;
  /** TCP port. */
  port: number;
}

/** Result of {@link checkHost}. `error` is safe to show for any input. */
export type HostVerdict =
  | { kind: "allowed" }
  /** Respond with 421: the host can exist, but this server does not answer for it. */
  | { kind: "refused"; error: string }
  /** Respond with 400: the text has the form of a host, but no URL can hold it. */
  | { kind: "invalid"; error: string };

/** The parts of a request that CORS depends on, each as the client sent it. */
export interface CorsRequest {
  /** `Origin`. */
  origin: string | undefined;
  /** The request's own method. */
  method: string | undefined;
  /** `Access-Control-Request-Headers`, of a preflight. */
  requestHeaders?: string | undefined;
  /** `Access-Control-Request-Method`, of a preflight. */
  requestMethod?: string | undefined;
  /** `Host` or `:authority`, already checked. The server's own pages are not cross-origin. */
  host?: string | undefined;
}

/** Result of {@link corsHeaders}. */
export type CorsVerdict =
  /** No Origin, or the server's own: no headers to add. */
  | { kind: "not-cors" }
  /** Respond with 403, without any CORS header. */
  | { kind: "refused" }
  /** Respond with 204 and these headers. */
  | { kind: "preflight"; headers: Record<string, string> }
  /** Continue; add these headers to the response. */
  | { kind: "actual"; headers: Record<string, string> };

/** Options of {@link judgeRequest} and {@link guardRequest}. */
export interface GuardOptions {
  /** The address that the server listens on. */
  bound: BoundAddress;
  /**
   * Hosts to accept in addition to loopback and the bound address: `name` for any port, or `name:port`.
   * Default: none.
   */
  allowedHosts?: readonly string[] | undefined;
  /** Origins that can call, or `"*"` for all. Default: loopback origins, see {@link corsHeaders}. */
  allowedOrigins?: readonly string[] | "*" | undefined;
}

/** Result of {@link judgeRequest}. */
export type GuardVerdict =
  /** Continue; add these headers to the response. */
  | { kind: "allowed"; headers: Record<string, string> }
  /** Respond with 204 and these headers. */
  | { kind: "preflight"; headers: Record<string, string> }
  /** Respond with 400 or 421 (Host), or 403 (Origin). `error` is safe to show. */
  | { kind: "refused"; status: number; error: string };

/** A refused request. */
export type GuardRefusal = Extract<GuardVerdict, { kind: "refused" }>;

/** A host in its canonical form, and its port. */
interface ParsedHost {
  readonly name: string;
  readonly port: number | undefined;
}

/** The methods that both response types share. TypeScript cannot unify their own signatures. */
interface ResponseHead {
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers: http.OutgoingHttpHeaders): unknown;
}

const errorHeaders = { "Content-Type": "application/json", "X-Content-Type-Options": "nosniff" } as const;
const maxAgeSeconds = 7200;
const varyOrigin = { Vary: "Origin" } as const;
const allowedMethods = [...new Set([...cors.allowedMethods, "OPTIONS"])].join(", ");
const ownHeaders = ["Content-Type", "Authorization", "Code-Signature"];
const exposedHeaders = cors.exposedHeaders.join(", ");
const headerName = /^[\w!#$%&'*+.^`|~-]{1,64}$/;
const maxRequestedHeaders = 64;

/**
 * Checks the Host. Protects against DNS rebinding: a page whose name was pointed at this machine still sends
 * its own name as Host.
 *
 * Accepts, with any port: `localhost` and its subdomains, 127.0.0.0/8, `[::1]`, the bound host, and the
 * entries of `allowedHosts` without a port. Accepts entries with a port only with that port. A server bound
 * to a wildcard (`0.0.0.0`, `::`) accepts every IP address, because it listens on all of them and an address
 * cannot be rebound. Rejects a missing Host, a port above 65535, and a name that is not valid in a URL.
 *
 * @param hostHeader `Host` of HTTP/1.1 or `:authority` of HTTP/2.
 */
export function checkHost(
  hostHeader: string | undefined,
  bound: BoundAddress,
  allowedHosts: readonly string[] | undefined,
): HostVerdict {
  const host = parseHost(hostHeader);
  const isAllowed = host !== undefined && isAllowedHost(host, bound, allowedHosts);
  // The handlers build a URL from an allowed Host.
  const isImpossible = (host?.port ?? 0) > 65_535 || (isAllowed && !URL.canParse(`http://${hostHeader}`));
  if (isImpossible) return { kind: "invalid", error: `not a valid host: ${printable(hostHeader ?? "")}` };
  if (isAllowed) return { kind: "allowed" };
  return {
    kind: "refused",
    error: `host not allowed: ${hostHeader === undefined ? "none" : printable(hostHeader)}`,
  };
}

function isAllowedHost(
  host: ParsedHost,
  bound: BoundAddress,
  allowedHosts: readonly string[] | undefined,
): boolean {
  if (isLoopbackHost(host.name) || host.name === canonicalHost(bound.host)) return true;
  if (isWildcard(bound.host) && net.isIP(host.name) !== 0) return true;
  return (allowedHosts ?? []).some((entry) => {
    const allowed = parseHost(net.isIPv6(entry) ? `[${entry}]` : entry);
    if (allowed?.name !== host.name) return false;
    return allowed.port === undefined || allowed.port === (host.port ?? 80);
  });
}

/**
 * Applies the Origin check to a request that can come from a web page.
 *
 * @param allowedOrigins Exact origins (`https://shop.example`, or `null`), `"*"` for all, or `undefined` for
 * http and https origins on loopback names with any port. Credentials are never allowed.
 */
export function corsHeaders(
  request: CorsRequest,
  allowedOrigins: readonly string[] | "*" | undefined,
): CorsVerdict {
  const { origin } = request;
  if (origin === undefined || isSameOrigin(origin, request.host)) return { kind: "not-cors" };
  if (!isAllowedOrigin(origin, allowedOrigins)) return { kind: "refused" };
  const allowOrigin = { "Access-Control-Allow-Origin": origin, ...varyOrigin };
  if (request.method === "OPTIONS" && request.requestMethod !== undefined) {
    const headers = {
      ...allowOrigin,
      "Access-Control-Allow-Methods": allowedMethods,
      "Access-Control-Allow-Headers": allowHeaders(request.requestHeaders),
      "Access-Control-Max-Age": String(maxAgeSeconds),
    };
    return { kind: "preflight", headers };
  }
  return { kind: "actual", headers: { ...allowOrigin, "Access-Control-Expose-Headers": exposedHeaders } };
}

/**
 * Applies both checks to a Node request of either protocol, without responding. Use it for WebSocket
 * handshakes, which have an Origin but no CORS: upgrade only a request that is `allowed`.
 */
export function judgeRequest(
  req: Pick<PortRequest, "method" | "headers"> & { authority?: string },
  options: GuardOptions,
): GuardVerdict {
  const { headers, method } = req;
  // Node joins a repeated Origin with commas and keeps the first Host. A joined Origin never matches.
  const host = req.authority || headers.host;
  const hostVerdict = checkHost(host, options.bound, options.allowedHosts);
  if (hostVerdict.kind === "invalid") return { kind: "refused", status: 400, error: hostVerdict.error };
  if (hostVerdict.kind === "refused") return { kind: "refused", status: 421, error: hostVerdict.error };
  const request: CorsRequest = {
    host,
    method,
    origin: single(headers.origin),
    requestHeaders: single(headers["access-control-request-headers"]),
    requestMethod: single(headers["access-control-request-method"]),
  };
  const verdict = corsHeaders(request, options.allowedOrigins);
  switch (verdict.kind) {
    case "not-cors":
      return { kind: "allowed", headers: { ...varyOrigin } };
    case "actual":
      return { kind: "allowed", headers: verdict.headers };
    case "preflight":
      return verdict;
    case "refused":
      return {
        kind: "refused",
        status: 403,
        error: `origin not allowed: ${printable(request.origin ?? "")}`,
      };
  }
}

/**
 * Applies {@link judgeRequest}. Either responds itself and returns `false`, or sets the CORS headers of the
 * response and returns `true`. Refusals are 400 and 421 (Host) and 403 (Origin).
 *
 * @param refuse Sends a refusal in the form of the request's protocol. Default: {@link sendError}.
 */
export function guardRequest(
  req: PortRequest,
  res: PortResponse,
  options: GuardOptions,
  refuse: (refusal: GuardRefusal, headers: Readonly<Record<string, string>>) => void = (refusal, headers) =>
    sendError(res, refusal.status, refusal.error, headers),
): boolean {
  const verdict = judgeRequest(req, options);
  const out: ResponseHead = res;
  switch (verdict.kind) {
    case "allowed":
      for (const [name, value] of Object.entries(verdict.headers)) out.setHeader(name, value);
      return true;
    case "preflight":
      out.writeHead(204, verdict.headers);
      res.end();
      break;
    case "refused":
      refuse(verdict, varyOrigin);
  }
  // An HTTP/2 stream with an unread body would stay open.
  req.resume();
  return false;
}

/** Sends an error with the JSON body `{ error, success: false }`. */
export function sendError(
  res: PortResponse,
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = errorBody(error);
  const out: ResponseHead = res;
  out.writeHead(status, { ...headers, ...errorHeaders, "Content-Length": Buffer.byteLength(body) });
  res.end(body);
}

/**
 * Sends an error like {@link sendError} on an HTTP/1.1 socket without a response object. Ends the socket's
 * writable side.
 */
export function sendErrorOnSocket(socket: Duplex, status: number, error: string): void {
  const body = errorBody(error);
  const headers = { Connection: "close", ...errorHeaders, "Content-Length": Buffer.byteLength(body) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`, ...lines, "", body].join("\r\n"));
}

function errorBody(error: string): string {
  return JSON.stringify({ error, success: false });
}

/**
 * Parses `name`, `name:port`, `[v6]` and `[v6]:port`. Anything else, such as user info or a path, is not a
 * host.
 */
function parseHost(text: string | undefined): ParsedHost | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d+))?$/i.exec(text ?? "");
  if (match === null) return undefined;
  const [, v6, name, port] = match;
  if (v6 !== undefined && !net.isIPv6(v6)) return undefined;
  return { name: canonicalHost(v6 ?? name ?? ""), port: port === undefined ? undefined : Number(port) };
}

/**
 * Normalizes a host: lowercase, without the root dot, and IPv6 in its shortest form, so that equal hosts
 * compare equal.
 */
function canonicalHost(host: string): string {
  if (net.isIPv6(host)) return new URL(`http://[${host.replace(/%.*/, "")}]`).hostname.slice(1, -1);
  return host.toLowerCase().replace(/\.$/, "");
}

function isWildcard(host: string): boolean {
  return host === "" || host === "0.0.0.0" || canonicalHost(host) === "::";
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  const url = parseOrigin(origin);
  if (url === undefined || host === undefined) return false;
  const defaultPort = url.protocol === "https:" ? ":443" : ":80";
  return url.host === host.toLowerCase().replace(new RegExp(`${defaultPort}$`), "");
}

function isAllowedOrigin(origin: string, allowed: readonly string[] | "*" | undefined): boolean {
  if (allowed === undefined) {
    const url = parseOrigin(origin);
    return url !== undefined && isLoopbackHost(url.hostname);
  }
  if (allowed === "*" || allowed.includes("*") || allowed.includes(origin)) return true;
  // Configured origins can be spelled differently from those that browsers send.
  return allowed.some(
    (entry) => URL.canParse(entry) && new URL(entry).origin === origin && origin !== "null",
  );
}

/** Parses an http or https origin as browsers write it, without path, user or default port. */
function parseOrigin(origin: string): URL | undefined {
  if (!/^https?:/.test(origin) || !URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  return url.origin === origin ? url : undefined;
}

/**
 * Returns the headers of this server, of Connect and of the request: an allowed origin can send its own
 * metadata.
 */
function allowHeaders(requested: string | undefined): string {
  const names = [...ownHeaders, ...cors.allowedHeaders];
  for (const name of (requested ?? "").split(",", maxRequestedHeaders)) {
    if (headerName.test(name.trim())) names.push(name.trim());
  }
  const byLowerCase = new Map<string, string>();
  for (const name of names)
    if (!byLowerCase.has(name.toLowerCase())) byLowerCase.set(name.toLowerCase(), name);
  return [...byLowerCase.values()].join(", ");
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

/** Percent-encodes special characters of a host or origin, and truncates long text. */
function printable(text: string): string {
  const cut = text.length > 100 ? `${text.slice(0, 100)}...` : text;
  return cut.replace(
    /[^\w.:/[\]-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`,
  );
}
