import { TransportError, UnsupportedError } from "../../errors.js";
import { responseTooLarge } from "./fetch-client.js";
import { socketClosedError, textFrameError } from "./socket-errors.js";
import {
  type FrameSocket,
  MAX_RESPONSE_BYTES,
  type SocketEvents,
  type SocketOpener,
  type WebSocketConstructor,
  type WebSocketLike,
} from "./types.js";

/**
 * Returns an opener of WebSockets that send no headers and cannot be paused. Default: the platform's class.
 */
export function webSocketOpener(WebSocket: WebSocketConstructor = platformWebSocket()): SocketOpener {
  const sockets = new Set<WebSocketLike>();
  return {
    open(url, _headers, events) {
      const socket = new WebSocket(url);
      sockets.add(socket);
      socket.binaryType = "arraybuffer";
      listen(socket, events);
      socket.addEventListener("close", () => sockets.delete(socket));
      return frameSocket(socket, events);
    },
    close() {
      for (const socket of sockets) closeSocket(socket);
    },
  };
}

function platformWebSocket(): WebSocketConstructor {
  const { WebSocket } = globalThis as { WebSocket?: WebSocketConstructor };
  if (WebSocket !== undefined) return WebSocket;
  throw new UnsupportedError(
    "unsupported_by_runtime",
    "webSocket: streams of the envelope need a WebSocket, and this runtime has none that can be loaded. Pass one, or exclude the package ws from your bundle",
  );
}

function listen(socket: WebSocketLike, events: SocketEvents): void {
  let wasOpen = false;
  // In order: the bytes of a Blob arrive later, and the next frame must not overtake them.
  let turn: Promise<void> | undefined;
  const inTurn = (act: () => void | Promise<void>) => {
    if (turn !== undefined) turn = turn.then(act);
    else turn = act() ?? undefined;
  };
  socket.addEventListener("open", () => {
    wasOpen = true;
    events.onOpen();
  });
  socket.addEventListener("message", ({ data }) =>
    inTurn(() => {
      const frame = bytesOf(data);
      if (frame instanceof Uint8Array) return events.onFrame(frame);
      if (frame === undefined) return events.onEnd(textFrameError());
      if (frame.size > MAX_RESPONSE_BYTES) return events.onEnd(responseTooLarge());
      return frame.arrayBuffer().then(
        (bytes) => events.onFrame(new Uint8Array(bytes)),
        (cause) => events.onEnd(socketClosedError({ wasOpen, cause })),
      );
    }),
  );
  // The event has no details. The close event that follows has the code.
  socket.addEventListener("error", () => {});
  socket.addEventListener("close", ({ code }) =>
    inTurn(() => events.onEnd(socketClosedError({ wasOpen, code }))),
  );
}

function frameSocket(socket: WebSocketLike, events: SocketEvents): FrameSocket {
  return {
    async send(frame) {
      // The platform's WebSocket cannot wait for room.
      if (socket.bufferedAmount > MAX_RESPONSE_BYTES) return events.onEnd(notTaken());
      socket.send(frame);
    },
    close: () => closeSocket(socket),
  };
}

function closeSocket(socket: WebSocketLike): void {
  try {
    socket.close(1000);
  } catch {
    // Some implementations throw if the socket is already closed.
  }
}

/** Returns the bytes of a message, or the Blob that contains them; `undefined` for text. */
function bytesOf(data: unknown): Uint8Array | Blob | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  // The tag also identifies values of another realm.
  const tag = Object.prototype.toString.call(data);
  if (tag === "[object ArrayBuffer]") return new Uint8Array(data as ArrayBuffer);
  return tag === "[object Blob]" ? (data as Blob) : undefined;
}

function notTaken(): TransportError {
  return new TransportError("unavailable", {
    message: "The sequencer does not read the frames that it receives. The stream was closed; open it again",
    retryable: true,
  });
}
