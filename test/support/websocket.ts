/** WebSockets with envelopes, frame by frame, and raw ones, byte by byte. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { WebSocket } from "ws";
import { type Answer, answerOf, type Reachable } from "./envelope.js";

/** The end of a socket. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket, read frame by frame. */
export class Socket {
  readonly raw: WebSocket;
  /** Resolves when it is closed for any reason. */
  readonly closed: Promise<Ending>;
  readonly #frames: Uint8Array[] = [];
  #wake = () => {};
  #ending: Ending | undefined;

  private constructor(raw: WebSocket) {
    this.raw = raw;
    raw.binaryType = "nodebuffer";
    raw.on("message", (data: Buffer, isBinary: boolean) => {
      if (!isBinary) throw new Error("received a text frame");
      this.#frames.push(new Uint8Array(data));
      this.#wake();
    });
    raw.on("error", () => {});
    this.closed = new Promise((resolve) => {
      raw.on("close", (code, reason) => {
        this.#ending = { code, reason: reason.toString() };
        resolve(this.#ending);
        this.#wake();
      });
    });
  }

  /** Opens a WebSocket. Rejects if it is not upgraded. */
  static async open(
    { url }: Reachable,
    options: { readonly path?: string; readonly headers?: Record<string, string> } = {},
  ): Promise<Socket> {
    const { path = "/", headers = {} } = options;
    const raw = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, { headers, perMessageDeflate: false });
    const socket = new Socket(raw);
    await new Promise<void>((resolve, reject) => {
      raw.once("open", resolve);
      raw.once("error", reject);
    });
    return socket;
  }

  send(frame: Uint8Array | string): void {
    this.raw.send(frame);
  }

  /** Returns the next frame. Rejects if the socket closes first. */
  async nextBytes(): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#ending !== undefined) throw new Error(`closed: ${this.#ending.code} ${this.#ending.reason}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async next(): Promise<Answer> {
    return answerOf(await this.nextBytes());
  }

  /** Received frames that are not read yet. */
  get unread(): number {
    return this.#frames.length;
  }
}

/** Makes one call over a separate socket and reads one frame. */
export async function callOnce(at: Reachable, frame: Uint8Array): Promise<Answer> {
  const socket = await Socket.open(at);
  try {
    socket.send(frame);
    return await socket.next();
  } finally {
    socket.raw.terminate();
  }
}

/** Opcodes of frames. */
export const opcode = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Encodes a frame, by default as a client sends it. */
export function frame(
  code: number,
  payload: Uint8Array = new Uint8Array(),
  options: {
    readonly fin?: boolean;
    readonly masked?: boolean;
    readonly reserved?: number;
    length?: number;
  } = {},
): Buffer {
  const { fin = true, masked = true, reserved = 0, length = payload.length } = options;
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | code];
  const maskBit = masked ? 0x80 : 0;
  if (length < 126) head.push(maskBit | length);
  else if (length < 0x10000) head.push(maskBit | 126, length >> 8, length & 0xff);
  else head.push(maskBit | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff));
  if (!masked) return Buffer.concat([Uint8Array.from(head), payload]);
  const mask = randomBytes(4);
  return Buffer.concat([Uint8Array.from(head), mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** Returns the headers of a handshake. Each can be replaced or omitted. */
export function handshake(
  { port }: { readonly port: number },
  headers: Readonly<Record<string, string | undefined>> = {},
  requestLine = "GET / HTTP/1.1",
): string {
  const all = {
    Host: `127.0.0.1:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AQIDBAUGBwgJCgsMDQ4PEA==",
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return [requestLine, ...lines, "", ""].join("\r\n");
}

/**
 * A connection in which the test chooses every byte. It never responds automatically, and stays open until
 * destroyed.
 */
export class RawSocket {
  readonly net: net.Socket;
  /** Resolves with all received bytes when the peer ends or resets the connection. */
  readonly closed: Promise<Buffer>;
  readonly #chunks: Buffer[] = [];

  private constructor(socket: net.Socket) {
    this.net = socket;
    socket.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      for (const event of ["end", "close"]) socket.once(event, () => resolve(this.bytes));
    });
  }

  static async connect({ port }: { readonly port: number }): Promise<RawSocket> {
    const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const raw = new RawSocket(socket);
    await once(socket, "connect");
    return raw;
  }

  /** Opens an upgraded connection. */
  static async open(at: { readonly port: number }): Promise<RawSocket> {
    const raw = await RawSocket.connect(at);
    raw.net.write(handshake(at));
    await raw.until((bytes) => bytes.includes("\r\n\r\n"));
    if (!raw.bytes.toString("latin1").startsWith("HTTP/1.1 101 "))
      throw new Error(raw.bytes.toString("latin1"));
    return raw;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Received frames, after the header of the handshake. */
  get frames(): { readonly opcode: number; readonly payload: Buffer }[] {
    const found: { opcode: number; payload: Buffer }[] = [];
    let rest = this.bytes.subarray(this.bytes.indexOf("\r\n\r\n") + 4);
    while (rest.length >= 2) {
      let [at, length] = [2, rest.readUInt8(1)];
      if (length === 126 && rest.length >= 4) [at, length] = [4, rest.readUInt16BE(2)];
      else if (length === 127 && rest.length >= 10) [at, length] = [10, Number(rest.readBigUInt64BE(2))];
      if (rest.length < at + length) break;
      found.push({ opcode: rest.readUInt8(0) & 0x0f, payload: rest.subarray(at, at + length) });
      rest = rest.subarray(at + length);
    }
    return found;
  }

  /** The code of the close frame, if there is one. */
  get closeCode(): number | undefined {
    const close = this.frames.find((each) => each.opcode === opcode.close);
    return close?.payload.readUInt16BE(0);
  }

  async until(condition: (bytes: Buffer) => boolean): Promise<void> {
    while (!condition(this.bytes)) {
      if (this.net.readableEnded || this.net.destroyed)
        throw new Error(`closed after ${this.bytes.toString("latin1")}`);
      await Promise.race([once(this.net, "data"), this.closed]);
    }
  }
}
