/** HTTP/2 connections that calls can rely on. */
import type { ClientHttp2Stream, Http2Session } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";
import { TransportError } from "../../errors.js";
import { connectionError } from "../connection-error.js";
import { guardResponse } from "./http2-response.js";

/** Times of {@link Http2Sessions}, in milliseconds. */
export interface Http2SessionTimes {
  /** How long a connection without calls is kept. */
  readonly idleMs: number;
  /**
   * How long a handshake can take. One that hangs would delay every call, even after the server has
   * recovered.
   */
  readonly connectMs: number;
  /**
   * A connection that received no response for this long takes no further calls. TCP needs minutes to notice.
   */
  readonly silenceMs: number;
}

interface Line {
  readonly manager: Http2SessionManager;
  /** When the first request was sent after which no response arrived. */
  silentSince: number | undefined;
}

type RequestArguments = Parameters<Http2SessionManager["request"]>;

/**
 * The library's session manager, replaced if its connection hangs. In addition, a reset never counts as the
 * end of a response, and no late error of a closed connection ends the process.
 */
export class Http2Sessions {
  /** Origin of the server. */
  readonly authority: string;
  readonly #times: Http2SessionTimes;
  readonly #open: () => Line;
  readonly #retired = new Set<Line>();
  readonly #watched = new WeakSet<Http2Session>();
  #current: Line;
  #closed = false;

  constructor(url: string, times: Http2SessionTimes) {
    const options = { idleConnectionTimeoutMs: times.idleMs };
    this.#times = times;
    this.#open = () => ({ manager: new Http2SessionManager(url, options), silentSince: undefined });
    this.#current = this.#open();
    this.authority = this.#current.manager.authority;
  }

  async request(...request: RequestArguments): Promise<ClientHttp2Stream> {
    if (this.#closed) throw closed();
    const line = this.#current;
    const stream = await connected(line.manager, request, this.#times.connectMs);
    this.#watch(stream.session);
    guardResponse(stream);
    line.silentSince ??= performance.now();
    stream.once("response", () => {
      line.silentSince = undefined;
    });
    stream.once("close", () => this.#release(line));
    return stream;
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    this.#current.manager.notifyResponseByteRead(stream);
  }

  /** Destroys every connection; there will be no other. */
  abort(): void {
    this.#closed = true;
    for (const { manager } of [this.#current, ...this.#retired]) manager.abort();
    this.#retired.clear();
  }

  // The manager takes its listener away when it gives a session up, and Node emits the error later.
  #watch(session: Http2Session | undefined): void {
    if (session === undefined || this.#watched.has(session)) return;
    this.#watched.add(session);
    session.on("error", () => {});
  }

  #release(line: Line): void {
    const silentMs = line.silentSince === undefined ? 0 : performance.now() - line.silentSince;
    if (silentMs > this.#times.silenceMs && line === this.#current && !this.#closed) {
      this.#retired.add(line);
      this.#current = this.#open();
    }
    // Other streams of the line run to their own ends first.
    if (this.#retired.has(line) && line.manager.state() !== "open") {
      this.#retired.delete(line);
      line.manager.abort();
    }
  }
}

async function connected(
  manager: Http2SessionManager,
  request: RequestArguments,
  connectMs: number,
): Promise<ClientHttp2Stream> {
  const timer = setTimeout(() => {
    if (manager.state() === "connecting") manager.abort(noConnection(connectMs));
  }, connectMs);
  timer.unref();
  try {
    return await manager.request(...request);
  } catch (error) {
    // Without a stream, nothing was sent.
    throw error instanceof TransportError ? error : connectionError(error, { sent: false });
  } finally {
    clearTimeout(timer);
  }
}

function closed(): TransportError {
  return new TransportError("client_closed", {
    message: "The client is closed; create a new CodeClient",
    mayHaveArrived: false,
  });
}

function noConnection(connectMs: number): TransportError {
  return new TransportError("unavailable", {
    message: `The sequencer did not take the connection within ${connectMs} ms. Check baseUrl, and that it runs`,
    retryable: true,
    mayHaveArrived: false,
  });
}
