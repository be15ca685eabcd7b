/**
 * One cleartext TCP port that answers HTTP/1.1 and HTTP/2 with prior knowledge (h2c).
 *
 * A `net` server looks at the first bytes of each connection: `PRI` can only be the start of HTTP/2. The socket then
 * goes to an `http` or `http2` server that never listens itself; both call the same handler.
 *
 * @module
 */

import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import type { Duplex } from "node:stream";
import { InputError } from "../errors.js";
import { checkDuration, checkOptions } from "../lib/options.js";
import { type PortRequest, type PortResponse, sendError, sendErrorOnSocket } from "./http-guard.js";

/** Answers a request. What it throws, or rejects with, is answered 500 and goes to `onHandlerError`. */
export type PortHandler = (req: PortRequest, res: PortResponse) => void | Promise<void>;

/** Takes over a socket that asked for a WebSocket. From here on the hook owns it and must answer or destroy it. */
export type PortUpgradeHandler = (req: http.IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Limits of one {@link PortServer}. Times are whole milliseconds; 0 turns that timeout off. */
export interface PortServerLimits {
  /** Time to send the first three bytes, which tell the protocol. Default 10,000. */
  peekTimeoutMs: number;
  /** Time to send a request's header (HTTP/1.1), or the preface and SETTINGS (HTTP/2). Default 10,000. */
  headerTimeoutMs: number;
  /**
   * Time to receive the entire request. Default 30,000. It does not limit responses, nor HTTP/2 requests of
   * streaming type (gRPC, Connect streams), which may stay open as long as their calls do.
   */
  requestTimeoutMs: number;
  /** How long an HTTP/1.1 connection may wait for its next request. Default 65,000. */
  keepAliveTimeoutMs: number;
  /** How long an HTTP/2 connection may have no open stream, or not answer a ping. Default 300,000. */
  idleTimeoutMs: number;
  /** Size of a request's header, in bytes: beyond it 431, or a reset stream on HTTP/2. Default 16,384. */
  maxHeaderBytes: number;
  /** Open sockets; more are dropped. Default 4,096. */
  maxConnections: number;
  /** Open streams per HTTP/2 connection; more are refused. Default 10,000. */
  maxConcurrentStreams: number;
}

/** Options of {@link startPortServer}. */
export interface PortServerOptions {
  /** Address or name to listen on. */
  host: string;
  /** TCP port; 0 lets the system choose one, see {@link PortServer.port}. */
  port: number;
  /** Answers every request of both protocols. */
  handler: PortHandler;
  /** Takes WebSocket handshakes (HTTP/1.1). Without it they are answered 426. */
  onUpgrade?: PortUpgradeHandler;
  /** Told what the handler threw or rejected with. Default: `console.error`. */
  onHandlerError?: (error: unknown) => void;
  /** Overrides single limits. */
  limits?: Partial<PortServerLimits>;
}

/** A listening port, see {@link startPortServer}. */
export interface PortServer {
  /** The host as given. */
  readonly host: string;
  /** The port it listens on; never 0. */
  readonly port: number;
  /**
   * Stops accepting, lets running requests finish for `graceMs` (default 1000 ms), then destroys what is left.
   * Resolves when every socket is closed. Further calls return the same promise. Upgraded sockets are the hook's
   * to close; those that stay open are destroyed after the grace.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

const defaultLimits: Readonly<PortServerLimits> = {
  peekTimeoutMs: 10_000,
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  idleTimeoutMs: 300_000,
  maxHeaderBytes: 16_384,
  maxConnections: 4096,
  maxConcurrentStreams: 10_000,
};

const defaultGraceMs = 1000;
// A refusal is lost if the socket is destroyed while the client still sends, so it is drained this long.
const lingerMs = 500;
const preface = Buffer.from("PRI");
const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_SETTINGS_TIMEOUT } =
  http2.constants;

interface Connection {
  /** HTTP/1.1 responses that are not finished, in the order of their requests. */
  readonly responses: Set<http.ServerResponse>;
  /** Protocol not known yet. */
  peeking: boolean;
  /** Refused for good; what still arrives is ignored. */
  refused: boolean;
  session?: http2.ServerHttp2Session;
}

interface Port {
  readonly options: PortServerOptions;
  readonly limits: Readonly<PortServerLimits>;
  readonly connections: Map<Duplex, Connection>;
  closing: boolean;
}

/**
 * Starts a {@link PortServer}.
 *
 * @throws InputError for a limit that cannot be used.
 * @throws the system's own error (`EADDRINUSE`, `EACCES`, `ENOTFOUND` ...) where it cannot listen.
 */
export async function startPortServer(options: PortServerOptions): Promise<PortServer> {
  const port: Port = { options, limits: readLimits(options.limits), connections: new Map(), closing: false };
  const http1 = createHttp1(port);
  const h2 = createHttp2(port);
  // The hidden servers expect half-open sockets: a parser wants to see the end, and answers it.
  const listener = net.createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    const connection: Connection = { responses: new Set(), peeking: true, refused: false };
    port.connections.set(socket, connection);
    // Without a listener a reset would end the process.
    socket.on("error", ignore);
    socket.once("close", () => port.connections.delete(socket));
    peek(port, socket, connection, (isHttp2, seen) => {
      connection.peeking = false;
      socket.unshift(seen);
      if (isHttp2) {
        // A client that is gone ends its streams too, also those on which nothing is ever written.
        socket.once("end", () => connection.session?.destroy());
        // Emitted before `emit` returns. The session itself only shows a proxy of its socket.
        h2.once("session", (session) => watchSession(port, session, socket, connection));
        h2.emit("connection", socket);
      } else {
        http1.emit("connection", socket);
        socket.resume();
      }
    });
  });
  listener.maxConnections = port.limits.maxConnections;

  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ host: options.host, port: options.port }, () => {
      listener.off("error", reject);
      resolve();
    });
  });
  // A failed accept (too many open files) is no reason to stop.
  listener.on("error", ignore);
  // The hidden server starts its header and request timeouts when it "listens".
  http1.emit("listening");

  const address = listener.address();
  let closed: Promise<void> | undefined;
  return {
    host: options.host,
    port: address !== null && typeof address === "object" ? address.port : options.port,
    close(closeOptions = {}): Promise<void> {
      closed ??= shutDown(port, listener, http1, closeOptions.graceMs ?? defaultGraceMs);
      return closed;
    },
  };
}

