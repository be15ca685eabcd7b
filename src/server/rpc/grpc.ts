/** The answers of gRPC's own runtime, which the original gives before any handler runs. */
import type http from "node:http";
import { Code } from "@connectrpc/connect";
import { quote } from "../go/quote.js";
import type { PortResponse } from "../port/http-guard.js";

/** Returns whether a content type is that of gRPC, and not of gRPC-Web. */
export function isGrpc(contentType: string | undefined): boolean {
  return /^application\/grpc(?:[+;]|$)/i.test(contentType ?? "");
}

/** Answers a call of a method that does not exist. */
export function refuseMethod(res: PortResponse, path: string, services: ReadonlySet<string>): void {
  const at = path.lastIndexOf("/");
  const service = path.slice(1, at);
  const text =
    at < 1
      ? `malformed method name: ${quote(path)}`
      : services.has(service)
        ? `unknown method ${path.slice(at + 1)} for service ${service}`
        : `unknown service ${service}`;
  refuse(res, 200, Code.Unimplemented, text);
}

/** Answers a call whose deadline cannot be read. Returns whether it did. */
export function refuseTimeout(res: PortResponse, timeout: string | undefined): boolean {
  const problem = timeout === undefined ? undefined : timeoutProblem(timeout);
  if (problem === undefined) return false;
  refuse(res, 400, Code.Internal, `malformed grpc-timeout: ${problem}`);
  return true;
}

/**
 * Answers a call whose messages are compressed, for which the original has nothing installed. Returns whether
 * it did.
 */
export function refuseEncoding(res: PortResponse, encoding: string | undefined): boolean {
  if (encoding === undefined || encoding === "" || encoding === "identity") return false;
  const text = `grpc: Decompressor is not installed for grpc-encoding ${quote(encoding)}`;
  refuse(res, 200, Code.Unimplemented, text);
  return true;
}

function timeoutProblem(timeout: string): string | undefined {
  if (timeout.length < 2) return `transport: timeout string is too short: ${quote(timeout)}`;
  if (timeout.length > 9) return `transport: timeout string is too long: ${quote(timeout)}`;
  const digits = timeout.slice(0, -1);
  if (!/[HMSmun]$/.test(timeout)) return `transport: timeout unit is not recognized: ${quote(timeout)}`;
  return /^[-+]?\d+$/.test(digits) ? undefined : `strconv.ParseInt: parsing ${quote(digits)}: invalid syntax`;
}

/** Sends a status without a message. */
function refuse(res: PortResponse, status: number, code: Code, text: string): void {
  const out: { writeHead(status: number, headers: http.OutgoingHttpHeaders): unknown } = res;
  out.writeHead(status, {
    "content-type": "application/grpc",
    "grpc-status": String(code),
    "grpc-message": text.replace(/[^ -$&-~]/gu, (character) => encodeURIComponent(character)),
  });
  res.end();
}
