import { TransportError } from "../../errors.js";
import { concatBytes } from "../../lib/bytes.js";
import { connectionError } from "../connection-error.js";
import { retryAfterMsOf } from "../retry-after.js";
import { type FetchAnswer, type FetchFunction, type HttpClient, MAX_RESPONSE_BYTES } from "./types.js";

/** Returns an HTTP client that uses the Fetch API. */
export function fetchHttpClient(fetch: FetchFunction): HttpClient {
  return {
    async send({ method, url, headers: given, body, signal }) {
      const init = {
        method,
        headers: { ...given },
        redirect: "manual",
        signal,
        ...(body === undefined ? {} : { body }),
      } as const;
      try {
        const answer = await fetch(url, init);
        if (isRedirect(answer)) {
          discard(answer);
          throw redirectRefused(answer.status);
        }
        const { status, headers } = answer;
        const contentType = headers.get("content-type") ?? "";
        const retryAfterMs = retryAfterMsOf(headers);
        // Fetch does not show how the body ended.
        return { status, contentType, retryAfterMs, body: await readLimited(answer), endMarked: true };
      } catch (cause) {
        if (cause instanceof TransportError) throw cause;
        throw connectionError(cause);
      }
    },
    close() {},
  };
}

/** Returns whether a response is a redirect. Browsers hide its status; other runtimes show it. */
export function isRedirect({ type, status }: Pick<FetchAnswer, "status" | "type">): boolean {
  return type === "opaqueredirect" || (status >= 300 && status < 400);
}

/** Cancels an unread body, which would otherwise keep its connection. */
export function discard({ body }: Pick<FetchAnswer, "body">): void {
  if (body !== null && "getReader" in body)
    body
      .getReader()
      .cancel()
      .catch(() => {});
}

/** Returns the error of a redirect. */
export function redirectRefused(status: number): TransportError {
  return new TransportError("redirect_refused", {
    message:
      "The server responded with a redirect, which the client does not follow. Set baseUrl to the sequencer's own address",
    httpStatus: status,
    mayHaveArrived: false,
  });
}

/** Returns the error of a response that is too large. */
export function responseTooLarge(cause?: unknown): TransportError {
  return new TransportError("response_too_large", {
    message: `The response is larger than ${MAX_RESPONSE_BYTES} bytes, which no sequencer sends. Check baseUrl`,
    cause,
  });
}

async function readLimited({ body }: FetchAnswer): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (!("getReader" in body)) {
    for await (const chunk of body) {
      length += chunk.length;
      if (length > MAX_RESPONSE_BYTES) throw responseTooLarge();
      chunks.push(chunk);
    }
    return concatBytes(...chunks);
  }
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || value === undefined) return concatBytes(...chunks);
    length += value.length;
    if (length > MAX_RESPONSE_BYTES) {
      reader.cancel().catch(() => {});
      throw responseTooLarge();
    }
    chunks.push(value);
  }
}
