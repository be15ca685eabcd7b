/** The envelope: one message that carries a call of any service, and one that carries its response. */
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Request,
  RequestSchema,
  Response_Result,
  ResponseSchema,
} from "../../../gen/code/common/v1/model_pb.js";
import { incoming } from "../rpc/message-bytes.js";

/** A failure whose text is sent in the response. */
export class EnvelopeFailure extends Error {
  /** HTTP status of the response. Like the real sequencer, 200 for every outcome of the call itself. */
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/**
 * Decodes a message as Go does.
 *
 * @throws Error with a text for the caller; it has no code, because the original's proxy decodes before
 *   the call
 */
export function decoded<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  try {
    return fromBinary(schema, incoming(schema, bytes));
  } catch (error) {
    throw error instanceof ConnectError ? new Error(error.rawMessage) : error;
  }
}

/**
 * Parses a request.
 *
 * @throws EnvelopeFailure 500 with the decoder's message
 */
export function parseRequest(bytes: Uint8Array): Request {
  try {
    return decoded(RequestSchema, bytes);
  } catch (error) {
    throw new EnvelopeFailure(500, (error as Error).message);
  }
}

/** Encodes the response of a successful call. It is empty if the reply is empty. */
export function okResponse(body: Uint8Array): Uint8Array<ArrayBuffer> {
  return toBinary(ResponseSchema, create(ResponseSchema, { result: Response_Result.OK, body }));
}

/**
 * Encodes the response of a failed call: `[code] text` for an error that a service threw, `[code]` if the
 * error has no text.
 */
export function errorResponse({ message }: EnvelopeFailure): Uint8Array<ArrayBuffer> {
  return toBinary(ResponseSchema, create(ResponseSchema, { result: Response_Result.ERROR, message }));
}

/** Converts an error of a call. An unexpected error becomes Internal without text and goes to `onError`. */
export function failureOf(error: unknown, onError: (error: unknown) => void): EnvelopeFailure {
  if (error instanceof EnvelopeFailure) return error;
  if (error instanceof ConnectError) return new EnvelopeFailure(200, error.message);
  onError(error);
  return new EnvelopeFailure(200, new ConnectError("", Code.Internal).message);
}