function readLimits(given: Partial<PortServerLimits> = {}): PortServerLimits {
  const names = Object.keys(defaultLimits) as (keyof PortServerLimits)[];
  checkOptions(given, "limits", names);
  const limits = { ...defaultLimits };
  for (const name of names) {
    const value = given[name];
    if (value === undefined) continue;
    const field = `limits.${name}`;
    if (name.endsWith("Ms")) limits[name] = checkDuration(value, field, true);
    else if (Number.isInteger(value) && value > 0 && value < 2 ** 31) limits[name] = value;
    else throw new InputError("invalid_option", field, "must be a whole number above 0");
  }
  return limits;
}

/** Collects bytes until they tell the protocol; nothing is lost, `decide` gets all that was read. */
function peek(
  port: Port,
  socket: net.Socket,
  connection: Connection,
  decide: (isHttp2: boolean, seen: Buffer) => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const stopTimer = startTimer(port.limits.peekTimeoutMs, () =>
    giveUp(408, "no request was received in time"),
  );
  const stop = () => {
    stopTimer();
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.off("close", stop);
    socket.pause();
  };
  const giveUp = (status: number, error: string) => {
    stop();
    refuse(socket, connection, status, error);
  };
  const onData = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const known = Math.min(seen.length, preface.length);
    const isHttp2 = seen.subarray(0, known).equals(preface.subarray(0, known));
    if (isHttp2 && known < preface.length) return;
    stop();
    decide(isHttp2, seen);
  };
  const onEnd = () => {
    if (seen.length > 0) return giveUp(400, "the request is incomplete");
    stop();
    socket.destroy();
  };
  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("close", stop);
}

