import {
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";
import { decode } from "../wire/encodings.js";

/** The parts of a transport with exact responses; see {@link exactResponses}. */
export interface ExactResponses {
  readonly interceptors: readonly Interceptor[];
  /** Wraps the transport that has these interceptors. */
  wrap(transport: Transport): Transport;
}

/**
 * Makes Connect's transports decode responses as the sequencer does. The library reads on inside a known
 * field with another wire type, so that a message could decode to a different one. Here, the library decodes
 * a response to a message without known fields, which keeps all bytes. `interceptors` see the usual methods
 * and messages.
 *
 * Works for transports with binary messages only.
 */
export function exactResponses(interceptors: readonly Interceptor[]): ExactResponses {
  const methods = new WeakMap<DescMethod, DescMethod>();
  const rawMethods = new WeakMap<DescMethod, DescMethod>();
  const rawOf = <M extends DescMethodUnary | DescMethodStreaming>(method: M): M => {
    const known = rawMethods.get(method);
    if (known !== undefined) return known as M;
    const raw = { ...method, output: EmptySchema } as M;
    rawMethods.set(method, raw);
    methods.set(raw, method);
    return raw;
  };
  const nameMethod: Interceptor = (next) => (request) =>
    next({ ...request, method: methods.get(request.method) ?? request.method } as typeof request);
  const decodeResponse: Interceptor = (next) => async (request) => {
    const response = await next(request);
    const method = methods.get(request.method) ?? request.method;
    return response.stream
      ? ({ ...response, method, message: decodeEach(method.output, response.message) } as StreamResponse)
      : ({ ...response, method, message: exactly(method.output, response.message) } as UnaryResponse);
  };
  return {
    interceptors:
      interceptors.length === 0 ? [decodeResponse] : [nameMethod, ...interceptors, decodeResponse],
    wrap: (transport) => ({
      unary: (method, ...call) => transport.unary(rawOf(method), ...call),
      stream: (method, ...call) => transport.stream(rawOf(method), ...call),
    }),
  };
}

async function* decodeEach(schema: DescMessage, messages: AsyncIterable<Message>): AsyncGenerator<Message> {
  for await (const message of messages) yield exactly(schema, message);
}

function exactly(schema: DescMessage, message: Message): Message {
  try {
    return decode(schema, toBinary(EmptySchema, message as never));
  } catch (error) {
    // The library's code and text for bytes that it cannot decode.
    throw new ConnectError(`parse binary: ${(error as Error).message}`, Code.Internal);
  }
}
