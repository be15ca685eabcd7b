/** WebSocket servers that respond as no sequencer should. */
import { createHash } from "node:crypto";
import http from "node:http";
import type net from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { WebSocket, WebSocketServer } from "ws";
import { type Request, RequestSchema } from "../../gen/code/common/v1/model_pb.js";

/** The server's end of one WebSocket. */
export interface Peer {
  readonly socket: WebSocket;
  /** The TCP connection. */
  readonly connection: net.Socket;
  /** The handshake. */
  readonly request: http.IncomingMessage;
  /** Requests so far. */
  readonly requests: readonly Request[];
  /** Resolves when the WebSocket is closed, with the client's close code. */
  readonly closed: Promise<number>;
  /** The next request. */
  next(): Promise<Request>;
  /** Sends a frame. */
  send(frame: Uint8Array | string): void;
}

/** A server of {@link Peer}s. */
export interface SocketServer extends AsyncDisposable {
  readonly url: string;
  /** In the order of arrival. */
  readonly peers: readonly Peer[];
  close(): Promise<void>;
}

/** Starts a server that passes every WebSocket to `serve`, and responds to HTTP as unavailable. */
export async function startSockets(serve: (peer: Peer) => unknown): Promise<SocketServer> {
  const peers: Peer[] = [];
  const server = http.createServer((_, response) => response.writeHead(503).end());
  const sockets = new WebSocketServer({ server, perMessageDeflate: true });
  sockets.on("connection", (socket, request) => {
    const peer = peerOf(socket, request);
    peers.push(peer);
    serve(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const close = async () => {
    for (const { connection } of peers) connection.destroy();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, peers, close, [Symbol.asyncDispose]: close };
}

function peerOf(socket: WebSocket, request: http.IncomingMessage): Peer {
  const requests: Request[] = [];
  let read = 0;
  let wake = () => {};
  socket.on("error", () => {});
  socket.on("message", (data: Buffer) => {
    requests.push(fromBinary(RequestSchema, new Uint8Array(data)));
    wake();
  });
  return {
    socket,
    connection: request.socket,
    request,
    requests,
    closed: new Promise((resolve) => socket.on("close", resolve)),
    async next() {
      for (;;) {
        const found = requests[read];
        if (found !== undefined) {
          read++;
          return found;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    send: (frame) => socket.send(frame),
  };
}

/** A WebSocket that delivers its frames as another type than requested. */
export function socketWith(binaryType: "blob" | "nodebuffer"): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      Object.defineProperty(this, "binaryType", { get: () => binaryType, set() {} });
    }
  } as typeof WebSocket;
}

/** The response that accepts a WebSocket handshake. */
export function upgraded(accept: string, more = ""): string {
  return `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n${more}\r\n`;
}

/** Returns the `Sec-WebSocket-Accept` value for a handshake, by RFC 6455. */
export function acceptOf(handshake: Buffer): string {
  const [, key = ""] = /sec-websocket-key: (.*)\r\n/i.exec(handshake.toString("latin1")) ?? [];
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