function createHttp1(port: Port): http.Server {
  const { headerTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxHeaderBytes } = port.limits;
  // Node refuses a header timeout above the request timeout.
  const headersTimeout = requestTimeoutMs > 0 ? Math.min(headerTimeoutMs, requestTimeoutMs) : headerTimeoutMs;
  const shortest = Math.min(headersTimeout || 2000, requestTimeoutMs || 2000);
  const server = http.createServer({
    headersTimeout,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(Math.max(Math.ceil(shortest / 2), 20), 1000),
    maxHeaderSize: maxHeaderBytes,
    insecureHTTPParser: false,
    requireHostHeader: true,
  });

  server.on("request", (req, res) => {
    const connection = port.connections.get(req.socket);
    if (connection === undefined || connection.refused) return;
    connection.responses.add(res);
    res.once("close", () => {
      connection.responses.delete(res);
      if (port.closing && connection.responses.size === 0) req.socket.destroySoon();
    });
    if (port.closing) res.shouldKeepAlive = false;
    if (asksForWebSocket(req)) {
      // There is no hook, or this were an 'upgrade'. A 426 must name a protocol: HTTP/2 the port does speak.
      const headers = { Connection: "close, Upgrade", Upgrade: "HTTP/2.0" };
      return sendError(res, 426, "WebSocket is not available here", headers);
    }
    void run(port, req, res);
  });

  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const connection = port.connections.get(socket);
    if (connection === undefined || error.code === "ECONNRESET" || error.code === "EPIPE") socket.destroy();
    else if (error.code === "HPE_HEADER_OVERFLOW") refuse(socket, connection, 431, "the header is too large");
    else if (error.code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") {
      refuse(socket, connection, 413, "the chunk extensions are too large");
    } else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
      refuse(socket, connection, 408, "the request was not received in time");
    } else refuse(socket, connection, 400, "not a valid HTTP request");
  });

  server.on("connect", (_req, socket) => {
    const connection = port.connections.get(socket);
    if (connection === undefined) socket.destroy();
    else refuse(socket, connection, 405, "CONNECT is not available here");
  });

  const { onUpgrade } = port.options;
  if (onUpgrade !== undefined) {
    server.on("upgrade", (req, socket, head) => {
      const connection = port.connections.get(socket);
      if (connection === undefined || connection.refused || connection.responses.size > 0) {
        // Pipelined behind a request that is still running: the answers would mix.
        socket.destroy();
      } else if (!asksForWebSocket(req)) {
        // Some HTTP clients offer `Upgrade: h2c` on each request. Ignoring the offer is the rule, but with a hook
        // Node cannot: the request is read again without it.
        socket.unshift(Buffer.concat([headerWithoutUpgrade(req), head]));
        server.emit("connection", socket);
        socket.resume();
      } else if (port.closing) {
        refuse(socket, connection, 503, "the server is closing");
      } else {
        try {
          onUpgrade(req, socket, head);
        } catch (error) {
          reportError(port, error);
          socket.destroy();
        }
      }
    });
  }
  return server;
}

function createHttp2(port: Port): http2.Http2Server {
  const { limits } = port;
  const server = http2.createServer({
    // In MB. Node's default of 10 holds ten thousand idle streams, and nothing that waits to be sent on them.
    maxSessionMemory: 64,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxHeaderListPairs: 128,
    maxOutstandingPings: 10,
    maxSettings: 32,
    ...streamResetLimits(limits),
    settings: {
      enablePush: false,
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
    },
  });

  server.on("request", (req, res) => {
    // Node enforces the advertised limit only once the client has acknowledged it.
    if (headerBytes(req.rawHeaders) > limits.maxHeaderBytes) {
      req.resume();
      return sendError(res, 431, "the header is too large");
    }
    limitRequestTime(req, res, limits.requestTimeoutMs);
    // An unread body would keep the stream open after the response.
    res.once("finish", () => req.resume());
    void run(port, req, res);
  });
  return server;
}

/** Bounds how long an HTTP/2 connection may take to begin, and how long it may be idle. */
function watchSession(
  port: Port,
  session: http2.ServerHttp2Session,
  socket: net.Socket,
  connection: Connection,
): void {
  const { limits } = port;
  connection.session = session;
  let openStreams = 0;
  let quietSince = performance.now();
  let pinged = false;
  // A slow preface would otherwise hold the socket for ever; Node has no such timeout for HTTP/2.
  const stopGreeting = startTimer(limits.headerTimeoutMs, () =>
    session.destroy(new Error("no SETTINGS in time"), NGHTTP2_SETTINGS_TIMEOUT),
  );
  session.once("remoteSettings", stopGreeting);
  let stopIdle = ignore;
  const watchIdle = (afterMs: number) => {
    stopIdle = startTimer(afterMs, () => {
      // Waits for a client that does not read.
      if (session.destroyed) return void socket.destroy();
      const leftMs =
        openStreams > 0 ? limits.idleTimeoutMs : quietSince + limits.idleTimeoutMs - performance.now();
      if (leftMs <= 0) {
        session.close();
        destroyLater(socket);
      } else if (openStreams > 0 && pinged) {
        // After a protocol error Node sends GOAWAY and reads no more, but keeps socket and streams.
        session.destroy();
      } else {
        if (openStreams > 0) {
          pinged = true;
          session.ping(() => {
            pinged = false;
          });
        }
        watchIdle(Math.ceil(leftMs));
      }
    });
  };
  watchIdle(limits.idleTimeoutMs);
  session.on("stream", (stream) => {
    openStreams++;
    stream.once("close", () => {
      openStreams--;
      quietSince = performance.now();
    });
  });
  session.once("close", () => {
    stopGreeting();
    stopIdle();
  });
  if (port.closing) session.close();
}

/**
 * A client that cancels all its streams at once is no flood. Node 20 knows no such option and keeps its limit of 1000,
 * beyond which the connection is closed; its types do not know it either.
 */
function streamResetLimits({ maxConcurrentStreams }: Readonly<PortServerLimits>): http2.ServerOptions {
  const options = { streamResetBurst: maxConcurrentStreams + 1000, streamResetRate: 1000 };
  return options as http2.ServerOptions;
}

