import { TransportError } from "../errors.js";

// System calls that fail before anything can be sent. The codes alone do not tell: a connection that was used
// can also end with EHOSTUNREACH.
const beforeSending = new Set(["connect", "getaddrinfo"]);

const ownAuthority = "For a private certificate authority, set NODE_EXTRA_CA_CERTS to its certificate file";

const certificateAdvice: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "It has expired: renew it, or correct the clock of this machine. ",
  CERT_NOT_YET_VALID: "It is not valid yet: correct the clock of this machine. ",
  ERR_TLS_CERT_ALTNAME_INVALID: "It is for another host name: correct baseUrl or the certificate. ",
  HOSTNAME_MISMATCH: "It is for another host name: correct baseUrl or the certificate. ",
  CERT_REVOKED: "It was revoked: replace it. ",
};

// Node's codes for a certificate that the client does not accept.
const certificateCode =
  /^(CERT_|CRL_|ERROR_IN_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|HOSTNAME_MISMATCH$|ERR_TLS_CERT_)/;

// What either side of a TLS handshake reports if it ends without a connection.
const handshakeReason =
  /protocol version|unsupported protocol|wrong version number|http request|handshake failure|no shared cipher|insufficient security|unrecognized name|no application protocol|certificate required|bad certificate|unknown ca|certificate (unknown|expired|revoked)|packet length too long|ee key too small|dh key too small/;

/**
 * Returns the error of a connection that could not be made, or broke. Finds the system's error in the chain
 * of causes, which shows whether anything can have been sent, unless that is known.
 */
export function connectionError(cause: unknown, known?: { readonly sent: boolean }): TransportError {
  const failure = systemFailure(cause);
  const { code } = failure;
  const refusal = failure.error === undefined ? undefined : handshakeRefusal(failure.error, code);
  if (refusal !== undefined)
    return new TransportError("unavailable", { message: refusal, mayHaveArrived: false, cause });
  // Node's own limits, over HTTP/1.1 and in fetch.
  if (code === "HPE_HEADER_OVERFLOW" || code === "UND_ERR_HEADERS_OVERFLOW")
    return new TransportError("response_too_large", {
      message:
        `The headers of the response are larger than Node accepts (${code}). Check baseUrl. ` +
        "If a proxy needs such headers, raise --max-http-header-size of Node",
      cause,
    });
  const sent = known?.sent ?? failure.sent;
  return new TransportError("unavailable", {
    message:
      code === "ERR_HTTP2_ERROR"
        ? noHttp2(code)
        : sent
          ? `The connection to the sequencer broke${code ? ` (${code})` : ""}`
          : `The sequencer cannot be reached${code ? ` (${code})` : ""}. Check baseUrl, and that it runs`,
    retryable: true,
    mayHaveArrived: sent,
    cause,
  });
}

interface SystemFailure {
  readonly error?: Error;
  readonly code: string | undefined;
  readonly sent: boolean;
}

function systemFailure(error: unknown): SystemFailure {
  // Bounded, so that a cause that leads back to itself ends.
  for (let depth = 0; depth < 8 && error instanceof Error; depth++) {
    const { code } = error as { code?: unknown };
    // A stream that waited for its session carries the session's error as its cause.
    const isWrapper = code === "ERR_HTTP2_STREAM_CANCEL" && error.cause instanceof Error;
    if (typeof code === "string" && !isWrapper) return { error, code, sent: !isBeforeSending(error) };
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

/**
 * Returns the message for a failed TLS handshake. Nothing was sent, and the next handshake fails in the same
 * way.
 */
function handshakeRefusal(error: Error, code = ""): string | undefined {
  if (certificateCode.test(code))
    return `The certificate of the sequencer is not trusted (${code}). ${certificateAdvice[code] ?? ""}${ownAuthority}`;
  const reason = tlsReason(error, code);
  if (!handshakeReason.test(reason)) return undefined;
  if (/no application protocol/.test(reason)) return noHttp2(code);
  if (/wrong version number|http request|packet length too long/.test(reason))
    return `The server does not use TLS on this port (${code}: ${reason}). Check the scheme and the port of baseUrl`;
  return (
    `The TLS handshake with the sequencer failed (${code}: ${reason}). Check which TLS versions and certificates ` +
    `the server accepts. ${ownAuthority}`
  );
}

/** Returns OpenSSL's reason, which is part of the code or, in an EPROTO, of the message. */
function tlsReason({ message }: Error, code: string): string {
  if (code.startsWith("ERR_SSL_")) return code.slice("ERR_SSL_".length).replaceAll("_", " ").toLowerCase();
  return code === "EPROTO" ? (/ routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? "") : "";
}

function noHttp2(code: string): string {
  return (
    `The server does not use HTTP/2 here (${code}). Check baseUrl. For a server with HTTP/1.1 only, ` +
    'set httpVersion: "1.1"; protocol "grpc" needs a server with HTTP/2'
  );
}
