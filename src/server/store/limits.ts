import { InputError } from "../../errors.js";
import { checkOptions } from "../../lib/options.js";

/** Limits of the state that a store in memory holds. Each is an integer above 0. */
export interface StateLimits {
  /** Bytes of one stored message. Default: 65,536. */
  readonly messageBytes: number;
  /** Messages at one rendezvous key that are not acknowledged. Default: 4,096. */
  readonly messagesPerKey: number;
  /** Sum of the bytes of these messages. Default: 1,048,576. */
  readonly bytesPerKey: number;
  /** Rendezvous keys that have received a message. Default: 100,000. */
  readonly keys: number;
  /**
   * Size of the complete state, in bytes: its messages with 256 bytes more for each, and 2,048 bytes for each
   * key. Default: 268,435,456, which is 256 MiB. At most 402,653,184, so that an export fits in one string.
   */
  readonly bytes: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * The default {@link StateLimits}. Every request that the real sequencer accepts in the test vectors fits.
 */
export const DEFAULT_STATE_LIMITS: StateLimits = Object.freeze({
  messageBytes: 64 * KIB,
  messagesPerKey: 4_096,
  bytesPerKey: MIB,
  keys: 100_000,
  bytes: 256 * MIB,
});

// An export has at most 4/3 characters for each byte of this size. A string has fewer than 2^29 characters.
const MAX_BYTES = 384 * MIB;

/**
 * Checks the limits and fills in the defaults.
 *
 * @throws InputError `invalid_option`, `unknown_option`
 */
export function checkStateLimits(given: Partial<StateLimits> = {}): StateLimits {
  const names = Object.keys(DEFAULT_STATE_LIMITS) as (keyof StateLimits)[];
  checkOptions(given, "stateLimits", names);
  const limits = { ...DEFAULT_STATE_LIMITS };
  for (const name of names) {
    const value = given[name];
    if (value === undefined) continue;
    const max = name === "bytes" ? MAX_BYTES : 2 ** 31 - 1;
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new InputError("invalid_option", `stateLimits.${name}`, `must be an integer from 1 to ${max}`);
    Object.assign(limits, { [name]: value });
  }
  return limits;
}
