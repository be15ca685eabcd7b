/**
 * Connect for a page. Uses only the library's protocol functions. Its client would add compiled schemas and
 * their JSON support, which are larger than everything here.
 */
import { createEnvelopeReadableStream, encodeEnvelope } from "@connectrpc/connect/protocol";
import {
  endStreamFlag,
  endStreamFromJson,
  errorFromJsonBytes,
  requestHeader,
  validateResponse,
} from "@connectrpc/connect/protocol-connect";
import type { SigningKey } from "../crypto/types.js";
import { onAbort } from "../sequencer/abort.js";
import { fromConnectError } from "../sequencer/connect-error.js";
import { malformedResponse } from "../sequencer/malformed-response.js";
import type { CallContext, StreamFrame } from "../sequencer/port.js";
import { guarded } from "../sequencer/transports/guarded-fetch.js";
import { type Call, type PageCalls, type PageTarget, pageCalls } from "./calls.js";
import { decodeReply, type Method, plainStream } from "./methods.js";
import * as write from "./write.js";

/** Returns a page's calls over Connect. They use only fetch, so the only stream is the plain one. */
export function connectCalls({ baseUrl, fetch }: PageTarget): PageCalls {
  const post = poster(baseUrl.replace(/\/$/, ""), guarded(fetch));
  const call: Call = async (method, body, attempt) => {
    try {
      const answer = await post("unary", method, body, attempt);
      const { isUnaryError, unaryError } = validateResponse("unary", true, answer.status, answer.headers);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (isUnaryError) throw errorFromJsonBytes(bytes, answer.headers, unaryError);
      return decodeReply(method, bytes);
    } catch (error) {
      throw fromConnectError(error);
    }
  };
  return pageCalls(call, { streams: ["plain"], open: (_, key, context) => stream(post, key, context) });
}

type Post = (
  kind: "unary" | "server_streaming",
  method: Method,
  body: Uint8Array<ArrayBuffer>,
  context: Pick<CallContext, "signal" | "headers"> & { readonly timeoutMs?: number },
) => Promise<Response>;

function poster(baseUrl: string, fetch: typeof globalThis.fetch): Post {
  return (kind, { service, name }, body, { signal, headers, timeoutMs }) =>
    fetch(`${baseUrl}/${service}/${name}`, {
      method: "POST",
      headers: Object.fromEntries(requestHeader(kind, true, timeoutMs, { ...headers }, false)),
      body,
      signal,
    });
}

async function* stream(
  post: Post,
  key: SigningKey,
  context: Pick<CallContext, "signal" | "headers">,
): AsyncGenerator<StreamFrame> {
  const { signal } = context;
  try {
    const request = encodeEnvelope(0, write.listening(key)) as Uint8Array<ArrayBuffer>;
    const { status, headers, body } = await post("server_streaming", plainStream, request, context);
    validateResponse("server_streaming", true, status, headers);
    if (body === null) throw malformedResponse(plainStream.name, "a stream");
    const reader = createEnvelopeReadableStream(body).getReader();
    const release = onAbort(signal, () => void reader.cancel(signal.reason).catch(() => {}));
    try {
      for (;;) {
        const { done, value } = await reader.read();
        signal.throwIfAborted();
        // A complete stream ends with an end frame.
        if (done) throw malformedResponse(plainStream.name, "complete: the stream was truncated");
        if (value.flags === endStreamFlag) {
          const { error } = endStreamFromJson(value.data);
          if (error !== undefined) throw error;
          return;
        }
        if (value.flags !== 0) throw malformedResponse(plainStream.name, "a stream without compression");
        for (const message of decodeReply(plainStream, value.data).messages)
          yield { case: "message", message };
      }
    } finally {
      release();
      void reader.cancel().catch(() => {});
    }
  } catch (error) {
    throw fromConnectError(error);
  }
}
