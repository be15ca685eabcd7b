import { formatUnits, parseAmount } from "code-intents";
import type { PriceList } from "../server/prices.js";

/** Quantities by product, of products that are wanted. */
export type Quantities = Readonly<Record<string, number>>;

/** What the buyer was shown when ordering; the page of the order compares with it. */
export interface Shown {
  readonly amount: string;
  readonly currency: string;
}

interface Stored {
  readonly quantities: Quantities;
  /** One for each purchase, so that sending it twice is still one order. */
  readonly orderKey: string;
}

const BASKET = "basket";

/** The basket of this tab; it survives a reload. */
export function loadBasket(): Stored {
  return read(BASKET) ?? fresh({});
}

/** Another basket is another order. */
export function changeBasket(quantities: Quantities): Stored {
  return write(BASKET, fresh(quantities));
}

/** The next order is a new one, even of the same things: after a price has changed, or the time was up. */
export function renewOrderKey(): Stored {
  return changeBasket(loadBasket().quantities);
}

export function emptyBasket(): void {
  sessionStorage.removeItem(BASKET);
}

export function rememberShown(orderId: string, shown: Shown): void {
  write(`shown:${orderId}`, shown);
}

/** Nothing in another tab than the one that ordered. */
export function recallShown(orderId: string): Shown | undefined {
  return read(`shown:${orderId}`);
}

/** What it costs, exactly: decimal text is never added as floating point. */
export function totalOf(quantities: Quantities, { prices }: PriceList): string {
  let units = 0n;
  for (const [product, quantity] of Object.entries(quantities)) {
    const price = prices[product];
    if (price !== undefined) units += parseAmount(price).units * BigInt(quantity);
  }
  return formatUnits(units);
}

/** Whether one amount is more than another. */
export function isMore(amount: string, than: string): boolean {
  return Number(amount) > Number(than);
}

function fresh(quantities: Quantities): Stored {
  return { quantities, orderKey: crypto.randomUUID() };
}

function read<T>(key: string): T | undefined {
  try {
    const text = sessionStorage.getItem(key);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function write<T>(key: string, value: T): T {
  sessionStorage.setItem(key, JSON.stringify(value));
  return value;
}
