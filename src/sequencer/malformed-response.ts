import { TransportError } from "../errors.js";

/** Returns the error of a response that violates the protocol. */
export function malformedResponse(call: string, expected: string, cause?: unknown): TransportError {
  return new TransportError("malformed_response", {
    message: `The response to ${call} is not ${expected}. Check that baseUrl leads to a sequencer with this protocol`,
    cause,
  });
}
