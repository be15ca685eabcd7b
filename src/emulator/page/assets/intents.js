/** The newest intents, in the order of their arrival. */

/** @import { Intent, WatchResponse } from "./types.js" */

export const MOST_INTENTS = 200;

export class Intents {
  /** @type {Map<string, Intent>} */
  #byId = new Map();
  /** Number of intents in the emulator. */
  total = 0;

  /** @param {string} intentId */
  get(intentId) {
    return this.#byId.get(intentId);
  }

  /** Oldest first. */
  all() {
    return [...this.#byId.values()];
  }

  get size() {
    return this.#byId.size;
  }

  /**
   * Applies a response of the watch.
   *
   * @param {WatchResponse} response
   * @returns {Intent[]} the intents that are new
   */
  take({ startsOver, intents = [], total = 0 }) {
    const before = new Set(this.#byId.keys());
    if (startsOver) this.#byId.clear();
    for (const intent of intents) this.#byId.set(intent.intentId, intent);
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= MOST_INTENTS) break;
      this.#byId.delete(oldest);
    }
    this.total = total;
    return intents.filter(({ intentId }) => !before.has(intentId));
  }
}
