/**
 * Servers that respond as no sequencer should: HTTP/1.1 and cleartext HTTP/2 on one port, with only Node's
 * own modules, so that a test chooses every byte of a response.
 */
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { RequestSchema } from "../../gen/code/common/v1/model_pb.js";
import { lengthDelimited } from "./sequencer.js";

/** The protocol of a request, by its content type. */
export type Family = "connect" | "grpc" | "grpc-web" | "rest" | "envelope";

/** A complete response. */
export interface Answer {
  readonly status?: number;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Several parts are written separately, without a content length. */
  readonly body?: Uint8Array | string | readonly Uint8Array[];
  /** HTTP trailers. HTTP/2 only. */
  readonly trailers?: http.OutgoingHttpHeaders;
}

/** A received request, and the ways to respond to it. */
export interface Exchange {
  /** From 1, in the order of arrival. */
  readonly number: number;
  readonly family: Family;
  /** The called method, such as `SendMessage` or `createIntent`. */
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly httpVersion: "1.1" | "2";
  /** The TCP connection. */
  readonly socket: net.Socket;
  /** The stream. HTTP/2 only. */
  readonly stream?: http2.ServerHttp2Stream;
  /** Resolves with the complete body. */
  body(): Promise<Buffer>;
  /** Sends an informational response, such as 103. */
  inform(status: 102 | 103): void;
  /** Sends status and headers only. */
  head(status: number, headers?: http.OutgoingHttpHeaders, trailers?: http.OutgoingHttpHeaders): void;
  write(chunk: Uint8Array | string): void;
  end(): void;
  /** Sends a complete response. */
  answer(answer: Answer): void;
  /**
   * Resets the stream with an HTTP/2 error code, or the connection over HTTP/1.1. Node first ends a body
   * that has begun. {@link startCutting} cuts one.
   */
  reset(code: number): void;
  /** Resets the TCP connection. */
  cut(): void;
}

/** A listening server; see {@link startHostile} and {@link startRaw}. */
export interface HostileServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Requests so far. */
  readonly exchanges: readonly Exchange[];
  /** Number of TCP connections so far. */
  readonly connections: number;
  /** Destroys every open connection. The server keeps listening. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** Starts a server that responds with `handle`. */
export async function startHostile(
  handle: (exchange: Exchange) => unknown,
  port = 0,
): Promise<HostileServer> {
  const exchanges: Exchange[] = [];
  const take = (exchange: Omit<Exchange, "number" | "answer">) => {
    const whole: Exchange = {
      ...exchange,
      number: exchanges.length + 1,
      answer: (answer) => send(whole, answer),
    };
    exchanges.push(whole);
    handle(whole);
  };
  const http1 = http.createServer({ keepAliveTimeout: 0, requestTimeout: 0 });
  http1.on("request", (request, response) => {
    const exchange = http1Exchange(request, response);
    if (exchange.family !== "envelope") return take(exchange);
    // The body contains the method.
    const whole = collect(request);
    whole.then(
      (bytes) => take({ ...exchange, method: enveloped(bytes), body: () => whole }),
      () => {},
    );
  });
  const h2 = http2.createServer();
  const sockets = new WeakMap<http2.Http2Session, net.Socket>();
  h2.on("sessionError", () => {});
  h2.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    const socket = stream.session && sockets.get(stream.session);
    if (socket) take(http2Exchange(stream, headers, socket));
  });
  return listen(
    (socket) => {
      socket.once("data", (first: Buffer) => {
        socket.pause();
        socket.unshift(first);
        if (first.subarray(0, 3).toString("latin1") === "PRI") {
          h2.once("session", (session) => sockets.set(session, socket));
          h2.emit("connection", socket);
        } else {
          http1.emit("connection", socket);
          socket.resume();
        }
      });
    },
    exchanges,
    port,
  );
}

/** Starts a server of raw TCP sockets. */
export function startRaw(handle: (socket: net.Socket) => unknown): Promise<HostileServer> {
  return listen(handle, [], 0);
}

/**
 * Starts an HTTP/2 server, frame by frame. It starts its response to the first request of a connection with
 * these headers and this body, and then resets the stream with an error code. Without `begin`, it resets
 * immediately.
 */
