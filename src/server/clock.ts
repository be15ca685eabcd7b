/** Where the server takes its time from. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `delayMs` of this clock. Returns a function that cancels the call. */
  after(delayMs: number, callback: () => void): () => void;
}
