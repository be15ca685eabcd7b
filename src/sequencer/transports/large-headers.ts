import type { ClientHttp2Stream } from "node:http2";
import type { Http2SessionManager } from "@connectrpc/connect-node";

/** The part of a session manager that Connect's transports use. */
export type Sessions = Pick<Http2SessionManager, "authority" | "request" | "notifyResponseByteRead"> & {
  abort(): void;
};

// Every common server accepts this much: nginx by default, and Node twice as much.
const SHARED_HEADER_BYTES = 8_192;

/**
 * Sends requests with large headers over connections that no other request uses: nginx closes the connection
 * of a request whose headers exceed its limit.
 *
 * @param open Opens the other connections, with the first such request.
 */
export function separateLargeHeaders(sessions: Sessions, open: () => Sessions): Sessions {
  let others: Sessions | undefined;
  let isClosed = false;
  return {
    authority: sessions.authority,
    request(...[method, path, headers, options]) {
      let bytes = path.length;
      for (const [name, value] of Object.entries(headers)) bytes += name.length + String(value).length;
      if (bytes <= SHARED_HEADER_BYTES || isClosed) return sessions.request(method, path, headers, options);
      others ??= open();
      return others.request(method, path, headers, options);
    },
    notifyResponseByteRead(stream: ClientHttp2Stream) {
      sessions.notifyResponseByteRead(stream);
      others?.notifyResponseByteRead(stream);
    },
    abort() {
      isClosed = true;
      sessions.abort();
      others?.abort();
    },
  };
}
