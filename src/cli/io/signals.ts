import { ENDING_SIGNALS, type EndingSignal, exitCodeOf } from "../failure/exit-codes.js";

/** The part of `process` that {@link Signals} uses. */
export interface SignalSource {
  on(signal: EndingSignal, listener: (signal: EndingSignal) => void): unknown;
  off(signal: EndingSignal, listener: (signal: EndingSignal) => void): unknown;
  exit(code: number): unknown;
}

/** Signals that end the program: Ctrl-C, `kill`, or a closed terminal. */
export class Signals {
  readonly #source: SignalSource;
  readonly #aborted = new AbortController();
  readonly #listener = (signal: EndingSignal): void => this.#receive(signal);
  #received: EndingSignal | undefined;
  #forward: ((signal: EndingSignal) => void) | undefined;

  constructor(source: SignalSource) {
    this.#source = source;
  }

  /** Starts to handle signals. The second one ends the program at once. */
  listen(): void {
    for (const signal of ENDING_SIGNALS) this.#source.on(signal, this.#listener);
  }

  /** Restores the default handling of signals. */
  close(): void {
    for (const signal of ENDING_SIGNALS) this.#source.off(signal, this.#listener);
  }

  /** Aborted on the first signal. */
  get aborted(): AbortSignal {
    return this.#aborted.signal;
  }

  /** The first signal received. */
  get received(): EndingSignal | undefined {
    return this.#received;
  }

  /** Waits for the first signal and returns it. */
  async wait(): Promise<EndingSignal> {
    const { signal } = this.#aborted;
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    return this.#received ?? "SIGTERM";
  }

  /** Passes signals to `to` from now on, instead of ending the command. */
  forward(to: (signal: EndingSignal) => void): void {
    this.#forward = to;
  }

  #receive(signal: EndingSignal): void {
    if (this.#forward !== undefined) this.#forward(signal);
    else if (this.#received !== undefined) this.#source.exit(exitCodeOf(signal));
    else {
      this.#received = signal;
      this.#aborted.abort();
    }
  }
}
