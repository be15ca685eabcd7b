import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { guarded } from "./guarded-fetch.js";
import type { FetchFunction } from "./types.js";

/** Returns a transport for Connect over fetch. */
export function connectWebTransport({
  baseUrl,
  interceptors,
  fetch,
}: {
  readonly baseUrl: string;
  readonly interceptors: readonly Interceptor[];
  readonly fetch: FetchFunction;
}): Transport {
  return createConnectTransport({
    baseUrl,
    useBinaryFormat: true,
    interceptors: [...interceptors],
    fetch: guarded(fetch),
  });
}
