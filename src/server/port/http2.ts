/** The hidden HTTP/2 server of a port. */
import http2 from "node:http2";
import type net from "node:net";
import { type Connection, destroyLater, ignore, type Port, run, startSocketTimer } from "./connection.js";
import { sendError } from "./http-guard.js";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_SETTINGS_TIMEOUT } = http2.constants;

/** Streams that an honest client can reset at once, when it cancels all its calls. */
const HONEST_RESETS = 1_000;

/** Creates the server. It receives its sockets from the port and never listens itself. */
export function createHttp2(port: Port): http2.Http2Server {
  const { limits } = port;
  const server = http2.createServer({
    // In MB. Node's default of 10 holds 10,000 idle streams, but no data queued on them.
    maxSessionMemory: 64,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxHeaderListPairs: 128,
    maxOutstandingPings: 10,
    maxSettings: 32,
    ...streamResetLimits(),
    settings: {
      enablePush: false,
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
    },
  });

  server.on("request", (req, res) => {
    // Node enforces the advertised limit only after the client has acknowledged it.
    if (headerBytes(req.rawHeaders) > limits.maxHeaderBytes) {
      req.resume();
      return sendError(res, 431, "the header is too large");
    }
    limitRequestTime(req, res, limits.requestTimeoutMs);
    // An unread body would keep the stream open after the response.
    req.stream.once("finish", () => req.resume());
    run(port, req.stream.session ?? req, req, res);
  });
  return server;
}

/** Limits how long an HTTP/2 connection can take to start, and how long it can be idle. */
export function watchSession(
  port: Port,
  session: http2.ServerHttp2Session,
  socket: net.Socket,
  connection: Connection,
): void {
  const { limits } = port;
  connection.session = session;
  let openStreams = 0;
  let idleSince = performance.now();
  let pinged = false;
  // Otherwise a slow preface could hold the socket indefinitely. Node has no such timeout for HTTP/2.
  const stopPrefaceTimer = startSocketTimer(limits.headerTimeoutMs, () =>
    session.destroy(new Error("no SETTINGS received in time"), NGHTTP2_SETTINGS_TIMEOUT),
  );
  session.once("remoteSettings", stopPrefaceTimer);
  let stopIdle = ignore;
  const watchIdle = (afterMs: number) => {
    stopIdle = startSocketTimer(afterMs, () => {
      // The session is destroyed, but its socket waits for a client that does not read.
      if (session.destroyed) return void socket.destroy();
      const leftMs =
        openStreams > 0 ? limits.idleTimeoutMs : idleSince + limits.idleTimeoutMs - performance.now();
      if (leftMs <= 0) {
        session.close();
        destroyLater(socket);
      } else if (openStreams > 0 && pinged) {
        // After a protocol error Node sends GOAWAY and stops reading, but keeps the socket and its streams.
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
      idleSince = performance.now();
    });
  });
  session.once("close", () => {
    stopPrefaceTimer();
    stopIdle();
  });
  if (port.closing) session.close();
}

/**
 * Bounds how many streams a client can reset. Beyond the limits the connection ends, and an honest client
 * opens another one. Node 20 and the type definitions lack these options. Node 20 keeps its limit of 1000 at
 * once.
 */
function streamResetLimits(): http2.ServerOptions {
  const options = { streamResetBurst: 2 * HONEST_RESETS, streamResetRate: HONEST_RESETS / 5 };
  return options as http2.ServerOptions;
}

/** Responds with 408 if the body of an HTTP/2 request does not end in time. Streaming requests are exempt. */
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
  const stopTimer = startSocketTimer(timeoutMs, () => {
    // The body was received, but the handler has not read it.
    if (stream.closed || stream.destroyed || stream.state.remoteClose === 1) return;
    if (stream.headersSent) return stream.close(NGHTTP2_CANCEL);
    sendError(res, 408, "the request was not received in time");
    // Marks the stream as closed immediately, so that a late response of the handler is ignored.
    stream.close(NGHTTP2_NO_ERROR);
  });
  req.once("end", stopTimer);
  stream.once("close", stopTimer);
}

function headerBytes(rawHeaders: readonly string[]): number {
  let total = 0;
  for (const text of rawHeaders) total += text.length;
  return total;
}
