/** Calls in an envelope, below the client: over HTTP and over WebSockets, byte by byte where a test wants it. */
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

/** A Request: the call of a method, with the fields of its message. */
export function callOf<M extends DescMethod>(method: M, fields: MessageInitShape<M["input"]>): Uint8Array {
  return requestOf(method.parent.name, method.localName, bodyOf(method, fields));
}

function bodyOf<M extends DescMethod>(method: M, fields: MessageInitShape<M["input"]>): Uint8Array {
  return toBinary(method.input, create(method.input, fields));
}

/** A Request of any names and any body. */
export function requestOf(service: string, method: string, body: Uint8Array = new Uint8Array()): Uint8Array {
  return toBinary(RequestSchema, create(RequestSchema, { service, method, body }));
}

/** The call that sends a message at a key, signed by that key unless another signature is given. */
export function messageCall(key: SigningKey, kind: Kind, signature?: Uint8Array): Uint8Array {
  const message = create(MessageSchema, { kind });
  return callOf(Messaging.method.sendMessage, {
    message,
    rendezvousKey: { value: key.publicKey },
    signature: { value: signature ?? key.sign(toBinary(MessageSchema, message)) },
  });
}

/** The call that registers a payment request at a key. */
export function paymentCall(key: SigningKey, value: RequestToReceiveBill = payment()): Uint8Array {
  return messageCall(key, { case: "requestToReceiveBill", value });
}

/** The call that asks for the status of a key. */
export function statusCall(key: SigningKey = newKey()): Uint8Array {
  return callOf(MicroPayment.method.getStatus, { intentId: { value: key.publicKey } });
}

/** The call that opens the stream of a key, without a signature, as browsers do. */
export function streamCall(key: SigningKey): Uint8Array {
  return callOf(Messaging.method.openMessageStream, { rendezvousKey: { value: key.publicKey } });
}

/** The call that opens the stream of a key and keeps it alive. */
export function keepAliveCall(key: SigningKey): Uint8Array {
  const rendezvousKey = { value: key.publicKey };
  const signature = { value: key.sign(bodyOf(Messaging.method.openMessageStream, { rendezvousKey })) };
  const value = create(OpenMessageStreamRequestSchema, { rendezvousKey, signature });
  return callOf(Messaging.method.openMessageStreamWithKeepAlive, {
    requestOrPong: { case: "request", value },
  });
}

/** What an answer says, told apart from nothing at all. */
export type Answer =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly error: string };

export function answerOf(bytes: Uint8Array): Answer {
  const { result, body, message }: EnvelopeResponse = fromBinary(ResponseSchema, bytes);
  if (result === Response_Result.OK && message === "") return { ok: true, body: new Uint8Array(body) };
  if (result === Response_Result.ERROR && body.length === 0) return { ok: false, error: message };
  throw new Error(`neither OK nor ERROR: ${Buffer.from(bytes).toString("hex")}`);
}

/** An answer that refuses. */
export const failed = (error: string): Answer => ({ ok: false, error });

/** The words of the decoder about bytes that it cannot read. */
export function decoderText(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("was read");
}

/** An emulator, or another server. */
export interface Reachable {
  readonly url: string;
}

/** Posts bytes to `/v1/api`; also the answer's HTTP status. */
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
