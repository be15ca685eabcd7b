// The order page: shows the code, tracks the payment and updates the display.
import type { RebuiltPayment } from "code-intents/browser";
import type { OrderView } from "../server/view.js";
import { ApiError, fetchOrder } from "./api.js";
import { emptyBasket, recallShown, renewOrderKey } from "./basket.js";
import { checkedPayment } from "./check.js";
import { addNews, type Display, displayOf, isOver, type News, NO_PROGRESS } from "./state.js";
import type { PaymentStream } from "./stream.js";
import { view } from "./view.js";

const POLL_MS = 15_000;
const RETRY_MS = 2_000;
// Once the stream reports the payment, the shop confirms it as soon as the webhook arrives.
const POLL_PAID_MS = 1_000;

const orderId = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const protocol = new URLSearchParams(location.search).get("protocol") === "connect" ? "connect" : "envelope";
// The sequencer has one stream per intent, so the tab that has it forwards its news to the other tabs.
const otherTabs = new BroadcastChannel(`order:${orderId}`);

let order: OrderView | undefined;
let progress = NO_PROGRESS;
let display: Display = "loading";
/** Milliseconds by which the server's clock is ahead of this one. */
let aheadMs = 0;
let stream: PaymentStream | undefined;
let listening = false;
let pollTimer: ReturnType<typeof setTimeout> | undefined;
let requestCount = 0;

const ticking = setInterval(render, 1_000);
otherTabs.addEventListener("message", ({ data }) => receive(data as News));
addEventListener("offline", () => view.connection("offline"));
addEventListener("online", recover);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void load();
});
addEventListener("pageshow", ({ persisted }) => persisted && recover());
if (!navigator.onLine) view.connection("offline");
void load();

/** Loads the order from the shop, and schedules the next load. */
async function load(): Promise<void> {
  if (isOver(display)) return;
  clearTimeout(pollTimer);
  requestCount += 1;
  const request = requestCount;
  let responded = true;
  try {
    const response = await fetchOrder(orderId);
    // Responses can arrive out of order: use only the latest.
    if (request === requestCount) apply(response);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return end("missing");
    responded = false;
  }
  if (request !== requestCount || isOver(display)) return;
  view.connection(responded ? "good" : navigator.onLine ? "unreachable" : "offline");
  const waitMs = !responded || order?.state === "new" ? RETRY_MS : progress.paid ? POLL_PAID_MS : POLL_MS;
  pollTimer = setTimeout(() => void load(), waitMs);
}

function apply(response: OrderView): void {
  let payment: RebuiltPayment | undefined;
  try {
    payment = checkedPayment(response, recallShown(orderId));
  } catch {
    end("stopped");
    return;
  }
  order = response;
  aheadMs = response.now - Date.now();
  view.order(order);
  render();
  if (payment === undefined) return;
  if (display !== "expired") view.code(payment);
  void listen(payment, response.sequencerUrl);
}

async function listen(payment: RebuiltPayment, url: string): Promise<void> {
  if (listening) return;
  listening = true;
  try {
    // Let the browser paint the code first.
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const { PaymentStream } = await import("./stream.js");
    if (isOver(display)) return;
    stream = new PaymentStream(payment, { url, protocol, publish });
    stream.start();
  } catch {
    // The module failed to load. The next response of the shop retries it.
    listening = false;
  }
}

function publish(news: News): void {
  otherTabs.postMessage(news);
  receive(news);
}

function receive(news: News): void {
  if (isOver(display)) return;
  // Another request at our key, or a payment that does not match our intent.
  if (news === "conflict") {
    end("stopped");
    return;
  }
  progress = addNews(progress, news);
  render();
  if (news === "paid" || news === "webhook") void load();
}

function recover(): void {
  stream?.start();
  void load();
}

function render(): void {
  if (order === undefined || isOver(display)) return;
  const now = Date.now() + aheadMs;
  const next = displayOf(order, progress, now);
  if (next === "paid" || next === "confirmed" || next === "late") emptyBasket();
  // The same basket is a new order from now on, with a new code.
  if (next === "expired" && display !== "expired") renewOrderKey();
  if (isOver(next)) {
    end(next);
    return;
  }
  display = next;
  view.show(display, Math.max(0, order.expiresAt - now));
}

function end(last: Display): void {
  display = last;
  clearInterval(ticking);
  clearTimeout(pollTimer);
  stream?.stop();
  view.connection("good");
  view.show(last, 0);
}
