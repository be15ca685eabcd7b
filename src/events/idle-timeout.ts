/** Waiting that ends with a signal. */

/** Ends a stream that is silent for too long. */
export class IdleTimeout {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  #patienceMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wasSilent = false;

  constructor(outer: AbortSignal, patienceMs: number) {
    this.#outer = outer;
    this.#patienceMs = patienceMs;
    if (outer.aborted) this.#onOuter();
    outer.addEventListener("abort", this.#onOuter, { once: true });
    this.restart();
  }

  /** Fires when the stream shall end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether silence ended the stream. */
  get wasSilent(): boolean {
    return this.#wasSilent;
  }

  /** Begins the patience anew, by another measure where one is given. */
  restart(patienceMs: number = this.#patienceMs): void {
    this.#patienceMs = patienceMs;
    this.pause();
    this.#timer = setTimeout(() => {
      this.#wasSilent = true;
      this.#controller.abort(new Error("the stream is silent"));
    }, patienceMs);
  }

  /** Silence does not count until the next restart. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the stream, and lets go of everything. */
  stop(): void {
    this.pause();
    this.#outer.removeEventListener("abort", this.#onOuter);
    this.#controller.abort();
  }

  readonly #onOuter = () => this.#controller.abort(this.#outer.reason);
}

/** Resolves after a while, or at once when the signal fires. */
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
