// A worker that takes orders, fulfils them by webhook, and reconciles missing webhooks.
import { CodeClient } from "code-intents";
import { PRODUCTION_WEBHOOK_PUBLIC_KEY, reconcile, webhookHandler } from "code-intents/webhook";
import { findOrder, findOrderByIntent, fulfilOnce, openOrders, placeOrder, registerOrder } from "./orders.js";
import { problemResponse } from "./problems.js";

/** Variables, secrets and database of the worker. */
interface Env {
  readonly DB: D1Database;
  readonly PUBLIC_URL: string;
  readonly CODE_SEQUENCER_URL: string;
  readonly CODE_DESTINATION: string;
  readonly CODE_IDEMPOTENCY_SECRET: string;
  readonly CODE_WEBHOOK_PUBLIC_KEY?: string;
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    try {
      if (pathname === "/code-webhook") return await receive(request, env);
      if (pathname === "/orders" && request.method === "POST") return await takeOrder(request, env);
      const id = /^\/orders\/([^/]+)$/.exec(pathname)?.[1];
      if (id !== undefined && request.method === "GET") return await showOrder(id, env);
      return Response.json({ error: "not_found" }, { status: 404 });
    } catch (error) {
      return problemResponse(error);
    }
  },

  /** Runs on the cron trigger. The sequencer retries a webhook for about a day; a payment can come later. */
  async scheduled(_controller, env) {
    const code = client(env);
    const rounds = reconcile(await openOrders(env.DB), {
      getStatus: (order) => code.paymentIntents.getStatus(order.intentId),
      fulfil: (order) => fulfil(order.intentId, env),
    });
    for await (const { outcome, order } of rounds) {
      if (outcome === "failed") console.warn(`order ${order.id} is still open`);
    }
  },
} satisfies ExportedHandler<Env>;

/** Creates a client for one event. It uses `fetch` and keeps no connection, so there is nothing to close. */
function client({ CODE_SEQUENCER_URL, CODE_IDEMPOTENCY_SECRET }: Env): CodeClient {
  return new CodeClient({ baseUrl: CODE_SEQUENCER_URL, idempotencySecret: CODE_IDEMPOTENCY_SECRET });
}

async function takeOrder(request: Request, env: Env): Promise<Response> {
  const { id, product } = Object(await request.json().catch(() => undefined));
  // The page creates the id with crypto.randomUUID(), once per cart.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || typeof product !== "string")
    return Response.json({ error: "malformed_order" }, { status: 400 });
  const code = client(env);
  const draft = {
    id,
    product,
    destination: env.CODE_DESTINATION,
    webhookUrl: `${env.PUBLIC_URL}/code-webhook`,
  };
  const order = await registerOrder(env.DB, code, await placeOrder(env.DB, code, draft));
  const { intentId, clientSecret, amount, currency, destination, state } = order;
  // The page needs these to rebuild the intent. Anyone who knows the client secret can sign for the intent.
  const shown = { id, intentId, clientSecret, amount, currency, destination, state };
  const headers = { location: `/orders/${id}`, "cache-control": "no-store" };
  return Response.json(shown, { status: 201, headers });
}

async function showOrder(id: string, env: Env): Promise<Response> {
  const order = await findOrder(env.DB, id);
  if (order === null) return Response.json({ error: "unknown_order" }, { status: 404 });
  return Response.json({ id, state: order.state }, { headers: { "cache-control": "no-store" } });
}

/** The signature covers the raw body, so pass the handler the unread request. */
function receive(request: Request, env: Env): Promise<Response> {
  const handler = webhookHandler({
    publicKey: env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
    expect: async (intentId) => (await findOrderByIntent(env.DB, intentId)) ?? undefined,
    fulfilOnce: ({ intent }) => fulfil(intent, env),
  });
  return handler(request);
}

async function fulfil(intentId: string, env: Env) {
  const outcome = await fulfilOnce(env.DB, intentId);
  if (outcome === "fulfilled")
    console.log(`order ${(await findOrderByIntent(env.DB, intentId))?.id} is paid`);
  return outcome;
}
