/**
 * Starts a limited number of tasks in each turn of the event loop, and takes turns between their owners. A
 * connection that sends many requests at once, or resets many streams at once, then delays the requests of
 * other connections by a few milliseconds only.
 */
export class FairQueue {
  readonly #perTurn: number;
  /** Tasks that wait, oldest first, by owner. The owner whose turn is next comes first. */
  readonly #waiting = new Map<object, Set<() => void>>();
  #started = 0;
  #isTurnScheduled = false;

  /** @param perTurn tasks to start in one turn of the event loop, above 0 */
  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  /**
   * Starts a task at once, or in a later turn if this one is full. Returns a function that drops a task that
   * has not started.
   */
  add(owner: object, task: () => void): () => void {
    this.#scheduleTurn();
    if (this.#started < this.#perTurn && this.#waiting.size === 0) {
      this.#started++;
      task();
      return () => {};
    }
    const tasks = this.#waiting.get(owner) ?? new Set();
    this.#waiting.set(owner, tasks.add(task));
    return () => {
      tasks.delete(task);
      if (tasks.size === 0 && this.#waiting.get(owner) === tasks) this.#waiting.delete(owner);
    };
  }

  #scheduleTurn(): void {
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isTurnScheduled = false;
    this.#started = 0;
    while (this.#started < this.#perTurn) {
      const [entry] = this.#waiting;
      if (entry === undefined) break;
      const [owner, tasks] = entry;
      const [task] = tasks;
      this.#waiting.delete(owner);
      if (task === undefined) continue;
      tasks.delete(task);
      if (tasks.size > 0) this.#waiting.set(owner, tasks);
      this.#started++;
      task();
    }
    // The next turn starts the rest, or has its full number of tasks again.
    if (this.#started > 0) this.#scheduleTurn();
  }
}
