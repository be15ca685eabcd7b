import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { invalidArgument } from "../failure.js";
import { violationOf } from "./validation.js";

/** A call of the sequencer with one request and one response, callable in process. */
export type UnaryCall<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
) => Promise<MessageShape<O>>;

/** Wraps a handler of valid requests into a call. */
export type CheckedBy = <I extends DescMessage, O extends DescMessage>(
  input: I,
  output: O,
  handle: UnaryCall<I, O>,
) => UnaryCall<I, O>;

/**
 * Validates requests and responses. Unexpected errors go to `onError`; callers receive only Internal, without
 * text.
 */
export function checkedBy(onError: (error: unknown) => void): CheckedBy {
  return (input, output, handle) => async (request) => {
    const violation = violationOf(input, request);
    if (violation !== undefined) throw invalidArgument(violation);
    let response: MessageShape<typeof output>;
    try {
      response = await handle(request);
    } catch (error) {
      if (error instanceof ConnectError) throw error;
      onError(error);
      throw new ConnectError("", Code.Internal);
    }
    const ownViolation = violationOf(output, response);
    if (ownViolation !== undefined) throw new ConnectError(ownViolation, Code.Internal);
    return response;
  };
}
