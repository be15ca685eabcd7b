/** The methods that an envelope can name, and how one is called. */
import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
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
import { EnvelopeFailure } from "./envelope.js";

/** Every method of some services by its names in the envelope: `MicroPayment` and `getStatus`. */
export class EnvelopeMethods {
  readonly #services = new Map<string, Map<string, EnvelopeMethod>>();

  /** @param routes Registers the services, as for a server: what it registers is what can be called. */
  constructor(routes: (router: ConnectRouter) => void) {
    // Connect's own router would wrap each method in its protocols; their plain implementations are all that is needed.
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
   * The method that a call names.
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

/** One method, called with bytes. */
export class EnvelopeMethod {
  readonly #spec: MethodImplSpec;

  constructor(spec: MethodImplSpec) {
    this.#spec = spec;
  }

  /** Whether a call goes on to read requests after its first. */
  get readsMany(): boolean {
    return this.#spec.kind === "bidi_streaming" || this.#spec.kind === "client_streaming";
  }

  /** Whether a call may answer with any number of replies, none among them. */
  get answersMany(): boolean {
    return this.#spec.kind === "bidi_streaming" || this.#spec.kind === "server_streaming";
  }

  /**
   * Reads the body of a request.
   *
   * @throws EnvelopeFailure with the decoder's words
   */
  parse(body: Uint8Array): Message {
    try {
      return fromBinary(this.#spec.method.input, body);
    } catch (error) {
      throw new EnvelopeFailure(200, (error as Error).message);
    }
  }

  /**
   * Calls the method; yields its replies as bytes, and throws what it throws. Whoever has enough of it leaves the loop, or
   * fires the signal where the next reply is still to come.
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
  return toBinary(schema, create(schema, reply));
}

async function firstOf(requests: AsyncIterable<Message>): Promise<Message> {
  for await (const request of requests) return request;
  throw new ConnectError("", Code.Canceled);
}
