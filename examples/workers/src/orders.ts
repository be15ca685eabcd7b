// Products and orders of the shop. This module is independent of HTTP.
import { type CodeClient, PaymentIntent, SequencerError } from "code-intents";
import type { OnceOutcome } from "code-intents/webhook";

/** The client secret, and all fields that the intent id does not cover. */
export interface Order {
  readonly id: string;
  readonly product: string;
  readonly amount: string;
  readonly currency: "usd";
  readonly destination: string;
  readonly webhookUrl: string;
  readonly intentId: string;
  readonly clientSecret: string;
  readonly state: "new" | "open" | "paid";
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

const columns = `id, product, amount, currency, destination, webhook_url as webhookUrl, intent_id as intentId,
  client_secret as clientSecret, state`;

export const findOrder = (db: D1Database, id: string): Promise<Order | null> =>
  db.prepare(`select ${columns} from orders where id = ?`).bind(id).first<Order>();

export const findOrderByIntent = (db: D1Database, intentId: string): Promise<Order | null> =>
  db.prepare(`select ${columns} from orders where intent_id = ?`).bind(intentId).first<Order>();

/** Returns the orders whose `create` was recorded as successful and that are not known to be paid. */
export async function openOrders(db: D1Database): Promise<readonly Order[]> {
  return (await db.prepare(`select ${columns} from orders where state = 'open'`).all<Order>()).results;
}

/** Builds and persists an order, or returns the existing order with this id, so that a page can retry. */
export async function placeOrder(
  db: D1Database,
  code: CodeClient,
  request: Pick<Order, "id" | "product" | "destination" | "webhookUrl">,
): Promise<Order> {
  const { id, product, destination, webhookUrl } = request;
  const amount = prices.get(product);
  if (amount === undefined) throw new OrderError("unknown_product");
  const intent = code.paymentIntents.build({ destination, amount, currency: "usd", idempotencyKey: id });
  await db
    .prepare(
      `insert into orders (id, product, amount, currency, destination, webhook_url, intent_id, client_secret)
       values (?, ?, ?, 'usd', ?, ?, ?, ?) on conflict (id) do nothing`,
    )
    .bind(id, product, amount, destination, webhookUrl, intent.id, intent.clientSecret)
    .run();
  const order = await findOrder(db, id);
  if (order?.product !== product) throw new OrderError("other_product");
  return order;
}

/** Registers a persisted order, also after a failure or a crash. Registering an intent twice is safe. */
export async function registerOrder(db: D1Database, code: CodeClient, order: Order): Promise<Order> {
  if (order.state !== "new") return order;
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
  await db.prepare("update orders set state = 'open' where id = ? and state = 'new'").bind(order.id).run();
  return (await findOrder(db, order.id)) ?? order;
}

/** Marks an order as paid and adds the goods to the outbox, once, in one transaction. */
export async function fulfilOnce(db: D1Database, intentId: string): Promise<OnceOutcome> {
  const unpaid = "where intent_id = ? and state <> 'paid'";
  const [sent] = await db.batch([
    db
      .prepare(`insert into outbox (order_id, product) select id, product from orders ${unpaid}`)
      .bind(intentId),
    db.prepare(`update orders set state = 'paid' ${unpaid}`).bind(intentId),
  ]);
  return sent?.meta.changes === 1 ? "fulfilled" : "already";
}
