/** The webhook of an intent, and its delivery attempts. */

import { el, write } from "./dom.js";
import { timeText } from "./words.js";

/** @import { Attempt, Webhook } from "./types.js" */

/** @type {Record<string, [string, string]>} */
const states = {
  WEBHOOK_STATE_REGISTERED: ["requested", "Waiting for the payment"],
  WEBHOOK_STATE_PENDING: ["scanned", "Being delivered"],
  WEBHOOK_STATE_CONFIRMED: ["submitted", "Confirmed"],
  WEBHOOK_STATE_FAILED: ["rejected", "Failed"],
};

export class WebhookPanel {
  #url = el("code");
  #state = el("span", { class: "badge" });
  #none = el("p", { class: "quiet" }, "No webhook is registered.");
  #body = el("tbody");
  #table = el(
    "table",
    {},
    el("caption", { class: "visually-hidden" }, "Attempts to deliver the webhook"),
    el("thead", {}, el("tr", {}, ...["No.", "Started (UTC)", "Outcome"].map(headingCell))),
    this.#body,
  );
  #next = el("p", { class: "quiet" });
  #about = el("div", {}, el("p", {}, this.#url), this.#table, this.#next);

  constructor() {
    this.node = el(
      "section",
      { class: "panel", "aria-labelledby": "webhook-title" },
      el("div", { class: "head" }, el("h3", { id: "webhook-title" }, "Webhook"), this.#state),
      this.#none,
      this.#about,
    );
  }

  /** @param {Webhook | undefined} webhook */
  update(webhook) {
    this.#none.hidden = webhook !== undefined;
    this.#about.hidden = webhook === undefined;
    this.#state.hidden = webhook === undefined;
    if (webhook === undefined) return;
    const { url, state = "", attempts = [], nextAttemptAt } = webhook;
    const [name, text] = states[state] ?? ["unknown", "Unknown"];
    write(this.#url, url);
    write(this.#state, text);
    this.#state.dataset.status = name;
    this.#table.hidden = attempts.length === 0;
    this.#body.replaceChildren(...attempts.map(rowOf));
    const next = timeText(Date.parse(nextAttemptAt ?? ""));
    this.#next.hidden = next === "" && attempts.length > 0;
    const waits = state === "WEBHOOK_STATE_PENDING" ? "The first attempt is due." : "No attempt yet.";
    write(this.#next, next === "" ? waits : `Next attempt at ${next} UTC.`);
  }
}

/**
 * @param {Attempt} attempt
 * @param {number} index
 */
function rowOf({ startedAt = "", httpStatus = 0, error = "" }, index) {
  const answer = httpStatus === 0 ? "No response" : `HTTP ${httpStatus}`;
  return el(
    "tr",
    {},
    el("td", {}, String(index + 1)),
    el(
      "td",
      {},
      ...timeText(Date.parse(startedAt))
        .split(" ")
        .flatMap((part) => [el("span", {}, part), " "]),
    ),
    el("td", { class: httpStatus === 200 ? "good" : "bad" }, error === "" ? answer : `${answer}: ${error}`),
  );
}

/** @param {string} text */
function headingCell(text) {
  return el("th", { scope: "col" }, text);
}
