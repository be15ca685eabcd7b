// Products and orders of the shop.
import { type CodeClient, PaymentIntent, SequencerError } from "code-intents";
import type { OnceOutcome } from "code-intents/webhook";

/** A row of your database: the client secret, and all fields that the intent id does not cover. */
export interface Order {
  readonly id: string;
  readonly product: string;
  readonly amount: string;
  readonly currency: "usd";
  readonly destination: string;
  readonly webhookUrl: string;
  readonly intentId: string;
  readonly clientSecret: string;
  state: "new" | "open" | "paid";
}

/** An order that the shop cannot accept. */
export class OrderError extends Error {
  readonly code: "unknown_product" | "other_product";

  constructor(code: OrderError["code"]) {
    super(code);
    this.code = code;
  }
}

/** The server sets the prices. A page only names the product. */
const prices = new Map([
  ["espresso", "2.50"],
  ["croissant", "3.20"],
]);

/** In a database: `id` is the primary key, and `intentId` has a unique index. */
const orders = new Map<string, Order>();

export const findOrder = (id: string): Order | undefined => orders.get(id);

export const findOrderByIntent = (intentId: string): Order | undefined =>
  [...orders.values()].find((order) => order.intentId === intentId);

/**
 * Builds and persists an order, or returns the existing order with this id, so that a page can retry. In a
 * database, use `insert … on conflict (id) do nothing`, and commit it before any network call.
 */
export function placeOrder(code: CodeClient, id: string, product: string): Order {
  const known = findOrder(id);
  if (known !== undefined && known.product !== product) throw new OrderError("other_product");
  if (known !== undefined) return known;
  const amount = prices.get(product);
  if (amount === undefined) throw new OrderError("unknown_product");
  const destination = process.env.CODE_DESTINATION ?? "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
  const webhookUrl = `${process.env.PUBLIC_URL ?? "http://localhost:3000"}/code-webhook`;
  const price = { amount, currency: "usd" } as const;
  const { id: intentId, clientSecret } = code.paymentIntents.build({
    ...price,
    destination,
    idempotencyKey: id,
  });
  const order: Order = {
    id,
    product,
    ...price,
    destination,
    webhookUrl,
    intentId,
    clientSecret,
    state: "new",
  };
  orders.set(id, order);
  return order;
}

/** Registers a persisted order, also after a failure or a crash. Registering an intent twice is safe. */
export async function registerOrder(code: CodeClient, order: Order): Promise<void> {
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
 * intent_id = $1 and state <> 'paid'`. If that changes a row, add the goods to an outbox for a worker to
 * send.
 */
export function fulfilOnce(intentId: string): OnceOutcome {
  const order = findOrderByIntent(intentId);
  if (order === undefined) throw new Error(`Unknown intent: ${intentId}`);
  if (order.state === "paid") return "already";
  order.state = "paid";
  console.log(`order ${order.id} is paid: send 1 ${order.product}`);
  return "fulfilled";
}
