import { TransportError } from "../../errors.js";
import { connectionError } from "../connection-error.js";

interface SocketEnd {
  readonly wasOpen: boolean;
  /** Of the WebSocket's closing, where there was one. */
  readonly code?: number | undefined;
  readonly cause?: unknown;
}

/** The error for a socket that ended before its call did; nothing was sent where it was never open. */
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

/** The error for a text frame. */
export function textFrameError(): TransportError {
  return notEnvelopeError("a text frame came over the WebSocket");
}

/** The error for a WebSocket that is none, or not one of the envelope. */
export function notEnvelopeError(what: string, cause?: unknown): TransportError {
  return new TransportError("malformed_response", {
    message: `What the server sent is not of the envelope: ${what}. Check that baseUrl leads to a sequencer of this protocol`,
    cause,
  });
}
