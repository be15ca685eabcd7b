/** The source of the server's time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `callback` once, after `delayMs` of this clock. Returns a function that cancels the call. */
  after(delayMs: number, callback: () => void): () => void;
}

// The longest delay that setTimeout supports.
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** The system clock. Its timers do not keep the process alive; an open socket does. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    let timeout: NodeJS.Timeout;
    const wait = (restMs: number) => {
      const waitMs = Math.min(restMs, LONGEST_WAIT_MS);
      timeout = setTimeout(() => (restMs > waitMs ? wait(restMs - waitMs) : callback()), waitMs);
      timeout.unref();
    };
    wait(Math.max(0, delayMs));
    return () => clearTimeout(timeout);
  },
};
