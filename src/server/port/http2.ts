/** The hidden HTTP/2 server of a port. */
import http2 from "node:http2";
import type net from "node:net";
import { type Connection, destroyLater, ignore, type Port, run, startTimer } from "./connection.js";
import { sendError } from "./http-guard.js";
import type { PortServerLimits } from "./port-limits.js";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_SETTINGS_TIMEOUT } = http2.constants;

/** The server; it gets its sockets from the port and never listens itself. */
export function createHttp2(port: Port): http2.Http2Server {
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
    req.stream.once("finish", () => req.resume());
    void run(port, req, res);
  });
  return server;
}

/** Bounds how long an HTTP/2 connection may take to begin, and how long it may be idle. */
export function watchSession(
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

function headerBytes(rawHeaders: readonly string[]): number {
  let total = 0;
  for (const text of rawHeaders) total += text.length;
  return total;
}
