import { create, type DescMessage, type DescMethod, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type Transport,
} from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { RequestSchema } from "../../gen/code/common/v1/model_pb.js";
import { FrameChannel } from "./envelope-channel.js";
import { type CalledMethod, replyOfFrame, replyOfHttpResponse } from "./envelope-response.js";
import { envelopeUrl } from "./envelope-url.js";
import type { HttpClient, OwnedTransport, SocketOpener } from "./transports/types.js";

/** Options of {@link envelopeTransport}. */
export interface EnvelopeTransportOptions {
  readonly baseUrl: string;
  readonly interceptors: readonly Interceptor[];
  readonly httpClient: HttpClient;
  /** Called with the first stream. */
  readonly openSockets: () => Promise<SocketOpener>;
}

/**
 * Returns a Connect transport over the protobuf envelope: unary calls over HTTP, each stream over its own
 * WebSocket.
 *
 * Interceptors work as with any transport, but receive no response headers. Client-streaming calls are not
 * available: the envelope cannot mark the end of a request.
 */
export function envelopeTransport(options: EnvelopeTransportOptions): OwnedTransport {
  const { baseUrl, httpClient, openSockets } = options;
  const interceptors = [...options.interceptors];
  const unaryUrl = envelopeUrl(baseUrl);
  const streamUrl = baseUrl.replace(/^http/, "ws");
  let sockets: Promise<SocketOpener> | undefined;
  const opener = () => {
    sockets ??= openSockets();
    return sockets;
  };
  const transport: Transport = {
    unary(method, signal, timeoutMs, header, message, contextValues = createContextValues()) {
      const { parent: service } = method;
      return runUnaryCall({
        ...limits(signal, timeoutMs),
        interceptors,
        req: {
          stream: false,
          service,
          method,
          requestMethod: "POST",
          url: unaryUrl,
          header: unaryHeaders(header),
          contextValues,
          message,
        },
        next: async (request) => {
          const answer = await httpClient.send({
            method: "POST",
            url: request.url,
            headers: Object.fromEntries(request.header),
            body: requestBytes(method, request.message),
            signal: request.signal,
          });
          const reply = replyOfHttpResponse(method, answer);
          return { stream: false, service, method, ...noHeaders(), message: reply };
        },
      });
    },
    stream(method, signal, timeoutMs, header, messages, contextValues = createContextValues()) {
      const { parent: service } = method;
      return runStreamingCall({
        ...limits(signal, timeoutMs),
        interceptors,
        req: {
          stream: true,
          service,
          method,
          requestMethod: "GET",
          url: streamUrl,
          header: new Headers(header),
          contextValues,
          message: messages,
        },
        next: async (request) => {
          if (method.methodKind === "client_streaming") throw noEnd();
          const channel = await FrameChannel.open({
            opener: await opener(),
            url: request.url,
            headers: Object.fromEntries(request.header),
            signal: request.signal,
          });
          sendAll(channel, request).catch((error: unknown) => channel.fail(error));
          return { stream: true, service, method, ...noHeaders(), message: repliesOf(method, channel) };
        },
      });
    },
  };
  return {
    transport,
    close() {
      httpClient.close();
      sockets?.then(
        (opened) => opened.close(),
        () => {},
      );
    },
  };
}

/** Returns the limits as Connect's transports read them: a time that is not positive means no limit. */
function limits(
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
): { signal?: AbortSignal; timeoutMs?: number } {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined || timeoutMs <= 0 ? {} : { timeoutMs }),
  };
}

function unaryHeaders(given: ConstructorParameters<typeof Headers>[0]): Headers {
  const headers = new Headers(given);
  headers.set("content-type", "application/octet-stream");
  return headers;
}

function noHeaders(): { header: Headers; trailer: Headers } {
  return { header: new Headers(), trailer: new Headers() };
}

function requestBytes<I extends DescMessage>(
  { parent, localName, input }: DescMethod & { readonly input: I },
  message: MessageShape<I>,
): Uint8Array<ArrayBuffer> {
  const service = parent.typeName.slice(parent.typeName.lastIndexOf(".") + 1);
  return toBinary(
    RequestSchema,
    create(RequestSchema, { service, method: localName, body: toBinary(input, message) }),
  );
}

async function sendAll<I extends DescMessage>(
  channel: FrameChannel,
  { method, message }: StreamRequest<I>,
): Promise<void> {
  for await (const request of message) await channel.send(requestBytes(method, request));
}

/** Ends only with an error: a stream of the envelope has no other end, and a closed socket is a failure. */
async function* repliesOf<O extends DescMessage>(
  method: CalledMethod<O>,
  channel: FrameChannel,
): AsyncGenerator<MessageShape<O>> {
  for (;;) yield replyOfFrame(method, await channel.read());
}

function noEnd(): ConnectError {
  return new ConnectError(
    "The envelope has no client-streaming calls; use another protocol",
    Code.Unimplemented,
  );
}
