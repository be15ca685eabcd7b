import { InputError } from "../../errors.js";
import { checkDuration, checkOptions } from "../../lib/options.js";

/** Limits of one {@link PortServer}. Times are whole milliseconds; 0 turns that timeout off. */
export interface PortServerLimits {
  /** Time to send the first three bytes, which tell the protocol. Default 10,000. */
  peekTimeoutMs: number;
  /** Time to send a request's header (HTTP/1.1), or the preface and SETTINGS (HTTP/2). Default 10,000. */
  headerTimeoutMs: number;
  /**
   * Time to receive the entire request. Default 30,000. It does not limit responses, nor HTTP/2 requests of
   * streaming type (gRPC, Connect streams), which may stay open as long as their calls do.
   */
  requestTimeoutMs: number;
  /** How long an HTTP/1.1 connection may wait for its next request. Default 65,000. */
  keepAliveTimeoutMs: number;
  /** How long an HTTP/2 connection may have no open stream, or not answer a ping. Default 300,000. */
  idleTimeoutMs: number;
  /** Size of a request's header, in bytes: beyond it 431, or a reset stream on HTTP/2. Default 16,384. */
  maxHeaderBytes: number;
  /** Open sockets; more are dropped. Default 4,096. */
  maxConnections: number;
  /** Open streams per HTTP/2 connection; more are refused. Default 10,000. */
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

/** Fills in the defaults. */
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
    else throw new InputError("invalid_option", field, "must be a whole number above 0");
  }
  return limits;
}
