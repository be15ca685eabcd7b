import type { Message as ProtobufMessage } from "@bufbuild/protobuf";
import type { SigningKey } from "../crypto/types.js";
import { FrameChannel } from "../sequencer/envelope-channel.js";
import { parseEnvelopeError, unexpectedHttpResponse } from "../sequencer/envelope-error.js";
import { envelopeUrl } from "../sequencer/envelope-url.js";
import { malformedResponse } from "../sequencer/malformed-response.js";
import type { StreamFrame, StreamKind } from "../sequencer/port.js";
import { fetchHttpClient } from "../sequencer/transports/fetch-client.js";
import { webSocketOpener } from "../sequencer/transports/web-sockets.js";
import { type Call, type PageCalls, type PageTarget, pageCalls } from "./calls.js";
import { decodeReply, keepAliveStream, type Method, plainStream } from "./methods.js";
import * as shapes from "./shapes.js";
import * as write from "./write.js";

/** Returns a page's calls over the envelope: unary calls over HTTP, each stream over its own WebSocket. */
export function envelopeCalls({ baseUrl, fetch, webSocket }: PageTarget): PageCalls {
  const url = envelopeUrl(baseUrl);
  const httpClient = fetchHttpClient(fetch);
  const call: Call = async (method, body, { headers, signal }) => {
    const answer = await httpClient.send({
      method: "POST",
      url,
      headers: { ...headers, "content-type": "application/octet-stream" },
      body: framed(method, body),
      signal,
    });
    const isEnvelope = /^application\/octet-stream\s*(;|$)/i.test(answer.contentType);
    if (!isEnvelope || (answer.status !== 200 && answer.status !== 500))
      throw unexpectedHttpResponse(method.name, answer);
    return replyOf(method, answer.body, answer.status === 200);
  };
  return pageCalls(call, {
    streams: ["keep-alive", "plain"],
    open: (kind, key, { signal, headers }) =>
      stream(kind, key, {
        opener: webSocketOpener(webSocket),
        url: baseUrl.replace(/^http/, "ws"),
        headers,
        signal,
      }),
  });
}

async function* stream(
  kind: StreamKind,
  key: SigningKey,
  options: Parameters<typeof FrameChannel.open>[0],
): AsyncGenerator<StreamFrame> {
  const channel = await FrameChannel.open(options);
  try {
    if (kind === "plain") {
      await channel.send(framed(plainStream, write.listening(key)));
      for (;;) yield* framesOf(replyOf(plainStream, await channel.read()));
    }
    await channel.send(framed(keepAliveStream, write.keepAlive(key)));
    for (;;) {
      const { responseOrPing } = replyOf(keepAliveStream, await channel.read());
      if (responseOrPing.case === "response") yield* framesOf(responseOrPing.value);
      if (responseOrPing.case !== "ping") continue;
      await channel.send(framed(keepAliveStream, write.pong(Date.now())));
      yield { case: "ping", delayMs: Number(responseOrPing.value.pingDelay?.seconds ?? 0n) * 1000 };
    }
  } finally {
    channel.fail(undefined);
  }
}

function* framesOf({ messages }: shapes.StreamedMessages): Generator<StreamFrame> {
  for (const message of messages) yield { case: "message", message };
}

/**
 * Encodes the envelope around a call. It names the service without its package, and the method in camel case.
 */
function framed({ service, name }: Method, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const shortService = service.slice(service.lastIndexOf(".") + 1);
  return write.envelope(shortService, name.charAt(0).toLowerCase() + name.slice(1), body);
}

/**
 * Decodes the reply in an envelope. The HTTP status alone is not enough: refusals can have status 200 too.
 */
function replyOf<T extends ProtobufMessage>(method: Method<T>, bytes: Uint8Array, mayBeOk = true): T {
  const { result, body, message } = decodeReply({ ...method, answer: shapes.envelopeResponse }, bytes);
  if (result === RESULT_ERROR) throw parseEnvelopeError(message).error;
  // OK is the default value, so almost any other bytes decode as a success without a body.
  if (!mayBeOk || result !== RESULT_OK || (body.length === 0 && message !== ""))
    throw malformedResponse(method.name, "an envelope that states whether the call succeeded");
  return decodeReply(method, body);
}

const RESULT_OK = 0;
const RESULT_ERROR = 1;
