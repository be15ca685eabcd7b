import type { Interceptor, Transport } from "@connectrpc/connect";
import { transports } from "#transports";
import { CAPABILITIES, type Capabilities, type Protocol } from "./capabilities.js";
import type { Sequencer } from "./port.js";
import { restSequencer } from "./rest.js";
import type { FetchFunction, HttpVersion, WebSocketConstructor } from "./transports/types.js";

/** The target of a client's calls. */
export type Target =
  | { readonly kind: "transport"; readonly transport: Transport }
  | {
      readonly kind: "url";
      readonly baseUrl: string;
      readonly protocol: Protocol;
      readonly httpVersion: HttpVersion;
      readonly interceptors: readonly Interceptor[];
      readonly fetch: FetchFunction | undefined;
      readonly webSocket: WebSocketConstructor | undefined;
    };

/** Opens the sequencer behind a target. The code of a protocol is loaded with its first use. */
export async function openSequencer(target: Target): Promise<Sequencer> {
  if (target.kind === "transport") {
    const { connectSequencer } = await import("./connect.js");
    // The capabilities of the transport are unknown. A call that it cannot make fails.
    return connectSequencer({
      transport: target.transport,
      close() {},
      protocol: "connect",
      bidirectional: true,
    });
  }
  const { protocol } = target;
  if (protocol === "rest") return restSequencer(target.baseUrl, transports.httpClient(target.fetch));
  if (protocol === "envelope") {
    const [{ connectSequencer }, { envelopeTransport }] = await Promise.all([
      import("./connect.js"),
      import("./envelope.js"),
    ]);
    const { baseUrl, interceptors, fetch, webSocket } = target;
    const owned = envelopeTransport({
      baseUrl,
      interceptors,
      httpClient: transports.httpClient(fetch),
      openSockets: () => transports.socketOpener(webSocket),
    });
    return connectSequencer({ ...owned, protocol, bidirectional: true });
  }
  const [{ connectSequencer }, { exactResponses }] = await Promise.all([
    import("./connect.js"),
    import("./exact-responses.js"),
  ]);
  const exact = exactResponses(target.interceptors);
  const owned = await transports.connectTransport({
    ...target,
    protocol,
    interceptors: exact.interceptors,
  });
  const bidirectional = transports.runtime === "node" && target.httpVersion === "2";
  return connectSequencer({ ...owned, transport: exact.wrap(owned.transport), protocol, bidirectional });
}

/** Returns what the sequencer behind a target can do, without a connection to it. */
export function capabilitiesOf(target: Target): Capabilities {
  return CAPABILITIES[target.kind === "url" ? target.protocol : "connect"];
}
