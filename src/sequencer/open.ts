import type { Interceptor, Transport } from "@connectrpc/connect";
import { transports } from "#transports";
import type { Protocol } from "./capabilities.js";
import type { Sequencer } from "./port.js";
import { restSequencer } from "./rest.js";
import type { FetchFunction, HttpVersion } from "./transports/types.js";

/** Where calls go. */
export type Target =
  | { readonly kind: "transport"; readonly transport: Transport }
  | {
      readonly kind: "url";
      readonly baseUrl: string;
      readonly protocol: Protocol;
      readonly httpVersion: HttpVersion;
      readonly interceptors: readonly Interceptor[];
      readonly fetch: FetchFunction | undefined;
    };

/** The sequencer behind a target. What a protocol needs is loaded when it is first used. */
export async function openSequencer(target: Target): Promise<Sequencer> {
  if (target.kind === "transport") {
    const { connectSequencer } = await import("./connect.js");
    return connectSequencer(target.transport);
  }
  const { protocol } = target;
  if (protocol === "rest") return restSequencer(target.baseUrl, transports.restSender(target.fetch));
  const [{ connectSequencer }, { transport, close }] = await Promise.all([
    import("./connect.js"),
    transports.connectTransport({ ...target, protocol }),
  ]);
  return connectSequencer(transport, close, protocol);
}
