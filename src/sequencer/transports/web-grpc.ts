import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { guarded } from "./guarded-fetch.js";
import type { FetchFunction } from "./types.js";

/** Returns a transport for gRPC-Web over fetch. */
export function grpcWebTransport({
  baseUrl,
  interceptors,
  fetch,
}: {
  readonly baseUrl: string;
  readonly interceptors: readonly Interceptor[];
  readonly fetch: FetchFunction;
}): Transport {
  return createGrpcWebTransport({
    baseUrl,
    useBinaryFormat: true,
    interceptors: [...interceptors],
    fetch: guarded(fetch),
  });
}
