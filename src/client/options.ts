import type { Interceptor, Transport } from "@connectrpc/connect";
import { transports } from "#transports";
import { InputError, UnsupportedError } from "../errors.js";
import { checkBaseUrl } from "../lib/base-url.js";
import { checkDuration, checkOptions } from "../lib/options.js";
import { readIdempotencySecret } from "../rendezvous/nonce.js";
import { DEFAULT_RETRY, DEFAULT_TIMEOUT_MS, type RetryOptions, type RetryPolicy } from "../sequencer/call.js";
import { PROTOCOLS, type Protocol } from "../sequencer/capabilities.js";
import type { Target } from "../sequencer/open.js";
import type { FetchFunction, HttpVersion, WebSocketConstructor } from "../sequencer/transports/types.js";
import { checkHeaders } from "./call-options.js";

/** Receives the warnings of a client, for example `console`. It never receives a secret. */
export interface Logger {
  /** One line, without a line break at its end. */
  warn(message: string): void;
}

/** Options of every client. */
export interface CommonClientOptions {
  /** Milliseconds until a call times out, retries included. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Retries of calls that are safe to repeat; `false` for a single attempt. */
  readonly retry?: RetryOptions | false | undefined;
  /**
   * Sent with every call. With the protocol `"envelope"`, streams send them only over the package `ws`,
   * Node's default. A platform's WebSocket cannot send headers, and one passed as `webSocket` does not
   * receive them.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: `console`. */
  readonly logger?: Logger | undefined;
  /**
   * At least 32 random bytes (text is encoded as UTF-8) that make idempotency keys unguessable. Never change
   * it: the same key under another secret is another payable intent. If it is omitted, an attacker who
   * guesses a key can block the order, and the client warns once. If it is there with `undefined`, such as
   * from an environment variable that is not set, building an intent with a key throws `missing_option`.
   */
  readonly idempotencySecret?: Uint8Array | string | undefined;
}

/** Options of a client that opens its own connections. */
export interface ConnectingClientOptions extends CommonClientOptions {
  /**
   * URL of the sequencer: `https:`, or `http:` on loopback. The WebSocket of the envelope is opened at
   * exactly this URL: end a path with a slash if a proxy requires it. Default: the environment variable
   * `CODE_SEQUENCER_URL`.
   */
  readonly baseUrl?: string | undefined;
  /** Default: `"connect"`. */
  readonly protocol?: Protocol | undefined;
  /** HTTP version of Connect and gRPC-Web on Node. Default: `"2"`. REST and the envelope use `"1.1"`. */
  readonly httpVersion?: HttpVersion | undefined;
  /** Interceptors of the Connect transport. Not available with `"rest"`. */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /** Replaces the platform's `fetch`. On Node, only with `"rest"` and `"envelope"`. */
  readonly fetch?: FetchFunction | undefined;
  /**
   * Opens the streams of `"envelope"`; only with this protocol. Default: the package `ws` on Node, and the
   * platform's WebSocket elsewhere or if `ws` cannot be loaded, as in a bundle of ES modules. This class is
   * called with the URL only: it sends no `headers`, and a stream that is read too slowly fails, whereas `ws`
   * would wait.
   *
   * @example
   * ```ts
   * new CodeClient({ baseUrl, protocol: "envelope", webSocket: globalThis.WebSocket });
   * ```
   */
  readonly webSocket?: WebSocketConstructor | undefined;
  /**
   * Allows `http:` beyond loopback, where anyone on the network path can read and forge every response.
   * Default: `false`.
   */
  readonly allowInsecure?: boolean | undefined;
  readonly transport?: undefined;
}

/** Options of a client that uses an existing transport, such as `emulator.transport`. */
export interface TransportClientOptions extends CommonClientOptions {
  /** Any Connect transport. The client does not close it. */
  readonly transport: Transport;
  readonly baseUrl?: undefined;
  readonly protocol?: undefined;
  readonly httpVersion?: undefined;
  readonly interceptors?: undefined;
  readonly fetch?: undefined;
  readonly webSocket?: undefined;
  readonly allowInsecure?: undefined;
}

