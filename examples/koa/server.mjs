// A backend that takes orders over HTTP and fulfils them by webhook.
import { once } from "node:events";
import { bodyParser } from "@koa/bodyparser";
import Router from "@koa/router";
import { CodeClient, CodeIntentsError } from "code-intents";
import { nodeWebhookHandler, PRODUCTION_WEBHOOK_PUBLIC_KEY } from "code-intents/webhook";
import Koa from "koa";
import { findOrder, findOrderByIntent, fulfilOnce, placeOrder, registerOrder } from "./orders.mjs";
import { problemOf } from "./problems.mjs";

const destination = process.env.CODE_DESTINATION ?? "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const code = new CodeClient({ idempotencySecret: process.env.CODE_IDEMPOTENCY_SECRET });
const app = new Koa();
const router = new Router();

const receive = nodeWebhookHandler({
  publicKey: process.env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
  expect: findOrderByIntent,
  fulfilOnce: ({ intent }) => fulfilOnce(intent),
});
// The signature covers the raw body. The handler reads it itself, so no parser runs before it.
router.post("/code-webhook", (ctx) => receive(ctx));

router.post("/orders", bodyParser({ enableTypes: ["json"], jsonLimit: "4kb" }), async (ctx) => {
  const { id, product } = Object(ctx.request.body);
  // The page creates the id with crypto.randomUUID(), once per cart.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || typeof product !== "string") {
    ctx.status = 400;
    ctx.body = { error: "malformed_order" };
    return;
  }
  const order = placeOrder(code, { id, product, destination, webhookUrl: `${publicUrl()}/code-webhook` });
  await registerOrder(code, order);
  const { intentId, clientSecret, amount, currency, state } = order;
  ctx.status = 201;
  ctx.set({ location: `/orders/${id}`, "cache-control": "no-store" });
  // The page needs these to rebuild the intent. Anyone who knows the client secret can sign for the intent.
  ctx.body = { id, intentId, clientSecret, amount, currency, destination: order.destination, state };
});

router.get("/orders/:id", (ctx) => {
  const order = findOrder(ctx.params.id ?? "");
  ctx.status = order === undefined ? 404 : 200;
  ctx.set("cache-control", "no-store");
  ctx.body = order === undefined ? { error: "unknown_order" } : { id: order.id, state: order.state };
});

app.use(async (ctx, next) => {
  try {
    await next();
  } catch (/** @type {any} */ error) {
    // Errors of Koa and its parsers, such as invalid JSON, carry their status.
    const { status, code, retryAfter } =
      error.status < 500 ? { status: error.status, code: "malformed_request" } : problemOf(error);
    if (status >= 500 || error instanceof CodeIntentsError) console.error(`HTTP ${status}: ${error}`);
    if (retryAfter !== undefined) ctx.set("retry-after", String(retryAfter));
    ctx.status = status;
    ctx.body = { error: code };
  }
});
app.use(router.routes());

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
