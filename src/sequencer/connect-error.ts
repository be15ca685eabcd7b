import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { CodeIntentsError, type ConnectCodeName } from "../errors.js";
import { escapeControls } from "../escape-controls.js";
import { connectionError } from "./connection-error.js";
import { malformedResponse } from "./malformed-response.js";
import type { CallContext } from "./port.js";
import { retryAfterMsOf } from "./retry-after.js";
import { errorOfHttpStatus, errorOfStatus } from "./status-error.js";
import { redirectRefused, responseTooLarge } from "./transports/fetch-client.js";
import { STATUS_HEADER } from "./transports/http-status.js";

// The timeout header of gRPC has eight digits.
const MAX_TIMEOUT_MS = 99_999_999;

/** Returns the options of one attempt for a Connect client. */
export function optionsOf({ signal, headers, timeoutMs }: CallContext): CallOptions {
  return { signal, headers: { ...headers }, timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS) };
}

/** Maps the errors of a Connect client. */
export async function mapConnectError<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fromConnectError(error);
  }
}

// The library's texts for a response that it cannot read.
const unreadable =
  /^(unsupported content type|unsupported response encoding|decompression failed|protocol error|parse binary|invalid envelope|invalid grpc-status|received compressed|promised )/;

/** Returns the typed error of a failed Connect call. */
export function fromConnectError(error: unknown): CodeIntentsError {
  if (error instanceof CodeIntentsError) return error;
  const thrown = ConnectError.from(error);
  const text = thrown.rawMessage;
  const failure = printable(thrown);
  const { cause, code } = failure;
  if (cause instanceof CodeIntentsError) return cause;
  if (/ is larger than configured readMaxBytes /.test(text)) return responseTooLarge(failure);
  // A gRPC message that is not percent-encoded causes a URIError.
  if (unreadable.test(text) || cause instanceof URIError)
    return malformedResponse("the call", `a response of the protocol (${text})`, failure);
  if (cause !== undefined || text.startsWith("http/2 ")) return connectionError(failure);
  const { metadata } = failure;
  const shared = { retryAfterMs: retryAfterMsOf(metadata), cause: failure };
  const status = /^HTTP (\d{3})$/.exec(text)?.[1];
  if (status !== undefined) return httpStatusError(Number(status), grpcMessage(metadata), shared);
  const httpStatus = Number(metadata.get(STATUS_HEADER)) || undefined;
  // The library itself chose the code, by the status: the body is no error of the protocol. An error of it
  // can have the status 500 with this code.
  if (httpStatus !== undefined && httpStatus !== 500 && code === codeOfHttpStatus(httpStatus))
    return httpStatusError(httpStatus, text, shared);
  return errorOfStatus({ connectCode: connectCodeName(code), text, httpStatus, ...shared });
}

/** Returns the code that Connect's transports derive from an HTTP status. */
function codeOfHttpStatus(status: number): Code {
  switch (status) {
    case 400:
      return Code.Internal;
    case 401:
      return Code.Unauthenticated;
    case 403:
      return Code.PermissionDenied;
    case 404:
      return Code.Unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code.Unavailable;
    default:
      return Code.Unknown;
  }
}

/** Returns the text of a gRPC error that came with its own HTTP status. */
function grpcMessage(metadata: Headers): string {
  try {
    return decodeURIComponent(metadata.get("grpc-message") ?? "");
  } catch {
    return "";
  }
}

/** Returns the failure with a message that is safe to print: `console.error` also prints causes. */
function printable(failure: ConnectError): ConnectError {
  const message = escapeControls(failure.rawMessage);
  if (message === failure.rawMessage) return failure;
  const copy = new ConnectError(message, failure.code, failure.metadata, undefined, failure.cause);
  copy.details = failure.details;
  return copy;
}

/** Returns the typed error if HTTP reported the failure, not the sequencer. */
function httpStatusError(status: number, text: string, shared: SharedParts): CodeIntentsError {
  if (status >= 300 && status < 400) return redirectRefused(status);
  return (
    errorOfHttpStatus(status, text, shared) ??
    malformedResponse("the call", `of status 200 but ${status}`, shared.cause)
  );
}

interface SharedParts {
  readonly retryAfterMs: number | undefined;
  readonly cause: ConnectError;
}

/** Returns Connect's name of a code, such as `invalid_argument`. */
export function connectCodeName(code: Code): ConnectCodeName {
  const name = Code[code] ?? "Unknown";
  return name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase() as ConnectCodeName;
}
