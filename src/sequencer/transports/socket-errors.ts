import { TransportError } from "../../errors.js";
import { connectionError } from "../connection-error.js";

interface SocketEnd {
  readonly wasOpen: boolean;
  /** Code of the WebSocket's close frame, if there was one. */
  readonly code?: number | undefined;
  readonly cause?: unknown;
}

/** Returns the error of a socket that ended before its call. If it was never open, nothing was sent. */
export function socketClosedError({ wasOpen, code, cause }: SocketEnd): TransportError {
  if (cause !== undefined) return connectionError(cause, { sent: wasOpen });
  const closing = code === undefined ? "" : ` (code ${code})`;
  return new TransportError("unavailable", {
    message: wasOpen
      ? `The stream's WebSocket was closed before its call ended${closing}`
      : `The sequencer did not open a WebSocket${closing}. Check baseUrl, and that it runs`,
    retryable: true,
    mayHaveArrived: wasOpen,
  });
}

/** Returns the error of a text frame. */
export function textFrameError(): TransportError {
  return notEnvelopeError("the WebSocket received a text frame");
}

/** Returns the error of a server that has no WebSocket of the envelope. */
export function notEnvelopeError(what: string, cause?: unknown): TransportError {
  return new TransportError("malformed_response", {
    message: `The server does not use the envelope: ${what}. Check that baseUrl leads to a sequencer with this protocol`,
    cause,
  });
}
