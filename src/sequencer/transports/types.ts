import type { Interceptor, Transport } from "@connectrpc/connect";
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
  readonly body?: string;
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

/** What a {@link FetchFunction} answers; a `Response` fits. */
export interface FetchAnswer {
  readonly status: number;
  readonly type?: string;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | { getReader(): FetchBodyReader } | null;
}

/** The reader of a {@link FetchAnswer}'s body. */
export interface FetchBodyReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(): Promise<unknown>;
}

/** One HTTP exchange of the REST adapter. */
export interface RestRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** What came back; `body` is at most {@link MAX_RESPONSE_BYTES} long. */
export interface RestAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Sends one REST request. Throws `TransportError` only. */
export interface RestSender {
  send(request: RestRequest): Promise<RestAnswer>;
  close(): void;
}

/** What a Connect transport is made of. */
export interface ConnectTransportOptions {
  readonly protocol: Exclude<Protocol, "rest">;
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
  restSender(fetch: FetchFunction | undefined): RestSender;
}
