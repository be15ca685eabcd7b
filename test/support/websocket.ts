/** WebSockets that carry envelopes, frame by frame; and raw ones, byte by byte. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { WebSocket } from "ws";
import { type Answer, answerOf, type Reachable } from "./envelope.js";

/** How a socket ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket, read frame by frame. */
export class Socket {
  readonly raw: WebSocket;
  /** Resolves when it is closed, however. */
  readonly closed: Promise<Ending>;
  readonly #frames: Uint8Array[] = [];
  #wake = () => {};
  #ending: Ending | undefined;

  private constructor(raw: WebSocket) {
    this.raw = raw;
    raw.binaryType = "nodebuffer";
    raw.on("message", (data: Buffer, isBinary: boolean) => {
      if (!isBinary) throw new Error("a frame of text");
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

  /** Opens one; rejects where it is not upgraded. */
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

  /** The next frame; rejects where the socket closes before. */
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

  /** The frames that have arrived and nobody has read. */
  get unread(): number {
    return this.#frames.length;
  }
}

/** One call over a socket of its own, that reads one frame. */
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

/** A frame as a client sends it, unless told otherwise. */
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

/** Headers of a handshake, of which each can be replaced or left out. */
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

/** A connection of which every byte is the test's. It never answers by itself, and stays open until it is destroyed. */
export class RawSocket {
  readonly net: net.Socket;
  /** All that arrived, when the other side has ended the connection or reset it. */
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

  /** One that is upgraded already. */
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

  /** The frames that have arrived, after the header of the handshake. */
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
