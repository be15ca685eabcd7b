/** The view of one intent. Updates keep open sections open and the focus in place. */

import { copyButton, el, write } from "./dom.js";
import { Messages } from "./messages.js";
import { WalletPanel } from "./wallet.js";
import { WebhookPanel } from "./webhook.js";
import { askText, statusOf, timeText } from "./words.js";

/** @import { Intent, SubmittedPayment } from "./types.js" */

export class Detail {
  #title = el("h2", { id: "detail-title", tabindex: "-1" });
  #status = el("span", { class: "badge" });
  #gone = el(
    "p",
    { class: "notice", hidden: true },
    "The emulator does not have this intent, or the page shows only newer ones.",
  );
  #facts = el("dl", { class: "facts" });
  #wallet;
  #messages;
  #webhook = new WebhookPanel();

  /** @param {string} intentId */
  constructor(intentId) {
    this.intentId = intentId;
    this.#wallet = new WalletPanel(intentId);
    this.#messages = new Messages(intentId);
    this.nodes = [
      el("p", { class: "back" }, el("a", { href: "#intents" }, "← All intents")),
      el("div", { class: "head" }, this.#title, this.#status),
      el(
        "p",
        { class: "id row" },
        el("code", {}, intentId),
        copyButton("the intent id", () => intentId),
      ),
      this.#gone,
      this.#wallet.node,
      this.#facts,
      this.#messages.node,
      this.#webhook.node,
    ];
  }

  focus() {
    this.#title.focus();
    scrollTo({ top: 0 });
  }

  /** @param {Intent | undefined} intent */
  update(intent) {
    this.#gone.hidden = intent !== undefined;
    for (const panel of [this.#wallet.node, this.#facts, this.#messages.node, this.#webhook.node]) {
      panel.hidden = intent === undefined;
    }
    if (intent === undefined) {
      write(this.#title, "Unknown intent");
      this.#status.hidden = true;
      return;
    }
    const { name, text } = statusOf(intent);
    write(this.#title, askText(intent));
    write(this.#status, text);
    this.#status.dataset.status = name;
    this.#status.hidden = false;
    this.#facts.replaceChildren(...factsOf(intent));
    this.#wallet.update(intent);
    this.#messages.update(intent.messages ?? [], intent.messageCount ?? 0);
    this.#webhook.update(intent.webhook);
  }
}

/** @param {Intent} intent */
function factsOf({ requested, submitted, domain = "", verified, userId = "", streamOpen, firstSeenAt = "" }) {
  /** @type {[string, string][]} */
  const facts = [];
  if (requested !== undefined) {
    facts.push(["Pay to", requested.destination]);
    for (const { destination, basisPoints = 0 } of requested.fees ?? [])
      facts.push(["Fee", `${basisPoints / 100} % to ${destination}`]);
  }
  if (domain !== "") facts.push(["Domain", `${domain}, ${verified ? "verified" : "not verified"}`]);
  if (submitted !== undefined) facts.push(["Paid", paidText(submitted)]);
  if (userId !== "") facts.push(["User", userId]);
  facts.push(["Listening", streamOpen ? "one open stream" : "no open stream"]);
  facts.push(["First seen", `${timeText(Date.parse(firstSeenAt))} UTC`]);
  return facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
}

/** @param {SubmittedPayment} payment */
function paidText({ quarks = "0", feeQuarks = "0", exchangeRate = 0, currency }) {
  const grouped = (/** @type {string} */ digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${grouped(quarks)} quarks, fees ${grouped(feeQuarks)}, at ${exchangeRate} ${currency} per kin`;
}
