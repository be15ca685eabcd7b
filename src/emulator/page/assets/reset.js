/** The button that makes the emulator forget everything, which asks first. */

import { announce } from "./announcer.js";
import { emulator } from "./calls.js";
import { byId } from "./dom.js";
import { count } from "./words.js";

/** @param {() => number} total how many intents there are to forget */
export function startReset(total) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("reset-dialog");
  const text = byId("reset-text");
  byId("reset").addEventListener("click", () => {
    text.className = "";
    text.textContent = `${count(total(), "intent")} with all messages and webhooks will be gone, and every open stream ends. The clock stays as it is.`;
    dialog.showModal();
  });
  byId("reset-no").addEventListener("click", () => dialog.close());
  byId("reset-yes").addEventListener("click", async () => {
    try {
      await emulator("Reset");
      dialog.close();
      announce("Everything is forgotten.");
    } catch (error) {
      text.className = "bad";
      text.textContent = error instanceof Error ? error.message : String(error);
    }
  });
}