/** Answers 408 where the body of an HTTP/2 request does not end in time; streams are exempt. */
function limitRequestTime(
  req: http2.Http2ServerRequest,
  res: http2.Http2ServerResponse,
  timeoutMs: number,
): void {
  const { stream } = req;
  if (
    stream.endAfterHeaders ||
    /^application\/(grpc(?!-web)|connect\+)/i.test(req.headers["content-type"] ?? "")
  ) {
    return;
  }
  const stopTimer = startTimer(timeoutMs, () => {
    // Received, but not read by the handler.
    if (stream.closed || stream.destroyed || stream.state.remoteClose === 1) return;
    if (stream.headersSent) return stream.close(NGHTTP2_CANCEL);
    sendError(res, 408, "the request was not received in time");
    // Marks the stream closed at once, so that a late response of the handler is ignored.
    stream.close(NGHTTP2_NO_ERROR);
  });
  req.once("end", stopTimer);
  stream.once("close", stopTimer);
}

async function run(port: Port, req: PortRequest, res: PortResponse): Promise<void> {
  // A client that leaves in the middle is no error of ours, and must not end the process.
  req.on("error", ignore);
  res.on("error", ignore);
  try {
    await port.options.handler(req, res);
  } catch (error) {
    if (!res.headersSent) sendError(res, 500, "internal error");
    else if (!res.writableEnded) {
      if ("stream" in res) res.stream?.close(NGHTTP2_INTERNAL_ERROR);
      else res.destroy();
    }
    if (!isAbort(req, error)) reportError(port, error);
  }
}

/** Whether reading a body failed because its client is gone. */
function isAbort(req: PortRequest, error: unknown): boolean {
  if (!req.aborted && !("stream" in req && req.stream.destroyed)) return false;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE";
}

function reportError(port: Port, error: unknown): void {
  const { onHandlerError } = port.options;
  if (onHandlerError === undefined) console.error("request handler failed", error);
  else onHandlerError(error);
}

async function shutDown(
  port: Port,
  listener: net.Server,
  http1: http.Server,
  graceMs: number,
): Promise<void> {
  checkDuration(graceMs, "graceMs", true);
  port.closing = true;
  const closed = new Promise<void>((resolve) => {
    listener.close(() => resolve());
  });
  // Stops its timer and destroys idle connections.
  http1.close(ignore);
  for (const [socket, { peeking, responses, session }] of port.connections) {
    if (peeking) socket.destroy();
    session?.close();
    for (const res of responses) if (!res.headersSent) res.shouldKeepAlive = false;
  }
  const timer = setTimeout(() => {
    for (const [socket, { session }] of port.connections) {
      session?.destroy();
      socket.destroy();
    }
  }, graceMs);
  await closed;
  clearTimeout(timer);
}

/** Ends an HTTP/1.1 connection with an error, unless a response is on its way that the error would corrupt. */
function refuse(socket: Duplex, connection: Connection, status: number, error: string): void {
  if (connection.refused) return;
  connection.refused = true;
  for (const res of connection.responses) {
    if (res.headersSent || res.req.complete) return void socket.destroy();
  }
  if (!socket.writable) return void socket.destroy();
  sendErrorOnSocket(socket, status, error);
  socket.resume();
  destroyLater(socket);
}

function destroyLater(socket: Duplex): void {
  const stopTimer = startTimer(lingerMs, () => socket.destroy());
  socket.once("close", stopTimer);
}

/** Calls back once, unless stopped before; 0 ms means never. */
function startTimer(afterMs: number, callback: () => void): () => void {
  if (afterMs === 0) return ignore;
  const timer = setTimeout(callback, afterMs);
  return () => clearTimeout(timer);
}

function asksForWebSocket({ headers }: http.IncomingMessage): boolean {
  return hasToken(headers.connection, "upgrade") && hasToken(headers.upgrade, "websocket");
}

function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? "").split(",").some((entry) => entry.trim().toLowerCase() === token);
}

function headerWithoutUpgrade(req: http.IncomingMessage): Buffer {
  const lines = [`${req.method} ${req.url} HTTP/${req.httpVersion}`];
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i] ?? "";
    let value = req.rawHeaders[i + 1] ?? "";
    if (/^(upgrade|http2-settings)$/i.test(name)) continue;
    if (/^connection$/i.test(name)) {
      const kept = value.split(",").filter((token) => !/^\s*(upgrade|http2-settings)\s*$/i.test(token));
      if (kept.length === 0) continue;
      value = kept.join(",");
    }
    lines.push(`${name}: ${value}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

function headerBytes(rawHeaders: readonly string[]): number {
  let total = 0;
  for (const text of rawHeaders) total += text.length;
  return total;
}

function ignore(): void {}
