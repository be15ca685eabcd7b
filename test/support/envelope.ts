/** Calls in an envelope without the client, over HTTP and WebSockets, byte by byte if a test needs it. */
import { create, type DescMethod, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type Response as EnvelopeResponse,
  RequestSchema,
  Response_Result,
  ResponseSchema,
} from "../../gen/code/common/v1/model_pb.js";
import {
  MessageSchema,
  Messaging,
  OpenMessageStreamRequestSchema,
  type RequestToReceiveBill,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { MicroPayment } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { type Kind, newKey, payment } from "./sequencer.js";

/** Encodes a Request that calls a method with these fields. */
export function callOf<M extends DescMethod>(method: M, fields: MessageInitShape<M["input"]>): Uint8Array {
  return requestOf(method.parent.name, method.localName, bodyOf(method, fields));
}

function bodyOf<M extends DescMethod>(method: M, fields: MessageInitShape<M["input"]>): Uint8Array {
  return toBinary(method.input, create(method.input, fields));
}

/** Encodes a Request with any names and any body. */
export function requestOf(service: string, method: string, body: Uint8Array = new Uint8Array()): Uint8Array {
  return toBinary(RequestSchema, create(RequestSchema, { service, method, body }));
}

/** Encodes the call that sends a message, signed by its rendezvous key unless another signature is given. */
export function messageCall(key: SigningKey, kind: Kind, signature?: Uint8Array): Uint8Array {
  const message = create(MessageSchema, { kind });
  return callOf(Messaging.method.sendMessage, {
    message,
    rendezvousKey: { value: key.publicKey },
    signature: { value: signature ?? key.sign(toBinary(MessageSchema, message)) },
  });
}

/** Encodes the call that registers a payment request at a key. */
export function paymentCall(key: SigningKey, value: RequestToReceiveBill = payment()): Uint8Array {
  return messageCall(key, { case: "requestToReceiveBill", value });
}

/** Encodes the call that asks for the status of a key. */
export function statusCall(key: SigningKey = newKey()): Uint8Array {
  return callOf(MicroPayment.method.getStatus, { intentId: { value: key.publicKey } });
}

/** Encodes the call that opens the stream of a key without a signature, as browsers do. */
export function streamCall(key: SigningKey): Uint8Array {
  return callOf(Messaging.method.openMessageStream, { rendezvousKey: { value: key.publicKey } });
}

/** Encodes the call that opens a keep-alive stream of a key. */
export function keepAliveCall(key: SigningKey): Uint8Array {
  const rendezvousKey = { value: key.publicKey };
  const signature = { value: key.sign(bodyOf(Messaging.method.openMessageStream, { rendezvousKey })) };
  const value = create(OpenMessageStreamRequestSchema, { rendezvousKey, signature });
  return callOf(Messaging.method.openMessageStreamWithKeepAlive, {
    requestOrPong: { case: "request", value },
  });
}

/** Decodes a response. Distinguishes an empty one from none. */
export type Answer =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly error: string };

export function answerOf(bytes: Uint8Array): Answer {
  const { result, body, message }: EnvelopeResponse = fromBinary(ResponseSchema, bytes);
  if (result === Response_Result.OK && message === "") return { ok: true, body: new Uint8Array(body) };
  if (result === Response_Result.ERROR && body.length === 0) return { ok: false, error: message };
  throw new Error(`neither OK nor ERROR: ${Buffer.from(bytes).toString("hex")}`);
}

/** A response that rejects the call. */
export const failed = (error: string): Answer => ({ ok: false, error });

/** What the server says of a body that is not in protobuf's wire format. */
export const unreadableBody: string =
  "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data";

/** An emulator, or another server. */
export interface Reachable {
  readonly url: string;
}

/** Posts bytes to `/v1/api`. Returns the response and its HTTP status. */
export async function post(
  { url }: Reachable,
  body: Uint8Array,
  options: { readonly path?: string; readonly headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<{ readonly status: number; readonly answer: Answer; readonly bytes: Uint8Array }> {
  const { path = "/v1/api", headers = {}, signal } = options;
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream", ...headers },
    body: new Uint8Array(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.headers.get("content-type") !== "application/octet-stream")
    throw new Error(`no envelope: ${response.status} ${Buffer.from(bytes).toString()}`);
  return { status: response.status, answer: answerOf(bytes), bytes };
}
