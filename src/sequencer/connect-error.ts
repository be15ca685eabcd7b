import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { CodeIntentsError, type ConnectCodeName } from "../errors.js";
import { escapeControls } from "../escape-controls.js";
import { connectionError } from "./connection-error.js";
import { malformedResponse } from "./malformed-response.js";
import type { CallContext } from "./port.js";
import { errorOfHttpStatus, errorOfStatus } from "./status-error.js";
import { redirectRefused, responseTooLarge } from "./transports/fetch-client.js";

// gRPC has eight digits for it.
const MAX_TIMEOUT_MS = 99_999_999;

/** The options of one attempt, as a Connect client takes them. */
export function optionsOf({ signal, headers, timeoutMs }: CallContext): CallOptions {
  return { signal, headers: { ...headers }, timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS) };
}

/** Maps what a Connect client throws. */
export async function mapConnectError<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fromConnectError(error);
  }
}

// What the library says of an answer that it cannot read.
const unreadable =
  /^(unsupported content type|unsupported response encoding|decompression failed|protocol error|parse binary|invalid envelope|invalid grpc-status|received compressed|promised )/;

/** The typed error of a failed Connect call. */
export function fromConnectError(error: unknown): CodeIntentsError {
  if (error instanceof CodeIntentsError) return error;
  const thrown = ConnectError.from(error);
  const text = thrown.rawMessage;
  const failure = printable(thrown);
  const { cause, code } = failure;
  if (cause instanceof CodeIntentsError) return cause;
  if (/ is larger than configured readMaxBytes /.test(text)) return responseTooLarge(failure);
  // A message of gRPC that is not percent-encoded gives a URIError.
  if (unreadable.test(text) || cause instanceof URIError)
    return malformedResponse("the call", `an answer of the protocol (${text})`, failure);
  if (cause !== undefined || text.startsWith("http/2 ")) return connectionError(failure);
  const status = /^HTTP (\d{3})$/.exec(text)?.[1];
  if (status !== undefined) return httpStatusError(Number(status), failure);
  return errorOfStatus({ connectCode: connectCodeName(code), text, cause: failure });
}

/** The same failure with a message that is safe to print, as `console.error` prints causes as well. */
function printable(failure: ConnectError): ConnectError {
  const message = escapeControls(failure.rawMessage);
  if (message === failure.rawMessage) return failure;
  const copy = new ConnectError(message, failure.code, failure.metadata, undefined, failure.cause);
  copy.details = failure.details;
  return copy;
}

/** The typed error where HTTP answered, and no sequencer. */
function httpStatusError(status: number, failure: ConnectError): CodeIntentsError {
  if (status >= 300 && status < 400) return redirectRefused(status);
  return (
    errorOfHttpStatus(status, "", failure) ??
    malformedResponse("the call", `of status 200 but ${status}`, failure)
  );
}

/** Connect's name of a code, such as `invalid_argument`. */
export function connectCodeName(code: Code): ConnectCodeName {
  const name = Code[code] ?? "Unknown";
  return name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase() as ConnectCodeName;
}
