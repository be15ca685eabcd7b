/** Announces changes to screen readers: at most one announcement per pause, which combines all changes. */

import { byId } from "./dom.js";
import { askText, count } from "./words.js";

/** @import { Intent } from "./types.js" */

const PAUSE_MS = 2_000;

/** @type {Intent[]} */
let waiting = [];

/** @param {Intent[]} intents */
export function announceNew(intents) {
  if (intents.length === 0) return;
  const isFirst = waiting.length === 0;
  waiting.push(...intents);
  if (!isFirst) return;
  setTimeout(() => {
    const [first] = waiting;
    const one = waiting.length === 1 && first !== undefined;
    announce(one ? `New intent: ${askText(first)}` : count(waiting.length, "new intent"));
    waiting = [];
  }, PAUSE_MS);
}

/** @param {string} text */
export function announce(text) {
  byId("announcer").textContent = text;
}
