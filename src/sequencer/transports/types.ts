import type { Interceptor, Transport } from "@connectrpc/connect";
import type { CodeIntentsError } from "../../errors.js";
import type { Protocol } from "../capabilities.js";

/** Maximum size of one response, in bytes. The largest correct one, a full poll, is far smaller. */
export const MAX_RESPONSE_BYTES: number = 1024 * 1024;

/** HTTP version of Connect and gRPC-Web on Node. gRPC always uses HTTP/2. */
export type HttpVersion = "1.1" | "2";

/** The part of the Fetch API that the package uses. `globalThis.fetch` and undici's `fetch` have it. */
export type FetchFunction = (url: string, init: FetchInit) => Promise<FetchAnswer>;

/** Options of a call of a {@link FetchFunction}. */
export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

/** Response of a {@link FetchFunction}, such as a `Response`. */
export interface FetchAnswer {
  readonly status: number;
  readonly type?: string;
  readonly headers: {
    /** Returns the value of a header by its name, in any case; `null` if it is absent. */
    get(name: string): string | null;
  };
  readonly body:
    | AsyncIterable<Uint8Array>
    | {
        /** Locks the body for this reader. */
        getReader(): FetchBodyReader;
      }
    | null;
}

/** The reader of a {@link FetchAnswer}'s body. */
export interface FetchBodyReader {
  /** Returns the next bytes, or `done` at the end. */
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  /** Stops reading and ends the connection. */
  cancel(): Promise<unknown>;
}

/** One HTTP exchange of REST or of the envelope. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
}

/** The response to an {@link HttpRequest}. `body` has at most {@link MAX_RESPONSE_BYTES}. */
export interface HttpResponse {
  readonly status: number;
  /** Empty if there is none. */
  readonly contentType: string;
  readonly body: Uint8Array;
  /** What `Retry-After` asks for; `undefined` if it is absent or not valid. */
  readonly retryAfterMs: number | undefined;
  /** `false` if only the end of the connection ended the body, so that it may be truncated. */
  readonly endMarked: boolean;
}

/** Sends HTTP requests, without following redirects. Throws only `TransportError`. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

/**
 * The part of a WebSocket class that the package uses. `globalThis.WebSocket` and the class of `ws` have it.
 */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** An instance of a {@link WebSocketConstructor}. */
export interface WebSocketLike {
  binaryType: string;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends one binary frame. */
  send(data: Uint8Array<ArrayBuffer>): void;
  /** Starts the closing handshake. A `close` event follows. */
  close(code?: number): void;
  /** As in `EventTarget`. */
  addEventListener(
    type: "open" | "message" | "error" | "close",
    listener: (event: WebSocketEvent) => void,
  ): void;
}

/** An event of a {@link WebSocketLike}. */
export interface WebSocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
}

/** A WebSocket of the platform or of `ws`. */
export interface FrameSocket {
  /** Sends a binary frame. Resolves when there is room for the next. Has no effect after the end. */
  send(frame: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Stops and resumes the flow of frames; absent if the WebSocket cannot. */
  readonly flow?: { pause(): void; resume(): void };
  close(): void;
}

/** Callbacks of a {@link FrameSocket}. None is called before {@link SocketOpener} has returned it. */
export interface SocketEvents {
  onOpen(): void;
  onFrame(frame: Uint8Array): void;
  /**
   * The socket cannot be opened, broke, was closed, or received an invalid frame. Only the first call counts.
   */
  onEnd(error: CodeIntentsError): void;
}

/** Opens WebSockets, and closes those that are still open. */
export interface SocketOpener {
  /** Headers are sent with the handshake. The platform's WebSocket sends none. */
  open(url: string, headers: Readonly<Record<string, string>>, events: SocketEvents): FrameSocket;
  close(): void;
}

/** Options of a Connect transport. */
export interface ConnectTransportOptions {
  readonly protocol: Exclude<Protocol, "rest" | "envelope">;
  readonly baseUrl: string;
  readonly httpVersion: HttpVersion;
  readonly interceptors: readonly Interceptor[];
  readonly fetch: FetchFunction | undefined;
}

/** A Connect transport that releases its sockets. */
export interface OwnedTransport {
  readonly transport: Transport;
  close(): void;
}

/** The parts that differ between runtimes. `#transports` resolves to one implementation. */
export interface TransportProvider {
  readonly runtime: "node" | "web";
  /** Protocols that this runtime supports. */
  readonly protocols: readonly Protocol[];
  /** Returns whether a protocol uses a given `fetch`. If not, passing one is an error. */
  usesFetch(protocol: Protocol): boolean;
  /** Loads the library with the first use, so that importing the package stays fast. */
  connectTransport(options: ConnectTransportOptions): Promise<OwnedTransport>;
  httpClient(fetch: FetchFunction | undefined): HttpClient;
  /** Loads its library when it is called. */
  socketOpener(webSocket: WebSocketConstructor | undefined): Promise<SocketOpener>;
}
