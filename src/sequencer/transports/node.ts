/** Transports by Node's own HTTP modules. */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { TransportError } from "../../errors.js";
import { unreachable } from "../unreachable.js";
import { fetchSender, redirectRefused, responseTooLarge } from "./fetch-sender.js";
import {
  type ConnectTransportOptions,
  MAX_RESPONSE_BYTES,
  type OwnedTransport,
  type RestSender,
  type TransportProvider,
} from "./types.js";

// An idle socket is kept this long; servers commonly close theirs after five seconds.
const KEEP_ALIVE_MS = 4_000;

const SESSION_TIMES = { idleMs: KEEP_ALIVE_MS, connectMs: 5_000, silenceMs: 1_000 } as const;

// Requests beyond this many at once wait for a socket.
const MAX_SOCKETS = 256;

/** See {@link TransportProvider}. */
export const transports: TransportProvider = {
  runtime: "node",
  protocols: ["connect", "grpc", "grpc-web", "rest"],
  usesFetch: (protocol) => protocol === "rest",
  connectTransport,
  restSender: (fetch) => (fetch === undefined ? nodeSender() : fetchSender(fetch)),
};

async function connectTransport(options: ConnectTransportOptions): Promise<OwnedTransport> {
  const [library, { Http2Sessions }] = await Promise.all([
    import("@connectrpc/connect-node"),
    import("./http2-sessions.js"),
  ]);
  const { protocol, baseUrl, httpVersion } = options;
  const shared = {
    baseUrl,
    useBinaryFormat: true,
    interceptors: [...options.interceptors],
    readMaxBytes: MAX_RESPONSE_BYTES,
  };
  if (httpVersion === "1.1" && protocol !== "grpc") {
    const agent = baseUrl.startsWith("https:") ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
    const http1 = { ...shared, httpVersion: "1.1" as const, nodeOptions: { agent } };
    const transport =
      protocol === "connect" ? library.createConnectTransport(http1) : library.createGrpcWebTransport(http1);
    return { transport, close: () => agent.destroy() };
  }
  const sessions = new Http2Sessions(baseUrl, SESSION_TIMES);
  const http2 = { ...shared, httpVersion: "2" as const, sessionManager: sessions };
  const create = {
    connect: library.createConnectTransport,
    grpc: library.createGrpcTransport,
    "grpc-web": library.createGrpcWebTransport,
  }[protocol];
  return { transport: create(http2), close: () => sessions.abort() };
}

const agentOptions = { keepAlive: true, timeout: KEEP_ALIVE_MS, maxSockets: MAX_SOCKETS } as const;

function nodeSender(): RestSender {
  const http = new HttpAgent(agentOptions);
  const https = new HttpsAgent(agentOptions);
  return {
    send({ method, url, headers, body, signal }) {
      const target = new URL(url);
      const secure = target.protocol === "https:";
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const options: RequestOptions = {
        method,
        headers: { ...headers, ...length },
        agent: secure ? https : http,
        signal,
      };
      return new Promise((resolve, reject) => {
        const fail = (cause: unknown) => reject(cause instanceof TransportError ? cause : unreachable(cause));
        const request = (secure ? httpsRequest : httpRequest)(target, options, (response) => {
          readLimited(response).then(
            (bytes) => resolve({ status: response.statusCode ?? 0, body: bytes }),
            fail,
          );
        });
        request.on("error", fail);
        request.end(body);
      });
    },
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

async function readLimited(response: IncomingMessage): Promise<Uint8Array> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    response.destroy();
    throw redirectRefused(status);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) {
      response.destroy();
      throw responseTooLarge();
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