export function startCutting(
  code: number,
  begin?: { readonly contentType: string; readonly body: Uint8Array },
): Promise<HostileServer> {
  return startRaw((socket) => {
    let received = Buffer.alloc(0);
    socket.write(frame(frameTypes.settings, 0, 0));
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (!requestIsWhole(received)) return;
      socket.off("data", onData);
      socket.resume();
      socket.write(frame(frameTypes.settings, flags.acknowledge, 0));
      if (begin !== undefined) {
        const type = Buffer.from(begin.contentType);
        // HPACK: `:status: 200` is entry 8 of the static table, `content-type` is entry 31.
        const block = Buffer.concat([Buffer.from([0x88, 0x0f, 0x10, type.length]), type]);
        socket.write(frame(frameTypes.headers, flags.endHeaders, 1, block));
        socket.write(frame(frameTypes.data, 0, 1, begin.body));
      }
      const reset = Buffer.alloc(4);
      reset.writeUInt32BE(code);
      // Later, so that the client reads what came before.
      setTimeout(() => socket.write(frame(frameTypes.reset, 0, 1, reset)), 10);
    };
    socket.on("data", onData);
  });
}

const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4 } as const;
const flags = { endStream: 1, acknowledge: 1, endHeaders: 4 } as const;
const prefaceLength = 24;
const frameHeadLength = 9;

function frame(type: number, flag: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(frameHeadLength);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flag;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Returns whether the client has ended the first stream of a connection. */
function requestIsWhole(received: Buffer): boolean {
  let offset = prefaceLength;
  while (received.length >= offset + frameHeadLength) {
    const length = received.readUIntBE(offset, 3);
    const [type, flag] = [received[offset + 3], received[offset + 4] ?? 0];
    const carriesRequest = type === frameTypes.data || type === frameTypes.headers;
    if (carriesRequest && received.readUInt32BE(offset + 5) === 1 && (flag & flags.endStream) !== 0)
      return true;
    offset += frameHeadLength + length;
  }
  return false;
}

/** Returns a loopback port on which no server listens. */
export async function closedPort(): Promise<number> {
  const server = await startRaw(() => {});
  await server.close();
  return server.port;
}

/** Encodes a frame of gRPC and gRPC-Web around a message or, with flag 0x80, trailers. */
export function envelope(data: Uint8Array | string, flags = 0): Buffer {
  const bytes = Buffer.from(data);
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Serialized `SendMessageResponse` of a message that was stored. */
export const stored: Buffer = Buffer.concat([Buffer.from([0x12, 18, 0x0a, 16]), Buffer.alloc(16, 7)]);

/** Serialized `GetStatusResponse`. */
export function statusBytes(exists: boolean, codeScanned: boolean, intentSubmitted: boolean): Buffer {
  const flags = [exists, codeScanned, intentSubmitted];
  return Buffer.from(flags.flatMap((flag, index) => (flag ? [8 * (index + 1), 1] : [])));
}

/** The content type of a correct response. */
export function contentType(family: Family): string {
  return {
    connect: "application/proto",
    grpc: "application/grpc+proto",
    "grpc-web": "application/grpc-web+proto",
    rest: "application/json",
    envelope: "application/octet-stream",
  }[family];
}

/** Returns a correct response with this body: protobuf bytes, or an object over REST. */
export function reply(
  family: Family,
  bytes: Uint8Array,
  rest: object,
): Required<Pick<Answer, "headers">> & Answer {
  const headers = { "content-type": contentType(family) };
  switch (family) {
    case "connect":
      return { headers, body: bytes };
    case "grpc":
      return { headers, body: envelope(bytes), trailers: { "grpc-status": "0" } };
    case "grpc-web":
      return { headers, body: Buffer.concat([envelope(bytes), envelope("grpc-status: 0\r\n", 0x80)]) };
    case "rest":
      return { headers, body: JSON.stringify(rest) };
    case "envelope":
      // OK with an empty body is encoded in zero bytes.
      return { headers, body: bytes.length === 0 ? bytes : lengthDelimited(2, bytes) };
  }
}

/** Returns the correct response to any call: the message is stored, the intent is pending. */
export function rightAnswer({ family, method }: Pick<Exchange, "family" | "method">): Answer {
  if (/^getstatus$/i.test(method)) {
    return reply(family, statusBytes(true, false, false), { status: "PENDING", success: true });
  }
  return reply(family, method === "RegisterWebhook" ? new Uint8Array(0) : stored, { success: true });
}

const grpcCodes = {
  canceled: [1, 499],
  unknown: [2, 500],
  invalid_argument: [3, 400],
  deadline_exceeded: [4, 504],
  not_found: [5, 404],
  already_exists: [6, 409],
  permission_denied: [7, 403],
  resource_exhausted: [8, 429],
  failed_precondition: [9, 400],
  aborted: [10, 409],
  out_of_range: [11, 400],
  unimplemented: [12, 501],
  internal: [13, 500],
  unavailable: [14, 503],
  data_loss: [15, 500],
  unauthenticated: [16, 401],
} as const;

/** Connect name of a status. */
export type StatusName = keyof typeof grpcCodes;

/** Every {@link StatusName}. */
export const statusNames = Object.keys(grpcCodes) as readonly StatusName[];

/**
 * Returns an error response of the protocol. Over REST it has the HTTP status of Connect and the text of the
 * real sequencer.
 */
export function refusalAnswer(family: Family, code: StatusName, text: string): Answer {
  const [number, httpStatus] = grpcCodes[code];
  const headers = { "content-type": contentType(family) };
  const grpc = { "grpc-status": String(number), "grpc-message": encodeURIComponent(text) };
  switch (family) {
    case "connect":
      return {
        status: httpStatus,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code, message: text }),
      };
    case "grpc":
      return { headers: { ...headers, ...grpc } };
    case "grpc-web":
      return {
        headers,
        body: envelope(`grpc-status: ${number}\r\ngrpc-message: ${grpc["grpc-message"]}\r\n`, 0x80),
      };
    case "rest": {
      const error = code === "invalid_argument" ? `rpc error: code = InvalidArgument desc = ${text}` : text;
      return { status: httpStatus, headers, body: JSON.stringify({ error, success: false }) };
    }
    case "envelope":
      return { headers, body: errorFrame(`[${code}]${text === "" ? "" : ` ${text}`}`) };
  }
}

