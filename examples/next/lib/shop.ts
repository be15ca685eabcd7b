// What the shop sells, and what it remembers.
import { CodeClient, CodeIntentsError, PaymentIntent } from "code-intents";
import type { OnceOutcome } from "code-intents/webhook";

/** A row of your database: the client secret, and whatever is not in the intent's id. */
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

/** The buyer asked for what cannot be had. */
export class OrderError extends Error {
  readonly code: "unknown_product" | "other_product";

  constructor(code: OrderError["code"]) {
    super(code);
    this.code = code;
  }
}

/** Prices are the server's; a page only names the product. */
const prices = new Map([
  ["espresso", "2.50"],
  ["croissant", "3.20"],
]);

interface Shop {
  readonly code: CodeClient;
  readonly orders: Map<string, Order>;
}

/**
 * Each route has modules of its own, so what they share hangs on the process. A database needs none of this: there `id` is
 * the primary key, and `intentId` has a unique index.
 */
function shop(): Shop {
  const shared = globalThis as { shop?: Shop };
  shared.shop ??= {
    code: new CodeClient({ idempotencySecret: process.env.CODE_IDEMPOTENCY_SECRET }),
    orders: new Map(),
  };
  return shared.shop;
}

export const findOrder = (id: string): Order | undefined => shop().orders.get(id);

export const findOrderByIntent = (intentId: string): Order | undefined =>
  [...shop().orders.values()].find((order) => order.intentId === intentId);

/**
 * Builds and persists an order, or finds the one of this id, so that a page may ask again. In a database it is
 * `insert … on conflict (id) do nothing`, committed before the network is touched.
 */
export function placeOrder(id: string, product: string): Order {
  const known = findOrder(id);
  if (known !== undefined && known.product !== product) throw new OrderError("other_product");
  if (known !== undefined) return known;
  const amount = prices.get(product);
  if (amount === undefined) throw new OrderError("unknown_product");
  const destination = process.env.CODE_DESTINATION ?? "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
  const webhookUrl = `${process.env.PUBLIC_URL ?? "http://localhost:3000"}/code-webhook`;
  const { code, orders } = shop();
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

/** Registers what is persisted, also after a failure or a crash: the same intent twice is one intent. */
export async function registerOrder(order: Order): Promise<void> {
  if (order.state !== "new") return;
  const { clientSecret, intentId: expectedId, amount, currency, destination, webhookUrl: url } = order;
  const details = { clientSecret, expectedId, amount, currency, destination, webhook: { url } };
  try {
    await shop().code.paymentIntents.create(PaymentIntent.fromClientSecret(details), { timeoutMs: 5_000 });
  } catch (error) {
    // Paid after all; the webhook tells the rest.
    if (!(error instanceof CodeIntentsError) || error.code !== "already_submitted") throw error;
  }
  // Read again: the webhook may have been faster.
  if (findOrder(order.id)?.state === "new") order.state = "open";
}

/**
 * Marks an order as paid, once. In a database it is one transaction: `update orders set state = 'paid' where intent_id = $1
 * and state <> 'paid'`, and where that changed a row, the goods go into an outbox that a worker sends from.
 */
export function fulfilOnce(intentId: string): OnceOutcome {
  const order = findOrderByIntent(intentId);
  if (order === undefined) throw new Error(`no order has the intent ${intentId}`);
  if (order.state === "paid") return "already";
  order.state = "paid";
  console.log(`order ${order.id} is paid: send 1 ${order.product}`);
  return "fulfilled";
}
