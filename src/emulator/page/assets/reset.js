/** The button that deletes the emulator's state, after a confirmation. */

import { announce } from "./announcer.js";
import { emulator } from "./calls.js";
import { byId } from "./dom.js";
import { count } from "./words.js";

/** @param {() => number} total returns the number of intents */
export function startReset(total) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("reset-dialog");
  const text = byId("reset-text");
  byId("reset").addEventListener("click", () => {
    text.className = "";
    text.textContent = `This deletes ${count(total(), "intent")} with all messages and webhooks, and ends every open stream. The clock does not change.`;
    dialog.showModal();
  });
  byId("reset-no").addEventListener("click", () => dialog.close());
  byId("reset-yes").addEventListener("click", async () => {
    try {
      await emulator("Reset");
      dialog.close();
      announce("The state was deleted.");
    } catch (error) {
      text.className = "bad";
      text.textContent = error instanceof Error ? error.message : String(error);
    }
  });
}
