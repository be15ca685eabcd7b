import { TransportError } from "../errors.js";

// System calls that fail before anything can be sent. The codes alone do not tell: a connection that was used can end
// with EHOSTUNREACH as well.
const beforeSending = new Set(["connect", "getaddrinfo"]);

/**
 * The error for a connection that could not be made, or broke; the system's own is found in the chain of causes, and
 * tells whether anything can have been sent, where that is not known.
 */
export function connectionError(cause: unknown, known?: { readonly sent: boolean }): TransportError {
  const { code, sent } = { ...systemFailure(cause), ...known };
  return new TransportError("unavailable", {
    message:
      code === "ERR_HTTP2_ERROR"
        ? 'The server did not speak HTTP/2 (ERR_HTTP2_ERROR). Check baseUrl; for a server of HTTP/1.1 set httpVersion: "1.1"'
        : sent
          ? `The connection to the sequencer broke${code ? ` (${code})` : ""}`
          : `The sequencer cannot be reached${code ? ` (${code})` : ""}. Check baseUrl, and that it runs`,
    retryable: true,
    mayHaveArrived: sent,
    cause,
  });
}

function systemFailure(error: unknown): { code: string | undefined; sent: boolean } {
  // Bounded, so that a cause that leads back to itself ends.
  for (let depth = 0; depth < 8 && error instanceof Error; depth++) {
    const { code } = error as { code?: unknown };
    if (typeof code === "string") return { code, sent: !isBeforeSending(error) };
    error = error.cause;
  }
  return { code: undefined, sent: true };
}

function isBeforeSending(error: Error): boolean {
  // One error for each address that was tried.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isBeforeSending);
  const { syscall, code } = error as { syscall?: unknown; code?: unknown };
  return beforeSending.has(String(syscall)) || code === "UND_ERR_CONNECT_TIMEOUT";
}
