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

/** What an envelope that says ERROR says. */
export interface EnvelopeError {
  readonly connectCode: ConnectCodeName;
  /** The sequencer's own words. */
  readonly text: string;
  readonly error: SequencerError | TransportError;
}

/** Reads the text of an envelope that says ERROR: `[code] words`, two texts of the proxy's own, or anything. */
export function parseEnvelopeError(message: string, answer?: HttpParts): EnvelopeError {
  const [, name = "", text = ""] = /^\[([a-z_]+)\] ?([\s\S]*)$/.exec(message) ?? [];
  if (isCodeName(name)) return coded(name, text, answer);
  // These two have no code.
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

/** The error of an answer that no proxy of the envelope gives. */
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
      `one of status 200 and type application/octet-stream, but of ${status} and ${type}`,
    )
  );
}

function isCodeName(name: string): name is ConnectCodeName {
  return codeNames.has(name);
}
