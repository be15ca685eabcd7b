/** Code that the two hidden servers of a port share: connections, request handling and refusals. */
import type http from "node:http";
import http2 from "node:http2";
import type { Duplex } from "node:stream";
import type { FairQueue } from "./fair-queue.js";
import { type PortRequest, type PortResponse, sendError, sendErrorOnSocket } from "./http-guard.js";
import type { PortServerLimits } from "./port-limits.js";

/**
 * Handles a request. If it throws or rejects, the port responds with 500 and reports the error to
 * `onHandlerError`.
 */
export type PortHandler = (req: PortRequest, res: PortResponse) => void | Promise<void>;

/**
 * Takes over a socket with a WebSocket handshake. The hook then owns the socket and must respond or destroy
 * it.
 */
export type PortUpgradeHandler = (req: http.IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Handlers of a port. */
export interface PortHandlers {
  /** Handles every request of both protocols. */
  handler: PortHandler;
  /** Handles WebSocket handshakes (HTTP/1.1). Without it, they receive 426. */
  onUpgrade?: PortUpgradeHandler;
  /** Receives errors that the handler threw or rejected with. Default: `console.error`. */
  onHandlerError?: (error: unknown) => void;
}

// A response is lost if the socket is destroyed while the client still sends. The socket is drained for this
// long.
const lingerMs = 500;

/** One TCP connection. */
export interface Connection {
  /** Unfinished HTTP/1.1 responses, in the order of their requests. */
  readonly responses: Set<http.ServerResponse>;
  /** Whether the protocol is still unknown. */
  peeking: boolean;
  /** Whether the connection was refused. Further input is ignored. */
  refused: boolean;
  session?: http2.ServerHttp2Session;
}

/** State that the servers of a port share. */
export interface Port {
  readonly options: PortHandlers;
  readonly limits: Readonly<PortServerLimits>;
  readonly connections: Map<Duplex, Connection>;
  /** Starts the handlers of requests, fairly between connections. */
  readonly queue: FairQueue;
  closing: boolean;
}

/**
 * Runs the handler, and responds for it if it fails. The handler starts in a later turn of the event loop if
 * many requests arrive at once, and never starts if the client cancels before that.
 *
 * @param owner the connection of the request
 */
export function run(port: Port, owner: object, req: PortRequest, res: PortResponse): void {
  // A client that disconnects during a request is not a server error and must not end the process.
  req.on("error", ignore);
  res.on("error", ignore);
  // Connect stops reading early if a body is too large. Destroying the request would then destroy its
  // connection. Instead, the rest of the body is read and dropped, within the request's time limit.
  Object.defineProperty(req, Symbol.asyncIterator, { value: () => req.iterator({ destroyOnReturn: false }) });
  if (!("stream" in res)) res.once("finish", () => req.resume());
  const drop = port.queue.add(owner, () => void handle(port, req, res));
  res.once("close", drop);
}

async function handle(port: Port, req: PortRequest, res: PortResponse): Promise<void> {
  try {
    await port.options.handler(req, res);
  } catch (error) {
    if (!res.headersSent) sendError(res, 500, "internal error");
    else if (!res.writableEnded) {
      if ("stream" in res) res.stream?.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      else res.destroy();
    }
    if (!isAbort(req, error)) reportError(port, error);
  }
}

/** Returns whether reading a body failed because the client is gone. */
function isAbort(req: PortRequest, error: unknown): boolean {
  if (!req.aborted && !("stream" in req && req.stream.destroyed)) return false;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE";
}

/** Reports a failure of the handler. */
export function reportError(port: Port, error: unknown): void {
  const { onHandlerError } = port.options;
  if (onHandlerError === undefined) console.error("Request handler failed:", error);
  else onHandlerError(error);
}

/** Ends an HTTP/1.1 connection with an error, unless the error would corrupt a response in progress. */
export function refuse(socket: Duplex, connection: Connection, status: number, error: string): void {
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

/** Destroys a socket after the client has had time to read the refusal. */
export function destroyLater(socket: Duplex): void {
  const stopTimer = startSocketTimer(lingerMs, () => socket.destroy());
  socket.once("close", stopTimer);
}

/**
 * Starts a timer of a socket, in real time, that calls back once. Returns a function that stops it. 0 ms
 * means never.
 */
export function startSocketTimer(afterMs: number, callback: () => void): () => void {
  if (afterMs === 0) return ignore;
  const timer = setTimeout(callback, afterMs);
  return () => clearTimeout(timer);
}

/** For events that need a listener but no action. */
export function ignore(): void {}
