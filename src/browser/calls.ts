import type { Sequencer } from "../sequencer/port.js";
import type { FetchFunction, WebSocketConstructor } from "../sequencer/transports/types.js";

/** What a page asks a sequencer. */
export type PageCalls = Pick<Sequencer, "messages" | "getStatus">;

/** Where a page's sequencer is, and by what it is reached. */
export interface PageTarget {
  readonly baseUrl: string;
  readonly fetch: FetchFunction;
  /** `undefined` for the platform's. */
  readonly webSocket: WebSocketConstructor | undefined;
}
