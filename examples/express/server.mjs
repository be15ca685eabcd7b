// A backend that takes orders over HTTP and fulfils them by webhook.
import { once } from "node:events";
import { CodeClient, CodeIntentsError } from "code-intents";
import { nodeWebhookHandler, PRODUCTION_WEBHOOK_PUBLIC_KEY } from "code-intents/webhook";
import express from "express";
import { findOrder, findOrderByIntent, fulfilOnce, placeOrder, registerOrder } from "./orders.mjs";
import { problemOf } from "./problems.mjs";

const destination = process.env.CODE_DESTINATION ?? "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const code = new CodeClient({ idempotencySecret: process.env.CODE_IDEMPOTENCY_SECRET });
const app = express();
app.disable("x-powered-by");

// The signature covers the raw body. The handler reads it itself, so mount it before any parser.
app.post(
  "/code-webhook",
  nodeWebhookHandler({
    publicKey: process.env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
    expect: findOrderByIntent,
    fulfilOnce: ({ intent }) => fulfilOnce(intent),
  }),
);

app.post("/orders", express.json({ limit: "4kb" }), async (req, res) => {
  const { id, product } = Object(req.body);
  // The page creates the id with crypto.randomUUID(), once per cart.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || typeof product !== "string") {
    res.status(400).json({ error: "malformed_order" });
    return;
  }
  const order = placeOrder(code, { id, product, destination, webhookUrl: `${publicUrl()}/code-webhook` });
  await registerOrder(code, order);
  const { intentId, clientSecret, amount, currency, state } = order;
  // The page needs these to rebuild the intent. Anyone who knows the client secret can sign for the intent.
  res.status(201).location(`/orders/${id}`).set("cache-control", "no-store");
  res.json({ id, intentId, clientSecret, amount, currency, destination: order.destination, state });
});

app.get("/orders/:id", (req, res) => {
  const order = findOrder(req.params.id);
  if (order === undefined) res.status(404).json({ error: "unknown_order" });
  else res.set("cache-control", "no-store").json({ id: order.id, state: order.state });
});

/**
 * @param {any} error
 * @param {import("express").Request} _req
 * @param {import("express").Response} res
 * @param {import("express").NextFunction} _next
 */
function handleError(error, _req, res, _next) {
  // Express's own errors, such as invalid JSON, carry their status.
  const { status, code, retryAfter } =
    error.status < 500 ? { status: error.status, code: error.type } : problemOf(error);
  if (status >= 500 || error instanceof CodeIntentsError) console.error(`HTTP ${status}: ${error}`);
  if (retryAfter !== undefined) res.set("retry-after", String(retryAfter));
  res.status(status).json({ error: code });
}
app.use(handleError);

const server = app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
console.log(`listening on http://127.0.0.1:${port}`);

/** Returns the URL at which the sequencer reaches this server: https in production. */
function publicUrl() {
  return process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`;
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    // Accept no new requests, and finish those in flight.
    server.close();
    setTimeout(() => server.closeAllConnections(), 10_000).unref();
    await once(server, "close");
    await code.close();
  });
}
