/** The WebSockets of a port: their handshakes, and all open sockets. */
import type http from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { destroyLater, ignore } from "../port/connection.js";
import { type GuardOptions, judgeRequest, sendErrorOnSocket } from "../port/http-guard.js";
import { MAX_REQUEST_BYTES } from "../port/request-body.js";
import type { EnvelopeMethods } from "./methods.js";
import { EnvelopeSocket, type EnvelopeSocketLimits } from "./socket.js";

const GOING_AWAY = 1001;

/** Time limits of a socket, in milliseconds. */
export interface WebSocketLimits extends EnvelopeSocketLimits {
  /** Time limit for a client to answer a close frame. */
  readonly closeMs: number;
}

const defaultLimits: WebSocketLimits = {
  // Browsers open a socket, register their request over other connections, and send the first frame
  // afterwards.
  firstFrameMs: 60_000,
  idleMs: 30_000,
  takeMs: 30_000,
  closeMs: 5_000,
};

const serverOptions = {
  noServer: true,
  clientTracking: true,
  perMessageDeflate: false,
  maxPayload: MAX_REQUEST_BYTES,
  // Fragments per frame. Each fragment costs more memory than the single byte that it can hold.
  maxFragments: 1024,
  maxBufferedChunks: 16_384,
  // One frame per turn of the event loop: a client that floods its socket does not block the others.
  allowSynchronousEvents: false,
};

/** Every WebSocket of a server, on any path. */
export class WebSockets {
  readonly #server: WebSocketServer;
  readonly #serve: (webSocket: WebSocket) => EnvelopeSocket;

  /** @param onError Receives unexpected errors. Clients receive only Internal, without text. */
  constructor(
    methods: EnvelopeMethods,
    onError: (error: unknown) => void,
    given: Partial<WebSocketLimits> = {},
  ) {
    const limits = { ...defaultLimits, ...given };
    const context = { methods, onError, limits };
    this.#serve = (webSocket) => new EnvelopeSocket(webSocket, context);
    const options = { ...serverOptions, closeTimeout: limits.closeMs, WebSocket: ClosingEventWebSocket };
    this.#server = new WebSocketServer(options);
    this.#server.on("wsClientError", (error, socket, req) =>
      refuse(socket, req.method === "GET" ? 400 : 405, error.message),
    );
  }

  /** Handles a handshake: serves the socket, or sends an HTTP error. */
  upgrade(req: http.IncomingMessage, socket: Duplex, head: Buffer, guard: GuardOptions): void {
    const verdict = judgeRequest(req, guard);
    if (verdict.kind === "refused") {
      refuse(socket, verdict.status, verdict.error);
    } else if (Number(req.headers["sec-websocket-version"]) !== 13) {
      // The library also accepts version 8, which sends the origin in another header that the guard has not
      // checked.
      refuse(socket, 400, "WebSocket version 13 expected");
    } else {
      this.#server.handleUpgrade(req, socket, head, (webSocket) => this.#open(webSocket, socket));
    }
  }

  /** Closes every socket. */
  close(): void {
    // The calls end with their sockets; further frames are irrelevant.
    for (const webSocket of this.#server.clients) webSocket.close(GOING_AWAY);
  }

  #open(webSocket: WebSocket, socket: Duplex): void {
    const served = this.#serve(webSocket);
    const leave = () => served.leave();
    webSocket.on("message", (data: Buffer, isBinary: boolean) => served.receive(data, isBinary));
    webSocket.on("closing", leave);
    webSocket.on("close", leave);
    // An error of the client closes its socket. No other action is needed.
    webSocket.on("error", ignore);
    socket.once("end", leave);
  }
}

/**
 * Emits `closing` when either side starts to close. The library emits only `close`, which a client can delay.
 * The key must be free as soon as the client starts to close.
 */
class ClosingEventWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason);
    this.emit("closing");
  }
}

function refuse(socket: Duplex, status: number, error: string): void {
  sendErrorOnSocket(socket, status, error);
  socket.resume();
  destroyLater(socket);
}
