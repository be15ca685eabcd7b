/** The control token: asked for when the emulator wants one, and kept as long as the tab. */

import { byId, write } from "./dom.js";

const KEY = "code-intents.control-token";

/**
 * Headers that show the token, where there is one.
 *
 * @returns {Record<string, string>}
 */
export function authorization() {
  const token = sessionStorage.getItem(KEY);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** Asks for the token, and resolves when one was given. */
export async function askForToken() {
  /** @type {HTMLDialogElement} */
  const dialog = byId("token-dialog");
  const form = byId("token-form");
  /** @type {HTMLInputElement} */
  const input = byId("token");
  write(byId("token-problem"), sessionStorage.getItem(KEY) === null ? "" : "That is not the token.");
  sessionStorage.removeItem(KEY);
  input.value = "";
  const show = () => dialog.showModal();
  show();
  // Without the token there is nothing to go back to.
  dialog.addEventListener("close", show);
  await new Promise((resolve) => {
    form.addEventListener("submit", function submitted(event) {
      event.preventDefault();
      const token = input.value.trim();
      if (!isHeaderText(token)) {
        write(byId("token-problem"), "That is not a token: it has characters that no header can carry.");
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
