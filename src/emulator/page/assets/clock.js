/** Shows and moves the emulator's clock. */

import { emulator } from "./calls.js";
import { byId, write } from "./dom.js";
import { timeText } from "./words.js";

let base = Number.NaN;
let at = 0;
let running = false;

/**
 * Sets the emulator's time. Without `clockRunning`, keeps whether the clock runs.
 *
 * @param {string | undefined} now
 * @param {boolean} [clockRunning]
 */
export function takeTime(now, clockRunning = running) {
  const time = Date.parse(now ?? "");
  if (Number.isNaN(time)) return;
  base = time;
  at = performance.now();
  running = clockRunning;
  show();
}

/** Returns the emulator's time, in milliseconds since 1970; NaN before it is known. */
function emulatorTime() {
  return running ? base + performance.now() - at : base;
}

function show() {
  const time = emulatorTime();
  if (Number.isNaN(time)) return;
  write(byId("time"), `${timeText(time)} UTC`);
  write(byId("pace"), running ? "" : "· frozen");
}

/** Makes the clock's buttons work. */
export function startClock() {
  setInterval(show, 250);
  for (const button of document.querySelectorAll("button[data-advance]")) {
    button.addEventListener("click", () => advance(button.getAttribute("data-advance") ?? ""));
  }
  /** @type {HTMLInputElement} */
  const input = byId("duration");
  byId("advance").addEventListener("submit", (event) => {
    event.preventDefault();
    void advance(input.value);
  });
}

/** @param {string} text */
async function advance(text) {
  const result = byId("clock-result");
  const ms = durationOf(text);
  result.classList.toggle("bad", ms === undefined);
  if (ms === undefined) {
    result.textContent = "Enter a duration such as 61s, 15m, 2h 30m or 1d.";
    return;
  }
  try {
    const { now } = await emulator("AdvanceClock", { duration: `${ms / 1000}s` });
    takeTime(now);
    result.textContent = `Advanced by ${text.trim()}.`;
  } catch (error) {
    result.classList.add("bad");
    result.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** @type {Record<string, number>} */
const units = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses a duration into milliseconds; a number without a unit is in seconds. Returns `undefined` for anything else.
 *
 * @param {string} text
 */
function durationOf(text) {
  const parts = text
    .trim()
    .toLowerCase()
    .matchAll(/\s*(\d{1,12}(?:\.\d{1,3})?)\s*(ms|s|min|m|h|d)?/gy);
  let ms = 0;
  let end = 0;
  for (const [part, number, unit = "s"] of parts) {
    ms += Number(number) * (units[unit] ?? 0);
    end += part.length;
  }
  if (end === 0 || end !== text.trim().length) return undefined;
  return Math.round(ms);
}
