/** Transports by `fetch`: browsers, workers, and every runtime that is not Node. */

import { fetchSender, refuseRedirect } from "./fetch-sender.js";
import type { FetchFunction, TransportProvider } from "./types.js";
import { MAX_RESPONSE_BYTES } from "./types.js";

const platformFetch: FetchFunction = (url, init) => globalThis.fetch(url, init) as ReturnType<FetchFunction>;

/** See {@link TransportProvider}. */
export const transports: TransportProvider = {
  runtime: "web",
  protocols: ["connect", "grpc-web", "rest"],
  usesFetch: () => true,
  async connectTransport({ protocol, baseUrl, interceptors, fetch = platformFetch }) {
    const { createConnectTransport, createGrpcWebTransport } = await import("@connectrpc/connect-web");
    const create = protocol === "grpc-web" ? createGrpcWebTransport : createConnectTransport;
    const options = {
      baseUrl,
      useBinaryFormat: true,
      interceptors: [...interceptors],
      readMaxBytes: MAX_RESPONSE_BYTES,
      fetch: withoutRedirects(fetch),
    };
    return { transport: create(options), close() {} };
  },
  restSender: (fetch = platformFetch) => fetchSender(fetch),
};

// The library asks for `redirect: "error"`, which some workers' fetch refuses.
function withoutRedirects(fetch: FetchFunction): typeof globalThis.fetch {
  return async (input, init) => {
    const answer = (await fetch(String(input), {
      ...init,
      redirect: "manual",
    } as Parameters<FetchFunction>[1])) as Response;
    refuseRedirect(answer);
    return answer;
  };
}
