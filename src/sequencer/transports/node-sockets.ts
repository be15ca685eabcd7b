/** WebSockets of the package `ws`. */
import type { IncomingMessage } from "node:http";
import { type ClientOptions, WebSocket } from "ws";
import type { CodeIntentsError } from "../../errors.js";
import { retryAfterMsOf } from "../retry-after.js";
import { errorOfHttpStatus } from "../status-error.js";
import { redirectRefused, responseTooLarge } from "./fetch-client.js";
import { notEnvelopeError, socketClosedError, textFrameError } from "./socket-errors.js";
import { noRoomForStream } from "./stream-room.js";
import { type FrameSocket, MAX_RESPONSE_BYTES, type SocketOpener } from "./types.js";

const options: ClientOptions & { closeTimeout: number } = {
  maxPayload: MAX_RESPONSE_BYTES,
  // No honest server needs a small frame that unpacks to a large one.
  perMessageDeflate: false,
  // A silent peer does not answer a close frame either.
  closeTimeout: 1_000,
};

/** Most WebSockets of a client. Further watches poll. */
export const MAX_WEB_SOCKETS = 1_000;

/** Returns an opener of WebSockets that send headers, can be paused, and reject frames above the limit. */
export function nodeSocketOpener(maxSockets: number = MAX_WEB_SOCKETS): SocketOpener {
  const sockets = new Set<WebSocket>();
  return {
    open(url, headers, events) {
      if (sockets.size >= maxSockets) throw noRoomForStream();
      const socket = new WebSocket(url, { ...options, headers: { ...headers } });
      sockets.add(socket);
      let wasOpen = false;
      socket.on("open", () => {
        wasOpen = true;
        events.onOpen();
      });
      socket.on("message", (data: Buffer, isBinary) => {
        if (isBinary) events.onFrame(new Uint8Array(data.buffer, data.byteOffset, data.length));
        else events.onEnd(textFrameError());
      });
      socket.on("unexpected-response", (_request, response) => {
        void textOf(response).then((text) => {
          events.onEnd(refusedHandshake(response, text));
          socket.terminate();
        });
      });
      socket.on("error", (error) => events.onEnd(failureOf(error, wasOpen)));
      socket.on("close", (code) => {
        sockets.delete(socket);
        events.onEnd(socketClosedError({ wasOpen, code }));
      });
      return frameSocket(socket);
    },
    close() {
      for (const socket of sockets) socket.terminate();
    },
  };
}

function frameSocket(socket: WebSocket): FrameSocket {
  return {
    // A failure is also an event.
    send: (frame) => new Promise((resolve) => socket.send(frame, () => resolve())),
    flow: { pause: () => socket.pause(), resume: () => socket.resume() },
    close() {
      // Otherwise the peer's close frame would not be read.
      if (socket.isPaused) socket.resume();
      socket.close(1000);
    },
  };
}

// More than the JSON of a refusal has.
const MAX_REFUSAL_BYTES = 4_096;

/** Returns the `error` of a JSON body. Returns empty text for any other body. */
async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      length += chunk.length;
      if (length > MAX_REFUSAL_BYTES) return "";
      chunks.push(chunk);
    }
    const { error } = JSON.parse(Buffer.concat(chunks).toString());
    return typeof error === "string" ? error : "";
  } catch {
    return "";
  }
}

function refusedHandshake(
  { statusCode: status = 0, headers }: IncomingMessage,
  text: string,
): CodeIntentsError {
  if (status >= 300 && status < 400) return redirectRefused(status);
  const retryAfterMs = retryAfterMsOf({ get: (name) => headers[name]?.toString() });
  return (
    errorOfHttpStatus(status, text, { retryAfterMs }) ??
    notEnvelopeError(`HTTP ${status} instead of a WebSocket`)
  );
}

function failureOf(error: Error, wasOpen: boolean): CodeIntentsError {
  const code = "code" in error ? String(error.code) : "";
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") return responseTooLarge(error);
  // The library's own errors have no code before the handshake ends. Those of the system and the HTTP parser
  // do.
  if (code.startsWith("WS_ERR_") || (code === "" && !wasOpen)) return notEnvelopeError(error.message, error);
  return socketClosedError({ wasOpen, cause: error });
}