/** Options of `new CodeClient`. */
export type CodeClientOptions = ConnectingClientOptions | TransportClientOptions;

/** Checked client options with all defaults. */
export interface CheckedClientOptions {
  readonly target: Target;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly headers: Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly secret: IdempotencySecretOption;
}

/** The option `idempotencySecret`. If it is there with `undefined`, an intent with a key is rejected. */
export interface IdempotencySecretOption {
  readonly idempotencySecret?: Uint8Array | undefined;
}

const targetNames = [
  "baseUrl",
  "protocol",
  "httpVersion",
  "interceptors",
  "fetch",
  "webSocket",
  "allowInsecure",
] as const;
const clientNames = [
  "transport",
  "timeoutMs",
  "retry",
  "headers",
  "logger",
  "idempotencySecret",
  ...targetNames,
];

/** Checks the options of a client. Throws for every option that would have no effect. */
export function checkClientOptions(options: unknown): CheckedClientOptions {
  checkOptions(options, "", clientNames, {
    endpoint: "use the name baseUrl: the sequencer's URL, without /v1",
  });
  const { timeoutMs, idempotencySecret, headers, logger } = options;
  return {
    target: options.transport === undefined ? checkUrlTarget(options) : checkTransportTarget(options),
    timeoutMs: timeoutMs === undefined ? DEFAULT_TIMEOUT_MS : checkDuration(timeoutMs, "timeoutMs"),
    retry: checkRetry(options.retry),
    headers: checkHeaders(headers),
    logger: checkLogger(logger),
    secret: Object.hasOwn(options, "idempotencySecret")
      ? {
          idempotencySecret:
            idempotencySecret === undefined
              ? undefined
              : Uint8Array.from(readIdempotencySecret(idempotencySecret)),
        }
      : {},
  };
}

function checkTransportTarget(options: Record<string, unknown>): Target {
  for (const name of targetNames) {
    if (options[name] === undefined) continue;
    throw new InputError(
      "conflicting_options",
      name,
      "cannot be combined with transport, which defines it; remove one of them",
    );
  }
  const { transport } = options;
  if (!isTransport(transport))
    throw new InputError("invalid_option", "transport", "must be a Connect transport");
  return { kind: "transport", transport };
}

function checkUrlTarget(options: Record<string, unknown>): Target {
  const {
    protocol = "connect",
    httpVersion,
    interceptors,
    fetch,
    webSocket,
    allowInsecure = false,
  } = options;
  if (!isProtocol(protocol)) {
    throw new InputError("invalid_option", "protocol", `must be one of ${PROTOCOLS.join(", ")}`);
  }
  if (!transports.protocols.includes(protocol)) {
    const possible = transports.protocols.join(", ");
    throw new UnsupportedError(
      "unsupported_by_runtime",
      `protocol: this runtime cannot speak ${protocol}; use one of ${possible}`,
    );
  }
  if (typeof allowInsecure !== "boolean")
    throw new InputError("invalid_option", "allowInsecure", "must be a boolean");
  return {
    kind: "url",
    baseUrl: baseUrlOf(options.baseUrl, allowInsecure),
    protocol,
    httpVersion: checkHttpVersion(httpVersion, protocol),
    interceptors: checkInterceptors(interceptors, protocol),
    fetch: checkFetch(fetch, protocol),
    webSocket: checkWebSocket(webSocket, protocol),
  };
}

function baseUrlOf(given: unknown, allowInsecure: boolean): string {
  const fromEnvironment = given === undefined;
  const value = fromEnvironment ? environment("CODE_SEQUENCER_URL") : given;
  if (value === undefined || value === null || value === "") {
    throw new InputError(
      "missing_option",
      "baseUrl",
      "required: the sequencer's URL, as this option or in CODE_SEQUENCER_URL",
    );
  }
  return checkBaseUrl(value, fromEnvironment ? "CODE_SEQUENCER_URL" : "baseUrl", allowInsecure);
}

