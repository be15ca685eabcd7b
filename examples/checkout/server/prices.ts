import { formatUnits } from "code-intents";

/** A request to order products. It contains no price: the server never accepts one from a browser. */
export interface Cart {
  /** Created by the browser, once per purchase: the same key and cart are the same order. */
  readonly orderKey: string;
  readonly lines: readonly CartLine[];
}

export interface CartLine {
  readonly product: string;
  /** 1 to 9. */
  readonly quantity: number;
}

/** A line of an order, with name and price at the time of the order. */
export interface PricedLine extends CartLine {
  readonly name: string;
  /** Price of one item, as decimal text. */
  readonly price: string;
  /** Price of all items of the line, as decimal text. */
  readonly total: string;
}

/** An invalid cart. The message is shown to the buyer. */
export class CartError extends Error {}

export const CURRENCY = "usd";

// In cents: sums of integers are exact. In production, this is a table in your database.
const products: ReadonlyMap<string, { readonly name: string; readonly cents: number }> = new Map([
  ["sidamo", { name: "Sidamo", cents: 120 }],
  ["huila", { name: "Huila", cents: 95 }],
  ["night-shift", { name: "Night Shift", cents: 80 }],
  ["papers", { name: "Filter papers", cents: 35 }],
]);

// The sequencer's payment limits, in cents. Checked here to give the buyer a clear message.
const SMALLEST_TOTAL = 5;
const LARGEST_TOTAL = 500;

/** Returns the prices for the shop page. */
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
 * @throws CartError for an unknown product or a total outside the limits
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
  if (total < SMALLEST_TOTAL) throw new CartError(`The minimum order is ${decimal(SMALLEST_TOTAL)} usd.`);
  if (total > LARGEST_TOTAL) throw new CartError(`The maximum order is ${decimal(LARGEST_TOTAL)} usd.`);
  return { lines: priced, amount: decimal(total) };
}

/**
 * Validates the cart that a browser sent.
 *
 * @throws CartError for anything other than product ids and quantities
 */
export function readCart(body: unknown): Cart {
  const { orderKey, lines, ...others } = asObject(body);
  if (typeof orderKey !== "string" || !/^[\w-]{16,64}$/.test(orderKey)) throw malformed("orderKey");
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > products.size) throw malformed("lines");
  rejectOthers(others);
  const read = lines.map((line: unknown) => {
    const { product, quantity, ...rest } = asObject(line);
    rejectOthers(rest);
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

function rejectOthers(others: object): void {
  const [name] = Object.keys(others);
  if (name !== undefined) throw malformed(name.slice(0, 40));
}

function malformed(field: string): CartError {
  return new CartError(`Invalid order: check "${field}".`);
}

function decimal(cents: number): string {
  return formatUnits(BigInt(cents));
}
