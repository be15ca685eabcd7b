import { type ConnectCodeName, SequencerError, type TransportError } from "../errors.js";
import { malformedResponse } from "./malformed-response.js";
import { errorOfHttpStatus, errorOfStatus, OUTCOME_UNKNOWN } from "./status-error.js";
import type { HttpResponse } from "./transports/types.js";

const codeNames: ReadonlySet<string> = new Set<ConnectCodeName>([
  "canceled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
]);

/** A parsed envelope with the result ERROR. */
export interface EnvelopeError {
  readonly connectCode: ConnectCodeName;
  /** The sequencer's own text. */
  readonly text: string;
  readonly error: SequencerError | TransportError;
}

/**
 * Parses the text of an envelope with the result ERROR: `[code] text`, one of two texts of the proxy, or any
 * other.
 */
export function parseEnvelopeError(message: string, answer?: HttpParts): EnvelopeError {
  const [, name = "", text = ""] = /^\[([a-z_]+)\] ?([\s\S]*)$/.exec(message) ?? [];
  if (isCodeName(name)) return coded(name, text, answer);
  // The proxy sends these two without a code.
  if (/^Invalid (service|method) name: /.test(message)) return coded("unimplemented", message, answer);
  const error = new SequencerError("sequencer_failed", {
    message: `The sequencer failed without a status code${message === "" ? " (no reason given)" : `: ${message}`}. ${OUTCOME_UNKNOWN}`,
    connectCode: "unknown",
    sequencerMessage: message,
    retryable: true,
    retryAfterMs: answer?.retryAfterMs,
  });
  return { connectCode: "unknown", text: message, error };
}

type HttpParts = Pick<HttpResponse, "status" | "retryAfterMs">;

function coded(connectCode: ConnectCodeName, text: string, answer: HttpParts | undefined): EnvelopeError {
  const { status, retryAfterMs } = answer ?? {};
  const httpStatus = status === 200 ? undefined : status;
  return { connectCode, text, error: errorOfStatus({ connectCode, text, httpStatus, retryAfterMs }) };
}

/** Returns the error of a response that no proxy of the envelope sends. */
export function unexpectedHttpResponse(
  call: string,
  { status, contentType, retryAfterMs }: HttpResponse,
  text = "",
): Error {
  const type = contentType === "" ? "none" : JSON.stringify(contentType.slice(0, 100));
  return (
    errorOfHttpStatus(status, text, { retryAfterMs }) ??
    malformedResponse(
      call,
      `HTTP 200 with type application/octet-stream, but HTTP ${status} with type ${type}`,
    )
  );
}

function isCodeName(name: string): name is ConnectCodeName {
  return codeNames.has(name);
}
