/** The envelope: one message that carries a call of any service, and one that carries its answer. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Request,
  RequestSchema,
  Response_Result,
  ResponseSchema,
} from "../../../gen/code/common/v1/model_pb.js";

/** A refusal in the words that the answer carries. */
export class EnvelopeFailure extends Error {
  /** HTTP status of the answer. The original says 200 for whatever the call itself ended with. */
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/**
 * Reads a call.
 *
 * @throws EnvelopeFailure 500 with the decoder's words
 */
export function parseRequest(bytes: Uint8Array): Request {
  try {
    return fromBinary(RequestSchema, bytes);
  } catch (error) {
    throw new EnvelopeFailure(500, (error as Error).message);
  }
}

/** The answer of a call that went well. Zero bytes long where the reply is. */
export function okResponse(body: Uint8Array): Uint8Array<ArrayBuffer> {
  return toBinary(ResponseSchema, create(ResponseSchema, { result: Response_Result.OK, body }));
}

/** The answer of a call that failed: `[code] text` for what a service threw, `[code]` where it has no words. */
export function errorResponse({ message }: EnvelopeFailure): Uint8Array<ArrayBuffer> {
  return toBinary(ResponseSchema, create(ResponseSchema, { result: Response_Result.ERROR, message }));
}

/** What a call failed with. What nobody foresaw is Internal without words, and goes to `onError`. */
export function failureOf(error: unknown, onError: (error: unknown) => void): EnvelopeFailure {
  if (error instanceof EnvelopeFailure) return error;
  if (error instanceof ConnectError) return new EnvelopeFailure(200, error.message);
  onError(error);
  return new EnvelopeFailure(200, new ConnectError("", Code.Internal).message);
}
