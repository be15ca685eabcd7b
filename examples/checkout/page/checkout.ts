// The page of an order: shows the code, listens, and moves with what it hears.
import type { RebuiltPayment } from "code-intents/browser";
import type { OrderView } from "../server/view.js";
import { ApiError, fetchOrder } from "./api.js";
import { emptyBasket, recallShown, renewOrderKey } from "./basket.js";
import { checkedPayment } from "./check.js";
import { type Display, displayOf, hear, isOver, type News, NOTHING_HEARD } from "./state.js";
import type { PaymentStream } from "./stream.js";
import { view } from "./view.js";

const ASK_EVERY_MS = 15_000;
const ASK_AGAIN_MS = 2_000;
// Paid, by the stream's word: the shop's own follows as soon as the webhook is there.
const ASK_PAID_MS = 1_000;

const orderId = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const protocol = new URLSearchParams(location.search).get("protocol") === "connect" ? "connect" : "envelope";
// Tabs of one order share one stream at the sequencer, so each tells the others what it hears.
const otherTabs = new BroadcastChannel(`order:${orderId}`);

let order: OrderView | undefined;
let heard = NOTHING_HEARD;
let display: Display = "loading";
/** What the server's clock is ahead. */
let aheadMs = 0;
let stream: PaymentStream | undefined;
let listening = false;
let asking: ReturnType<typeof setTimeout> | undefined;
let questions = 0;

const ticking = setInterval(render, 1_000);
otherTabs.addEventListener("message", ({ data }) => receive(data as News));
addEventListener("offline", () => view.connection("offline"));
addEventListener("online", recover);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void ask();
});
addEventListener("pageshow", ({ persisted }) => persisted && recover());
if (!navigator.onLine) view.connection("offline");
void ask();

/** Asks the shop for the order, and arranges the next time. */
async function ask(): Promise<void> {
  if (isOver(display)) return;
  clearTimeout(asking);
  questions += 1;
  const question = questions;
  let answered = true;
  try {
    const answer = await fetchOrder(orderId);
    // An older question may be answered after a younger one.
    if (question === questions) take(answer);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return end("missing");
    answered = false;
  }
  if (question !== questions || isOver(display)) return;
  view.connection(answered ? "good" : navigator.onLine ? "unreachable" : "offline");
  const waitMs = !answered || order?.state === "new" ? ASK_AGAIN_MS : heard.paid ? ASK_PAID_MS : ASK_EVERY_MS;
  asking = setTimeout(() => void ask(), waitMs);
}

function take(answer: OrderView): void {
  let payment: RebuiltPayment | undefined;
  try {
    payment = checkedPayment(answer, recallShown(orderId));
  } catch {
    end("stopped");
    return;
  }
  order = answer;
  aheadMs = answer.now - Date.now();
  view.order(order);
  render();
  if (payment === undefined) return;
  if (display !== "expired") view.code(payment);
  void listen(payment, answer.sequencerUrl);
}

async function listen(payment: RebuiltPayment, url: string): Promise<void> {
  if (listening) return;
  listening = true;
  try {
    // After the browser has had its chance to paint the code.
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const { PaymentStream } = await import("./stream.js");
    if (isOver(display)) return;
    stream = new PaymentStream(payment, { url, protocol, tell });
    stream.start();
  } catch {
    // Not loaded; the next answer of the shop tries it again.
    listening = false;
  }
}

function tell(news: News): void {
  otherTabs.postMessage(news);
  receive(news);
}

function receive(news: News): void {
  if (isOver(display)) return;
  // A request of somebody else's at our key, or a payment that is not ours.
  if (news === "conflict") {
    end("stopped");
    return;
  }
  heard = hear(heard, news);
  render();
  if (news === "paid" || news === "webhook") void ask();
}

function recover(): void {
  stream?.start();
  void ask();
}

function render(): void {
  if (order === undefined || isOver(display)) return;
  const now = Date.now() + aheadMs;
  const next = displayOf(order, heard, now);
  if (next === "paid" || next === "confirmed" || next === "late") emptyBasket();
  // The same basket again is a new order then, with a code of its own.
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
  clearTimeout(asking);
  stream?.stop();
  view.connection("good");
  view.show(last, 0);
}
