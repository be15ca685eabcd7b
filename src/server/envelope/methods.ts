/** The methods that an envelope can call. */
import { create, type DescMessage, type Message, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createHandlerContext,
  createMethodImplSpec,
  createServiceImplSpec,
  type MethodImplSpec,
} from "@connectrpc/connect";
import type { Request } from "../../../gen/code/common/v1/model_pb.js";
import { outgoing } from "../rpc/message-bytes.js";
import { decoded, EnvelopeFailure } from "./envelope.js";

/** Every method of the registered services, by its names in the envelope: `MicroPayment` and `getStatus`. */
export class EnvelopeMethods {
  readonly #services = new Map<string, Map<string, EnvelopeMethod>>();

  /** @param routes Registers the services, as for a server. Every registered service can be called. */
  constructor(routes: (router: ConnectRouter) => void) {
    // Connect's own router wraps each method in its protocols. Only the plain implementations are needed
    // here.
    const router: ConnectRouter = {
      handlers: [],
      service: (service, implementation) => {
        const { methods } = createServiceImplSpec(service, implementation);
        for (const spec of Object.values(methods)) this.#add(spec);
        return router;
      },
      rpc: (method, implementation) => {
        this.#add(createMethodImplSpec(method, implementation));
        return router;
      },
    };
    routes(router);
  }

  /**
   * Finds the method that a request names.
   *
   * @throws EnvelopeFailure `Invalid service name: X`, `Invalid method name: S.m`
   */
  find({ service, method }: Request): EnvelopeMethod {
    const methods = this.#services.get(service);
    if (methods === undefined) throw new EnvelopeFailure(200, `Invalid service name: ${service}`);
    const found = methods.get(method);
    if (found === undefined) throw new EnvelopeFailure(200, `Invalid method name: ${service}.${method}`);
    return found;
  }

  #add(spec: MethodImplSpec): void {
    const { name } = spec.method.parent;
    const methods = this.#services.get(name) ?? new Map<string, EnvelopeMethod>();
    this.#services.set(name, methods.set(spec.method.localName, new EnvelopeMethod(spec)));
  }
}

/** One method, with requests and replies as bytes. */
export class EnvelopeMethod {
  readonly #spec: MethodImplSpec;

  constructor(spec: MethodImplSpec) {
    this.#spec = spec;
  }

  /** Whether the method reads requests after its first. */
  get readsMany(): boolean {
    return this.#spec.kind === "bidi_streaming" || this.#spec.kind === "client_streaming";
  }

  /** Whether the method can send any number of replies, including none. */
  get sendsMany(): boolean {
    return this.#spec.kind === "bidi_streaming" || this.#spec.kind === "server_streaming";
  }

  /**
   * Parses the body of a request.
   *
   * @throws EnvelopeFailure with the decoder's message
   */
  parse(body: Uint8Array): Message {
    try {
      return decoded(this.#spec.method.input, body);
    } catch (error) {
      throw new EnvelopeFailure(200, (error as Error).message);
    }
  }

  /**
   * Calls the method, yields its replies as bytes, and rethrows its errors. To stop early, the caller leaves
   * the loop, or aborts `signal` while it waits for the next reply.
   */
  async *call(requests: AsyncIterable<Message>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const spec = this.#spec;
    const { input: _, output, parent } = spec.method;
    const context = createHandlerContext({
      service: parent,
      method: spec.method,
      protocolName: "envelope",
      requestMethod: "POST",
      url: `http://sequencer/${parent.typeName}/${spec.method.name}`,
      requestSignal: signal,
    });
    try {
      switch (spec.kind) {
        case "unary":
          yield serialize(output, await spec.impl(await firstOf(requests), context));
          break;
        case "client_streaming":
          yield serialize(output, await spec.impl(requests, context));
          break;
        case "server_streaming":
          for await (const reply of spec.impl(await firstOf(requests), context))
            yield serialize(output, reply);
          break;
        case "bidi_streaming":
          for await (const reply of spec.impl(requests, context)) yield serialize(output, reply);
      }
    } finally {
      context.abort();
    }
  }
}

function serialize<T extends DescMessage>(schema: T, reply: MessageInitShape<T>): Uint8Array {
  return outgoing(schema, toBinary(schema, create(schema, reply)));
}

async function firstOf(requests: AsyncIterable<Message>): Promise<Message> {
  for await (const request of requests) return request;
  throw new ConnectError("", Code.Canceled);
}
