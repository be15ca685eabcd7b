/** The wallet panel: the payer's buttons for one intent, and the scan code that some of them need. */

import { Refusal, wallet } from "./calls.js";
import { el, write } from "./dom.js";
import { amountText } from "./words.js";

/** @import { Intent } from "./types.js" */

/**
 * Payloads in base64, by intent id. They are secrets, so they are kept in memory only.
 *
 * @type {Map<string, string>}
 */
const payloads = new Map();

export class WalletPanel {
  #intentId;
  #paid = false;
  #pay = button("Pay", "primary");
  #login = button("Log in", "primary");
  #scan = button("Scan");
  #reject = button("Reject");
  #vanish = button("Vanish");
  #user = el("input", { id: "wallet-user", autocomplete: "off", spellcheck: "false", placeholder: "user" });
  #userField = el("p", { class: "field" }, el("label", { for: "wallet-user" }, "As user"), this.#user);
  #result = el("p", { class: "result", role: "status" });
  #code = el("input", {
    id: "wallet-code",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 4096,
    "aria-describedby": "wallet-code-help",
  });
  #codeForm = el(
    "form",
    { class: "code" },
    el("label", { for: "wallet-code" }, "Scan code"),
    el("div", { class: "row" }, this.#code, el("button", { type: "submit", class: "small" }, "Use")),
    el(
      "p",
      { class: "quiet", id: "wallet-code-help" },
      "Scan, Reject and Vanish need the 20 bytes of the scan code once. Paste them in hex or base64, or paste the client secret or the output of ",
      el("code", {}, "create --json"),
      ".",
    ),
  );
  #forget = button("Clear it", "small");
  #known = el("p", { class: "row quiet" }, "The page keeps the scan code until you close it.", this.#forget);

  /** @param {string} intentId */
  constructor(intentId) {
    this.#intentId = intentId;
    const title = el("h3", { id: "wallet-title" }, "Wallet");
    const actions = el(
      "div",
      { class: "row" },
      this.#pay,
      this.#login,
      this.#scan,
      this.#reject,
      this.#vanish,
    );
    this.node = el(
      "section",
      { class: "panel", "aria-labelledby": "wallet-title" },
      title,
      actions,
      this.#result,
      this.#userField,
      this.#codeForm,
      this.#known,
    );
    this.#pay.addEventListener("click", () => this.#act(() => this.#doPay()));
    this.#login.addEventListener("click", () => this.#act(() => this.#doLogin()));
    this.#scan.addEventListener("click", () => this.#withCode("Scan", () => "Scanned."));
    this.#reject.addEventListener("click", () =>
      this.#withCode("Reject", () =>
        this.#paid ? "Rejected after the payment: the payment stands." : "Rejected. The payer can still pay.",
      ),
    );
    this.#vanish.addEventListener("click", () =>
      this.#withCode("Vanish", () => "The payer has left without a message."),
    );
    this.#forget.addEventListener("click", () => {
      payloads.delete(intentId);
      this.#showCode();
      this.#code.focus();
    });
    this.#codeForm.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#act(() => this.#readCode());
    });
    this.#showCode();
  }

  /** @param {Intent} intent */
  update({ requested, domain = "", verified, intentSubmitted = false }) {
    this.#paid = intentSubmitted;
    this.#login.hidden = requested !== undefined || domain === "";
    const isPayable = this.#login.hidden && !(requested !== undefined && intentSubmitted);
    // A hidden button loses the focus.
    if (!isPayable && document.activeElement === this.#pay) this.#scan.focus();
    this.#pay.hidden = !isPayable;
    this.#userField.hidden = !verified;
  }

  #showCode() {
    const known = payloads.has(this.#intentId);
    this.#codeForm.hidden = known;
    this.#known.hidden = !known;
  }

  async #doPay() {
    const { payment } = await wallet("Pay", { intentId: this.#intentId, ...this.#asUser() });
    return `Paid ${amountText(payment)}.`;
  }

  async #doLogin() {
    const { domain } = await wallet("Login", { intentId: this.#intentId, ...this.#asUser() });
    return `Logged in at ${domain}.`;
  }

  #asUser() {
    const user = this.#userField.hidden ? "" : this.#user.value.trim();
    return user === "" ? {} : { user };
  }

  async #readCode() {
    const text = this.#code.value.trim();
    const { payload } = await wallet("ReadPayload", { intentId: this.#intentId, text });
    payloads.set(this.#intentId, payload);
    this.#code.value = "";
    this.#showCode();
    this.#forget.focus();
    return "The scan code matches this intent.";
  }

  /**
   * @param {"Scan" | "Reject" | "Vanish"} method
   * @param {() => string} done
   */
  #withCode(method, done) {
    const payload = payloads.get(this.#intentId);
    if (payload === undefined) {
      this.#say("Paste the scan code first.", true);
      this.#code.focus();
      return;
    }
    void this.#act(async () => {
      await wallet(method, { payload });
      return done();
    });
  }

  /** @param {() => Promise<string>} action */
  async #act(action) {
    this.#say("…", false);
    try {
      this.#say(await action(), false);
    } catch (error) {
      if (error instanceof Refusal) this.#say(rejection(error.message), true);
      else this.#say("The emulator does not respond.", true);
    }
  }

  /**
   * @param {string} text
   * @param {boolean} bad
   */
  #say(text, bad) {
    this.#result.classList.toggle("bad", bad);
    write(this.#result, text);
  }
}

/**
 * @param {string} text
 * @param {string} [style]
 */
function button(text, style) {
  return el("button", { type: "button", class: style }, text);
}

/**
 * Returns the text for a rejected call. An error of the pasted text names its field first.
 *
 * @param {string} text
 */
function rejection(text) {
  return text.startsWith("text: ") ? text.replace("text: ", "The text ") : `Rejected: ${text}`;
}
