/** How the response to an HTTP/2 request ends. */
import { type ClientHttp2Stream, constants, type Http2Session, type IncomingHttpHeaders } from "node:http2";
import { TransportError } from "../../errors.js";
import { connectionError } from "../connection-error.js";
import { headersTooLarge } from "../status-error.js";
import { addStatus } from "./http-status.js";

const {
  NGHTTP2_CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM,
  NGHTTP2_HTTP_1_1_REQUIRED,
  NGHTTP2_NO_ERROR,
  NGHTTP2_REFUSED_STREAM,
} = constants;

// A server that sent all bytes of a body has this long to end the stream.
const CLOSE_MS = 1_000;

// Servers commonly reject larger headers, whatever their SETTINGS promise.
const COMMON_HEADER_BYTES = 16_384;

interface Goaway {
  readonly code: number;
  /** The last stream that the peer processes. */
  readonly lastStream: number;
}

// The last GOAWAY of each session's peer.
const goaways = new WeakMap<Http2Session, Goaway | undefined>();

/**
 * Guards a request that was just sent. A response of which `content-length` bytes arrived is complete,
 * however its stream ends. Any other response that is cut off fails, also if the stream is reset without an
 * error code. The error of a stream states whether the peer can have processed the request.
 */
export function guardResponse(stream: ClientHttp2Stream): void {
  watchGoaway(stream.session);
  const onHeaders = endAtContentLength(stream);
  const onResponse = nameFailure(stream);
  // One listener: every request pays for each.
  stream.once("response", (headers) => {
    addStatus(headers, headers[":status"]);
    onHeaders(headers);
    onResponse();
  });
}

function watchGoaway(session: Http2Session | undefined): void {
  if (session === undefined || goaways.has(session)) return;
  goaways.set(session, undefined);
  session.on("goaway", (code, lastStream) => goaways.set(session, { code, lastStream }));
}

/**
 * Node's client ends a body whose stream is reset without an error code as if it were complete. Node's server
 * can omit the end of a stream that a handler closes for lack of trailers.
 *
 * @returns the function to call with the headers of the response
 */
function endAtContentLength(stream: ClientHttp2Stream): (headers: IncomingHttpHeaders) => void {
  const push = stream.push.bind(stream);
  let length: number | undefined;
  let needsTrailers = false;
  let received = 0;
  let hasEnded = false;
  const isComplete = () => received === length && !needsTrailers;
  const end = () => {
    hasEnded = true;
    return push(null);
  };
  const endIfComplete = () => {
    if (hasEnded || stream.destroyed || received !== length) return;
    if (!needsTrailers) end();
    const timer = setTimeout(() => {
      if (needsTrailers) stream.destroy(new Error("the stream did not end after its content-length"));
      else stream.close(NGHTTP2_CANCEL);
    }, CLOSE_MS);
    timer.unref();
    stream.once("close", () => clearTimeout(timer));
  };
  stream.push = (chunk, encoding) => {
    if (chunk === null) {
      // The end of a response arrives before its stream is closed.
      if (hasEnded || !stream.closed || stream.destroyed) return end();
      // The event `response` may still be due.
      process.nextTick(() => {
        if (isComplete()) end();
        else stream.destroy(new Error("the stream was reset before its end"));
      });
      return false;
    }
    received += chunk.length;
    const hasRoom = push(chunk, encoding);
    endIfComplete();
    return hasRoom;
  };
  return (headers) => {
    const text = headers["content-length"];
    if (text !== undefined && /^\d{1,15}$/.test(text)) length = Number(text);
    needsTrailers = /^application\/grpc(?!-web)/.test(headers["content-type"] ?? "");
    endIfComplete();
  };
}

/**
 * Names the failures of a stream.
 *
 * @returns the function to call when the response begins
 */
function nameFailure(stream: ClientHttp2Stream): () => void {
  const { session } = stream;
  let hasResponse = false;
  let isTooLarge = false;
  // Node does not send more than 64 KiB of headers.
  stream.once("frameError", () => {
    isTooLarge = true;
  });
  const destroy = stream._destroy.bind(stream);
  stream._destroy = (error, callback) =>
    destroy(error, (failure) => {
      if (failure == null || failure instanceof TransportError) return callback(failure);
      const { id, rstCode = NGHTTP2_NO_ERROR } = stream;
      const goaway = session === undefined ? undefined : goaways.get(session);
      // Node's server resets such a request. nginx closes the connection.
      isTooLarge ||=
        [rstCode, goaway?.code].includes(NGHTTP2_ENHANCE_YOUR_CALM) &&
        headerListSize(stream) >
          Math.min(COMMON_HEADER_BYTES, session?.remoteSettings?.maxHeaderListSize ?? COMMON_HEADER_BYTES);
      const wasIgnored =
        rstCode === NGHTTP2_REFUSED_STREAM ||
        (id !== undefined && id > (goaway?.lastStream ?? Number.POSITIVE_INFINITY));
      if (isTooLarge && !hasResponse) callback(headersTooLarge(`${headerListSize(stream)} bytes`, failure));
      else if (id === undefined) callback(connectionError(failure, { sent: false }));
      else if (wasIgnored && !hasResponse) callback(notProcessed(failure));
      else callback(wasReset(failure) ? reset(rstCode, failure) : connectionError(failure));
    });
  return () => {
    hasResponse = true;
  };
}

/** Returns the size of a request's headers as SETTINGS_MAX_HEADER_LIST_SIZE counts it, in bytes. */
function headerListSize({ sentHeaders }: ClientHttp2Stream): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(sentHeaders)) {
    for (const one of [value].flat()) bytes += name.length + String(one).length + 32;
  }
  return bytes;
}

function wasReset(failure: Error): boolean {
  return "code" in failure && failure.code === "ERR_HTTP2_STREAM_ERROR";
}

/** The peer guarantees this by RFC 9113, sections 6.8 and 8.7. */
function notProcessed(cause: Error): TransportError {
  return new TransportError("unavailable", {
    message: "The server refused the request before it processed any of it; call again",
    retryable: true,
    mayHaveArrived: false,
    cause,
  });
}

function reset(code: number, cause: Error): TransportError {
  const advice = code === NGHTTP2_HTTP_1_1_REQUIRED ? '. It requires HTTP/1.1: set httpVersion: "1.1"' : "";
  return new TransportError("unavailable", {
    // Node's text ends with the name of the code.
    message: `The server reset the request (${/\w+$/.exec(cause.message)?.[0] ?? code})${advice}`,
    retryable: true,
    cause,
  });
}
