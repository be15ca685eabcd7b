import { type ConnectCodeName, SequencerError, type SequencerErrorCode, TransportError } from "../errors.js";

interface Refusal {
  readonly connectCode: ConnectCodeName;
  /** The sequencer's own text. */
  readonly text: string;
  readonly httpStatus?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Returns the typed error for a status that a sequencer responded with.
 *
 * The protocol has no finer code than `invalid_argument`, so its text tells three cases apart: an intent that
 * was already submitted, a request with other details at the same key, and every other violation.
 */
export function errorOfStatus({
  connectCode,
  text,
  httpStatus,
  retryAfterMs,
  cause,
}: Refusal): SequencerError | TransportError {
  const shared = {
    connectCode,
    retryAfterMs,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(cause === undefined ? {} : { cause }),
  };
  const reason = text === "" ? " (no reason given)" : `: ${text}`;
  const sequencerError = (code: SequencerErrorCode, message: string, retryable = false) =>
    new SequencerError(code, { ...shared, sequencerMessage: text, message, retryable });
  const setting = guardAdvice(text);
  if (setting !== undefined) {
    const code = connectCode === "permission_denied" ? "permission_denied" : "request_refused";
    return sequencerError(code, `The sequencer rejected the request: ${text}. ${setting}`);
  }
  if (httpStatus === 431)
    return sequencerError("request_refused", `${HEADERS_TOO_LARGE} (HTTP 431${reason})`);
  switch (connectCode) {
    case "invalid_argument":
      return violation(text, sequencerError);
    case "unauthenticated":
      return sequencerError(
        "unauthenticated",
        `The sequencer could not verify a signature or a domain${reason}`,
      );
    case "permission_denied":
      return sequencerError("permission_denied", `The sequencer denied permission${reason}`);
    case "unimplemented":
      return sequencerError(
        "unimplemented",
        `The server has no such call${reason}. Check baseUrl and protocol.`,
      );
    case "resource_exhausted":
      return sequencerError("resource_exhausted", `The sequencer is over one of its limits${reason}`, true);
    case "internal":
    case "unknown":
    case "data_loss":
      return sequencerError("sequencer_failed", `The sequencer failed${reason}. ${OUTCOME_UNKNOWN}`, true);
    case "unavailable":
      return new TransportError("unavailable", {
        ...shared,
        message: `The sequencer is unavailable${reason}`,
        retryable: true,
      });
    case "deadline_exceeded":
    case "canceled":
    case "aborted":
      return new TransportError("deadline_exceeded", {
        ...shared,
        message: `The sequencer ended the call early (${connectCode})${reason}`,
        retryable: true,
      });
    default:
      return sequencerError(
        "request_refused",
        `The sequencer rejected the request (${connectCode})${reason}`,
      );
  }
}

/** Text for a call of which the sequencer does not report whether it took effect. */
export const OUTCOME_UNKNOWN = "The outcome of the call is unknown; check the status, or call again.";

const HEADERS_TOO_LARGE =
  "headers: the request headers are larger than the server accepts. Send fewer or shorter headers";

/** Returns the error of a request whose headers the server, or Node's own limit, rejects without a status. */
export function headersTooLarge(why: string, cause: unknown): SequencerError {
  return new SequencerError("request_refused", {
    message: `${HEADERS_TOO_LARGE} (${why})`,
    connectCode: "failed_precondition",
    sequencerMessage: "",
    cause,
  });
}

/** Returns how to make the package's own server accept a host or an origin that it does not allow. */
function guardAdvice(text: string): string | undefined {
  const [, what, name] = /^(host|origin) not allowed: (\S+)$/.exec(text) ?? [];
  if (what === undefined) return undefined;
  const option = what === "host" ? "allowedHosts" : "allowedOrigins";
  const entry = what === "host" ? name?.replace(/:\d+$/, "") : name;
  return `Start it with ${option}: ["${entry}"], or on the command line with --allow-${what} ${entry}`;
}

// The Connect code of each HTTP status. REST v1 of the sequencer reports every other failure as 500. Further
// statuses come from a proxy in front of it.
const connectCodes: Readonly<Record<number, ConnectCodeName>> = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
  405: "unimplemented",
  408: "deadline_exceeded",
  429: "resource_exhausted",
  499: "canceled",
  500: "internal",
  501: "unimplemented",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/**
 * Returns the typed error for an HTTP status, whatever the body contains; `undefined` if it is not a failure.
 */
export function errorOfHttpStatus(
  httpStatus: number,
  text: string,
  { retryAfterMs, cause }: Pick<Refusal, "retryAfterMs" | "cause"> = {},
): SequencerError | TransportError | undefined {
  const connectCode =
    connectCodes[httpStatus] ??
    (httpStatus > 400 && httpStatus < 500
      ? "failed_precondition"
      : httpStatus > 500 && httpStatus < 600
        ? "internal"
        : undefined);
  return connectCode === undefined
    ? undefined
    : errorOfStatus({ connectCode, text, httpStatus, retryAfterMs, cause });
}

function violation(
  text: string,
  error: (code: SequencerErrorCode, message: string) => SequencerError,
): SequencerError {
  if (text === "client submitted intent") {
    return error(
      "already_submitted",
      "The intent was submitted before this call. That does not prove that your order is paid: the request that was paid can be " +
        "another party's. Fulfil the order only on its verified webhook, or on a payment event that matches it; otherwise " +
        "have a person decide.",
    );
  }
  if (/ original request$|^original request /.test(text)) {
    return error(
      "intent_conflict",
      `Another request is registered at this rendezvous key (${text}). Either the order was built twice with different ` +
        "details, or another party that could derive the key registered first. Do not show this intent; use a new one.",
    );
  }
  return error(
    "request_refused",
    `The sequencer rejected the request${text === "" ? " (no reason given)" : `: ${text}`}`,
  );
}
