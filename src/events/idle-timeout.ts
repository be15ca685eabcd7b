/** Aborts a stream that is idle for too long. */
export class IdleTimeout {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  #timeoutMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #expired = false;

  constructor(outer: AbortSignal, timeoutMs: number) {
    this.#outer = outer;
    this.#timeoutMs = timeoutMs;
    if (outer.aborted) this.#onOuter();
    outer.addEventListener("abort", this.#onOuter, { once: true });
    this.restart();
  }

  /** Fires when the timeout expires or the outer signal fires. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the timeout ended the stream. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Restarts the timeout, with another duration if one is given. */
  restart(timeoutMs: number = this.#timeoutMs): void {
    this.#timeoutMs = timeoutMs;
    this.pause();
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#controller.abort(new Error("the stream was idle for too long"));
    }, timeoutMs);
  }

  /** Stops the timeout until the next restart. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the stream and releases everything. */
  stop(): void {
    this.pause();
    this.#outer.removeEventListener("abort", this.#onOuter);
    this.#controller.abort();
  }

  readonly #onOuter = () => this.#controller.abort(this.#outer.reason);
}

/** Resolves after `ms` milliseconds, or as soon as the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
