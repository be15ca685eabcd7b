/** As many HTTP/2 connections to one origin as its requests need. */

import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { TransportError } from "../../errors.js";
import { durationText } from "../../lib/duration.js";
import { onAbort } from "../abort.js";
import {
  Http2Connection,
  type Http2SessionTimes,
  type RequestKind,
  streamsWithin,
} from "./http2-connection.js";
import { noRoomForStream } from "./stream-room.js";

/** Most connections of a client to its sequencer. Those that only wait for their last streams count. */
export const MAX_CONNECTIONS = 64;

// After a further connection failed, none is opened for this long: the peer may limit connections too.
const NO_GROWTH_MS = 1_000;

interface Waiter {
  readonly send: (connection: Http2Connection) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Spreads requests over connections, so that none waits for the end of a stream.
 *
 * A request goes to the oldest connection that has room, so that connections which are no longer needed
 * become idle and close. When streams have used their share of every connection, the pool opens another; the
 * rest of each is for calls. At the maximum, the pool refuses a stream at once, and a call waits for another
 * call to end.
 */
export class Http2Pool {
  readonly #authority: string;
  readonly #times: Http2SessionTimes;
  // Connections that take requests, oldest first, and those that only wait for their last streams.
  readonly #connections: Http2Connection[] = [];
  readonly #retired = new Set<Http2Connection>();
  readonly #waiting: Readonly<Record<RequestKind, Set<Waiter>>> = { call: new Set(), stream: new Set() };
  // What the peer allowed on the last connection.
  #limit: number | undefined;
  #noGrowthUntil = 0;
  #closedBy: Error | undefined;

  constructor(authority: string, times: Http2SessionTimes) {
    this.#authority = authority;
    this.#times = times;
  }

  /**
   * Sends a request as soon as a connection has room for it. The signal ends the wait for room.
   *
   * @throws Whatever kept the request from being sent. If it rejects, nothing was sent.
   */
  request(
    kind: RequestKind,
    headers: OutgoingHttpHeaders,
    signal: AbortSignal | undefined,
  ): Promise<ClientHttp2Stream> {
    return new Promise((resolve, reject) => {
      if (this.#closedBy !== undefined) return reject(this.#closedBy);
      if (signal?.aborted) return reject(signal.reason);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const leave = () => {
        clearTimeout(timer);
        release();
        this.#waiting[kind].delete(waiter);
      };
      const fail = (error: unknown) => {
        leave();
        reject(error);
      };
      const send = (connection: Http2Connection) => {
        leave();
        try {
          resolve(connection.request(kind, headers, signal));
        } catch (error) {
          reject(error);
        }
      };
      const waiter: Waiter = { send, fail };
      const release = signal === undefined ? () => {} : onAbort(signal, () => fail(signal.reason));
      this.#waiting[kind].add(waiter);
      this.#dispatch();
      if (!this.#waiting[kind].has(waiter)) return;
      const { connectMs } = this.#times;
      timer = setTimeout(
        () => fail(kind === "call" ? noRoomForCall(connectMs) : noRoomForStream()),
        connectMs,
      );
      timer.unref();
    });
  }

  /** Closes every connection, and ends every request with the error. The pool opens no other connection. */
  close(error: Error): void {
    this.#closedBy = error;
    this.#failAll(error);
    for (const connection of [...this.#connections, ...this.#retired]) connection.destroy(error);
  }

  /** Sends what has room, opens connections for the rest, and refuses the streams that will not get any. */
  #dispatch(): void {
    // Streams first: many calls could keep a stream waiting, while streams never take the reserve of the
    // calls.
    for (const kind of ["stream", "call"] as const) {
      for (const waiter of this.#waiting[kind]) {
        const connection = this.#withRoom(kind);
        if (connection === undefined) break;
        waiter.send(connection);
      }
    }
    let missing = this.#wanted() - this.#connecting();
    for (; missing > 0 && this.#mayOpen(); missing--) this.#open();
    const willHaveRoom = this.#connections.some((one) => one.isConnecting || one.hasStreamShare);
    if (!willHaveRoom) for (const { fail } of this.#waiting.stream) fail(noRoomForStream());
  }

  /** The oldest connection with room. One that is silent may be broken, so it comes last. */
  #withRoom(kind: RequestKind): Http2Connection | undefined {
    if (kind === "stream" && this.#connections.length + this.#retired.size > MAX_CONNECTIONS)
      return undefined;
    let silent: Http2Connection | undefined;
    for (const connection of this.#connections) {
      if (!connection.hasRoom(kind)) continue;
      if (!connection.isSilent) return connection;
      silent ??= connection;
    }
    return silent;
  }

  #connecting(): number {
    return this.#connections.filter(({ isConnecting }) => isConnecting).length;
  }

  /** How many further connections the waiting requests need. */
  #wanted(): number {
    const { call, stream } = this.#waiting;
    if (call.size + stream.size === 0) return 0;
    // The first connection shows how many requests fit.
    const atLeast = this.#connections.length === 0 || this.#limit === undefined ? 1 : 0;
    const limit = this.#limit ?? 0;
    const forCalls = limit === 0 ? 0 : Math.ceil(call.size / limit);
    const forStreams = streamsWithin(limit) === 0 ? 0 : Math.ceil(stream.size / streamsWithin(limit));
    return Math.max(atLeast, forCalls, forStreams);
  }

  #mayOpen(): boolean {
    const present = this.#connections.length;
    // Calls go on even if the streams of retired connections reach the maximum.
    if (present + this.#retired.size >= MAX_CONNECTIONS) return present === 0 && this.#waiting.call.size > 0;
    return present === 0 || performance.now() >= this.#noGrowthUntil;
  }

  #open(): void {
    const connection = new Http2Connection(this.#authority, this.#times, {
      onRoom: () => {
        this.#limit = connection.limit ?? this.#limit;
        this.#dispatch();
      },
      onLost: (failure) => {
        this.#connections.splice(this.#connections.indexOf(connection), 1);
        this.#retired.add(connection);
        if (failure !== undefined) {
          if (this.#connections.length === 0) this.#failAll(failure);
          else this.#noGrowthUntil = performance.now() + NO_GROWTH_MS;
        }
        this.#dispatch();
      },
      onClosed: () => {
        this.#retired.delete(connection);
        this.#dispatch();
      },
    });
    this.#connections.push(connection);
  }

  #failAll(error: Error): void {
    for (const waiters of Object.values(this.#waiting)) {
      for (const { fail } of waiters) fail(error);
    }
  }
}

function noRoomForCall(connectMs: number): TransportError {
  return new TransportError("unavailable", {
    message:
      `Every connection to the sequencer was in use for ${durationText(connectMs)}. Make fewer calls at once, ` +
      "or raise the number of concurrent streams that the server or proxy allows",
    retryable: true,
    mayHaveArrived: false,
  });
}
