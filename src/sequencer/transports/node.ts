/** Transports that use Node's own HTTP modules. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { urlToHttpOptions } from "node:url";
import { TransportError } from "../../errors.js";
import { onAbort } from "../abort.js";
import { connectionError } from "../connection-error.js";
import { retryAfterMsOf } from "../retry-after.js";
import { fetchHttpClient, redirectRefused, responseTooLarge } from "./fetch-client.js";
import { callAgent, http1Transport } from "./http1.js";
import {
  type ConnectTransportOptions,
  type HttpClient,
  type HttpResponse,
  MAX_RESPONSE_BYTES,
  type OwnedTransport,
  type SocketOpener,
  type TransportProvider,
  type WebSocketConstructor,
} from "./types.js";

const SESSION_TIMES = { idleMs: 4_000, connectMs: 5_000, silenceMs: 1_000 } as const;

/** See {@link TransportProvider}. */
export const transports: TransportProvider = {
  runtime: "node",
  protocols: ["connect", "grpc", "grpc-web", "rest", "envelope"],
  usesFetch: (protocol) => protocol === "rest" || protocol === "envelope",
  connectTransport,
  httpClient: (fetch) => (fetch === undefined ? nodeHttpClient() : fetchHttpClient(fetch)),
  socketOpener,
};

// Prefers `ws` to the WebSocket of newer Node versions, which sends no headers, cannot be paused, and reads a
// frame of any size before it can be rejected.
async function socketOpener(webSocket: WebSocketConstructor | undefined): Promise<SocketOpener> {
  if (webSocket === undefined) {
    // In a bundle of ES modules, `ws` cannot load its dependencies.
    const library = await import("./node-sockets.js").catch(() => undefined);
    if (library !== undefined) return library.nodeSocketOpener();
  }
  const { webSocketOpener } = await import("./web-sockets.js");
  return webSocketOpener(webSocket);
}

async function connectTransport(options: ConnectTransportOptions): Promise<OwnedTransport> {
  const [library, { Http2Sessions }] = await Promise.all([
    import("@connectrpc/connect-node"),
    import("./http2-sessions.js"),
  ]);
  const { protocol, baseUrl, httpVersion, interceptors } = options;
  const shared = {
    baseUrl,
    useBinaryFormat: true,
    readMaxBytes: MAX_RESPONSE_BYTES,
  };
  if (httpVersion === "1.1" && protocol !== "grpc") {
    const create = protocol === "connect" ? library.createConnectTransport : library.createGrpcWebTransport;
    return http1Transport(new URL(baseUrl).protocol, interceptors, (agent, own) =>
      create({ ...shared, interceptors: own, httpVersion: "1.1", nodeOptions: { agent } }),
    );
  }
  const sessions = new Http2Sessions(baseUrl, SESSION_TIMES);
  const http2 = {
    ...shared,
    interceptors: [...interceptors, sessions.interceptor],
    httpVersion: "2" as const,
    sessionManager: sessions,
  };
  const create = {
    connect: library.createConnectTransport,
    grpc: library.createGrpcTransport,
    "grpc-web": library.createGrpcWebTransport,
  }[protocol];
  return { transport: create(http2), close: () => sessions.abort() };
}

function nodeHttpClient(): HttpClient {
  const http = callAgent("http:");
  const https = callAgent("https:");
  const endpointOf = endpointReader();
  return {
    send({ method, url, headers, body, signal }) {
      const endpoint = endpointOf(url);
      const secure = endpoint.protocol === "https:";
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const options: RequestOptions = {
        ...endpoint,
        method,
        headers: { ...headers, ...length },
        agent: secure ? https : http,
      };
      return new Promise((resolve, reject) => {
        const fail = (cause: unknown) =>
          reject(cause instanceof TransportError ? cause : connectionError(cause));
        const request = (secure ? httpsRequest : httpRequest)(options, (response) => {
          readLimited(response).then((bytes) => resolve(decodeReply(response, bytes)), fail);
        });
        request.on("error", fail);
        // The option `signal` would add several listeners to each request.
        request.on(
          "close",
          onAbort(signal, () => request.destroy(new Error("aborted", { cause: signal.reason }))),
        );
        request.end(body);
      });
    },
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

function decodeReply({ statusCode = 0, headers }: IncomingMessage, body: Uint8Array): HttpResponse {
  const endMarked = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  const retryAfterMs = retryAfterMsOf({ get: (name) => headers[name]?.toString() });
  return { status: statusCode, contentType: headers["content-type"] ?? "", body, retryAfterMs, endMarked };
}

type Endpoint = Pick<RequestOptions, "protocol" | "hostname" | "port" | "path">;

/** Returns a parser of absolute URLs. A client has one origin, which is parsed once. */
function endpointReader(): (url: string) => Endpoint {
  let origin = "";
  let parsed: Endpoint = {};
  return (url) => {
    const path = url.indexOf("/", "https://".length);
    if (url.slice(0, path) !== origin) {
      const { protocol, hostname, port } = urlToHttpOptions(new URL(url));
      origin = url.slice(0, path);
      parsed = { protocol, hostname, port };
    }
    return { ...parsed, path: url.slice(path) };
  };
}

function readLimited(response: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const refuse = (error: TransportError) => {
      reject(error);
      response.destroy();
    };
    const status = response.statusCode ?? 0;
    response.on("error", reject);
    if (status >= 300 && status < 400) return refuse(redirectRefused(status));
    const chunks: Uint8Array[] = [];
    let length = 0;
    response.on("data", (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > MAX_RESPONSE_BYTES) refuse(responseTooLarge());
    });
    response.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    // After the end, this has no effect.
    response.on("close", () => reject(new Error("the response was truncated")));
  });
}
