import { TransportError } from "../errors.js";

// Failures before anything was sent.
const neverSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** The error for a connection that could not be made, or broke; the system's code is found in the chain of causes. */
export function unreachable(cause: unknown): TransportError {
  const code = systemCode(cause);
  const sent = code === undefined || !neverSent.has(code);
  return new TransportError("unavailable", {
    message: sent
      ? `The connection to the sequencer broke${code ? ` (${code})` : ""}`
      : `The sequencer cannot be reached (${code}). Check baseUrl, and that it runs`,
    retryable: true,
    mayHaveArrived: sent,
    cause,
  });
}

function systemCode(error: unknown): string | undefined {
  // Bounded, so that a cause that leads back to itself ends.
  for (let depth = 0; depth < 8 && error instanceof Error; depth++) {
    const { code } = error as { code?: unknown };
    if (typeof code === "string") return code;
    error = error.cause;
  }
  return undefined;
}
