import { formatUnits } from "code-intents";

/** What a buyer may ask for: products and quantities. A price is never taken from a browser. */
export interface Cart {
  /** Made by the browser, once for each purchase: the same key and cart again are the same order. */
  readonly orderKey: string;
  readonly lines: readonly CartLine[];
}

export interface CartLine {
  readonly product: string;
  /** 1 to 9. */
  readonly quantity: number;
}

/** A line of an order, with the name and the price of its day. */
export interface PricedLine extends CartLine {
  readonly name: string;
  /** Of one, as decimal text. */
  readonly price: string;
  /** Of all of them. */
  readonly total: string;
}

/** A cart that cannot be sold. The text is for the buyer. */
export class CartError extends Error {}

export const CURRENCY = "usd";

// In cents: sums of whole numbers are exact. In production this is a table of your database.
const products: ReadonlyMap<string, { readonly name: string; readonly cents: number }> = new Map([
  ["sidamo", { name: "Sidamo", cents: 120 }],
  ["huila", { name: "Huila", cents: 95 }],
  ["night-shift", { name: "Night Shift", cents: 80 }],
  ["papers", { name: "Filter papers", cents: 35 }],
]);

// What the sequencer lets a payment be, in cents. Refused here, the buyer hears of it in our words.
const SMALLEST_TOTAL = 5;
const LARGEST_TOTAL = 500;

/** What the page shows before anything is ordered. */
export function priceList(): PriceList {
  return {
    currency: CURRENCY,
    prices: Object.fromEntries([...products].map(([product, { cents }]) => [product, decimal(cents)])),
    largestTotal: decimal(LARGEST_TOTAL),
  };
}

export interface PriceList {
  readonly currency: string;
  /** Decimal text by product. */
  readonly prices: Readonly<Record<string, string>>;
  readonly largestTotal: string;
}

/**
 * Prices a cart.
 *
 * @throws CartError for what is not sold, or not for so much
 */
export function priceCart(lines: readonly CartLine[]): { lines: PricedLine[]; amount: string } {
  let total = 0;
  const priced = lines.map(({ product, quantity }) => {
    const sold = products.get(product);
    if (sold === undefined) throw new CartError(`We do not sell "${product}".`);
    const cents = sold.cents * quantity;
    total += cents;
    return { product, quantity, name: sold.name, price: decimal(sold.cents), total: decimal(cents) };
  });
  if (total < SMALLEST_TOTAL) throw new CartError(`An order is at least ${decimal(SMALLEST_TOTAL)} usd.`);
  if (total > LARGEST_TOTAL) throw new CartError(`An order is at most ${decimal(LARGEST_TOTAL)} usd.`);
  return { lines: priced, amount: decimal(total) };
}

/**
 * Reads what a browser sent.
 *
 * @throws CartError for anything else than product ids and quantities
 */
export function readCart(body: unknown): Cart {
  const { orderKey, lines, ...others } = asObject(body);
  if (typeof orderKey !== "string" || !/^[\w-]{16,64}$/.test(orderKey)) throw malformed("orderKey");
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > products.size) throw malformed("lines");
  refuseOthers(others);
  const read = lines.map((line: unknown) => {
    const { product, quantity, ...rest } = asObject(line);
    refuseOthers(rest);
    if (typeof product !== "string" || product.length > 64) throw malformed("product");
    if (typeof quantity !== "number" || !Number.isInteger(quantity) || quantity < 1 || quantity > 9)
      throw malformed("quantity");
    return { product, quantity };
  });
  if (new Set(read.map(({ product }) => product)).size < read.length) throw malformed("lines");
  return { orderKey, lines: read };
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("body");
  return { ...value };
}

function refuseOthers(others: object): void {
  const [name] = Object.keys(others);
  if (name !== undefined) throw malformed(name.slice(0, 40));
}

function malformed(field: string): CartError {
  return new CartError(`The order cannot be read: ${field}.`);
}

function decimal(cents: number): string {
  return formatUnits(BigInt(cents));
}
