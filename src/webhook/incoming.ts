import { type BodyLimits, type ByteReader, readLimited, tooLarge } from "./body.js";
import { bytesOf } from "./bytes-of.js";
import { WebhookError } from "./errors.js";
import { rawBodyAdvice, type ServerKind } from "./raw-body.js";

/** The parts of an HTTP request that this package reads, from any server. */
export interface Incoming {
  /** The server, for the advice in an error. */
  readonly server: ServerKind;
  readonly method: string | undefined;
  readonly url: string;
  header(name: "content-type" | "content-length"): string | undefined;
  /**
   * Returns the complete body or a reader for it, or `undefined` if there is none. Throws
   * `webhook_body_unavailable`.
   */
  body(): string | Uint8Array | ByteReader | undefined;
}

/** The parts of a Fetch API `Request` that this package uses. The runtime's own `Request` fits. */
export interface WebhookRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers: {
    /** Returns the value of a header, or `null`. Names are case-insensitive. */
    get(name: string): string | null;
  };
  readonly body:
    | {
        /** Locks the body for this reader. */
        getReader(): ByteReader;
      }
    | AsyncIterable<Uint8Array>
    | null;
  readonly bodyUsed?: boolean;
}

/** Returns whether a value looks like a Fetch API `Request`. */
export function isWebhookRequest(value: unknown): value is WebhookRequest {
  if (typeof value !== "object" || value === null) return false;
  const { url, headers } = value as { url?: unknown; headers?: { get?: unknown } | null };
  return typeof url === "string" && typeof headers?.get === "function" && "body" in value;
}

/** Adapts a Fetch API `Request` to {@link Incoming}. */
export function fetchIncoming(request: WebhookRequest, server: "fetch" | "hono" = "fetch"): Incoming {
  return {
    server,
    method: request.method,
    url: request.url,
    header: (name) => request.headers.get(name) ?? undefined,
    body() {
      if (request.bodyUsed === true) throw bodyUnavailable(server, "Other code has read it");
      const { body } = request;
      if (body === null || body === undefined) return undefined;
      if (!("getReader" in body)) return iteratorReader(body);
      try {
        return body.getReader();
      } catch (cause) {
        throw bodyUnavailable(server, "Another reader has locked it", cause);
      }
    },
  };
}

/** Reads an async iterable. Canceling does not close it, because closing destroys a Node socket. */
export function iteratorReader(source: AsyncIterable<unknown>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  return { read: () => iterator.next(), cancel() {} };
}

/** Rejects every method except POST. */
export function checkMethod({ method }: Incoming): void {
  if (method === undefined || method === "POST") return;
  throw new WebhookError("webhook_wrong_method", {
    message:
      "The method of a webhook must be POST. If a redirect changed it to GET, register the redirect's target URL",
  });
}

/**
 * Reads the token from a request.
 *
 * @throws WebhookError `webhook_wrong_content_type`, `webhook_too_large`, `webhook_timeout`,
 * `webhook_malformed`, `webhook_body_unavailable`
 */
export async function readToken(incoming: Incoming, limits: BodyLimits): Promise<string> {
  const mediaType = (incoming.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/jwt") {
    throw new WebhookError("webhook_wrong_content_type", {
      message: "The content type of a webhook must be application/jwt",
    });
  }
  if (Number(incoming.header("content-length") ?? 0) > limits.maxBytes) throw tooLarge(limits.maxBytes);
  const body = incoming.body();
  if (body === undefined) throw new WebhookError("webhook_malformed", { message: "The request has no body" });
  const whole =
    typeof body === "string" ? body : (bytesOf(body) ?? (await readLimited(body as ByteReader, limits)));
  return tokenText(whole, limits);
}

/** Returns the text of a token that arrived complete. */
export function tokenText(token: string | Uint8Array, { maxBytes }: Pick<BodyLimits, "maxBytes">): string {
  if (token.length > maxBytes) throw tooLarge(maxBytes);
  // The check of the token's parts rejects characters outside ASCII as malformed.
  return typeof token === "string" ? token : new TextDecoder("utf-8", { ignoreBOM: true }).decode(token);
}

/** Creates the error for a body that other code has consumed. `found` says who, or what it left. */
export function bodyUnavailable(server: ServerKind, found: string, cause?: unknown): WebhookError {
  return new WebhookError("webhook_body_unavailable", {
    message: `The request body was consumed before the webhook could be read. ${found}. ${rawBodyAdvice(server)}`,
    cause,
  });
}
