/** The event that ends a watch. */
export type WatchUntil = "submitted" | "webhook" | "rejected";

/** Checked options of a watch, with all defaults. */
export interface CheckedWatchOptions {
  readonly until: WatchUntil;
  /** Milliseconds between two status checks, and between two polls. */
  readonly intervalMs: number;
  /** Whether this is the only listener, so that the sequencer can delete emitted messages. */
  readonly soleListener: boolean;
  /** Milliseconds until the watch ends; `undefined` for no limit. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Names in lowercase. */
  readonly headers: Readonly<Record<string, string>>;
}
