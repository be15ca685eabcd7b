import { TransportError } from "../../errors.js";
import { concatBytes } from "../../lib/bytes.js";
import { connectionError } from "../connection-error.js";
import { retryAfterMsOf } from "../retry-after.js";
import { type FetchAnswer, type FetchFunction, type HttpClient, MAX_RESPONSE_BYTES } from "./types.js";

/** HTTP by the Fetch API. */
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

/** Browsers answer a refused redirect with an opaque response of status 0; the others show the status. */
export function isRedirect({ type, status }: Pick<FetchAnswer, "status" | "type">): boolean {
  return type === "opaqueredirect" || (status >= 300 && status < 400);
}

/** Lets go of the connection that an unread body would hold. */
export function discard({ body }: Pick<FetchAnswer, "body">): void {
  if (body !== null && "getReader" in body)
    body
      .getReader()
      .cancel()
      .catch(() => {});
}

/** The error for a redirect. */
export function redirectRefused(status: number): TransportError {
  return new TransportError("redirect_refused", {
    message:
      "The server answered with a redirect, which is not followed. Set baseUrl to where the sequencer is",
    httpStatus: status,
    mayHaveArrived: false,
  });
}

/** The error for an answer beyond the limit. */
export function responseTooLarge(cause?: unknown): TransportError {
  return new TransportError("response_too_large", {
    message: `The answer is larger than ${MAX_RESPONSE_BYTES} bytes; no sequencer sends that much`,
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
