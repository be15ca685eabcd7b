// A backend that takes orders over HTTP and fulfils them by webhook.
import { once } from "node:events";
import { serve } from "@hono/node-server";
import { CodeClient, CodeIntentsError } from "code-intents";
import { PRODUCTION_WEBHOOK_PUBLIC_KEY, webhookHandler } from "code-intents/webhook";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { findOrder, findOrderByIntent, fulfilOnce, placeOrder, registerOrder } from "./orders.mjs";
import { problemOf } from "./problems.mjs";

const destination = process.env.CODE_DESTINATION ?? "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const code = new CodeClient({ idempotencySecret: process.env.CODE_IDEMPOTENCY_SECRET });
const app = new Hono();

const receive = webhookHandler({
  publicKey: process.env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
  expect: findOrderByIntent,
  fulfilOnce: ({ intent }) => fulfilOnce(intent),
});
// The signature covers the raw body, so pass the unread request.
app.post("/code-webhook", async (c) => receive(c.req.raw));

app.post("/orders", bodyLimit({ maxSize: 4096 }), async (c) => {
  const { id, product } = Object(await c.req.json().catch(() => undefined));
  // The page creates the id with crypto.randomUUID(), once per cart.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || typeof product !== "string")
    return c.json({ error: "malformed_order" }, 400);
  const order = placeOrder(code, { id, product, destination, webhookUrl: `${publicUrl()}/code-webhook` });
  await registerOrder(code, order);
  const { intentId, clientSecret, amount, currency, state } = order;
  // The page needs these to rebuild the intent. Anyone who knows the client secret can sign for the intent.
  const shown = { id, intentId, clientSecret, amount, currency, destination: order.destination, state };
  return c.json(shown, 201, { location: `/orders/${id}`, "cache-control": "no-store" });
});

app.get("/orders/:id", (c) => {
  const order = findOrder(c.req.param("id"));
  if (order === undefined) return c.json({ error: "unknown_order" }, 404);
  return c.json({ id: order.id, state: order.state }, 200, { "cache-control": "no-store" });
});

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  const { status, code, retryAfter } = problemOf(error);
  if (status >= 500 || error instanceof CodeIntentsError) console.error(`HTTP ${status}: ${error}`);
  if (retryAfter !== undefined) c.header("retry-after", String(retryAfter));
  return c.json({ error: code }, status);
});

const server = serve({
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 3000),
  hostname: process.env.HOST ?? "127.0.0.1",
});
await once(server, "listening");
console.log(`listening on http://127.0.0.1:${port()}`);

/** Returns the actual port, also if `PORT` is 0. */
function port() {
  const address = server.address();
  return typeof address === "object" ? address?.port : undefined;
}

/** Returns the URL at which the sequencer reaches this server: https in production. */
function publicUrl() {
  return process.env.PUBLIC_URL ?? `http://127.0.0.1:${port()}`;
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    // Accept no new requests, and finish those in flight.
    server.close();
    setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), 10_000).unref();
    await once(server, "close");
    await code.close();
  });
}
