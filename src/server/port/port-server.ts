/**
 * One cleartext TCP port that serves HTTP/1.1 and HTTP/2 with prior knowledge (h2c).
 *
 * A `net` server inspects the first bytes of each connection: `PRI` can only be the start of HTTP/2. It then
 * passes the socket to an `http` or `http2` server that never listens itself. Both call the same handler.
 *
 * @module
 */

import type http from "node:http";
import net from "node:net";
import { checkDuration } from "../../lib/options.js";
import {
  type Connection,
  ignore,
  type Port,
  type PortHandlers,
  refuse,
  startSocketTimer,
} from "./connection.js";
import { FairQueue } from "./fair-queue.js";
import { createHttp1 } from "./http1.js";
import { createHttp2, watchSession } from "./http2.js";
import { type PortServerLimits, readLimits } from "./port-limits.js";

/** Options of {@link startPortServer}. */
export interface PortServerOptions extends PortHandlers {
  /** Address or host name to listen on. */
  host: string;
  /** TCP port. 0 lets the system choose one; see {@link PortServer.port}. */
  port: number;
  /** Overrides individual limits. */
  limits?: Partial<PortServerLimits>;
}

/** A listening port, see {@link startPortServer}. */
export interface PortServer {
  /** The host as given. */
  readonly host: string;
  /** The port that it listens on. Never 0. */
  readonly port: number;
  /**
   * Stops accepting connections, lets running requests finish for `graceMs` (default: 1000 ms), then destroys
   * the remaining sockets. Resolves when every socket is closed. Further calls return the same promise. The
   * upgrade hook closes upgraded sockets; those still open are destroyed after `graceMs`.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

const defaultGraceMs = 1000;
// A handler takes up to half a millisecond before it waits for something.
const HANDLERS_PER_TURN = 32;
const preface = Buffer.from("PRI");

/**
 * Starts a {@link PortServer}.
 *
 * @throws InputError for an invalid limit
 * @throws the system's error (such as `EADDRINUSE`, `EACCES` or `ENOTFOUND`) if the server cannot listen
 */
export async function startPortServer(options: PortServerOptions): Promise<PortServer> {
  const port: Port = {
    options,
    limits: readLimits(options.limits),
    connections: new Map(),
    queue: new FairQueue(HANDLERS_PER_TURN),
    closing: false,
  };
  const http1 = createHttp1(port);
  const h2 = createHttp2(port);
  // The hidden servers expect half-open sockets: their parsers need to see the end, and respond to it.
  const listener = net.createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    const connection: Connection = { responses: new Set(), peeking: true, refused: false };
    port.connections.set(socket, connection);
    // Without a listener, a connection reset would end the process.
    socket.on("error", ignore);
    socket.once("close", () => port.connections.delete(socket));
    peek(port, socket, connection, (isHttp2, seen) => {
      connection.peeking = false;
      socket.unshift(seen);
      if (isHttp2) {
        // A client that disconnects also ends its streams, including those that the server never writes to.
        socket.once("end", () => connection.session?.destroy());
        // Emitted before `emit` returns. The session itself exposes only a proxy of its socket.
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
    // A proxy can open a connection for each of its streams at once; beyond the backlog the system resets
    // some.
    const { host, port: number } = options;
    listener.listen({ host, port: number, backlog: port.limits.maxConnections }, () => {
      listener.off("error", reject);
      resolve();
    });
  });
  // The server continues after a failed accept (too many open files).
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

/** Collects bytes until they identify the protocol. `decide` receives all bytes read so far. */
function peek(
  port: Port,
  socket: net.Socket,
  connection: Connection,
  decide: (isHttp2: boolean, seen: Buffer) => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const stopTimer = startSocketTimer(port.limits.peekTimeoutMs, () =>
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
