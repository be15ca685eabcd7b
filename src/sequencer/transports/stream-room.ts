import { TransportError } from "../../errors.js";

/**
 * Returns the error of a stream for which no connection has room. Nothing was sent. A watch polls then, and
 * tries the stream again after its interval.
 */
export function noRoomForStream(): TransportError {
  return new TransportError("unavailable", {
    message: "The client has as many streams open as its connections to the sequencer allow; poll instead",
    retryable: true,
    mayHaveArrived: false,
    connectCode: "resource_exhausted",
  });
}

/** Returns whether a stream failed because of {@link noRoomForStream}. */
export function isNoRoomForStream(error: unknown): boolean {
  // The sequencer's own resource_exhausted is a SequencerError.
  return error instanceof TransportError && error.connectCode === "resource_exhausted";
}
