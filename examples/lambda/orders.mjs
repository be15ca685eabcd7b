// Products and orders of the shop. This module is independent of HTTP.
import { PaymentIntent, SequencerError } from "code-intents";

/** The server sets the prices. A page only names the product. */
const prices = new Map([
  ["espresso", "2.50"],
  ["croissant", "3.20"],
]);

/**
 * A row of your database: the client secret, and all fields that the intent id does not cover.
 * @typedef {{ id: string, product: string, amount: string, currency: "usd", destination: string,
 *   webhookUrl: string, intentId: string, clientSecret: string, state: "new" | "open" | "paid" }} Order
 */

/** @type {Map<string, Order>} In a database: `id` is the primary key, and `intentId` has a unique index. */
const orders = new Map();

/** An order that the shop cannot accept. */
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
 * Builds and persists an order, or returns the existing order with this id, so that a page can retry. In a
 * database, use `insert … on conflict (id) do nothing`, and commit it before any network call.
 *
 * @param {import("code-intents").CodeClient} code
 * @param {{ id: string, product: string, destination: string, webhookUrl: string }} request
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
 * Registers a persisted order, also after a failure or a crash. Registering an intent twice is safe.
 *
 * @param {import("code-intents").CodeClient} code
 * @param {Order} order
 */
export async function registerOrder(code, order) {
  if (order.state !== "new") return;
  const { clientSecret, intentId: expectedId, amount, currency, destination, webhookUrl: url } = order;
  const details = { clientSecret, expectedId, amount, currency, destination, webhook: { url } };
  // If this throws, the order stays `new`, and no status counts for it: after `already_submitted` another party's
  // request can be the one that was paid. Only the verified webhook fulfils such an order.
  try {
    await code.paymentIntents.create(PaymentIntent.fromClientSecret(details), { timeoutMs: 5_000 });
  } catch (error) {
    if (!(error instanceof SequencerError) || error.code !== "webhook_refused") throw error;
    // The request is registered without its webhook. Its status counts, and reconciliation reads it.
    console.error(error.message);
  }
  // Read the state again: the webhook can arrive first.
  if (findOrder(order.id)?.state === "new") order.state = "open";
}

/**
 * Marks an order as paid, once. In a database, use one transaction: `update orders set state = 'paid' where
 * intent_id = $1 and state <> 'paid'`. If that changes a row, add the goods to an outbox for a worker.
 *
 * @param {string} intentId
 * @returns {import("code-intents/webhook").OnceOutcome}
 */
export function fulfilOnce(intentId) {
  const order = findOrderByIntent(intentId);
  if (order === undefined) throw new Error(`Unknown intent: ${intentId}`);
  if (order.state === "paid") return "already";
  order.state = "paid";
  console.log(`order ${order.id} is paid: send 1 ${order.product}`);
  return "fulfilled";
}
