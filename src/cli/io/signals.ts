import { ENDING_SIGNALS, type EndingSignal, exitCodeOf } from "../failure/exit-codes.js";

/** The part of `process` that signals need. */
export interface SignalSource {
  on(signal: EndingSignal, listener: (signal: EndingSignal) => void): unknown;
  off(signal: EndingSignal, listener: (signal: EndingSignal) => void): unknown;
  exit(code: number): unknown;
}

/** What ends the program from outside: Ctrl-C, `kill`, a terminal that is closed. */
export class Signals {
  readonly #source: SignalSource;
  readonly #aborted = new AbortController();
  readonly #listener = (signal: EndingSignal): void => this.#receive(signal);
  #received: EndingSignal | undefined;
  #forward: ((signal: EndingSignal) => void) | undefined;

  constructor(source: SignalSource) {
    this.#source = source;
  }

  /** Takes the signals over. The second one ends the program at once. */
  listen(): void {
    for (const signal of ENDING_SIGNALS) this.#source.on(signal, this.#listener);
  }

  /** Leaves the signals to the process again. */
  close(): void {
    for (const signal of ENDING_SIGNALS) this.#source.off(signal, this.#listener);
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

  /** Passes every signal to a child instead. */
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
