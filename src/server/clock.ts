/**
 * The clock of the protocol: the source of every time that a message, an intent or a webhook carries, and of
 * every wait that the protocol prescribes. A host can move it. What a network or a peer's machine needs is
 * real time: see {@link realTime}.
 */
export interface ProtocolClock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Calls `callback` once, after `delayMs` of this clock. Returns a function that cancels the call.
   *
   * The callback can return a promise for work in real time that it started, such as a request over the
   * network. A clock that is moved does not move on before the promise settles.
   */
  after(delayMs: number, callback: () => unknown): () => void;
}

/** Timers of real time, which a moved clock never moves. */
export interface RealTime {
  /** Calls `callback` once, after `delayMs` of real time. Returns a function that cancels the call. */
  after(delayMs: number, callback: () => void): () => void;
}

// The longest delay that setTimeout supports.
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * The real time of calls and deliveries: how long a webhook's receiver may take, and how long a stream waits
 * for its client. Its timers do not keep the process alive; an open socket does.
 */
export const realTime: RealTime = {
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

/** The system clock as the clock of the protocol. It is never moved. */
export const systemClock: ProtocolClock = {
  now: () => Date.now(),
  after: (delayMs, callback) => realTime.after(delayMs, callback),
};
