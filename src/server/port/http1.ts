/** The hidden HTTP/1.1 server of a port. */
import http from "node:http";
import { type Port, refuse, reportError, run } from "./connection.js";
import { sendError } from "./http-guard.js";

/** Creates the server. It receives its sockets from the port and never listens itself. */
export function createHttp1(port: Port): http.Server {
  const { headerTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxHeaderBytes } = port.limits;
  // Node rejects a header timeout above the request timeout.
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
    if (requestsWebSocket(req)) {
      // No upgrade hook is set; otherwise Node would emit 'upgrade'. A 426 must name a protocol, and the port
      // does support HTTP/2.
      const headers = { Connection: "close, Upgrade", Upgrade: "HTTP/2.0" };
      return sendError(res, 426, "WebSocket is not available here", headers);
    }
    run(port, connection, req, res);
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
        // Pipelined behind a request that is still running: the two responses would mix.
        socket.destroy();
      } else if (!requestsWebSocket(req)) {
        // Some HTTP clients offer `Upgrade: h2c` on each request. A server should ignore the offer, but Node
        // cannot once a hook is set. The request is parsed again without it.
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

function requestsWebSocket({ headers }: http.IncomingMessage): boolean {
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
