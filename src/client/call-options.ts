import { InputError } from "../errors.js";
import { checkDuration, checkOptions } from "../lib/options.js";

/** Checks the options of one call. */
export function checkCallOptions(options: unknown): {
  signal?: AbortSignal;
  timeoutMs?: number;
  headers: Record<string, string>;
} {
  checkOptions(options, "call", ["signal", "timeoutMs", "headers"]);
  const { signal, timeoutMs } = options;
  const headers = checkHeaders(options.headers);
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new InputError("invalid_option", "signal", "must be an AbortSignal");
  }
  return {
    headers,
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: checkDuration(timeoutMs, "timeoutMs") }),
  };
}

// Set by the protocols themselves, or rejected by one of the HTTP clients.
const ownHeaders =
  /^(content-(type|length|encoding)|accept-encoding|host|(proxy-)?connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|http2-settings|(connect|grpc|sec-websocket)-.*|:.*)$/;

/** Checks headers that are sent with every call. Returns their names in lowercase. */
export function checkHeaders(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (
    typeof value !== "object" ||
    value === null ||
    // A Headers or a Map has no own properties and would read as empty.
    Symbol.iterator in value
  ) {
    throw new InputError("invalid_option", "headers", "must be a plain object of header names and values");
  }
  const checked: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    const lower = name.toLowerCase();
    // The error omits the value: it may be a token.
    if (
      typeof text !== "string" ||
      !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower) ||
      !/^[\t\x20-\x7e\x80-\xff]*$/.test(text)
    ) {
      throw new InputError(
        "invalid_option",
        `headers[${JSON.stringify(name)}]`,
        "is not a valid HTTP header",
      );
    }
    if (ownHeaders.test(lower)) {
      throw new InputError(
        "invalid_option",
        `headers[${JSON.stringify(name)}]`,
        "is set by the protocol itself; remove it",
      );
    }
    checked[lower] = text;
  }
  return checked;
}

function isAbortSignal(value: unknown): value is AbortSignal {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as AbortSignal).aborted === "boolean" &&
    typeof (value as AbortSignal).addEventListener === "function"
  );
}
