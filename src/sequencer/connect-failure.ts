import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { CodeIntentsError, type ConnectCodeName } from "../errors.js";
import { malformed } from "./malformed.js";
import type { Attempt } from "./port.js";
import { refusal, statusRefusal } from "./refusal.js";
import { redirectRefused, responseTooLarge } from "./transports/fetch-sender.js";
import { unreachable } from "./unreachable.js";

// gRPC has eight digits for it.
const MAX_TIMEOUT_MS = 99_999_999;

/** The options of one attempt, as a Connect client takes them. */
export function optionsOf({ signal, headers, timeoutMs }: Attempt): CallOptions {
  return { signal, headers: { ...headers }, timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS) };
}

/** Maps what a Connect client throws. */
export async function typed<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw connectFailure(error);
  }
}

// What the library says of an answer that it cannot read.
const unreadable =
  /^(unsupported content type|unsupported response encoding|decompression failed|protocol error|parse binary|invalid envelope|invalid grpc-status|received compressed|promised )/;

/** The typed error of a failed Connect call. */
export function connectFailure(error: unknown): CodeIntentsError {
  if (error instanceof CodeIntentsError) return error;
  const failure = ConnectError.from(error);
  const { cause, rawMessage: text, code } = failure;
  if (cause instanceof CodeIntentsError) return cause;
  if (/ is larger than configured readMaxBytes /.test(text)) return responseTooLarge(failure);
  // A message of gRPC that is not percent-encoded gives a URIError.
  if (unreadable.test(text) || cause instanceof URIError)
    return malformed("the call", `an answer of the protocol (${text})`, failure);
  if (cause !== undefined || text.startsWith("http/2 ")) return unreachable(failure);
  const status = /^HTTP (\d{3})$/.exec(text)?.[1];
  if (status !== undefined) return statusFailure(Number(status), failure);
  return refusal({ connectCode: connectCodeName(code), text, cause: failure });
}

/** The typed error where HTTP answered, and no sequencer. */
function statusFailure(status: number, failure: ConnectError): CodeIntentsError {
  if (status >= 300 && status < 400) return redirectRefused(status);
  return statusRefusal(status, "", failure) ?? malformed("the call", `of status 200 but ${status}`, failure);
}

/** Connect's name of a code, such as `invalid_argument`. */
export function connectCodeName(code: Code): ConnectCodeName {
  const name = Code[code] ?? "Unknown";
  return name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase() as ConnectCodeName;
}