/** Serialized `Response` of the envelope with the result ERROR and this message. */
export function errorFrame(words: string): Uint8Array {
  return Buffer.concat([Buffer.from([0x08, 1]), lengthDelimited(3, Buffer.from(words))]);
}

/** Returns the method that a request of the envelope calls, as the service spells it. */
function enveloped(bytes: Uint8Array): string {
  const { method } = fromBinary(RequestSchema, bytes);
  return method.replace(/^./, (letter) => letter.toUpperCase());
}

function familyOf(contentTypeOfRequest: string | undefined): Family {
  const type = contentTypeOfRequest ?? "";
  if (type.startsWith("application/grpc-web")) return "grpc-web";
  if (type.startsWith("application/grpc")) return "grpc";
  if (type === "application/octet-stream") return "envelope";
  return type === "application/proto" ? "connect" : "rest";
}

function methodOf(path: string): string {
  return /([^/?]*)(\?.*)?$/.exec(path)?.[1] ?? "";
}

function http1Exchange(
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Omit<Exchange, "number" | "answer"> {
  const { socket, headers, url: path = "" } = request;
  response.on("error", () => {});
  const family = familyOf(headers["content-type"]);
  const cut = () => socket.resetAndDestroy();
  return {
    family,
    method: methodOf(path),
    path,
    headers,
    httpVersion: "1.1",
    socket,
    body: () => collect(request),
    inform: (status) =>
      status === 102 ? response.writeProcessing() : response.writeEarlyHints({ link: "</x>; rel=preload" }),
    head: (status, head = {}) => {
      response.writeHead(status, head);
      response.flushHeaders();
    },
    write: (chunk) => response.write(chunk),
    end: () => response.end(),
    reset: cut,
    cut,
  };
}

function http2Exchange(
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  socket: net.Socket,
): Omit<Exchange, "number" | "answer"> {
  const path = String(headers[":path"]);
  const family = familyOf(headers["content-type"]);
  const open = () => !stream.destroyed && !stream.closed;
  return {
    family,
    method: methodOf(path),
    path,
    headers,
    httpVersion: "2",
    socket,
    stream,
    body: () => collect(stream),
    inform: (status) => {
      if (open()) stream.additionalHeaders({ ":status": status });
    },
    head: (status, head = {}, trailers) => {
      if (!open()) return;
      stream.respond({ ":status": status, ...head }, { waitForTrailers: trailers !== undefined });
      if (trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    },
    write: (chunk) => {
      if (open()) stream.write(chunk);
    },
    end: () => {
      if (open()) stream.end();
    },
    reset: (code) => stream.close(code),
    cut: () => socket.resetAndDestroy(),
  };
}

function send(exchange: Exchange, { status = 200, headers = {}, body = "", trailers }: Answer): void {
  if (typeof body === "string" || body instanceof Uint8Array) {
    const bytes = Buffer.from(body);
    exchange.head(status, { "content-length": bytes.length, ...headers }, trailers);
    if (bytes.length > 0) exchange.write(bytes);
  } else {
    exchange.head(status, headers, trailers);
    for (const chunk of body) exchange.write(chunk);
  }
  exchange.end();
}

async function collect(readable: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listen(
  onSocket: (socket: net.Socket) => unknown,
  exchanges: readonly Exchange[],
  port: number,
): Promise<HostileServer> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const server = net.createServer({ noDelay: true }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as net.AddressInfo;
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = async () => {
    dropConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    exchanges,
    get connections() {
      return connections;
    },
    dropConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}
