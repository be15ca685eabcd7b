/** The messages of an intent, in order. Each one expands to its bytes; of many, the first ones are expanded. */

import { emulator } from "./calls.js";
import { el, write } from "./dom.js";
import { explorer } from "./explorer.js";
import { count, kindText, timeText } from "./words.js";

/** @import { Message } from "./types.js" */

// Number of messages that start expanded. A hostile key holder can send any number.
const OPEN_AT_FIRST = 8;

export class Messages {
  #intentId;
  #list = el("ol", { class: "messages" });
  #none = el("p", { class: "quiet" }, "No messages are stored.");
  #older = el("p", { class: "quiet" });
  /** @type {Map<string, HTMLLIElement>} */
  #items = new Map();

  /** @param {string} intentId */
  constructor(intentId) {
    this.#intentId = intentId;
    const title = el("h3", { id: "messages-title" }, "Messages");
    this.node = el(
      "section",
      { class: "panel", "aria-labelledby": "messages-title" },
      title,
      this.#none,
      this.#older,
      this.#list,
    );
  }

  /**
   * @param {Message[]} messages
   * @param {number} total
   */
  update(messages, total) {
    const known = new Set(messages.map(({ messageId }) => messageId));
    for (const message of messages) {
      if (this.#items.has(message.messageId)) continue;
      const item = this.#itemOf(message);
      this.#items.set(message.messageId, item);
      this.#list.append(item);
    }
    for (const [messageId, item] of this.#items) {
      if (known.has(messageId)) continue;
      item.remove();
      this.#items.delete(messageId);
    }
    this.#none.hidden = messages.length > 0;
    const older = total - messages.length;
    this.#older.hidden = older <= 0;
    write(this.#older, `${count(older, "older message")} not shown.`);
  }

  /** @param {Message} message */
  #itemOf({ messageId, kind, createdAt = "", size = 0 }) {
    const time = timeText(Date.parse(createdAt));
    const body = el("div", { class: "explanation" });
    const name = `Message ${this.#items.size + 1}, ${kindText(kind)}`;
    const details = el(
      "details",
      {},
      el(
        "summary",
        {},
        el("span", { class: "kind" }, kindText(kind)),
        el("time", { class: "quiet", title: `${time} UTC` }, time.slice(11)),
        el("span", { class: "quiet size" }, count(size, "byte")),
      ),
      body,
    );
    details.addEventListener("toggle", () => {
      if (details.open && body.childElementCount === 0) void this.#explain(messageId, name, body);
    });
    details.open = this.#items.size < OPEN_AT_FIRST;
    return el("li", {}, details);
  }

  /**
   * @param {string} messageId
   * @param {string} name
   * @param {Element} body
   */
  async #explain(messageId, name, body) {
    body.replaceChildren(el("p", { class: "quiet" }, "…"));
    try {
      const request = { intentId: this.#intentId, messageId };
      body.replaceChildren(...explorer(await emulator("ExplainMessage", request), name));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const retry = el("button", { type: "button", class: "small" }, "Try again");
      retry.addEventListener("click", () => this.#explain(messageId, name, body));
      body.replaceChildren(el("p", { class: "row" }, el("span", { class: "bad" }, text), retry));
    }
  }
}
