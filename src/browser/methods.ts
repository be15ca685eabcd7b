import type { Message as ProtobufMessage } from "@bufbuild/protobuf";
import { malformedResponse } from "../sequencer/malformed-response.js";
import { decode } from "./decode.js";
import * as shapes from "./shapes.js";

/** A call and its response. */
export interface Method<T extends ProtobufMessage = ProtobufMessage> {
  /** Full name of the service. */
  readonly service: "code.messaging.v1.Messaging" | "code.micropayment.v1.MicroPayment";
  readonly name: string;
  readonly answer: shapes.Shape<T>;
}

function messaging<T extends ProtobufMessage>(name: string, answer: shapes.Shape<T>): Method<T> {
  return { service: "code.messaging.v1.Messaging", name, answer };
}

export const pollMessages: Method<shapes.PolledMessages> = messaging("PollMessages", shapes.pollResponse);
export const ackMessages: Method = messaging("AckMessages", shapes.ackResponse);
export const plainStream: Method<shapes.StreamedMessages> = messaging(
  "OpenMessageStream",
  shapes.openStreamResponse,
);
export const keepAliveStream: Method<shapes.MessagesOrPing> = messaging(
  "OpenMessageStreamWithKeepAlive",
  shapes.keepAliveResponse,
);
export const getStatus: Method<shapes.Status> = {
  service: "code.micropayment.v1.MicroPayment",
  name: "GetStatus",
  answer: shapes.statusResponse,
};

/** Decodes the response to a call. */
export function decodeReply<T extends ProtobufMessage>({ name, answer }: Method<T>, bytes: Uint8Array): T {
  try {
    return decode(answer, bytes);
  } catch (cause) {
    throw malformedResponse(name, "a response to this call", cause);
  }
}
