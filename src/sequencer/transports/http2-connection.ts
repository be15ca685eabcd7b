/** One HTTP/2 connection, and how many requests fit on it. */

import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import { TransportError } from "../../errors.js";
import { durationText } from "../../lib/duration.js";
import { onAbort } from "../abort.js";

/** Times of HTTP/2 connections, in milliseconds. */
export interface Http2SessionTimes {
  /** How long a connection without requests is kept. */
  readonly idleMs: number;
  /** Limit of a handshake, SETTINGS included, and of the wait for room on a connection. */
  readonly connectMs: number;
  /**
   * A connection that received no response for this long takes no further requests. TCP needs minutes
   * to notice.
   */
  readonly silenceMs: number;
}

/** A stream stays open until one side ends it. A call ends with its response. */
export type RequestKind = "call" | "stream";

/** What an {@link Http2Connection} reports to its pool. */
export interface ConnectionEvents {
  /** There may be room that was not there before. */
  onRoom(): void;
  /**
   * The connection takes no further requests. `failure` is set if the peer ended it before it could be used.
   */
  onLost(failure: Error | undefined): void;
  /** Nothing of the connection is left. */
  onClosed(): void;
}

/**
 * Most requests on one connection, whatever the peer allows. Node 20 closes a connection on which more than a
 * thousand streams are reset at once.
 */
const MAX_REQUESTS_PER_CONNECTION = 1_000;

const MAX_RESERVED_FOR_CALLS = 16;

/**
 * Returns how many streams may use a connection on which the peer allows `limit` requests. An eighth of the
 * requests, at least 1 and at most 16, is reserved for calls. With a limit of 1, no stream fits.
 */
export function streamsWithin(limit: number): number {
  const reserved = Math.min(MAX_RESERVED_FOR_CALLS, Math.max(1, Math.ceil(limit / 8)));
  return Math.max(0, limit - reserved);
}

/**
 * An HTTP/2 connection that counts its requests against the peer's SETTINGS_MAX_CONCURRENT_STREAMS. Node
 * queues requests beyond that limit, and does not close a queued stream that is aborted. So nothing is
 * requested beyond it.
 */
export class Http2Connection {
  readonly #session: ClientHttp2Session;
  readonly #times: Http2SessionTimes;
  readonly #events: ConnectionEvents;
  readonly #handshakeTimer: ReturnType<typeof setTimeout>;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #isConnected = false;
  #hasSettings = false;
  #isRetired = false;
  #wasUsed = false;
  #hasFrameError = false;
  #failure: Error | undefined;
  // Requests that the peer counts, streams among them, and requests that their callers still wait for.
  #open = 0;
  #openStreams = 0;
  #live = 0;
  // When the first request was sent after which no response arrived.
  #silentSince: number | undefined;

