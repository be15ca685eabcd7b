import { InputError, UnsupportedError } from "../errors.js";
import type { CheckedWatchOptions, WatchUntil } from "../events/watch-options.js";
import { checkDuration, checkOptions } from "../lib/options.js";
import type { Capabilities } from "../sequencer/capabilities.js";
import { checkCallOptions } from "./call-options.js";

/** Options of `watch`. */
export interface WatchOptions {
  /**
   * What ends the watch: `"submitted"` (default), `"webhook"` (submitted, and the sequencer reached the
   * webhook), or `"rejected"` (a rejection as well as a payment).
   */
  readonly until?: WatchUntil | undefined;
  /** Milliseconds between two status checks. Default: 5000. */
  readonly intervalMs?: number | undefined;
  /** Milliseconds until the watch ends with `payment_timeout` or `login_timeout`. Default: none. */
  readonly timeoutMs?: number | undefined;
  /**
   * Acknowledges emitted messages, so that the sequencer deletes them, except for the request, which the
   * payer reads. Pass `true` only if no other listener uses this intent: browsers, second tabs and other
   * backends would miss the messages. Default: `false`.
   */
  readonly soleListener?: boolean | undefined;
  /** Ends the watch with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Sent with every call of the watch. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const DEFAULT_INTERVAL_MS = 5_000;

/** Checks the options of a watch against the capabilities of the protocol. */
export function checkWatchOptions(options: unknown, capabilities: Capabilities): CheckedWatchOptions {
  checkOptions(options, "watch", ["until", "intervalMs", "timeoutMs", "soleListener", "signal", "headers"]);
  const { until = "submitted", intervalMs = DEFAULT_INTERVAL_MS, soleListener = false, timeoutMs } = options;
  if (until !== "submitted" && until !== "webhook" && until !== "rejected") {
    throw new InputError("invalid_option", "until", 'must be "submitted", "webhook" or "rejected"');
  }
  if (until !== "submitted" && !capabilities.messages) {
    throw new UnsupportedError(
      "unsupported_by_protocol",
      `until: "${until}" requires the messages of an intent, which REST does not support; use another protocol`,
    );
  }
  if (typeof soleListener !== "boolean")
    throw new InputError("invalid_option", "soleListener", "must be true or false");
  const { signal, headers } = checkCallOptions({ signal: options.signal, headers: options.headers });
  return {
    until,
    intervalMs: checkDuration(intervalMs, "intervalMs"),
    soleListener,
    timeoutMs: timeoutMs === undefined ? undefined : checkDuration(timeoutMs, "timeoutMs"),
    signal,
    headers,
  };
}
