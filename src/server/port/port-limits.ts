import { InputError } from "../../errors.js";
import { checkDuration, checkOptions } from "../../lib/options.js";

/** Limits of one {@link PortServer}. Times are integer milliseconds; 0 disables that timeout. */
export interface PortServerLimits {
  /** Time limit for the first three bytes, which identify the protocol. Default: 10,000. */
  peekTimeoutMs: number;
  /**
   * Time limit for a request's header (HTTP/1.1), or for the preface and SETTINGS (HTTP/2). Default: 10,000.
   */
  headerTimeoutMs: number;
  /**
   * Time limit for the complete request. Default: 30,000. It does not apply to responses, or to streaming
   * HTTP/2 requests (gRPC, Connect streams), which can stay open as long as their calls.
   */
  requestTimeoutMs: number;
  /** How long an HTTP/1.1 connection can wait for its next request. Default: 65,000. */
  keepAliveTimeoutMs: number;
  /** How long an HTTP/2 connection can have no open stream, or leave a ping unanswered. Default: 300,000. */
  idleTimeoutMs: number;
  /**
   * Maximum size of a request's header, in bytes. Above it: 431, or a reset stream on HTTP/2. Default:
   * 16,384.
   */
  maxHeaderBytes: number;
  /** Maximum number of open sockets. More are dropped. Default: 4,096. */
  maxConnections: number;
  /** Maximum number of open streams per HTTP/2 connection. More are refused. Default: 10,000. */
  maxConcurrentStreams: number;
}

const defaultLimits: Readonly<PortServerLimits> = {
  peekTimeoutMs: 10_000,
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  idleTimeoutMs: 300_000,
  maxHeaderBytes: 16_384,
  maxConnections: 4096,
  maxConcurrentStreams: 10_000,
};

/** Checks the limits and fills in the defaults. */
export function readLimits(given: Partial<PortServerLimits> = {}): PortServerLimits {
  const names = Object.keys(defaultLimits) as (keyof PortServerLimits)[];
  checkOptions(given, "limits", names);
  const limits = { ...defaultLimits };
  for (const name of names) {
    const value = given[name];
    if (value === undefined) continue;
    const field = `limits.${name}`;
    if (name.endsWith("Ms")) limits[name] = checkDuration(value, field, true);
    else if (Number.isInteger(value) && value > 0 && value < 2 ** 31) limits[name] = value;
    else throw new InputError("invalid_option", field, "must be an integer above 0");
  }
  return limits;
}