  constructor(authority: string, times: Http2SessionTimes, events: ConnectionEvents) {
    this.#times = times;
    this.#events = events;
    this.#session = http2.connect(authority);
    this.#handshakeTimer = setTimeout(() => this.#giveUp(), times.connectMs);
    this.#handshakeTimer.unref();
    this.#session.on("connect", () => {
      this.#isConnected = true;
      events.onRoom();
    });
    this.#session.on("remoteSettings", () => {
      clearTimeout(this.#handshakeTimer);
      if (!this.#hasSettings) this.#waitForRequests();
      this.#hasSettings = true;
      events.onRoom();
    });
    this.#session.on("goaway", () => this.#retire(this.#failureBeforeUse()));
    // Stays until the end: Node can emit an error of a session that was destroyed before.
    this.#session.on("error", (error) => {
      this.#failure ??= error;
    });
    this.#session.on("close", () => {
      clearTimeout(this.#handshakeTimer);
      clearTimeout(this.#idleTimer);
      this.#retire(this.#failureBeforeUse());
      events.onClosed();
    });
  }

  /** Requests that the peer allows at once; `undefined` before its SETTINGS arrived. */
  get limit(): number | undefined {
    if (!this.#hasSettings) return undefined;
    const { maxConcurrentStreams = Number.POSITIVE_INFINITY } = this.#session.remoteSettings;
    return Math.min(maxConcurrentStreams, MAX_REQUESTS_PER_CONNECTION);
  }

  /** Whether a request of this kind fits now. */
  hasRoom(kind: RequestKind): boolean {
    if (this.#isRetired || !this.#isConnected || this.#session.closed) return false;
    const { limit } = this;
    // One call need not wait for SETTINGS. A peer that allows none refuses it unprocessed.
    if (limit === undefined) return kind === "call" && this.#open === 0;
    return this.#open < limit && (kind === "call" || this.#openStreams < streamsWithin(limit));
  }

  /** Whether streams have not used their share, so that one fits once calls have ended. */
  get hasStreamShare(): boolean {
    return !this.#isRetired && this.#openStreams < streamsWithin(this.limit ?? 0);
  }

  /** Whether it is still unknown how many requests fit. */
  get isConnecting(): boolean {
    return !this.#hasSettings && !this.#isRetired;
  }

  /** Whether a request has waited longer for a response than a connection may be silent. */
  get isSilent(): boolean {
    return this.#silentSince !== undefined && performance.now() - this.#silentSince > this.#times.silenceMs;
  }

  /** Sends a request for which there is room. If it throws, nothing was sent. */
  request(
    kind: RequestKind,
    headers: OutgoingHttpHeaders,
    signal: AbortSignal | undefined,
  ): ClientHttp2Stream {
    const stream = this.#session.request(headers);
    this.#wasUsed = true;
    this.#open++;
    if (kind === "stream") this.#openStreams++;
    this.#live++;
    if (this.#live === 1) {
      clearTimeout(this.#idleTimer);
      this.#session.ref();
    }
    this.#silentSince ??= performance.now();
    stream.once("response", () => {
      this.#silentSince = undefined;
    });
    stream.once("frameError", () => {
      this.#hasFrameError = true;
    });
    let isLive = true;
    const leave = () => {
      if (!isLive) return;
      isLive = false;
      release();
      this.#live--;
      if (this.isSilent) this.#retire();
      else if (this.#live === 0) this.#waitForRequests();
    };
    // If the peer lowers its limit at this moment, Node queues the stream, and emits no `close` when it is
    // aborted.
    const release = signal === undefined ? () => {} : onAbort(signal, leave);
    stream.once("close", () => {
      this.#open--;
      if (kind === "stream") this.#openStreams--;
      leave();
      if (!this.#isRetired) this.#events.onRoom();
    });
    return stream;
  }

  /** Closes the connection, and ends its requests with the error. */
  destroy(error?: Error): void {
    if (!this.#session.destroyed) this.#session.destroy(error, http2.constants.NGHTTP2_CANCEL);
  }

  /** Takes no further requests, and closes when the present ones have ended. */
  #retire(failure?: Error): void {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#events.onLost(failure);
    }
    // Node would wait for a stream that it queued, even if it is aborted.
    if (this.#live === 0) this.destroy();
  }

  #failureBeforeUse(): Error | undefined {
    // Node closes the connection if a request has more than 64 KiB of headers. The next request can succeed.
    if ((this.#hasSettings && this.#wasUsed) || this.#hasFrameError) return undefined;
    return this.#failure ?? new Error("the connection was closed before it could be used");
  }

  #giveUp(): void {
    // The call that did not wait for SETTINGS may have been processed: its own deadline ends it.
    this.#retire(noConnection(this.#times.connectMs));
  }

  #waitForRequests(): void {
    if (this.#live > 0) return;
    if (this.#isRetired) {
      this.destroy();
      return;
    }
    // An idle connection must not keep the process alive.
    this.#session.unref();
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#retire(), this.#times.idleMs);
    this.#idleTimer.unref();
  }
}

function noConnection(connectMs: number): TransportError {
  return new TransportError("unavailable", {
    message: `The sequencer did not take the connection within ${durationText(connectMs)}. Check baseUrl, and that it runs`,
    retryable: true,
    mayHaveArrived: false,
  });
}
