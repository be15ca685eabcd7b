/** The control token: requested when the emulator requires one, and kept until the tab is closed. */

import { byId, write } from "./dom.js";

const KEY = "code-intents.control-token";

/**
 * Returns the headers that carry the token, if one is known.
 *
 * @returns {Record<string, string>}
 */
export function authorization() {
  const token = sessionStorage.getItem(KEY);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** Asks for the token. Resolves when the user has entered one. */
export async function askForToken() {
  /** @type {HTMLDialogElement} */
  const dialog = byId("token-dialog");
  const form = byId("token-form");
  /** @type {HTMLInputElement} */
  const input = byId("token");
  write(
    byId("token-problem"),
    sessionStorage.getItem(KEY) === null ? "" : "The emulator rejected this token. Enter its control token.",
  );
  sessionStorage.removeItem(KEY);
  input.value = "";
  const show = () => dialog.showModal();
  show();
  // Without the token there is nothing else to show.
  dialog.addEventListener("close", show);
  await new Promise((resolve) => {
    form.addEventListener("submit", function submitted(event) {
      event.preventDefault();
      const token = input.value.trim();
      if (!isHeaderText(token)) {
        write(byId("token-problem"), "A token has only printable ASCII characters. Enter it again.");
        return;
      }
      form.removeEventListener("submit", submitted);
      sessionStorage.setItem(KEY, token);
      resolve(undefined);
    });
  });
  dialog.removeEventListener("close", show);
  input.value = "";
  dialog.close();
}

/** @param {string} text */
function isHeaderText(text) {
  return /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(text);
}
