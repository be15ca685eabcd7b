import type { Message as ProtobufMessage } from "@bufbuild/protobuf";
import { type CallContext, type MessageCalls, type Sequencer, statusOf } from "../sequencer/port.js";
import type { FetchFunction, WebSocketConstructor } from "../sequencer/transports/types.js";
import { rawMessageBytes } from "./decode.js";
import { ackMessages, getStatus, type Method, pollMessages } from "./methods.js";
import * as write from "./write.js";

/** The calls that a page makes. */
export type PageCalls = Pick<Sequencer, "messages" | "getStatus">;

/** The address of a page's sequencer, and the platform functions that reach it. */
export interface PageTarget {
  readonly baseUrl: string;
  readonly fetch: FetchFunction;
  /** `undefined` to use the platform's. */
  readonly webSocket: WebSocketConstructor | undefined;
}

/** Makes one unary call. */
export type Call = <T extends ProtobufMessage>(
  method: Method<T>,
  body: Uint8Array<ArrayBuffer>,
  attempt: CallContext,
) => Promise<T>;

/** Builds the page's calls from a protocol's unary call and stream. */
export function pageCalls(call: Call, stream: Pick<MessageCalls, "streams" | "open">): PageCalls {
  return {
    async getStatus(publicKey, attempt) {
      const status = await call(getStatus, write.wrapped(publicKey), attempt);
      return statusOf(status.exists, status.codeScanned, status.intentSubmitted);
    },
    messages: {
      ...stream,
      bytes: rawMessageBytes,
      poll: async (key, attempt) => (await call(pollMessages, write.listening(key), attempt)).messages,
      async acknowledge(publicKey, messageIds, attempt) {
        await call(ackMessages, write.acknowledgement(publicKey, messageIds), attempt);
      },
    },
  };
}
