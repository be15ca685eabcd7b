import { formatUnits, parseAmount } from "code-intents";
import type { PriceList } from "../server/prices.js";

/** Quantities by product id, without zeros. */
export type Quantities = Readonly<Record<string, number>>;

/** The total that the buyer saw when ordering. The order page compares the order with it. */
export interface Shown {
  readonly amount: string;
  readonly currency: string;
}

interface Stored {
  readonly quantities: Quantities;
  /** One key per purchase, so that a repeated request is still one order. */
  readonly orderKey: string;
}

const BASKET = "basket";

/** Returns the basket of this tab. It survives a reload. */
export function loadBasket(): Stored {
  return read(BASKET) ?? fresh({});
}

/** Replaces the basket. A changed basket is a new order. */
export function changeBasket(quantities: Quantities): Stored {
  return write(BASKET, fresh(quantities));
}

/** Makes the next order a new one, even with the same basket: after a price change or an expired order. */
export function renewOrderKey(): Stored {
  return changeBasket(loadBasket().quantities);
}

export function emptyBasket(): void {
  sessionStorage.removeItem(BASKET);
}

export function rememberShown(orderId: string, shown: Shown): void {
  write(`shown:${orderId}`, shown);
}

/** Returns `undefined` in any other tab than the one that ordered. */
export function recallShown(orderId: string): Shown | undefined {
  return read(`shown:${orderId}`);
}

/** Computes the exact total: decimal text is never added as floating point. */
export function totalOf(quantities: Quantities, { prices }: PriceList): string {
  let units = 0n;
  for (const [product, quantity] of Object.entries(quantities)) {
    const price = prices[product];
    if (price !== undefined) units += parseAmount(price).units * BigInt(quantity);
  }
  return formatUnits(units);
}

/** Reports whether one amount is greater than another. */
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
