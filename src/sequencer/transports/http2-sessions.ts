/** HTTP/2 connections that calls can rely on. */
import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import type { Interceptor } from "@connectrpc/connect";
import type { Http2SessionManager } from "@connectrpc/connect-node";
import { TransportError } from "../../errors.js";
import { connectionError } from "../connection-error.js";
import type { Http2SessionTimes, RequestKind } from "./http2-connection.js";
import { Http2Pool } from "./http2-pool.js";
import { guardResponse } from "./http2-response.js";

export type { Http2SessionTimes } from "./http2-connection.js";

type RequestArguments = Parameters<Http2SessionManager["request"]>;

interface Announced {
  readonly kind: RequestKind;
  readonly signal: AbortSignal;
}

// The interceptor sets this header, and it is removed before the request is sent. A transport passes nothing
// else to its session manager.
const REQUEST_ID = "code-intents-request-id";

// Every common server accepts this much: nginx by default, and Node twice as much.
const SHARED_HEADER_BYTES = 8_192;

/**
 * The session manager of Connect's transports, over two {@link Http2Pool}s. Requests with large headers use
 * connections that no other request uses: nginx closes the connection of a request whose headers exceed its
 * limit. In addition, a reset never counts as the end of a response.
 */
export class Http2Sessions {
  /** Origin of the server. */
  readonly authority: string;
  readonly #pool: Http2Pool;
  readonly #largeHeaderPool: Http2Pool;
  readonly #announced = new Map<string, Announced>();
  #lastId = 0;

  constructor(url: string, times: Http2SessionTimes) {
    this.authority = new URL(url).origin;
    this.#pool = new Http2Pool(this.authority, times);
    this.#largeHeaderPool = new Http2Pool(this.authority, times);
  }

  /**
   * Announces each request, so that a stream takes no room reserved for calls, and a request that is aborted
   * while it waits is never sent. Must be the transport's last interceptor. Without it, every request counts
   * as a call.
   */
  readonly interceptor: Interceptor = (next) => async (request) => {
    const id = String(++this.#lastId);
    this.#announced.set(id, { kind: request.stream ? "stream" : "call", signal: request.signal });
    request.header.set(REQUEST_ID, id);
    try {
      return await next(request);
    } finally {
      this.#announced.delete(id);
    }
  };

  async request(...[method, path, headers]: RequestArguments): Promise<ClientHttp2Stream> {
    const { kind, signal } = this.#announced.get(String(headers[REQUEST_ID])) ?? { kind: "call" };
    const sent: OutgoingHttpHeaders = { ":method": method, ":path": path };
    let bytes = path.length;
    for (const [name, value] of Object.entries(headers)) {
      if (name === REQUEST_ID) continue;
      sent[name] = value;
      bytes += name.length + String(value).length;
    }
    const pool = bytes > SHARED_HEADER_BYTES ? this.#largeHeaderPool : this.#pool;
    try {
      const stream = await pool.request(kind, sent, signal);
      guardResponse(stream);
      return stream;
    } catch (error) {
      // Without a stream, nothing was sent.
      throw error instanceof TransportError ? error : connectionError(error, { sent: false });
    }
  }

  notifyResponseByteRead(): void {}

  /** Destroys every connection, and opens no other. */
  abort(): void {
    this.#pool.close(closed());
    this.#largeHeaderPool.close(closed());
  }
}

function closed(): TransportError {
  return new TransportError("client_closed", {
    message: "The client is closed; create a new CodeClient",
    mayHaveArrived: false,
  });
}
