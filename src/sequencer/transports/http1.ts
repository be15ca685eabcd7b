/** Connect's transports over HTTP/1.1, where each request has a connection for itself. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Interceptor, StreamResponse, Transport } from "@connectrpc/connect";
import { onAbort } from "../abort.js";
import { addStatusTo } from "./http-status.js";
import { noRoomForStream } from "./stream-room.js";
import type { OwnedTransport } from "./types.js";

/** Most sockets for calls, by client. Further calls wait for one. */
const MAX_CALL_SOCKETS = 256;

/** Most sockets for streams, by client. Further watches poll. */
export const MAX_STREAM_SOCKETS = 256;

// An idle socket is kept this long; servers commonly close theirs after five seconds.
const KEEP_ALIVE_MS = 4_000;

/** Creates an agent for calls. */
export function callAgent(protocol: string): HttpAgent | HttpsAgent {
  const options = { keepAlive: true, timeout: KEEP_ALIVE_MS, maxSockets: MAX_CALL_SOCKETS };
  return protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
}

/** Makes a transport of two, for calls and for streams, with an agent each. No call waits for a stream. */
export function http1Transport(
  protocol: string,
  interceptors: readonly Interceptor[],
  create: (agent: HttpAgent | HttpsAgent, interceptors: Interceptor[]) => Transport,
): OwnedTransport {
  const agents = {
    calls: addStatusTo(callAgent(protocol)),
    // A stream that ended leaves nothing to reuse: the sockets are counted by their streams, and none waits.
    streams: addStatusTo(protocol === "https:" ? new HttpsAgent() : new HttpAgent()),
  };
  const calls = create(agents.calls, [...interceptors]);
  const streams = create(agents.streams, [...interceptors, streamLimit(MAX_STREAM_SOCKETS)]);
  return {
    transport: {
      unary: (...call) => calls.unary(...call),
      stream: (...call) => streams.stream(...call),
    },
    close() {
      agents.calls.destroy();
      agents.streams.destroy();
    },
  };
}

/** Refuses streams beyond a number that are open. Must be the last interceptor. */
function streamLimit(max: number): Interceptor {
  let open = 0;
  return (next) => async (request) => {
    if (!request.stream) return next(request);
    request.signal.throwIfAborted();
    if (open >= max) throw noRoomForStream();
    open++;
    // Connect aborts the signal of a stream however it ends, once the response was read to its end or failed.
    onAbort(request.signal, () => open--);
    return next(request) as Promise<StreamResponse>;
  };
}
