// What the shop sells, and what its database remembers. Nothing here knows of HTTP.
import { type CodeClient, CodeIntentsError, PaymentIntent } from "code-intents";
import type { OnceOutcome } from "code-intents/webhook";

/** The client secret, and whatever is not in the intent's id. */
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

const columns = `id, product, amount, currency, destination, webhook_url as webhookUrl, intent_id as intentId,
  client_secret as clientSecret, state`;

export const findOrder = (db: D1Database, id: string): Promise<Order | null> =>
  db.prepare(`select ${columns} from orders where id = ?`).bind(id).first<Order>();

export const findOrderByIntent = (db: D1Database, intentId: string): Promise<Order | null> =>
  db.prepare(`select ${columns} from orders where intent_id = ?`).bind(intentId).first<Order>();

/** Registered, and not known to be paid. */
export async function openOrders(db: D1Database): Promise<readonly Order[]> {
  return (await db.prepare(`select ${columns} from orders where state = 'open'`).all<Order>()).results;
}

/** Builds and persists an order, or finds the one of this id: a page may ask again. */
export async function placeOrder(
  db: D1Database,
  code: CodeClient,
  wish: Pick<Order, "id" | "product" | "destination" | "webhookUrl">,
): Promise<Order> {
  const { id, product, destination, webhookUrl } = wish;
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

/** Registers what is persisted, also after a failure or a crash: the same intent twice is one intent. */
export async function registerOrder(db: D1Database, code: CodeClient, order: Order): Promise<Order> {
  if (order.state !== "new") return order;
  const { clientSecret, intentId: expectedId, amount, currency, destination, webhookUrl: url } = order;
  const details = { clientSecret, expectedId, amount, currency, destination, webhook: { url } };
  try {
    await code.paymentIntents.create(PaymentIntent.fromClientSecret(details), { timeoutMs: 5_000 });
  } catch (error) {
    // Paid after all; the webhook tells the rest.
    if (!(error instanceof CodeIntentsError) || error.code !== "already_submitted") throw error;
  }
  await db.prepare("update orders set state = 'open' where id = ? and state = 'new'").bind(order.id).run();
  return (await findOrder(db, order.id)) ?? order;
}

/** Marks an order as paid and writes down what to send, in one transaction and once. */
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
