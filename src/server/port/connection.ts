/** What the two hidden servers of a port share: its connections, how a request is run, and how one is refused. */
import type http from "node:http";
import http2 from "node:http2";
import type { Duplex } from "node:stream";
import { type PortRequest, type PortResponse, sendError, sendErrorOnSocket } from "./http-guard.js";
import type { PortServerLimits } from "./port-limits.js";

/** Answers a request. What it throws, or rejects with, is answered 500 and goes to `onHandlerError`. */
export type PortHandler = (req: PortRequest, res: PortResponse) => void | Promise<void>;

/** Takes over a socket that asked for a WebSocket. From here on the hook owns it and must answer or destroy it. */
export type PortUpgradeHandler = (req: http.IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What a port calls. */
export interface PortHandlers {
  /** Answers every request of both protocols. */
  handler: PortHandler;
  /** Takes WebSocket handshakes (HTTP/1.1). Without it they are answered 426. */
  onUpgrade?: PortUpgradeHandler;
  /** Told what the handler threw or rejected with. Default: `console.error`. */
  onHandlerError?: (error: unknown) => void;
}

// A refusal is lost if the socket is destroyed while the client still sends, so it is drained this long.
const lingerMs = 500;

/** One TCP connection. */
export interface Connection {
  /** HTTP/1.1 responses that are not finished, in the order of their requests. */
  readonly responses: Set<http.ServerResponse>;
  /** Protocol not known yet. */
  peeking: boolean;
  /** Refused for good; what still arrives is ignored. */
  refused: boolean;
  session?: http2.ServerHttp2Session;
}

/** What the servers of a port share. */
export interface Port {
  readonly options: PortHandlers;
  readonly limits: Readonly<PortServerLimits>;
  readonly connections: Map<Duplex, Connection>;
  closing: boolean;
}

/** Runs the handler, and answers for it where it fails. */
export async function run(port: Port, req: PortRequest, res: PortResponse): Promise<void> {
  // A client that leaves in the middle is no error of ours, and must not end the process.
  req.on("error", ignore);
  res.on("error", ignore);
  // Connect's reader leaves early where a body is too large. Destroyed then, the request would take its connection with it;
  // what is left of it is read to its end and dropped instead, within the request's time.
  Object.defineProperty(req, Symbol.asyncIterator, { value: () => req.iterator({ destroyOnReturn: false }) });
  if (!("stream" in res)) res.once("finish", () => req.resume());
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

/** Whether reading a body failed because its client is gone. */
function isAbort(req: PortRequest, error: unknown): boolean {
  if (!req.aborted && !("stream" in req && req.stream.destroyed)) return false;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE";
}

/** Tells of a failure of the handler. */
export function reportError(port: Port, error: unknown): void {
  const { onHandlerError } = port.options;
  if (onHandlerError === undefined) console.error("request handler failed", error);
  else onHandlerError(error);
}

/** Ends an HTTP/1.1 connection with an error, unless a response is on its way that the error would corrupt. */
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

/** Destroys a socket once the client had its chance to read the refusal. */
export function destroyLater(socket: Duplex): void {
  const stopTimer = startTimer(lingerMs, () => socket.destroy());
  socket.once("close", stopTimer);
}

/** Calls back once, unless stopped before; 0 ms means never. */
export function startTimer(afterMs: number, callback: () => void): () => void {
  if (afterMs === 0) return ignore;
  const timer = setTimeout(callback, afterMs);
  return () => clearTimeout(timer);
}

/** For events that need a listener and no action. */
export function ignore(): void {}
