/** The two message streams: history first, then what arrives, one message per response. */
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { crypto } from "#crypto";
import {
  type Message,
  MessageSchema,
  type OpenMessageStreamRequest,
  OpenMessageStreamRequestSchema,
  type OpenMessageStreamResponse,
  OpenMessageStreamResponseSchema,
  type OpenMessageStreamWithKeepAliveRequest,
  OpenMessageStreamWithKeepAliveRequestSchema,
  type OpenMessageStreamWithKeepAliveResponse,
  OpenMessageStreamWithKeepAliveResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { toBase58 } from "../lib/bytes.js";
import type { Clock } from "./clock.js";
import { invalidArgument, unauthenticated } from "./failure.js";
import type { Store } from "./store.js";
import type { MessageStream, StreamHub, StreamItem } from "./stream-hub.js";
import { violationOf } from "./validation.js";

/** What the streams depend on. */
export interface StreamContext {
  readonly store: Store;
  readonly hub: StreamHub;
  readonly clock: Clock;
}

/** How long a plain stream lives: a minute, and one second of grace. */
export const STREAM_LIFE_MS = 61_000;
/** How long a stream with keep-alive lives: a quarter of an hour, and one second of grace. */
export const KEEP_ALIVE_LIFE_MS: number = 15 * 60_000 + 1_000;
/** Time to send the first frame of a stream with keep-alive. */
export const FIRST_FRAME_MS = 250;
/** Time between two pings. */
export const PING_DELAY_MS = 5_000;
/** Time between two pongs. */
export const PONG_TIMEOUT_MS = 10_000;

/** OpenMessageStream. */
export async function* openMessageStream(
  context: StreamContext,
  request: OpenMessageStreamRequest,
  signal: AbortSignal,
): AsyncGenerator<OpenMessageStreamResponse> {
  checkRequest(OpenMessageStreamRequestSchema, request);
  if (request.signature !== undefined) checkSignature(request);
  const intentId = idOf(request);
  const stream = context.hub.open(intentId);
  const release = endWith(context.clock, stream, signal, STREAM_LIFE_MS);
  try {
    for await (const item of itemsOf(context, intentId, stream)) {
      if (item !== "ping") yield responseOf(item);
    }
  } finally {
    release();
  }
}

/** OpenMessageStreamWithKeepAlive. */
export async function* openMessageStreamWithKeepAlive(
  context: StreamContext,
  requests: AsyncIterable<OpenMessageStreamWithKeepAliveRequest>,
  signal: AbortSignal,
): AsyncGenerator<OpenMessageStreamWithKeepAliveResponse> {
  const { clock } = context;
  const frames = requests[Symbol.asyncIterator]();
  const request = await firstRequest(clock, frames);
  const intentId = idOf(request);
  const stream = context.hub.open(intentId, "message stream closed");
  const release = endWith(clock, stream, signal, KEEP_ALIVE_LIFE_MS);
  const stopPings = sendPings(clock, stream);
  const stopWatching = watchPongs(clock, stream, frames);
  try {
    yield ping(clock);
    for await (const item of itemsOf(context, intentId, stream)) {
      yield item === "ping"
        ? ping(clock)
        : create(OpenMessageStreamWithKeepAliveResponseSchema, {
            responseOrPing: { case: "response", value: responseOf(item) },
          });
    }
  } finally {
    stopWatching();
    stopPings();
    release();
  }
}

/** What is stored, then what arrives. What arrives while the stored is read can come twice; readers know it by its id. */
async function* itemsOf(
  { store }: StreamContext,
  intentId: string,
  stream: MessageStream,
): AsyncGenerator<StreamItem> {
  const stored = await store.transaction(intentId, (transaction) =>
    transaction.listMessages(Number.POSITIVE_INFINITY),
  );
  for (const { bytes } of stored) {
    const message = fromBinary(MessageSchema, bytes);
    stream.throwIfEnded();
    if (message.kind.case !== "airdropReceived") yield message;
  }
  for (;;) {
    const item = await stream.take();
    if (item === "ping" || item.kind.case !== "airdropReceived") yield item;
  }
}

async function firstRequest(
  clock: Clock,
  frames: AsyncIterator<OpenMessageStreamWithKeepAliveRequest>,
): Promise<OpenMessageStreamRequest> {
  const frame = await within(clock, FIRST_FRAME_MS, frames.next());
  if (frame.done) throw invalidArgument("request is nil");
  checkRequest(OpenMessageStreamWithKeepAliveRequestSchema, frame.value);
  if (frame.value.requestOrPong.case !== "request") throw invalidArgument("request is nil");
  const request = frame.value.requestOrPong.value;
  if (request.signature === undefined) throw invalidArgument("signature is nil");
  checkSignature(request);
  return request;
}

async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () =>
      reject(new ConnectError("timed out receiving message", Code.DeadlineExceeded)),
    );
  });
  // Whichever loses the race must not count as unhandled.
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}

