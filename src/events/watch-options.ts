/** When a watch is over. */
export type WatchUntil = "submitted" | "webhook" | "rejected";

/** The options of a watch, checked, with every default in place. */
export interface CheckedWatchOptions {
  readonly until: WatchUntil;
  /** Milliseconds between two status checks, and between two polls. */
  readonly intervalMs: number;
  /** Whether no one else listens, so that emitted messages can be deleted at the sequencer. */
  readonly soleListener: boolean;
  /** Milliseconds until the watch ends; `undefined` for no limit. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Names in lowercase. */
  readonly headers: Readonly<Record<string, string>>;
}
