import type { Interceptor, Transport } from "@connectrpc/connect";
import type { CodeIntentsError } from "../../errors.js";
import type { Protocol } from "../capabilities.js";

/** Most bytes of one answer. The largest honest one, a full poll, is far below. */
export const MAX_RESPONSE_BYTES: number = 1024 * 1024;

/** HTTP version of Connect and gRPC-Web on Node; gRPC is always HTTP/2. */
export type HttpVersion = "1.1" | "2";

/**
 * The part of the Fetch API that is used. `globalThis.fetch` fits, and so does undici's.
 */
export type FetchFunction = (url: string, init: FetchInit) => Promise<FetchAnswer>;

/** What a {@link FetchFunction} is called with. */
export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

/** What a {@link FetchFunction} answers; a `Response` fits. */
export interface FetchAnswer {
  readonly status: number;
  readonly type?: string;
  readonly headers: {
    /** The value of a header by its name in any case; `null` without one. */
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
  /** The next bytes; `done` at the end. */
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  /** Called where reading is given up, so that the connection ends. */
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

/** What came back; `body` is at most {@link MAX_RESPONSE_BYTES} long. */
export interface HttpResponse {
  readonly status: number;
  /** Empty where there is none. */
  readonly contentType: string;
  readonly body: Uint8Array;
  /** What `Retry-After` asks for; `undefined` if it is absent or not valid. */
  readonly retryAfterMs: number | undefined;
  /** `false` where nothing but the end of the connection ended the body, so that it may have been cut off. */
  readonly endMarked: boolean;
}

/** Sends one HTTP request, and follows no redirect. Throws `TransportError` only. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

/** The part of a WebSocket class that is used. `globalThis.WebSocket` fits, and so does that of `ws`. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** What a {@link WebSocketConstructor} makes. */
export interface WebSocketLike {
  binaryType: string;
  /** Bytes that were sent and are not on their way yet. */
  readonly bufferedAmount: number;
  /** Sends one binary frame. */
  send(data: Uint8Array<ArrayBuffer>): void;
  /** Begins the closing handshake; a `close` event follows. */
  close(code?: number): void;
  /** As `EventTarget` has it. */
  addEventListener(
    type: "open" | "message" | "error" | "close",
    listener: (event: WebSocketEvent) => void,
  ): void;
}

/** What a {@link WebSocketLike} tells its listeners. */
export interface WebSocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
}

/** A WebSocket of either kind: the platform's, or that of `ws`. */
export interface FrameSocket {
  /** Sends a binary frame; once that resolves, there is room for the next. After the end it does nothing. */
  send(frame: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Stops and resumes the flow of frames; absent where that cannot be done. */
  readonly flow?: { pause(): void; resume(): void };
  close(): void;
}

/** What happens on a {@link FrameSocket}; never before its {@link SocketOpener} has returned it. */
export interface SocketEvents {
  onOpen(): void;
  onFrame(frame: Uint8Array): void;
  /** It cannot be opened, it broke, it was closed, or it brought what it must not. Only the first time counts. */
  onEnd(error: CodeIntentsError): void;
}

/** Opens WebSockets, and closes what is left of them. */
export interface SocketOpener {
  /** Headers are for the handshake; a platform's WebSocket sends none. */
  open(url: string, headers: Readonly<Record<string, string>>, events: SocketEvents): FrameSocket;
  close(): void;
}

/** What a Connect transport is made of. */
export interface ConnectTransportOptions {
  readonly protocol: Exclude<Protocol, "rest" | "envelope">;
  readonly baseUrl: string;
  readonly httpVersion: HttpVersion;
  readonly interceptors: readonly Interceptor[];
  readonly fetch: FetchFunction | undefined;
}

/** A Connect transport and what releases its sockets. */
export interface OwnedTransport {
  readonly transport: Transport;
  close(): void;
}

/** What differs by runtime; `#transports` resolves to one of its implementations. */
export interface TransportProvider {
  readonly runtime: "node" | "web";
  /** Protocols that this runtime can speak. */
  readonly protocols: readonly Protocol[];
  /** Whether an injected `fetch` is used by the given protocol; where it is not, passing one is an error. */
  usesFetch(protocol: Protocol): boolean;
  /** Loads the library on first use, so that importing the package stays cheap. */
  connectTransport(options: ConnectTransportOptions): Promise<OwnedTransport>;
  httpClient(fetch: FetchFunction | undefined): HttpClient;
  /** Loads what it needs when it is called. */
  socketOpener(webSocket: WebSocketConstructor | undefined): Promise<SocketOpener>;
}
