/** The list of intents, oldest first, so that entries do not move. It follows its end like a log. */

import { byId, el, write } from "./dom.js";
import { hashOf } from "./place.js";
import { askText, count, shorten, statusOf, timeText } from "./words.js";

/** @import { Intent } from "./types.js" */
/** @import { Intents } from "./intents.js" */

/** @type {Map<string, Row>} */
const rows = new Map();
let unseen = 0;

/** One intent in the list. */
class Row {
  ask = el("strong");
  status = el("span", { class: "badge" });
  about = el("span", { class: "quiet ellipsis" });
  when = el("time", { class: "quiet" });
  link = el("a", { class: "intent" }, this.ask, this.status, this.about, this.when);
  item = el("li", {}, this.link);

  /** @param {Intent} intent */
  update(intent) {
    const { intentId, domain = "", streamOpen, firstSeenAt = "" } = intent;
    const { name, text } = statusOf(intent);
    this.link.setAttribute("href", hashOf(intentId));
    write(this.ask, askText(intent));
    write(this.status, text);
    this.status.dataset.status = name;
    const who = domain === "" ? shorten(intentId, 13) : `${shorten(intentId, 9)} · ${domain}`;
    write(this.about, streamOpen ? `${who} · listening` : who);
    this.about.title = intentId;
    write(this.when, timeText(Date.parse(firstSeenAt)).slice(11));
    this.when.title = `${timeText(Date.parse(firstSeenAt))} UTC`;
  }
}

/** Connects the list's events. */
export function startList() {
  const scroll = byId("list-scroll");
  const newer = byId("newer");
  newer.addEventListener("click", () => {
    scroll.scrollTop = scroll.scrollHeight;
    seen();
  });
  scroll.addEventListener("scroll", () => {
    if (isAtEnd(scroll)) seen();
  });
  byId("intents").addEventListener("keydown", moveByKey);
}

/**
 * Renders the known intents.
 *
 * @param {Intents} intents
 * @param {string | undefined} selected
 */
export function showList(intents, selected) {
  const list = byId("intents");
  const scroll = byId("list-scroll");
  const atEnd = isAtEnd(scroll);
  const known = new Set();
  let added = 0;
  for (const intent of intents.all()) {
    known.add(intent.intentId);
    let row = rows.get(intent.intentId);
    if (row === undefined) {
      row = new Row();
      rows.set(intent.intentId, row);
      list.append(row.item);
      added += 1;
    }
    row.update(intent);
  }
  for (const [intentId, { item }] of rows) {
    if (known.has(intentId)) continue;
    item.remove();
    rows.delete(intentId);
  }
  markSelected(selected);
  byId("list-empty").hidden = intents.size > 0;
  document.body.dataset.empty = String(intents.size === 0);
  const { size, total } = intents;
  write(byId("count"), total > size ? `newest ${size} of ${total.toLocaleString("en-US")}` : String(size));
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  else if (added > 0) {
    unseen += added;
    write(byId("newer"), `${count(unseen, "new intent")} below`);
    byId("newer").hidden = false;
  }
}

/**
 * Marks the selected intent. Tab reaches one row only; the arrow keys reach the others.
 *
 * @param {string | undefined} selected
 */
export function markSelected(selected) {
  let reachable = selected === undefined ? undefined : rows.get(selected);
  for (const row of rows.values()) {
    if (row.link === document.activeElement) reachable = row;
  }
  reachable ??= [...rows.values()].at(-1);
  for (const [intentId, row] of rows) {
    if (intentId === selected) row.link.setAttribute("aria-current", "true");
    else row.link.removeAttribute("aria-current");
    row.link.tabIndex = row === reachable ? 0 : -1;
  }
}

/**
 * Focuses an intent in the list.
 *
 * @param {string} intentId
 */
export function focusRow(intentId) {
  rows.get(intentId)?.link.focus();
}

/** Focuses the row that Tab reaches, or the empty list. */
export function focusList() {
  const row = [...rows.values()].find(({ link }) => link.tabIndex === 0);
  (row?.link ?? byId("intents")).focus();
}

function seen() {
  unseen = 0;
  byId("newer").hidden = true;
}

/** @param {Element} scroll */
function isAtEnd({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - scrollTop - clientHeight < 8;
}

/** @param {KeyboardEvent} event */
function moveByKey(event) {
  const links = [...rows.values()].map(({ link }) => link);
  const at = links.findIndex((link) => link.matches(":focus"));
  /** @type {Record<string, number>} */
  const targets = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 };
  const target = links[targets[event.key] ?? -1];
  if (at < 0 || target === undefined) return;
  event.preventDefault();
  for (const link of links) link.tabIndex = link === target ? 0 : -1;
  target.focus();
}
