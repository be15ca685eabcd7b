import { concatBytes } from "../lib/bytes.js";
import { durationText } from "../lib/duration.js";
import { bytesOf } from "./bytes-of.js";
import { WebhookError } from "./errors.js";

/** A body that arrives in chunks of bytes or text. The reader of a `ReadableStream` fits. */
export interface ByteReader {
  /** Returns the next chunk. `done` marks the end. */
  read(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /** Stops the sender. Called when reading is abandoned. */
  cancel(): unknown;
}

/** Limits on the size and arrival time of a body. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * Reads a body to its end, and gives up when a limit is exceeded. It never holds more than one chunk beyond
 * `maxBytes`.
 *
 * @throws WebhookError `webhook_too_large`, `webhook_timeout`, or `webhook_malformed` if the body is
 * truncated
 */
export async function readLimited(reader: ByteReader, limits: BodyLimits): Promise<Uint8Array> {
  const deadline = startDeadline(limits.timeoutMs);
  try {
    return await collect(reader, limits.maxBytes, deadline);
  } catch (error) {
    dismiss(reader);
    throw error instanceof WebhookError ? error : brokenOff(error);
  } finally {
    deadline.stop();
  }
}

/** Creates the error for a body over the limit. */
export function tooLarge(maxBytes: number): WebhookError {
  return new WebhookError("webhook_too_large", {
    message: `The body exceeds the limit of ${maxBytes} bytes (maxBytes). A webhook has about 600 bytes`,
  });
}

async function collect(reader: ByteReader, maxBytes: number, deadline: Deadline): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await Promise.race([reader.read(), deadline.passed]);
    if (done === true) return concatBytes(...chunks);
    deadline.check();
    const chunk = typeof value === "string" ? new TextEncoder().encode(value) : bytesOf(value);
    if (chunk === undefined) throw new TypeError("a chunk must be bytes or text");
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    if (chunk.length > 0) chunks.push(chunk);
  }
}

interface Deadline {
  /** Never resolves. Rejects at the deadline. */
  readonly passed: Promise<never>;
  /** Throws after the deadline. A stream that always has a chunk ready keeps timers from firing. */
  check(): void;
  stop(): void;
}

function startDeadline(timeoutMs: number): Deadline {
  const end = performance.now() + timeoutMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut(timeoutMs)), timeoutMs);
  });
  return {
    passed,
    check() {
      if (performance.now() > end) throw timedOut(timeoutMs);
    },
    stop: () => clearTimeout(timer),
  };
}

function timedOut(timeoutMs: number): WebhookError {
  return new WebhookError("webhook_timeout", {
    message: `The body did not arrive within ${durationText(timeoutMs)} (timeoutMs)`,
  });
}

function brokenOff(cause: unknown): WebhookError {
  return new WebhookError("webhook_malformed", {
    message: "The request body is truncated",
    cause,
  });
}

// Not awaited: a hostile stream can take indefinitely to cancel.
function dismiss(reader: ByteReader): void {
  try {
    Promise.resolve(reader.cancel()).catch(() => {});
  } catch {
    // The stream is abandoned anyway.
  }
}
