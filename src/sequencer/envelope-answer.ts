import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Response, Response_Result, ResponseSchema } from "../../gen/code/common/v1/model_pb.js";
import { type CodeIntentsError, SequencerError } from "../errors.js";
import { codeNamed, malformed } from "./connect-failure.js";
import { refusal, statusRefusal } from "./refusal.js";
import type { HttpAnswer } from "./transports/types.js";

/** The called method, as far as its answers need it. */
export interface AnsweredMethod<O extends DescMessage> {
  readonly name: string;
  readonly output: O;
}

/** The reply that an HTTP answer holds. The status alone says nothing: refusals arrive with 200 as well. */
export function replyOfAnswer<O extends DescMessage>(
  method: AnsweredMethod<O>,
  answer: HttpAnswer,
): MessageShape<O> {
  const { status, contentType, body } = answer;
  if (!/^application\/octet-stream\s*(;|$)/i.test(contentType)) throw notFromProxy(method, answer);
  if (status === 200) {
    // A reply of defaults alone is no byte at all; so is an answer that broke off after its headers.
    if (body.length === 0 && !answer.endMarked) throw malformed(method.name, "whole: it breaks off");
    return replyOfFrame(method, body);
  }
  if (status === 500) {
    const response = decoded(ResponseSchema, body);
    if (response?.result === Response_Result.ERROR) throw refused(response);
  }
  throw notFromProxy(method, answer);
}

/** The reply that a frame holds; no byte at all where it consists of defaults. */
export function replyOfFrame<O extends DescMessage>(
  method: AnsweredMethod<O>,
  bytes: Uint8Array,
): MessageShape<O> {
  const response = decoded(ResponseSchema, bytes);
  if (response === undefined) throw malformed(method.name, "an envelope");
  switch (response.result) {
    case Response_Result.OK:
      return replyOf(method, response);
    case Response_Result.ERROR:
      throw refused(response);
    default:
      throw malformed(method.name, "an envelope whose result is known");
  }
}

function replyOf<O extends DescMessage>(
  { name, output }: AnsweredMethod<O>,
  { body, message, $unknown }: Response,
): MessageShape<O> {
  // OK is the default: nearly any bytes that hold something else would read as a success without a body.
  if (body.length === 0 && (message !== "" || $unknown !== undefined))
    throw malformed(name, "an envelope that says whether the call succeeded");
  const reply = decoded(output, body);
  if (reply === undefined) throw malformed(name, "an envelope with a reply of this call");
  return reply;
}

/** The error of an answer that no proxy of the envelope gives. */
function notFromProxy({ name }: { readonly name: string }, { status, contentType }: HttpAnswer): Error {
  const type = contentType === "" ? "none" : JSON.stringify(contentType.slice(0, 100));
  return (
    statusRefusal(status, "") ??
    malformed(name, `one of status 200 and type application/octet-stream, but of ${status} and ${type}`)
  );
}

/** The error of a call that was refused, as Connect clients throw it; its cause is the one that callers see. */
function refused({ message }: Response): ConnectError {
  const [, name = "", text = ""] = /^\[([a-z_]+)\] ?([\s\S]*)$/.exec(message) ?? [];
  const coded = codeNamed(name);
  if (coded !== undefined) {
    const { code, connectCode } = coded;
    return connectError(text, code, refusal({ connectCode, text }));
  }
  // These two have no code.
  if (/^Invalid (service|method) name: /.test(message))
    return connectError(
      message,
      Code.Unimplemented,
      refusal({ connectCode: "unimplemented", text: message }),
    );
  return connectError(message, Code.Unknown, withoutCode(message));
}

function connectError(text: string, code: Code, cause: CodeIntentsError): ConnectError {
  return new ConnectError(text, code, undefined, undefined, cause);
}

function withoutCode(text: string): SequencerError {
  return new SequencerError("sequencer_failed", {
    message: `The sequencer failed without a status code, ${text === "" ? "and without a reason" : `in these words: ${text}`}. What became of the call is not known; ask the status, or call again.`,
    connectCode: "unknown",
    sequencerMessage: text,
    retryable: true,
  });
}

function decoded<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> | undefined {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}
