// A backend that takes orders over HTTP and fulfils them by webhook.
import { CodeClient, CodeIntentsError } from "code-intents";
import { nodeWebhookHandler, PRODUCTION_WEBHOOK_PUBLIC_KEY } from "code-intents/webhook";
import Fastify from "fastify";
import { findOrder, findOrderByIntent, fulfilOnce, placeOrder, registerOrder } from "./orders.mjs";
import { problemOf } from "./problems.mjs";

const destination = process.env.CODE_DESTINATION ?? "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const code = new CodeClient({ idempotencySecret: process.env.CODE_IDEMPOTENCY_SECRET });
const app = Fastify({ bodyLimit: 16_384 });

const receive = nodeWebhookHandler({
  publicKey: process.env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
  expect: findOrderByIntent,
  fulfilOnce: ({ intent }) => fulfilOnce(intent),
});
// The signature covers the raw body. Without a parser for its type, Fastify responds with 415.
app.addContentTypeParser("application/jwt", { parseAs: "string" }, (_request, body, done) =>
  done(null, body),
);
app.post("/code-webhook", (request, reply) => receive(request, reply));

app.post("/orders", async (request, reply) => {
  const { id, product } = Object(request.body);
  // The page creates the id with crypto.randomUUID(), once per cart.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || typeof product !== "string")
    return reply.code(400).send({ error: "malformed_order" });
  const order = placeOrder(code, { id, product, destination, webhookUrl: `${publicUrl()}/code-webhook` });
  await registerOrder(code, order);
  const { intentId, clientSecret, amount, currency, state } = order;
  reply.code(201).header("location", `/orders/${id}`).header("cache-control", "no-store");
  // The page needs these to rebuild the intent. Anyone who knows the client secret can sign for the intent.
  return { id, intentId, clientSecret, amount, currency, destination: order.destination, state };
});

app.get("/orders/:id", async (request, reply) => {
  const order = findOrder(Object(request.params).id);
  if (order === undefined) return reply.code(404).send({ error: "unknown_order" });
  reply.header("cache-control", "no-store");
  return { id: order.id, state: order.state };
});

app.setErrorHandler((/** @type {any} */ error, _request, reply) => {
  // Fastify's own errors, such as invalid JSON, carry their status.
  const { status, code, retryAfter } =
    error.statusCode < 500 ? { status: error.statusCode, code: error.code } : problemOf(error);
  if (status >= 500 || error instanceof CodeIntentsError) console.error(`HTTP ${status}: ${error}`);
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  return reply.code(status).send({ error: code });
});

await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? "127.0.0.1" });
const { port } = /** @type {import("node:net").AddressInfo} */ (app.server.address());
console.log(`listening on http://127.0.0.1:${port}`);

/** Returns the URL at which the sequencer reaches this server: https in production. */
function publicUrl() {
  return process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`;
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    // Accept no new requests, and finish those in flight.
    setTimeout(() => app.server.closeAllConnections(), 10_000).unref();
    await app.close();
    await code.close();
  });
}
