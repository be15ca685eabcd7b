/** The watch that keeps the page live, and reconnects when it fails. */

import { askForToken } from "./access.js";
import { Refusal, watchIntents } from "./calls.js";
import { MOST_INTENTS } from "./intents.js";

/** @import { WatchResponse } from "./types.js" */

/** The emulator sends a response at least every five seconds. */
const SILENCE_MS = 15_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * The state of the connection: live, or the reason why not and the seconds until the next attempt.
 *
 * @typedef {{ state: "connecting" } | { state: "live" } | { state: "gone", why: string, seconds: number }} Connection
 */

/**
 * Watches until the page is closed.
 *
 * @param {(response: WatchResponse) => void} onResponse
 * @param {(connection: Connection) => void} onConnection
 */
export async function keepWatching(onResponse, onConnection) {
  for (let pauseMs = FIRST_PAUSE_MS; ; ) {
    const why = await watchOnce((response) => {
      pauseMs = FIRST_PAUSE_MS;
      onConnection({ state: "live" });
      onResponse(response);
    });
    if (why instanceof Refusal && why.code === "unauthenticated") {
      onConnection({ state: "connecting" });
      await askForToken();
      continue;
    }
    const known = why instanceof Refusal && why.code !== "unavailable";
    const text = known ? why.message : "The emulator does not respond";
    // Spreads the reconnects of all open pages.
    await countDown(pauseMs * (0.75 + Math.random() / 2), (seconds) =>
      onConnection({ state: "gone", why: text, seconds }),
    );
    onConnection({ state: "connecting" });
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

/**
 * @param {(response: WatchResponse) => void} onResponse
 * @returns {Promise<unknown>} the error that ended the watch
 */
async function watchOnce(onResponse) {
  const silence = new AbortController();
  const arm = () => setTimeout(() => silence.abort(), SILENCE_MS);
  let timer = arm();
  try {
    for await (const response of watchIntents({ limit: MOST_INTENTS }, silence.signal)) {
      clearTimeout(timer);
      timer = arm();
      onResponse(response);
    }
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {number} ms
 * @param {(seconds: number) => void} tell
 */
async function countDown(ms, tell) {
  const end = performance.now() + ms;
  for (let rest = ms; rest > 0; rest = end - performance.now()) {
    tell(Math.ceil(rest / 1000));
    await new Promise((resolve) => setTimeout(resolve, Math.min(rest, 1000)));
  }
}
