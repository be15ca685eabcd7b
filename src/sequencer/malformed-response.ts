import { TransportError } from "../errors.js";

/** The error for an answer that is not what the protocol promises. */
export function malformedResponse(call: string, expected: string, cause?: unknown): TransportError {
  return new TransportError("malformed_response", {
    message: `The answer to ${call} is not ${expected}. Check that baseUrl leads to a sequencer of this protocol`,
    cause,
  });
}
