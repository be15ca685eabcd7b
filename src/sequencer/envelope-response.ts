import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Response, Response_Result, ResponseSchema } from "../../gen/code/common/v1/model_pb.js";
import { decode } from "../wire/encodings.js";
import { connectCodeName } from "./connect-error.js";
import { parseEnvelopeError, unexpectedHttpResponse } from "./envelope-error.js";
import { malformedResponse } from "./malformed-response.js";
import type { HttpResponse } from "./transports/types.js";

/** The parts of a called method that its responses need. */
export interface CalledMethod<O extends DescMessage> {
  readonly name: string;
  readonly output: O;
}

/** Returns the reply in an HTTP response. The status alone does not decide: errors also arrive with 200. */
export function replyOfHttpResponse<O extends DescMessage>(
  method: CalledMethod<O>,
  answer: HttpResponse,
): MessageShape<O> {
  const { status, contentType, body } = answer;
  if (!/^application\/octet-stream\s*(;|$)/i.test(contentType))
    throw unexpectedHttpResponse(method.name, answer);
  if (status === 200) {
    // A reply of default values has no bytes. Neither has a response that is truncated after its headers.
    if (body.length === 0 && !answer.endMarked)
      throw malformedResponse(method.name, "complete: its body is truncated");
    return replyOfFrame(method, body, answer);
  }
  const response = decoded(ResponseSchema, body);
  if (response?.result !== Response_Result.ERROR) throw unexpectedHttpResponse(method.name, answer);
  if (status === 500) throw refused(response, answer);
  // The status decides, and the text says why. With 400 it could pass for a verdict of the sequencer.
  const text = status === 400 ? "" : parseEnvelopeError(response.message).text;
  throw unexpectedHttpResponse(method.name, answer, text);
}

/** Returns the reply in a frame. A reply of default values has no bytes. */
export function replyOfFrame<O extends DescMessage>(
  method: CalledMethod<O>,
  bytes: Uint8Array,
  answer?: HttpResponse,
): MessageShape<O> {
  const response = decoded(ResponseSchema, bytes);
  if (response === undefined) throw malformedResponse(method.name, "an envelope");
  switch (response.result) {
    case Response_Result.OK:
      return replyOf(method, response);
    case Response_Result.ERROR:
      throw refused(response, answer);
    default:
      throw malformedResponse(method.name, "an envelope with a known result");
  }
}

function replyOf<O extends DescMessage>(
  { name, output }: CalledMethod<O>,
  { body, message, $unknown }: Response,
): MessageShape<O> {
  // OK is the default: almost any other bytes would decode to a success without a body.
  if (body.length === 0 && (message !== "" || $unknown !== undefined))
    throw malformedResponse(name, "an envelope that states whether the call succeeded");
  const reply = decoded(output, body);
  if (reply === undefined) throw malformedResponse(name, "an envelope with a reply to this call");
  return reply;
}

/** Returns the error of a rejected call in the form of Connect clients. Callers receive its cause. */
function refused({ message }: Response, answer: HttpResponse | undefined): ConnectError {
  const { connectCode, text, error } = parseEnvelopeError(message, answer);
  return new ConnectError(text, codes.get(connectCode), undefined, undefined, error);
}

const codes: ReadonlyMap<string, Code> = new Map(
  Object.values(Code).flatMap((code) => (typeof code === "number" ? [[connectCodeName(code), code]] : [])),
);

function decoded<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> | undefined {
  try {
    return decode(schema, bytes);
  } catch {
    return undefined;
  }
}
