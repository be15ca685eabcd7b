/** Transports that use `fetch`, for browsers, workers and every runtime other than Node. */

import { fetchHttpClient } from "./fetch-client.js";
import type { FetchFunction, TransportProvider } from "./types.js";

const platformFetch: FetchFunction = (url, init) => globalThis.fetch(url, init) as ReturnType<FetchFunction>;

/** See {@link TransportProvider}. */
export const transports: TransportProvider = {
  runtime: "web",
  protocols: ["connect", "grpc-web", "rest", "envelope"],
  usesFetch: () => true,
  async connectTransport({ protocol, baseUrl, interceptors, fetch = platformFetch }) {
    const options = { baseUrl, interceptors, fetch };
    // Separate modules, so that a page loads only the one that it uses.
    const transport =
      protocol === "grpc-web"
        ? (await import("./web-grpc.js")).grpcWebTransport(options)
        : (await import("./web-connect.js")).connectWebTransport(options);
    return { transport, close() {} };
  },
  httpClient: (fetch = platformFetch) => fetchHttpClient(fetch),
  async socketOpener(webSocket) {
    const { webSocketOpener } = await import("./web-sockets.js");
    return webSocketOpener(webSocket);
  },
};
