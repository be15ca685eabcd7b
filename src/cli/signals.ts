import { ENDING_SIGNALS, type EndingSignal, exitCodeOf } from "./exit-codes.js";

/** What ends the program from outside: Ctrl-C, `kill`, a terminal that is closed. */
export class Signals {
  readonly #aborted = new AbortController();
  #received: EndingSignal | undefined;
  #forward: ((signal: EndingSignal) => void) | undefined;

  /** Takes the signals over. The second one ends the program at once. */
  listen(): void {
    for (const signal of ENDING_SIGNALS) process.on(signal, () => this.#receive(signal));
  }

  /** Fires at the first signal. */
  get aborted(): AbortSignal {
    return this.#aborted.signal;
  }

  /** The first signal that came. */
  get received(): EndingSignal | undefined {
    return this.#received;
  }

  /** Resolves with the first signal. */
  async wait(): Promise<EndingSignal> {
    const { signal } = this.#aborted;
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    return this.#received ?? "SIGTERM";
  }

  /** Hands every signal on instead, to a child that decides what becomes of it. */
  forward(to: (signal: EndingSignal) => void): void {
    this.#forward = to;
  }

  #receive(signal: EndingSignal): void {
    if (this.#forward !== undefined) {
      this.#forward(signal);
      return;
    }
    if (this.#received !== undefined) process.exit(exitCodeOf(signal));
    this.#received = signal;
    this.#aborted.abort();
  }
}
