import { type ConnectCodeName, SequencerError, type SequencerErrorCode, TransportError } from "../errors.js";

interface Refusal {
  readonly connectCode: ConnectCodeName;
  /** The sequencer's own words. */
  readonly text: string;
  readonly httpStatus?: number;
  readonly cause?: unknown;
}

/**
 * The typed error for a status that a sequencer answered with.
 *
 * `invalid_argument` is told apart by its words, as the protocol has no finer code: an intent that was submitted
 * already, a request with other details at the same key, and every other violation.
 */
export function errorOfStatus({
  connectCode,
  text,
  httpStatus,
  cause,
}: Refusal): SequencerError | TransportError {
  const shared = {
    connectCode,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(cause === undefined ? {} : { cause }),
  };
  const said = text === "" ? "without a reason" : `in these words: ${text}`;
  const sequencerError = (code: SequencerErrorCode, message: string, retryable = false) =>
    new SequencerError(code, { ...shared, sequencerMessage: text, message, retryable });
  switch (connectCode) {
    case "invalid_argument":
      return violation(text, sequencerError);
    case "unauthenticated":
      return sequencerError(
        "unauthenticated",
        `The sequencer could not verify a signature or a domain, ${said}`,
      );
    case "permission_denied":
      return sequencerError("permission_denied", `The sequencer denied permission, ${said}`);
    case "unimplemented":
      return sequencerError(
        "unimplemented",
        `This server has no such call, ${said}. Check baseUrl and protocol.`,
      );
    case "resource_exhausted":
      return sequencerError("resource_exhausted", `The sequencer is over a limit of its own, ${said}`, true);
    case "internal":
    case "unknown":
    case "data_loss":
      return sequencerError(
        "sequencer_failed",
        `The sequencer failed, ${said}. What became of the call is not known; ask the status, or call again.`,
        true,
      );
    case "unavailable":
      return new TransportError("unavailable", {
        ...shared,
        message: `The sequencer is unavailable, ${said}`,
        retryable: true,
      });
    case "deadline_exceeded":
    case "canceled":
    case "aborted":
      return new TransportError("deadline_exceeded", {
        ...shared,
        message: `The sequencer gave up on the call (${connectCode}), ${said}`,
        retryable: true,
      });
    default:
      return sequencerError("request_refused", `The sequencer refused the request (${connectCode}), ${said}`);
  }
}

// What each HTTP status stands for. The sequencer's REST v1 flattens whatever is not here to 500; anything else is said
// by what stands before it.
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

/** The typed error for an HTTP status that says more than any body; `undefined` where it is none of a failure. */
export function errorOfHttpStatus(
  httpStatus: number,
  text: string,
  cause?: unknown,
): SequencerError | TransportError | undefined {
  const connectCode =
    connectCodes[httpStatus] ??
    (httpStatus > 400 && httpStatus < 500
      ? "failed_precondition"
      : httpStatus > 500 && httpStatus < 600
        ? "internal"
        : undefined);
  return connectCode === undefined ? undefined : errorOfStatus({ connectCode, text, httpStatus, cause });
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
        "details, or somebody who could derive the key registered first. Do not show this intent; use a new one.",
    );
  }
  return error("request_refused", `The sequencer refused the request${text === "" ? "" : `: ${text}`}`);
}
