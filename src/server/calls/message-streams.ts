/** The two message streams: stored messages first, then new ones, one message per response. */
import { create, type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
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
} from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import { toBase58 } from "../../lib/bytes.js";
import type { Report } from "../activity.js";
import { type ProtocolClock, realTime } from "../clock.js";
import { invalidArgument, unauthenticated } from "../failure.js";
import { isSignedBy } from "../signed.js";
import type { MessageRecord, Store } from "../store/store.js";
import type { MessageStream, StreamItem } from "../streams/message-stream.js";
import type { StreamHub } from "../streams/stream-hub.js";
import { failureOf } from "./unary-call.js";
import { violationOf } from "./validation.js";

/** Dependencies of the streams. */
export interface StreamContext {
  readonly store: Store;
  readonly hub: StreamHub;
  readonly clock: ProtocolClock;
  readonly report?: Report | undefined;
  /** Receives failures of the store. Callers receive only Internal, without text. */
  readonly onError: (error: unknown) => void;
}

/** Lifetime of a plain stream, on the clock of the protocol: one minute and one second of grace. */
const STREAM_LIFE_MS = 61_000;
/** Lifetime of a stream with keep-alive, on the clock of the protocol: 15 minutes and one second of grace. */
const KEEP_ALIVE_LIFE_MS: number = 15 * 60_000 + 1_000;
/** Time limit for the first frame of a stream with keep-alive, in real time. */
const FIRST_FRAME_MS = 250;
/** Time between two pings, in real time: they test the connection. */
const PING_DELAY_MS = 5_000;
/** Maximum time between two pongs, in real time. */
const PONG_TIMEOUT_MS = 10_000;

/** Handles OpenMessageStream. */
export async function* openMessageStream(
  context: StreamContext,
  request: OpenMessageStreamRequest,
  signal: AbortSignal,
): AsyncGenerator<OpenMessageStreamResponse> {
  const method = "OpenMessageStream";
  try {
    checkRequest(OpenMessageStreamRequestSchema, request);
    if (request.signature !== undefined) checkSignature(request);
  } catch (error) {
    throw rejected(context, method, error);
  }
  const { stream, intentId } = opened(context, method, request);
  endWith(context.clock, stream, signal, STREAM_LIFE_MS);
  try {
    for await (const item of itemsOf(context, intentId, stream)) {
      if (item !== "ping") yield responseOf(item);
    }
  } finally {
    stream.fail(canceled());
  }
}

/** Handles OpenMessageStreamWithKeepAlive. */
export async function* openMessageStreamWithKeepAlive(
  context: StreamContext,
  requests: AsyncIterable<OpenMessageStreamWithKeepAliveRequest>,
  signal: AbortSignal,
): AsyncGenerator<OpenMessageStreamWithKeepAliveResponse> {
  const { clock } = context;
  const frames = requests[Symbol.asyncIterator]();
  const method = "OpenMessageStreamWithKeepAlive";
  const request = await firstRequest(frames, signal).catch((error: unknown) => {
    throw rejected(context, method, error);
  });
  const { stream, intentId } = opened(context, method, request, "message stream closed");
  endWith(clock, stream, signal, KEEP_ALIVE_LIFE_MS);
  sendPings(stream);
  watchPongs(stream, frames);
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
    stream.fail(canceled());
  }
}

/** Opens the stream of an accepted request at once, and reports it. */
function opened(
  { hub, report }: StreamContext,
  method: string,
  request: OpenMessageStreamRequest,
  closed?: string,
): { readonly stream: MessageStream; readonly intentId: string } {
  const intentId = idOf(request);
  const stream = hub.open(intentId, closed);
  report?.({ type: "call", method, intent: intentId, code: "ok", result: undefined, text: undefined });
  return { stream, intentId };
}

/** Reports the error of a rejected request, and returns it. */
function rejected({ report }: StreamContext, method: string, error: unknown): unknown {
  report?.({ type: "call", method, intent: undefined, ...failureOf(error) });
  return error;
}

/**
 * Yields the stored messages, then the new ones. A message that arrives while the stored ones are read can be
 * yielded twice; receivers recognize it by its id.
 */
async function* itemsOf(
  context: StreamContext,
  intentId: string,
  stream: MessageStream,
): AsyncGenerator<StreamItem> {
  for (const { bytes } of await storedMessages(context, intentId)) {
    stream.throwIfEnded();
    const message = fromBinary(MessageSchema, bytes);
    if (message.kind.case !== "airdropReceived") yield message;
  }
  for (;;) {
    const item = await stream.take();
    if (item === "ping" || item.kind.case !== "airdropReceived") yield item;
  }
}

