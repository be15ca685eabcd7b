import { type BodyLimits, type ByteReader, readLimited, tooLarge } from "./body.js";
import { bytesOf } from "./bytes-of.js";
import { WebhookError } from "./errors.js";

/** What this package looks at of an HTTP request, whatever server it came through. */
export interface Incoming {
  readonly method: string | undefined;
  readonly url: string;
  header(name: "content-type" | "content-length"): string | undefined;
  /** The body, whole or to be read; `undefined` where there is none. Throws `webhook_body_unavailable`. */
  body(): string | Uint8Array | ByteReader | undefined;
}

/**
 * The part of a Fetch API `Request` that is used; the runtime's own `Request` fits.
 */
export interface WebhookRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers: {
    /** The value of a header by its name in any case; `null` without one. */
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

/** Whether a value looks like a Fetch API `Request`. */
export function isWebhookRequest(value: unknown): value is WebhookRequest {
  if (typeof value !== "object" || value === null) return false;
  const { url, headers } = value as { url?: unknown; headers?: { get?: unknown } | null };
  return typeof url === "string" && typeof headers?.get === "function" && "body" in value;
}

/** A Fetch API `Request` as {@link Incoming}. */
export function fetchIncoming(request: WebhookRequest): Incoming {
  return {
    method: request.method,
    url: request.url,
    header: (name) => request.headers.get(name) ?? undefined,
    body() {
      if (request.bodyUsed === true)
        throw bodyUnavailable("Verify it before anything else reads the request");
      const { body } = request;
      if (body === null || body === undefined) return undefined;
      if (!("getReader" in body)) return iteratorReader(body);
      try {
        return body.getReader();
      } catch (cause) {
        throw bodyUnavailable("Another reader holds it", cause);
      }
    },
  };
}

/** Reads an async iterable without closing it when reading is given up: closing would destroy a Node socket. */
export function iteratorReader(source: AsyncIterable<unknown>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  return { read: () => iterator.next(), cancel() {} };
}

/** Refuses anything but a POST. */
export function checkMethod({ method }: Incoming): void {
  if (method === undefined || method === "POST") return;
  throw new WebhookError("webhook_wrong_method", {
    message: "A webhook is a POST. Where a redirect made a GET of it, register the URL that it leads to",
  });
}

/**
 * Reads the token out of a request.
 *
 * @throws WebhookError `webhook_wrong_content_type`, `webhook_too_large`, `webhook_timeout`, `webhook_malformed`,
 * `webhook_body_unavailable`
 */
export async function readToken(incoming: Incoming, limits: BodyLimits): Promise<string> {
  const mediaType = (incoming.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/jwt") {
    throw new WebhookError("webhook_wrong_content_type", {
      message: "The content type of a webhook is application/jwt",
    });
  }
  if (Number(incoming.header("content-length") ?? 0) > limits.maxBytes) throw tooLarge(limits.maxBytes);
  const body = incoming.body();
  if (body === undefined) throw new WebhookError("webhook_malformed", { message: "The request has no body" });
  const whole =
    typeof body === "string" ? body : (bytesOf(body) ?? (await readLimited(body as ByteReader, limits)));
  return tokenText(whole, limits);
}

/** The text of a token that was handed in whole. */
export function tokenText(token: string | Uint8Array, { maxBytes }: Pick<BodyLimits, "maxBytes">): string {
  if (token.length > maxBytes) throw tooLarge(maxBytes);
  // What is not ASCII fails as malformed where the parts are looked at.
  return typeof token === "string" ? token : new TextDecoder("utf-8", { ignoreBOM: true }).decode(token);
}

/** The error for a body that somebody else consumed. */
export function bodyUnavailable(advice: string, cause?: unknown): WebhookError {
  return new WebhookError("webhook_body_unavailable", {
    message: `The body of the request was consumed before the webhook could be read. ${advice}`,
    cause,
  });
}
