import { Code, ConnectError } from "@connectrpc/connect";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import { EnvelopeFailure, errorResponse } from "./envelope/envelope.js";
import { isEnvelopePath } from "./envelope/http.js";
import { asksForPage, sendErrorPage } from "./port/html-error.js";
import { type GuardRefusal, type PortRequest, type PortResponse, sendError } from "./port/http-guard.js";

/**
 * Refuses a request with the status of the guard, in the form of the request's protocol, so that each client
 * reports the text: an error of Connect, headers of gRPC and gRPC-Web, an envelope, a page for a browser, or
 * JSON.
 */
export function sendRefusal(
  req: PortRequest,
  res: PortResponse,
  { status, error }: GuardRefusal,
  headers: Readonly<Record<string, string>>,
): void {
  const failure = new ConnectError(error, codes.get(status) ?? Code.Unknown);
  const type = req.headers["content-type"] ?? "";
  for (const [name, value] of Object.entries(headers)) (res as Headers).setHeader(name, value);
  if (/^application\/grpc/i.test(type)) {
    const message = encodeURIComponent(error);
    end(res, status, { "content-type": type, "grpc-status": String(failure.code), "grpc-message": message });
  } else if (/^application\/(proto$|connect\+)/i.test(type) || "connect-protocol-version" in req.headers) {
    end(res, status, { "content-type": "application/json" }, JSON.stringify(errorToJson(failure, undefined)));
  } else if (isEnvelopePath(req.url) && /^application\/octet-stream\b/i.test(type)) {
    const body = errorResponse(new EnvelopeFailure(status, failure.message));
    end(res, status, { "content-type": "application/octet-stream" }, body);
  } else if (asksForPage(req)) {
    const advice = error.startsWith("host not allowed")
      ? "Open the address that the server printed when it started, or start it with --allow-host (in code: " +
        "allowedHosts) and this name."
      : "Open the address that the server printed when it started.";
    sendErrorPage(res, status, { error, advice });
  } else {
    sendError(res, status, error);
  }
}

const codes: ReadonlyMap<number, Code> = new Map([
  [400, Code.InvalidArgument],
  [403, Code.PermissionDenied],
  [421, Code.FailedPrecondition],
]);

// The methods that both kinds of response share. TypeScript cannot unify their own signatures.
interface Headers {
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
}

function end(
  res: PortResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array = "",
): void {
  const length = String(Buffer.byteLength(body));
  (res as Headers).writeHead(status, {
    ...headers,
    "x-content-type-options": "nosniff",
    "content-length": length,
  });
  res.end(body);
}
