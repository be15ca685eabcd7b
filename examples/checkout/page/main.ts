// The shop page: shows prices, keeps the basket, places the order.
import type { PriceList } from "../server/prices.js";
import { ApiError, fetchPrices, postOrder } from "./api.js";
import {
  changeBasket,
  isMore,
  loadBasket,
  type Quantities,
  rememberShown,
  renewOrderKey,
  totalOf,
} from "./basket.js";
import { find, setText } from "./dom.js";
import { showMoney } from "./money.js";

const MAX_QUANTITY = 9;

const payButton = find("#pay", HTMLButtonElement);
const message = find("#message", HTMLElement);
const total = find("#total", HTMLElement);
const count = find("#count", HTMLElement);
const products = [...document.querySelectorAll<HTMLElement>("[data-product]")];

let priceList: PriceList | undefined;
let sending = false;

for (const product of products) {
  product.addEventListener("click", (event) => {
    const step = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-step]") : null;
    if (step !== null) change(product.dataset.product ?? "", Number(step.dataset.step));
  });
}
payButton.addEventListener("click", () => void order());
// After "back" from the order page, the browser can restore this page in its last state.
addEventListener("pageshow", () => {
  sending = false;
  render();
});
addEventListener("online", () => void loadPrices());
void loadPrices();

async function loadPrices(): Promise<void> {
  try {
    priceList = await fetchPrices();
    say("");
  } catch (error) {
    say(messageOf(error));
  }
  render();
}

function change(product: string, step: number): void {
  if (priceList === undefined || sending) return;
  const { quantities } = loadBasket();
  const quantity = (quantities[product] ?? 0) + step;
  if (quantity < 0 || quantity > MAX_QUANTITY) return;
  const { [product]: _, ...others } = quantities;
  const changed = changeBasket(quantity === 0 ? others : { ...others, [product]: quantity });
  say(isTooMuch(changed.quantities, priceList) ? limitMessage(priceList) : "");
  render();
}

async function order(): Promise<void> {
  const { quantities, orderKey } = loadBasket();
  if (priceList === undefined || sending) return;
  if (Object.keys(quantities).length === 0) return say("Your basket is empty.");
  if (isTooMuch(quantities, priceList)) return say(limitMessage(priceList));
  const shown = { amount: totalOf(quantities, priceList), currency: priceList.currency };
  sending = true;
  say("");
  render();
  try {
    const lines = Object.entries(quantities).map(([product, quantity]) => ({ product, quantity }));
    const { id, state, amount, currency } = await postOrder(orderKey, lines);
    if (state === "expired" || state === "refused") {
      // The basket was ordered before and not paid in time: retry as a new order.
      renewOrderKey();
      sending = false;
      return await order();
    }
    if (amount !== shown.amount || currency !== shown.currency) {
      renewOrderKey();
      await loadPrices();
      say("Our prices have just changed. Please check the total.");
    } else {
      rememberShown(id, shown);
      location.assign(`/orders/${id}`);
      return;
    }
  } catch (error) {
    say(messageOf(error));
  }
  sending = false;
  render();
}

function render(): void {
  const { quantities } = loadBasket();
  for (const product of products) renderProduct(product, quantities[product.dataset.product ?? ""] ?? 0);
  const items = Object.values(quantities).reduce((sum, quantity) => sum + quantity, 0);
  setText(count, items === 1 ? "1 item" : `${items} items`);
  if (priceList !== undefined) setText(total, showMoney(totalOf(quantities, priceList), priceList.currency));
  // Not `disabled`: a disabled button leaves the tab order and loses the focus.
  const ready = priceList !== undefined && items > 0 && !isTooMuch(quantities, priceList) && !sending;
  payButton.setAttribute("aria-disabled", String(!ready));
  payButton.dataset.sending = String(sending);
}

function renderProduct(product: HTMLElement, quantity: number): void {
  const price = priceList?.prices[product.dataset.product ?? ""];
  if (priceList !== undefined && price !== undefined)
    setText(find("[data-price]", HTMLElement, product), showMoney(price, priceList.currency));
  setText(find("output", HTMLOutputElement, product), String(quantity));
  for (const step of product.querySelectorAll<HTMLElement>("[data-step]")) {
    const atEnd = step.dataset.step === "1" ? quantity >= MAX_QUANTITY : quantity === 0;
    step.setAttribute("aria-disabled", String(price === undefined || atEnd));
  }
}

function isTooMuch(quantities: Quantities, list: PriceList): boolean {
  return isMore(totalOf(quantities, list), list.largestTotal);
}

function limitMessage({ largestTotal, currency }: PriceList): string {
  return `An order can total at most ${showMoney(largestTotal, currency)}. Please remove something.`;
}

function say(text: string): void {
  setText(message, text);
}

function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : "Something went wrong. Please try again.";
}
