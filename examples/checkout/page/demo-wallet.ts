// The panel that plays the buyer's wallet. Only the demo server adds it to the page.
import { find, setText } from "./dom.js";

const message = find("#demo-message", HTMLElement);

find("#demo-buttons", HTMLElement).addEventListener("click", async ({ target }) => {
  const act = target instanceof HTMLElement ? target.dataset.act : undefined;
  if (act === undefined) return;
  const path = `/api/demo${location.pathname}/${act}`;
  try {
    const response = await fetch(path, { method: "POST" });
    setText(message, (await response.json()).message);
  } catch {
    setText(message, "The demo is not responding.");
  }
});
