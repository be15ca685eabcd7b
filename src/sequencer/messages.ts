import { create, toBinary } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import {
  AckMesssagesResponse_Result,
  type Messaging,
  OpenMessageStreamRequestSchema,
  OpenMessageStreamWithKeepAliveRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../crypto/types.js";
import { TransportError } from "../errors.js";
import { onAbort } from "./abort.js";
import { fromConnectError, mapConnectError, optionsOf } from "./connect-error.js";
import { messageBytes } from "./message-bytes.js";
import type { CallContext, MessageCalls, StreamFrame, StreamKind } from "./port.js";

/** Returns the message calls of any Connect transport. */
export function connectMessages(
  client: Client<typeof Messaging>,
  streams: readonly StreamKind[],
): MessageCalls {
  return {
    bytes: messageBytes,
    streams,
    async poll(key, attempt) {
      const rendezvousKey = { value: key.publicKey };
      const request = { rendezvousKey, signature: { value: key.sign(listeningRequest(key.publicKey)) } };
      const { messages } = await ended(client.pollMessages(request, optionsOf(attempt)), attempt.signal);
      return messages;
    },
    async acknowledge(publicKey, messageIds, attempt) {
      const request = {
        rendezvousKey: { value: publicKey },
        messageIds: messageIds.map((value) => ({ value })),
      };
      const { result } = await ended(client.ackMessages(request, optionsOf(attempt)), attempt.signal);
      if (result !== AckMesssagesResponse_Result.OK) {
        throw new TransportError("malformed_response", {
          message:
            "The response to AckMessages has an unknown result. Check that baseUrl leads to a sequencer",
        });
      }
    },
    open: (kind, key, context) =>
      kind === "plain" ? openPlain(client, key, context) : openKeepAlive(client, key, context),
  };
}

async function* openPlain(
  client: Client<typeof Messaging>,
  key: SigningKey,
  { signal, headers }: Pick<CallContext, "signal" | "headers">,
): AsyncGenerator<StreamFrame> {
  try {
    // No deadline: a stream stays open until one side ends it.
    const responses = client.openMessageStream(signedRequest(key), {
      signal,
      headers: { ...headers },
      timeoutMs: 0,
    });
    for await (const { messages } of untilAborted(responses, signal)) {
      for (const message of messages) yield { case: "message", message };
    }
  } catch (error) {
    throw fromConnectError(error);
  }
}

async function* openKeepAlive(
  client: Client<typeof Messaging>,
  key: SigningKey,
  { signal, headers }: Pick<CallContext, "signal" | "headers">,
): AsyncGenerator<StreamFrame> {
  const frames = new Frames();
  frames.push({ case: "request", value: signedRequest(key) });
  try {
    const responses = client.openMessageStreamWithKeepAlive(frames, {
      signal,
      headers: { ...headers },
      timeoutMs: 0,
    });
    for await (const { responseOrPing } of untilAborted(responses, signal)) {
      if (responseOrPing.case === "ping") {
        frames.push({ case: "pong", value: { timestamp: timestampNow() } });
        yield { case: "ping", delayMs: Number(responseOrPing.value.pingDelay?.seconds ?? 0n) * 1000 };
      } else if (responseOrPing.case === "response") {
        for (const message of responseOrPing.value.messages) yield { case: "message", message };
      }
    }
  } catch (error) {
    throw fromConnectError(error);
  } finally {
    frames.end();
  }
}

type RequestOrPong = NonNullable<
  Parameters<typeof create<typeof OpenMessageStreamWithKeepAliveRequestSchema>>[1]
>["requestOrPong"];

/**
 * The client's frames of a stream with keep-alive. Only the latest pong is kept: an earlier one has no use.
 */
class Frames {
  #next: RequestOrPong;
  #wake: (() => void) | undefined;
  #ended = false;

  push(frame: RequestOrPong): void {
    this.#next = frame;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      const requestOrPong = this.#next;
      this.#next = undefined;
      if (requestOrPong !== undefined)
        yield create(OpenMessageStreamWithKeepAliveRequestSchema, { requestOrPong });
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/**
 * Returns the result of a call, or rejects when the signal fires, even if the transport ignores the signal.
 */
async function ended<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  let release = () => {};
  const aborted = new Promise<never>((_, reject) => {
    release = onAbort(signal, () => reject(signal.reason));
    if (signal.aborted) reject(signal.reason);
  });
  try {
    return await mapConnectError(Promise.race([call, aborted]));
  } finally {
    release();
  }
}

/** Yields from a stream until the signal fires. Nothing else can end the stream of a Connect client. */
async function* untilAborted<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = stream[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await ended(iterator.next(), signal);
    if (done === true) return;
    yield value;
  }
}

/** Returns the bytes to sign for a poll or a stream: a request that contains only the key. */
function listeningRequest(publicKey: Uint8Array): Uint8Array {
  return toBinary(
    OpenMessageStreamRequestSchema,
    create(OpenMessageStreamRequestSchema, { rendezvousKey: { value: publicKey } }),
  );
}

function signedRequest(key: SigningKey) {
  const { publicKey } = key;
  return create(OpenMessageStreamRequestSchema, {
    rendezvousKey: { value: publicKey },
    signature: { value: key.sign(listeningRequest(publicKey)) },
  });
}