async function storedMessages(
  { store, onError }: StreamContext,
  intentId: string,
): Promise<readonly MessageRecord[]> {
  try {
    return await store.transaction(intentId, (transaction) =>
      transaction.listMessages(Number.POSITIVE_INFINITY),
    );
  } catch (error) {
    onError(error);
    throw new ConnectError("", Code.Internal);
  }
}

async function firstRequest(
  frames: AsyncIterator<OpenMessageStreamWithKeepAliveRequest>,
  signal: AbortSignal,
): Promise<OpenMessageStreamRequest> {
  const frame = await withinRealTime(FIRST_FRAME_MS, frames.next(), signal);
  if (frame.done) throw invalidArgument("request is nil");
  checkRequest(OpenMessageStreamWithKeepAliveRequestSchema, frame.value);
  if (frame.value.requestOrPong.case !== "request") throw invalidArgument("request is nil");
  const request = frame.value.requestOrPong.value;
  if (request.signature === undefined) throw invalidArgument("signature is nil");
  checkSignature(request);
  return request;
}

async function withinRealTime<T>(ms: number, work: Promise<T>, signal: AbortSignal): Promise<T> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    const onAbort = () => reject(canceled());
    const cancelLate = realTime.after(ms, () =>
      reject(new ConnectError("timed out receiving message", Code.DeadlineExceeded)),
    );
    cancel = () => {
      cancelLate();
      signal.removeEventListener("abort", onAbort);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  // The promise that loses the race must not become an unhandled rejection.
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}

/** Ends the stream when its lifetime is over or its client disconnects. */
function endWith(clock: ProtocolClock, stream: MessageStream, signal: AbortSignal, lifeMs: number): void {
  const onAbort = () => stream.fail(canceled());
  const cancelLife = clock.after(lifeMs, () => stream.fail(new ConnectError("", Code.DeadlineExceeded)));
  signal.addEventListener("abort", onAbort, { once: true });
  stream.onEnd(() => {
    cancelLife();
    signal.removeEventListener("abort", onAbort);
  });
  if (signal.aborted) onAbort();
}

function canceled(): ConnectError {
  return new ConnectError("", Code.Canceled);
}

function sendPings(stream: MessageStream): void {
  let cancel = () => {};
  const next = () => {
    cancel = realTime.after(PING_DELAY_MS, () => {
      stream.ping();
      next();
    });
  };
  next();
  stream.onEnd(() => cancel());
}

/** Ends the stream if no pong arrives in time, on a half-close, and on any frame that is not a pong. */
function watchPongs(
  stream: MessageStream,
  frames: AsyncIterator<OpenMessageStreamWithKeepAliveRequest>,
): void {
  const unhealthy = () => stream.fail(new ConnectError("terminating unhealthy stream", Code.Aborted));
  let cancel = realTime.after(PONG_TIMEOUT_MS, unhealthy);
  let ended = false;
  stream.onEnd(() => {
    ended = true;
    cancel();
  });
  const read = async () => {
    for (;;) {
      const frame = await frames.next();
      if (ended) return;
      if (frame.done || frame.value.requestOrPong.case !== "pong") return unhealthy();
      if (violationOf(OpenMessageStreamWithKeepAliveRequestSchema, frame.value) !== undefined)
        return unhealthy();
      cancel();
      cancel = realTime.after(PONG_TIMEOUT_MS, unhealthy);
    }
  };
  // Bytes that are not a frame end the stream by what is wrong with them.
  read().catch((error: unknown) =>
    error instanceof ConnectError && error.code === Code.Internal ? stream.fail(error) : unhealthy(),
  );
}

function ping(clock: ProtocolClock): OpenMessageStreamWithKeepAliveResponse {
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

/** Checks the signature of an open request, which covers the request without the signature. */
function checkSignature(request: OpenMessageStreamRequest): void {
  const key = request.rendezvousKey?.value ?? new Uint8Array(0);
  if (!isSignedBy(OpenMessageStreamRequestSchema, request, key)) throw unauthenticated();
}

function idOf({ rendezvousKey }: OpenMessageStreamRequest): string {
  return toBase58(rendezvousKey?.value ?? new Uint8Array(0));
}
