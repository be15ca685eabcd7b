import { discard, isRedirect, redirectRefused, responseTooLarge } from "./fetch-client.js";
import { STATUS_HEADER } from "./http-status.js";
import { type FetchFunction, MAX_RESPONSE_BYTES } from "./types.js";

/**
 * Returns the fetch function of a Connect transport. The library requests `redirect: "error"`, which the
 * fetch of some workers rejects, and does not limit a response.
 */
export function guarded(fetch: FetchFunction): typeof globalThis.fetch {
  return async (input, init) => {
    const answer = (await fetch(String(input), {
      ...init,
      redirect: "manual",
    } as Parameters<FetchFunction>[1])) as Response;
    if (isRedirect(answer)) {
      discard(answer);
      throw redirectRefused(answer.status);
    }
    const { status } = answer;
    const headers = new Headers(answer.headers);
    if (status === 200) headers.delete(STATUS_HEADER);
    else headers.set(STATUS_HEADER, String(status));
    if (answer.body === null) return new Response(null, { status, headers });
    // A stream has no total limit. Each of its messages has one.
    const hasEnvelopes = /^application\/(grpc|connect\+)/.test(headers.get("content-type") ?? "");
    const limit = hasEnvelopes ? envelopeLimit() : totalLimit();
    return new Response(answer.body.pipeThrough(limit), { status, headers });
  };
}

function totalLimit(): TransformStream<Uint8Array, Uint8Array> {
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > MAX_RESPONSE_BYTES) throw responseTooLarge();
      controller.enqueue(chunk);
    },
  });
}

// An envelope has one byte of flags, four bytes of length, and its contents.
function envelopeLimit(): TransformStream<Uint8Array, Uint8Array> {
  let headBytes = 0;
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      for (let offset = 0; offset < chunk.length; ) {
        if (headBytes < 5) {
          length = headBytes === 0 ? 0 : length * 256 + (chunk[offset] ?? 0);
          headBytes++;
          offset++;
        } else {
          const taken = Math.min(length, chunk.length - offset);
          length -= taken;
          offset += taken;
        }
        if (headBytes < 5) continue;
        if (length > MAX_RESPONSE_BYTES) throw responseTooLarge();
        if (length === 0) headBytes = 0;
      }
      controller.enqueue(chunk);
    },
  });
}
