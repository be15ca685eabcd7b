/** Assembles the emulator's page from its parts. */

import { announce, announceNew } from "./announcer.js";
import { emulator } from "./calls.js";
import { startClock, takeTime } from "./clock.js";
import { Detail } from "./detail.js";
import { byId, write } from "./dom.js";
import { Intents } from "./intents.js";
import { focusList, focusRow, markSelected, showList, startList } from "./list.js";
import { keepWatching } from "./live.js";
import { isNarrow, placeOf } from "./place.js";
import { startReset } from "./reset.js";

const intents = new Intents();
/** @type {Detail | undefined} */
let detail;
let isLive = false;

startList();
startClock();
startReset(() => intents.total);
fill("url", location.origin);
byId("skip").addEventListener("click", (event) => {
  // The page's address names the intent to show.
  event.preventDefault();
  focusList();
});
addEventListener("hashchange", showPlace);
showPlace();
void keepWatching(takeNews, showConnection);

/** @param {import("./types.js").WatchResponse} response */
function takeNews(response) {
  const first = intents.size === 0 && response.startsOver === true;
  const added = intents.take(response);
  takeTime(response.now, response.clockRunning ?? false);
  const changed = response.startsOver === true || (response.intents ?? []).length > 0;
  if (!changed) return;
  if (!first) announceNew(added);
  showList(intents, placeOf());
  if (detail !== undefined) detail.update(intents.get(detail.intentId));
}

/** Shows the intent that the address names, or the instructions for connecting. */
function showPlace() {
  const intentId = placeOf();
  const before = detail?.intentId;
  if (intentId !== before) {
    detail = intentId === undefined ? undefined : new Detail(intentId);
    byId("detail").replaceChildren(...(detail?.nodes ?? []));
    detail?.update(intents.get(detail.intentId));
  }
  byId("detail").hidden = detail === undefined;
  byId("help").hidden = detail !== undefined;
  document.body.dataset.view = detail !== undefined ? "detail" : location.hash === "#help" ? "help" : "list";
  markSelected(intentId);
  if (!isNarrow()) return;
  if (detail !== undefined) detail.focus();
  else if (before !== undefined) focusRow(before);
}

/** @param {import("./live.js").Connection} connection */
function showConnection(connection) {
  const element = byId("connection");
  element.dataset.state = connection.state;
  write(element, connectionText(connection));
  if (connection.state === "live" && !isLive) void showKey();
  if (connection.state === "gone" && isLive) announce(`${connection.why}.`);
  isLive = connection.state === "live";
}

/** @param {import("./live.js").Connection} connection */
function connectionText(connection) {
  if (connection.state === "live") return "Live";
  if (connection.state === "connecting") return "Connecting …";
  return `${connection.why}. Retrying in ${connection.seconds} s`;
}

/** Fetches the webhook key: a restarted emulator may have a new one. */
async function showKey() {
  try {
    const { webhookPublicKey = "" } = await emulator("GetEmulator");
    fill("webhookPublicKey", webhookPublicKey);
  } catch {
    // The watch finds the cause and shows it.
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function fill(name, text) {
  for (const element of document.querySelectorAll(`[data-fill="${name}"]`)) write(element, text);
}
