// What the shop sells, and what it remembers. Nothing here knows of HTTP.
import { CodeIntentsError, PaymentIntent } from "code-intents";

/** Prices are the server's; a page only names the product. */
const prices = new Map([
  ["espresso", "2.50"],
  ["croissant", "3.20"],
]);

/**
 * A row of your database: the client secret, and whatever is not in the intent's id.
 * @typedef {{ id: string, product: string, amount: string, currency: "usd", destination: string, webhookUrl: string,
 *   intentId: string, clientSecret: string, state: "new" | "open" | "paid" }} Order
 */

/** @type {Map<string, Order>} In a database: `id` is the primary key, and `intentId` has a unique index. */
const orders = new Map();

/** The buyer asked for what cannot be had. */
export class OrderError extends Error {
  /** @param {"unknown_product" | "other_product"} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @param {string} id */
export const findOrder = (id) => orders.get(id);

/** @param {string} intentId */
export const findOrderByIntent = (intentId) =>
  [...orders.values()].find((order) => order.intentId === intentId);

/**
 * Builds and persists an order, or finds the one of this id, so that a page may ask again. In a database it is
 * `insert … on conflict (id) do nothing`, committed before the network is touched.
 *
 * @param {import("code-intents").CodeClient} code
 * @param {{ id: string, product: string, destination: string, webhookUrl: string }} wish
 * @returns {Order}
 */
export function placeOrder(code, { id, product, destination, webhookUrl }) {
  const known = orders.get(id);
  if (known !== undefined && known.product !== product) throw new OrderError("other_product");
  if (known !== undefined) return known;
  const amount = prices.get(product);
  if (amount === undefined) throw new OrderError("unknown_product");
  const intent = code.paymentIntents.build({ destination, amount, currency: "usd", idempotencyKey: id });
  const keys = { intentId: intent.id, clientSecret: intent.clientSecret };
  /** @type {Order} */
  const order = { id, product, amount, currency: "usd", destination, webhookUrl, ...keys, state: "new" };
  orders.set(id, order);
  return order;
}

/**
 * Registers what is persisted, also after a failure or a crash: the same intent twice is one intent.
 *
 * @param {import("code-intents").CodeClient} code
 * @param {Order} order
 */
export async function registerOrder(code, order) {
  if (order.state !== "new") return;
  const { clientSecret, intentId: expectedId, amount, currency, destination, webhookUrl: url } = order;
  const details = { clientSecret, expectedId, amount, currency, destination, webhook: { url } };
  try {
    await code.paymentIntents.create(PaymentIntent.fromClientSecret(details), { timeoutMs: 5_000 });
  } catch (error) {
    // Paid after all; the webhook tells the rest.
    if (!(error instanceof CodeIntentsError) || error.code !== "already_submitted") throw error;
  }
  // Read again: the webhook may have been faster.
  if (findOrder(order.id)?.state === "new") order.state = "open";
}

/**
 * Marks an order as paid, once. In a database it is one transaction: `update orders set state = 'paid' where intent_id = $1
 * and state = 'open'`, and where that changed a row, the goods go into an outbox that a worker sends from.
 *
 * @param {string} intentId
 * @returns {import("code-intents/webhook").OnceOutcome}
 */
export function fulfilOnce(intentId) {
  const order = findOrderByIntent(intentId);
  if (order === undefined) throw new Error(`no order has the intent ${intentId}`);
  if (order.state === "paid") return "already";
  order.state = "paid";
  console.log(`order ${order.id} is paid: send 1 ${order.product}`);
  return "fulfilled";
}
