import type { RebuiltPayment } from "code-intents/browser";
import { toSvg } from "code-intents/scan-code";
import type { OrderView } from "../server/view.js";
import { find, setText } from "./dom.js";
import { showMoney } from "./money.js";
import { type Display, isOver } from "./state.js";

interface Texts {
  readonly headline: string;
  readonly detail: string;
}

// Short enough for the reserved space: one headline line and three detail lines on a small phone.
const texts: Record<Display, Texts> = {
  loading: { headline: "One moment", detail: "Your code is loading." },
  waiting: { headline: "Scan to pay", detail: "Scan this code with the Code wallet on your phone." },
  scanned: { headline: "Scanned", detail: "Approve the payment in your wallet." },
  declined: {
    headline: "Declined",
    detail: "Nothing was paid. The code still works if you change your mind.",
  },
  expired: {
    headline: "Time is up",
    detail: "If you already paid, we still accept it. Otherwise, order again.",
  },
  paid: { headline: "Paid", detail: "Your payment was sent. Waiting for confirmation." },
  confirmed: { headline: "Thank you", detail: "Your payment is confirmed. We are packing your coffee." },
  late: {
    headline: "Paid late",
    detail: "Your payment arrived late. We will ship your order or refund you.",
  },
  refused: {
    headline: "Order refused",
    detail: "The payment network refused this order. Nothing was paid. Please order again.",
  },
  unproven: {
    headline: "We are checking",
    detail: "This code was used before we could show it. Do not pay again: we will contact you.",
  },
  stopped: {
    headline: "Do not pay this",
    detail: "This order does not match what you were shown. Please order again.",
  },
  missing: {
    headline: "Order not found",
    detail: "We have no order at this address. Please check the link.",
  },
};

/** The progress step of each display. A display without progress has none. */
const stepOf: Partial<Record<Display, string>> = {
  loading: "scan",
  waiting: "scan",
  scanned: "approve",
  declined: "scan",
  paid: "confirm",
  confirmed: "done",
  late: "done",
};
const steps = ["scan", "approve", "confirm", "done"];

const connections = {
  good: "",
  offline: "You are offline. This page continues once you are back online.",
  unreachable: "The shop is not responding. Trying again …",
};

const headline = find("#headline", HTMLElement);
const detail = find("#detail", HTMLElement);
const slot = find("#code", HTMLElement);
const amount = find("#amount", HTMLElement);
const countdown = find("#countdown", HTMLElement);
const hint = find("#hint", HTMLElement);
const banner = find("#connection", HTMLElement);
const lines = find("#lines", HTMLElement);
const total = find("#order-total", HTMLElement);
const paymentId = find("#payment-id", HTMLElement);

let shown: Display | undefined;
let hinted = false;

/** Renders the order page, on screen and for screen readers. It makes no decisions. */
export const view = {
  /** Shows a display. The texts are a live region, so they change only when the display does. */
  show(display: Display, leftMs: number): void {
    setText(countdown, countdownText(display, leftMs));
    if (leftMs > 0 && leftMs <= 60_000 && !hinted && display !== "paid") {
      hinted = true;
      setText(hint, "One minute left to pay.");
    }
    if (display === shown) return;
    if (hidesCode(display)) setText(hint, "");
    shown = display;
    document.body.dataset.display = display;
    setText(headline, texts[display].headline);
    setText(detail, texts[display].detail);
    document.title = `${texts[display].headline} · Small Hours`;
    showSteps(display);
    if (hidesCode(display)) slot.replaceChildren();
    // A buyer who is about to pay must notice this.
    if (display === "stopped" || display === "refused" || display === "unproven" || display === "missing")
      headline.focus();
  },

  /** Draws the scan code, once. */
  code(payment: RebuiltPayment): void {
    if (slot.childElementCount > 0 || shown === "paid") return;
    const svg = toSvg(payment, {
      background: "#4a3327",
      title: `Scan code: pay ${showMoney(payment.amount, payment.currency)} with the Code wallet`,
    });
    // Parsed as a separate document, so that nothing in it can run as a script of this page.
    const picture = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    slot.replaceChildren(document.importNode(picture, true));
  },

  order({ lines: ordered, amount: sum, currency, intentId }: OrderView): void {
    const money = showMoney(sum, currency);
    if (total.textContent === money) return;
    setText(amount, money);
    setText(total, money);
    setText(paymentId, `Payment ${intentId.slice(0, 6)}…${intentId.slice(-6)}`);
    lines.replaceChildren(
      ...ordered.map(({ name, quantity, total: price }) => {
        const item = document.createElement("li");
        item.append(span(`${quantity} × ${name}`), span(showMoney(price, currency)));
        return item;
      }),
    );
  },

  connection(state: keyof typeof connections): void {
    setText(banner, connections[state]);
  },
};

/** Whether there is nothing more to scan, and no time to state. */
function hidesCode(display: Display): boolean {
  return isOver(display) || ["expired", "paid", "unproven"].includes(display);
}

function showSteps(display: Display): void {
  const current = steps.indexOf(stepOf[display] ?? "");
  for (const item of document.querySelectorAll<HTMLElement>("#steps [data-step]")) {
    const index = steps.indexOf(item.dataset.step ?? "");
    item.dataset.done = String(index < current || (index === current && isOver(display)));
    if (index === current) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
}

function countdownText(display: Display, leftMs: number): string {
  if (leftMs <= 0 || display === "paid" || isOver(display)) return "";
  const seconds = Math.ceil(leftMs / 1_000);
  return `Pay within ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function span(text: string): HTMLSpanElement {
  const element = document.createElement("span");
  element.append(text);
  return element;
}
