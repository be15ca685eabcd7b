/** A sequencer whose responses the test scripts, in memory and over HTTP/2. */
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createRouterTransport,
  type ServiceImpl,
} from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  type Message,
  MessageSchema,
  Messaging,
  OpenMessageStreamWithKeepAliveResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { MicroPayment } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { CodeClient, type CodeClientOptions, type PaymentIntent } from "../../src/index.js";
import { fromBase58 } from "../../src/lib/bytes.js";
import type { Kind } from "./sequencer.js";

/** Its methods. Any other method is unimplemented. */
export type Script = Partial<ServiceImpl<typeof Messaging> & ServiceImpl<typeof MicroPayment>>;

/** Number of calls, by method. */
export type Calls = Record<string, number>;

export interface Scripted extends AsyncDisposable {
  readonly calls: Calls;
  /** Closes with its clients. */
  client(options?: Partial<CodeClientOptions>): CodeClient;
}

const silent = { warn() {} };

function routes(script: Script, calls: Calls): (router: ConnectRouter) => void {
  const counted = Object.fromEntries(
    Object.entries(script).map(([name, handle]) => [
      name,
      (...given: unknown[]) => {
        calls[name] = (calls[name] ?? 0) + 1;
        return (handle as (...given: unknown[]) => unknown)(...given);
      },
    ]),
  );
  return (router) => {
    router.service(Messaging, counted);
    router.service(MicroPayment, counted);
  };
}

/** Starts in memory, without a socket. */
export async function inMemory(script: Script): Promise<Scripted> {
  const calls: Calls = {};
  const transport = createRouterTransport(routes(script, calls));
  return scripted(calls, { transport });
}

/** Starts on a free port, over HTTP/2. */
export async function overHttp2(script: Script): Promise<Scripted> {
  const calls: Calls = {};
  const server = http2.createServer(connectNodeAdapter({ routes: routes(script, calls) }));
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return scripted(calls, { baseUrl: `http://127.0.0.1:${port}` }, async () => {
    for (const session of sessions) session.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
}

function scripted(calls: Calls, target: CodeClientOptions, close = async () => {}): Scripted {
  const clients: CodeClient[] = [];
  return {
    calls,
    client(options = {}) {
      const client = new CodeClient({ logger: silent, ...target, ...options } as CodeClientOptions);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      await close();
    },
  };
}

let lastId = 0;

/** Creates a message as a sequencer delivers it, signed if there is a key. */
export function delivered(kind: Kind, key?: SigningKey): Message {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, ++lastId);
  const sent = create(MessageSchema, { kind });
  const value = key?.sign(toBinary(MessageSchema, sent));
  return create(MessageSchema, {
    id: { value: id },
    kind: sent.kind,
    ...(value === undefined ? {} : { sendMessageRequestSignature: { value } }),
  } as MessageInitShape<typeof MessageSchema>);
}

/** Creates the request of an intent. */
export function requestOf(intent: PaymentIntent, key: SigningKey): Message {
  return delivered(fromBinary(MessageSchema, intent.toBinary()).kind as Kind, key);
}

/** Details in which a payment differs from its intent. */
export interface OtherPayment {
  readonly destination?: Uint8Array;
  readonly nativeAmount?: number;
  readonly withoutMetadata?: boolean;
}

/** Creates the message that an intent was submitted. */
export function submissionOf(intent: PaymentIntent, other: OtherPayment = {}): Message {
  const intentId = { value: intent.sign().publicKey };
  const { destination = fromBase58(intent.destination), nativeAmount = Number(intent.amount) } = other;
  const exchangeData = { currency: intent.currency, nativeAmount, exchangeRate: 0.01, quarks: 1n };
  const metadata = {
    type: {
      case: "sendPrivatePayment" as const,
      value: { destination: { value: destination ?? new Uint8Array(0) }, exchangeData, isWithdrawal: true },
    },
  };
  return delivered({
    case: "intentSubmitted",
    value: other.withoutMetadata ? { intentId } : { intentId, metadata },
  });
}

/** Creates a frame of a keep-alive stream with messages. */
export function frameOf(...messages: readonly Message[]) {
  return create(OpenMessageStreamWithKeepAliveResponseSchema, {
    responseOrPing: { case: "response", value: { messages: [...messages] } },
  });
}

/** Creates a ping with the delay until the next. */
export function pingOf(seconds = 5n) {
  return create(OpenMessageStreamWithKeepAliveResponseSchema, {
    responseOrPing: { case: "ping", value: { timestamp: { seconds: 1n }, pingDelay: { seconds } } },
  });
}

/** Resolves when the client has ended the call. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

export function unavailable(): never {
  throw new ConnectError("", Code.Unavailable);
}