/** Ends the stream with its life, or with its client. */
function endWith(clock: Clock, stream: MessageStream, signal: AbortSignal, lifeMs: number): () => void {
  const onAbort = () => stream.fail(new ConnectError("", Code.Canceled));
  const cancelLife = clock.after(lifeMs, () => stream.fail(new ConnectError("", Code.DeadlineExceeded)));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  return () => {
    cancelLife();
    signal.removeEventListener("abort", onAbort);
    stream.fail(new ConnectError("", Code.Canceled));
  };
}

function sendPings(clock: Clock, stream: MessageStream): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(PING_DELAY_MS, () => {
      stream.ping();
      next();
    });
  };
  next();
  return () => cancel();
}

/** Ends the stream on silence, on a half-close and on any frame that is no pong. */
function watchPongs(
  clock: Clock,
  stream: MessageStream,
  frames: AsyncIterator<OpenMessageStreamWithKeepAliveRequest>,
): () => void {
  const unhealthy = () => stream.fail(new ConnectError("terminating unhealthy stream", Code.Aborted));
  let cancel = clock.after(PONG_TIMEOUT_MS, unhealthy);
  let stopped = false;
  const read = async () => {
    for (;;) {
      const frame = await frames.next();
      if (stopped) return;
      if (frame.done || frame.value.requestOrPong.case !== "pong") return unhealthy();
      if (violationOf(OpenMessageStreamWithKeepAliveRequestSchema, frame.value) !== undefined)
        return unhealthy();
      cancel();
      cancel = clock.after(PONG_TIMEOUT_MS, unhealthy);
    }
  };
  read().catch(unhealthy);
  return () => {
    stopped = true;
    cancel();
  };
}

function ping(clock: Clock): OpenMessageStreamWithKeepAliveResponse {
  const value = { timestamp: timestampFromMs(clock.now()), pingDelay: durationFromMs(PING_DELAY_MS) };
  return create(OpenMessageStreamWithKeepAliveResponseSchema, { responseOrPing: { case: "ping", value } });
}

function responseOf(message: Message): OpenMessageStreamResponse {
  return create(OpenMessageStreamResponseSchema, { messages: [message] });
}

function checkRequest<T extends DescMessage>(schema: T, request: MessageShape<T>): void {
  const violation = violationOf(schema, request);
  if (violation !== undefined) throw invalidArgument(violation);
}

/** The signature of opening a stream covers the request without the signature itself: the key alone. */
function checkSignature({ rendezvousKey, signature }: OpenMessageStreamRequest): void {
  const signed = toBinary(
    OpenMessageStreamRequestSchema,
    create(OpenMessageStreamRequestSchema, { rendezvousKey }),
  );
  const key = rendezvousKey?.value ?? new Uint8Array(0);
  if (!crypto.verify(key, signed, signature?.value ?? new Uint8Array(0))) throw unauthenticated();
}

function idOf({ rendezvousKey }: OpenMessageStreamRequest): string {
  return toBase58(rendezvousKey?.value ?? new Uint8Array(0));
}
