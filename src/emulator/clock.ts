import type { ProtocolClock } from "../server/clock.js";

interface Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly callback: () => unknown;
  cancelled: boolean;
}

// setTimeout cannot wait longer.
const LONGEST_WAIT_MS = 2 ** 31 - 1;

// Cancelled timers that may stay in the queue. Above this number, they may be at most half of it.
const MOST_CANCELLED = 64;

/**
 * A clock that can be moved.
 *
 * It runs at the speed of the system clock, or stands still if it was created frozen. {@link
 * MovableClock.advance} moves both kinds forward, and calls the timers that fall due on the way in order,
 * each at its own time.
 *
 * It moves only what the protocol waits for, such as the retries of a webhook and the end of a stream. Limits
 * on a network, such as the 3 seconds for the response to a webhook, are real time.
 */
export class MovableClock implements ProtocolClock {
  readonly #queue = new TimerQueue();
  readonly #frozen: boolean;
  /** The time of a frozen clock; otherwise the offset from the system clock. */
  #base: number;
  #order = 0;
  #wakeUp: { readonly timeout: NodeJS.Timeout; readonly dueAt: number } | undefined;
  #moving: Promise<void> = Promise.resolve();
  /** Work in real time that callbacks have started. */
  readonly #work = new Set<Promise<unknown>>();
  /** Errors of work that ended during the current move. */
  readonly #failures: unknown[] = [];
  #isMoving = false;

  constructor(options: { readonly frozen?: boolean; readonly startAt?: number } = {}) {
    this.#frozen = options.frozen ?? false;
    const startAt = options.startAt ?? Date.now();
    this.#base = this.#frozen ? startAt : startAt - Date.now();
  }

  /** Whether the clock stands still between two moves. */
  get frozen(): boolean {
    return this.#frozen;
  }

  now(): number {
    return this.#frozen ? this.#base : Date.now() + this.#base;
  }

  after(delayMs: number, callback: () => unknown): () => void {
    this.#order += 1;
    const timer = {
      dueAt: this.now() + Math.max(0, delayMs),
      order: this.#order,
      callback,
      cancelled: false,
    };
    this.#queue.add(timer);
    this.#schedule();
    return () => this.#queue.cancel(timer);
  }

  /**
   * Moves the clock forward. Resolves after every timer that fell due on the way was called, including timers
   * that those callbacks started. Concurrent moves run one after the other.
   *
   * While a webhook is being sent, the clock waits for the response, or for the 3 seconds of real time
   * that the receiver has, before it moves on. So a receiver that responds is called once. A receiver that
   * itself waits for a move of the clock before it responds runs out of this time.
   */
  advance(ms: number): Promise<void> {
    if (!Number.isSafeInteger(ms) || ms < 0)
      throw new RangeError("the clock can only move forward; pass a whole number of milliseconds, 0 or more");
    const moved = this.#moving.then(() => this.#move(ms));
    // An error in a callback rejects the move that called it. Later moves continue.
    this.#moving = moved.catch(() => {});
    return moved;
  }

  /** Drops every timer. */
  stop(): void {
    this.#queue.clear();
    this.#dropWakeUp();
  }

  async #move(ms: number): Promise<void> {
    const end = this.now() + ms;
    this.#isMoving = true;
    try {
      // Work that is already queued or under way belongs to the time before the move.
      await this.#settled();
      for (let next = this.#queue.next(end); next !== undefined; next = this.#queue.next(end)) {
        this.#moveTo(next.dueAt);
        // All timers due at one instant run before time moves on.
        const { dueAt } = next;
        for (let due = this.#queue.take(dueAt); due !== undefined; due = this.#queue.take(dueAt))
          this.#call(due);
        await this.#settled();
      }
      this.#moveTo(end);
    } finally {
      this.#isMoving = false;
      // The wake-up was set for the time before the move.
      this.#dropWakeUp();
      this.#schedule();
    }
  }

  #call({ callback }: Timer): void {
    const result = callback();
    if (!(result instanceof Promise)) return;
    const work = result
      .catch((error: unknown) => {
        // Without a move, the rejection is unhandled, like an error that a timer throws.
        if (!this.#isMoving) throw error;
        this.#failures.push(error);
      })
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  /** Waits until promises have settled, sockets are read, and no callback's work is under way. */
  async #settled(): Promise<void> {
    await turn();
    while (this.#work.size > 0) {
      await Promise.all(this.#work);
      await turn();
    }
    const failures = this.#failures.splice(0);
    if (failures.length > 0) throw failures[0];
  }

  #moveTo(time: number): void {
    const ms = time - this.now();
    if (ms > 0) this.#base += ms;
  }

  #schedule(): void {
    if (this.#frozen) return;
    const next = this.#queue.next(Number.POSITIVE_INFINITY);
    if (next === undefined || (this.#wakeUp !== undefined && this.#wakeUp.dueAt <= next.dueAt)) return;
    this.#dropWakeUp();
    const waitMs = Math.min(Math.max(0, next.dueAt - this.now()), LONGEST_WAIT_MS);
    const timeout = setTimeout(() => this.#runDue(), waitMs);
    // A server's socket keeps the process alive; a pending timer must not.
    timeout.unref();
    this.#wakeUp = { timeout, dueAt: next.dueAt };
  }

  #runDue(): void {
    this.#wakeUp = undefined;
    try {
      for (let due = this.#queue.take(this.now()); due !== undefined; due = this.#queue.take(this.now()))
        this.#call(due);
    } finally {
      this.#schedule();
    }
  }

  #dropWakeUp(): void {
    clearTimeout(this.#wakeUp?.timeout);
    this.#wakeUp = undefined;
  }
}

/** Timers ordered by due time. A binary heap, because ten thousand streams hold three timers each. */
class TimerQueue {
  #heap: Timer[] = [];
  #cancelled = 0;

  add(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent])) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  /** Cancels a timer. Removes cancelled timers in batches, so that they cannot accumulate. */
  cancel(timer: Timer): void {
    if (timer.cancelled) return;
    timer.cancelled = true;
    this.#cancelled += 1;
    if (this.#cancelled <= MOST_CANCELLED || 2 * this.#cancelled <= this.#heap.length) return;
    const kept = this.#heap.filter(({ cancelled }) => !cancelled);
    this.clear();
    for (const other of kept) this.add(other);
  }

  /** Returns the first timer that is due at `time`, and drops cancelled timers before it. */
  next(time: number): Timer | undefined {
    while (this.#heap[0]?.cancelled) {
      this.#remove();
      this.#cancelled -= 1;
    }
    const first = this.#heap[0];
    return first !== undefined && first.dueAt <= time ? first : undefined;
  }

  /** Removes and returns the first timer that is due at `time`. Cancelling it afterwards has no effect. */
  take(time: number): Timer | undefined {
    const first = this.next(time);
    if (first === undefined) return undefined;
    this.#remove();
    first.cancelled = true;
    return first;
  }

  #remove(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child])) child += 1;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
  }

  clear(): void {
    this.#heap = [];
    this.#cancelled = 0;
  }
}

function isBefore(a: Timer, b: Timer | undefined): boolean {
  return b !== undefined && (a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order));
}

/** Waits one turn of the event loop, so that promises settle and sockets are read. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
