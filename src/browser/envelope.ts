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

/** What a page asks over the envelope: unary calls by HTTP, each stream over a WebSocket of its own. */
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

/** The envelope around a call: the service without its package, the method in camel case. */
function framed({ service, name }: Method, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const shortService = service.slice(service.lastIndexOf(".") + 1);
  return write.envelope(shortService, name.charAt(0).toLowerCase() + name.slice(1), body);
}

/** The reply in an envelope. The HTTP status alone says nothing: refusals arrive with 200 as well. */
function replyOf<T extends ProtobufMessage>(method: Method<T>, bytes: Uint8Array, mayBeOk = true): T {
  const { result, body, message } = decodeReply({ ...method, answer: shapes.envelopeResponse }, bytes);
  if (result === RESULT_ERROR) throw parseEnvelopeError(message).error;
  // OK is the default: nearly any bytes that hold something else would read as a success without a body.
  if (!mayBeOk || result !== RESULT_OK || (body.length === 0 && message !== ""))
    throw malformedResponse(method.name, "an envelope that says whether the call succeeded");
  return decodeReply(method, body);
}

const RESULT_OK = 0;
const RESULT_ERROR = 1;
