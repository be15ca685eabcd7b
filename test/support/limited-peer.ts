/** A proxy that allows a number of streams on each HTTP/2 connection, and counts what it does not allow. */
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";

/** A listening proxy; see {@link startLimitedPeer}. */
export interface LimitedPeer {
  readonly url: string;
  /** Requests that it received, and those that are open. */
  readonly requests: readonly string[];
  readonly open: number;
  /** Open message streams. */
  readonly openStreams: number;
  /** Sessions that are open, oldest first. */
  readonly sessions: readonly http2.ServerHttp2Session[];
  /** Most connections that were open at once. */
  readonly mostConnections: number;
  /** Streams that it refused because they were above the limit. */
  readonly refused: number;
  close(): Promise<void>;
}

const REFUSED_STREAM = 7;
const RST_STREAM = 3;
const FRAME_HEAD_BYTES = 9;

/** Starts a proxy to a server on loopback. It closes connections beyond the maximum at once. */
export async function startLimitedPeer(
  upstreamUrl: string,
  maxConcurrentStreams: number,
  maxConnections: number = Number.POSITIVE_INFINITY,
): Promise<LimitedPeer> {
  const upstream = http2.connect(upstreamUrl);
  upstream.on("error", () => {});
  const { host } = new URL(upstreamUrl);
  const requests: string[] = [];
  const open = new Set<string>();
  const sessions = new Set<http2.ServerHttp2Session>();
  const sockets = new Set<net.Socket>();
  let mostConnections = 0;
  let refused = 0;

  const server = http2.createServer({ settings: { maxConcurrentStreams } });
  server.on("sessionError", () => {});
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    const id = `${requests.length} ${headers[":path"]}`;
    requests.push(String(headers[":path"]));
    open.add(id);
    const onward = upstream.request({ ...headers, ":authority": host });
    let trailers: http2.IncomingHttpHeaders = {};
    for (const side of [stream, onward]) side.on("error", () => {});
    onward.on("response", (response) => {
      if (!stream.closed) stream.respond(response, { waitForTrailers: true });
    });
    onward.on("trailers", (given) => {
      trailers = given;
    });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.pipe(onward).pipe(stream);
    onward.once("close", () => {
      if (!stream.closed && onward.rstCode !== 0) stream.close(onward.rstCode);
    });
    stream.once("close", () => {
      open.delete(id);
      if (!onward.closed) onward.close(http2.constants.NGHTTP2_CANCEL);
    });
  });

  const front = net.createServer((client) => {
    if (sockets.size >= maxConnections) {
      client.destroy();
      return;
    }
    sockets.add(client);
    mostConnections = Math.max(mostConnections, sockets.size);
    const inner = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
    const count = frameReader((type, payload) => {
      if (type === RST_STREAM && payload.readUInt32BE(0) === REFUSED_STREAM) refused++;
    });
    inner.on("data", count);
    client.pipe(inner).pipe(client);
    for (const side of [client, inner]) side.on("error", () => {});
    client.once("close", () => {
      sockets.delete(client);
      inner.destroy();
    });
    inner.once("close", () => client.destroy());
  });
  await Promise.all([listen(server), listen(front)]);

  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    requests,
    get open() {
      return open.size;
    },
    get openStreams() {
      return [...open].filter((id) => id.includes("/OpenMessageStream")).length;
    },
    get sessions() {
      return [...sessions];
    },
    get mostConnections() {
      return mostConnections;
    },
    get refused() {
      return refused;
    },
    async close() {
      upstream.destroy();
      for (const socket of sockets) socket.destroy();
      for (const session of sessions) session.destroy();
      await Promise.all([closed(server), closed(front)]);
    },
  };
}

/** Calls back with each HTTP/2 frame of a server. */
function frameReader(onFrame: (type: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= FRAME_HEAD_BYTES) {
      const end = FRAME_HEAD_BYTES + rest.readUIntBE(0, 3);
      if (rest.length < end) return;
      onFrame(rest[3] ?? 0, rest.subarray(FRAME_HEAD_BYTES, end));
      rest = rest.subarray(end);
    }
  };
}

function listen(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

function closed(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
