import { nodeWebhookHandler, PRODUCTION_WEBHOOK_PUBLIC_KEY } from "code-intents/webhook";
import { findOrderByIntent, fulfilOnce } from "./orders.js";

/** Receives webhooks: `receive(req, res)` on Express, and `receive(request, reply)` on Fastify. */
export const receive = nodeWebhookHandler({
  publicKey: process.env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
  expect: findOrderByIntent,
  fulfilOnce: ({ intent }) => fulfilOnce(intent),
});
