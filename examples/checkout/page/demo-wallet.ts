// The panel that plays the buyer's wallet. Only the demo's server puts it into the page.
import { find, setText } from "./dom.js";

const answer = find("#demo-answer", HTMLElement);

find("#demo-buttons", HTMLElement).addEventListener("click", async ({ target }) => {
  const act = target instanceof HTMLElement ? target.dataset.act : undefined;
  if (act === undefined) return;
  const path = `/api/demo${location.pathname}/${act}`;
  try {
    const response = await fetch(path, { method: "POST" });
    setText(answer, (await response.json()).answer);
  } catch {
    setText(answer, "The demo does not answer.");
  }
});
