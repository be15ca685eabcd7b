import type { PaymentEvent } from "./events.js";

// A reader that is this many events behind stops the streams until it catches up.
const MAX_WAITING_EVENTS = 1_000;

/** Events that wait for the reader of a watch, until `signal` fires. */
export class EventQueue {
  readonly #signal: AbortSignal;
  readonly #events: PaymentEvent[] = [];
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    const wakeAll = () => {
      this.#wakeReader?.();
      this.#makeRoom();
    };
    signal.addEventListener("abort", wakeAll, { once: true });
  }

  /** Adds an event, unless the watch has ended. */
  push(event: PaymentEvent | undefined): void {
    if (event === undefined || this.#signal.aborted) return;
    this.#events.push(event);
    this.#wakeReader?.();
  }

  /** Resolves to the next event, or to `undefined` when the watch has ended. */
  async shift(): Promise<PaymentEvent | undefined> {
    while (!this.#signal.aborted) {
      const event = this.#events.shift();
      if (event !== undefined) {
        this.#makeRoom();
        return event;
      }
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    return undefined;
  }

  /** Removes and returns every event. */
  drain(): PaymentEvent[] {
    return this.#events.splice(0);
  }

  /** Whether writers must wait for the reader. */
  get isFull(): boolean {
    return this.#events.length >= MAX_WAITING_EVENTS && !this.#signal.aborted;
  }

  /** Resolves when there is room for another event, or the watch has ended. */
  async hasRoom(): Promise<void> {
    while (this.isFull) {
      await new Promise<void>((resolve) => {
        this.#wakeWriters.push(resolve);
      });
    }
  }

  #makeRoom(): void {
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }
}
