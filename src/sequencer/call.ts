import { CodeIntentsError, SequencerError, TransportError } from "../errors.js";
import { durationText } from "../lib/duration.js";
import { onAbort } from "./abort.js";
import type { CallContext, CallOptions, Sequencer } from "./port.js";
import { headersTooLarge } from "./status-error.js";

/** How often and how soon a call is repeated. Only calls that are safe to repeat are repeated. */
export interface RetryOptions {
  /** Maximum number of attempts, including the first. Default: 4. */
  readonly maxAttempts?: number | undefined;
  /** Upper bound of the first pause, in milliseconds. It doubles with each attempt. Default: 100. */
  readonly initialDelayMs?: number | undefined;
  /** Upper bound of every pause, in milliseconds. A server's `Retry-After` can exceed it. Default: 2000. */
  readonly maxDelayMs?: number | undefined;
}

/** {@link RetryOptions} with every value set. */
export type RetryPolicy = { readonly [K in keyof Required<RetryOptions>]: number };

/** The defaults of {@link RetryOptions}. */
export const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 4, initialDelayMs: 100, maxDelayMs: 2000 };

/** Default deadline of a unary call, in milliseconds, including retries. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Settings of a client that apply to each call. */
export interface CallPolicy {
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Fires when the client closes. */
  readonly closed: AbortSignal;
}

/** Returns the error of a call, given the last error and whether any attempt can have taken effect. */
export type CallFailure = (error: unknown, mayHaveArrived: boolean) => unknown;

/** Runs one call against the client's sequencer, with its deadline, retries and headers. */
export type CallRunner = <T>(
  options: CallOptions | undefined,
  attempt: (sequencer: Sequencer, context: CallContext) => Promise<T>,
  failure?: CallFailure,
) => Promise<T>;

/**
 * Runs attempts until one succeeds, one fails for good, or the deadline passes.
 *
 * Each pause is random, below a bound that doubles, so that clients that failed together do not return
 * together. It is at least as long as the server's `Retry-After`. If a pause does not fit within the
 * deadline, the call fails at once. The error of the call states whether any attempt, not only the last, can
 * have taken effect.
 */
export async function callWithRetries<T>(
  policy: CallPolicy,
  options: CallOptions,
  attempt: (context: CallContext) => Promise<T>,
  failure: CallFailure = (error) => error,
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? policy.timeoutMs;
  const deadline = performance.now() + timeoutMs;
  const headers = { ...policy.headers, ...options.headers };
  const end = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    end.signal.addEventListener("abort", () => reject(end.signal.reason), { once: true });
  });
  // The race below can end before the deadline.
  ended.catch(() => {});
  const release = endCallOn(end, policy.closed, options.signal, timeoutMs);
  let mayHaveArrived = false;
  try {
    for (let number = 1; ; number++) {
      end.signal.throwIfAborted();
      try {
        const remainingMs = Math.max(1, Math.ceil(deadline - performance.now()));
        return await Promise.race([
          attempt({ signal: end.signal, timeoutMs: remainingMs, headers, mayRepeat: mayHaveArrived }),
          ended,
        ]);
      } catch (reason) {
        const error = end.signal.aborted ? end.signal.reason : nameHeaders(reason, headers);
        if (end.signal.aborted || isAmbiguous(error)) mayHaveArrived = true;
        if (end.signal.aborted || !isRetryable(error) || number >= policy.retry.maxAttempts) throw error;
        const pauseMs = Math.max(
          retryAfterMs(error),
          Math.random() * Math.min(policy.retry.maxDelayMs, policy.retry.initialDelayMs * 2 ** (number - 1)),
        );
        if (performance.now() + pauseMs >= deadline) throw error;
        await pause(pauseMs, ended);
      }
    }
  } catch (error) {
    throw failure(settled(error, mayHaveArrived), mayHaveArrived);
  } finally {
    release();
  }
}

/** Returns whether the attempt of an error can have taken effect. */
function isAmbiguous(error: unknown): boolean {
  if (error instanceof TransportError) return error.mayHaveArrived;
  return error instanceof SequencerError && error.code === "sequencer_failed";
}

function isRetryable(error: unknown): boolean {
  return error instanceof CodeIntentsError && error.retryable;
}

// Servers accept at least this much.
const SMALL_HEADERS_BYTES = 4_096;

/** Names the headers in the error of a server that rejects large ones with 400, as nginx does. */
function nameHeaders(error: unknown, headers: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof SequencerError) || error.httpStatus !== 400 || error.sequencerMessage !== "")
    return error;
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length;
  return bytes > SMALL_HEADERS_BYTES ? headersTooLarge(`HTTP 400, ${bytes} bytes`, error) : error;
}

function retryAfterMs(error: unknown): number {
  return (error instanceof CodeIntentsError && error.retryAfterMs) || 0;
}

function endCallOn(
  end: AbortController,
  closed: AbortSignal,
  caller: AbortSignal | undefined,
  timeoutMs: number,
): () => void {
  const whenClosed = () => end.abort(closed.reason);
  const whenAborted = () => {
    // The caller's reason can be any value. It is returned as the cause.
    end.abort(
      new TransportError("aborted", { message: "The call was aborted by its signal", cause: caller?.reason }),
    );
  };
  const timer = setTimeout(() => {
    const message = `The call did not end within ${durationText(timeoutMs)}. The outcome is unknown; call again, or raise timeoutMs`;
    end.abort(new TransportError("deadline_exceeded", { message, retryable: true }));
  }, timeoutMs);
  if (closed.aborted) whenClosed();
  else if (caller?.aborted) whenAborted();
  const releases = [onAbort(closed, whenClosed)];
  if (caller !== undefined) releases.push(onAbort(caller, whenAborted));
  return () => {
    clearTimeout(timer);
    for (const release of releases) release();
  };
}

async function pause(ms: number, ended: Promise<never>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([passed, ended]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the error with what is known of all attempts. */
function settled(error: unknown, mayHaveArrived: boolean): unknown {
  return error instanceof TransportError ? withArrival(error, mayHaveArrived) : error;
}

/** Returns the error with another `mayHaveArrived`. */
export function withArrival(error: TransportError, mayHaveArrived: boolean): TransportError {
  if (error.mayHaveArrived === mayHaveArrived) return error;
  const { code, message, retryable, retryAfterMs, cause, httpStatus, connectCode } = error;
  return new TransportError(code, {
    message,
    retryable,
    retryAfterMs,
    mayHaveArrived,
    cause,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(connectCode === undefined ? {} : { connectCode }),
  });
}