function checkHttpVersion(value: unknown, protocol: Protocol): HttpVersion {
  if (value === undefined) return "2";
  if (value !== "1.1" && value !== "2")
    throw new InputError("invalid_option", "httpVersion", 'must be "1.1" or "2"');
  if (transports.runtime !== "node") {
    throw new InputError(
      "conflicting_options",
      "httpVersion",
      "cannot be chosen in this runtime; fetch decides",
    );
  }
  if ((protocol === "rest" || protocol === "envelope") && value === "2") {
    throw new InputError(
      "conflicting_options",
      "httpVersion",
      `must be "1.1" with the protocol "${protocol}"`,
    );
  }
  if (protocol === "grpc" && value === "1.1") {
    throw new InputError("conflicting_options", "httpVersion", 'must be "2" with the protocol "grpc"');
  }
  return value;
}

function checkInterceptors(value: unknown, protocol: Protocol): readonly Interceptor[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((interceptor) => typeof interceptor !== "function")) {
    throw new InputError("invalid_option", "interceptors", "must be a list of Connect interceptors");
  }
  if (protocol === "rest") {
    throw new InputError(
      "conflicting_options",
      "interceptors",
      'have no effect with the protocol "rest"; remove them',
    );
  }
  return [...value];
}

function checkFetch(value: unknown, protocol: Protocol): FetchFunction | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "function")
    throw new InputError("invalid_option", "fetch", "must be a function like fetch");
  if (!transports.usesFetch(protocol)) {
    throw new InputError(
      "conflicting_options",
      "fetch",
      `has no effect with "${protocol}" on Node. Use the protocol "rest" or "envelope", or a transport of connect-web`,
    );
  }
  return value as FetchFunction;
}

function checkWebSocket(value: unknown, protocol: Protocol): WebSocketConstructor | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "function")
    throw new InputError("invalid_option", "webSocket", "must be a class like WebSocket");
  if (protocol !== "envelope") {
    throw new InputError(
      "conflicting_options",
      "webSocket",
      `has no effect with the protocol "${protocol}"; only "envelope" opens a WebSocket`,
    );
  }
  return value as WebSocketConstructor;
}

function checkRetry(value: unknown): RetryPolicy {
  if (value === undefined) return DEFAULT_RETRY;
  if (value === false) return { ...DEFAULT_RETRY, maxAttempts: 1 };
  checkOptions(value, "retry", ["maxAttempts", "initialDelayMs", "maxDelayMs"]);
  const maxAttempts = value.maxAttempts ?? DEFAULT_RETRY.maxAttempts;
  if (
    typeof maxAttempts !== "number" ||
    !Number.isInteger(maxAttempts) ||
    maxAttempts < 1 ||
    maxAttempts > 100
  ) {
    throw new InputError("invalid_option", "retry.maxAttempts", "must be a whole number from 1 to 100");
  }
  return {
    maxAttempts,
    initialDelayMs: checkDuration(
      value.initialDelayMs ?? DEFAULT_RETRY.initialDelayMs,
      "retry.initialDelayMs",
      true,
    ),
    maxDelayMs: checkDuration(value.maxDelayMs ?? DEFAULT_RETRY.maxDelayMs, "retry.maxDelayMs", true),
  };
}

function checkLogger(value: unknown): Logger {
  if (value === undefined) return console;
  if (typeof value !== "object" || value === null || typeof (value as Logger).warn !== "function") {
    throw new InputError("invalid_option", "logger", "must have a method warn(message)");
  }
  return value as Logger;
}

function isProtocol(value: unknown): value is Protocol {
  return (PROTOCOLS as readonly unknown[]).includes(value);
}

function isTransport(value: unknown): value is Transport {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Transport).unary === "function" &&
    typeof (value as Transport).stream === "function"
  );
}

function environment(name: string): string | undefined {
  // Absent in browsers, and replaced by some bundlers with an object without `env`.
  return typeof process === "undefined" ? undefined : process.env?.[name];
}
