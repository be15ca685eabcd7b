import { createDelivery, type WebhookHandlerOptions } from "./delivery.js";
import type { WebhookExpect } from "./expectation.js";
import {
  exchangeOf,
  type FastifyWebhookReply,
  type FastifyWebhookRequest,
  type KoaWebhookContext,
  type NodeWebhookRequest,
  type NodeWebhookResponse,
} from "./node-exchange.js";

/**
 * A webhook receiver for the servers of Node. Rejects only if its arguments are none of these, or if a
 * response was already sent: with an InputError `req` or `res`, before it reads or fulfils anything.
 */
export interface NodeWebhookHandler {
  /** Koa: `router.post(path, handler)`, or `handler(ctx)`. */
  (ctx: KoaWebhookContext): Promise<void>;
  /** Fastify and NestJS on Fastify: `handler(request, reply)`. Return or await it. */
  (request: FastifyWebhookRequest, reply: FastifyWebhookReply): Promise<unknown>;
  /**
   * `node:http`, Express and NestJS on Express: `handler(req, res)`. Fastify after `reply.hijack()`:
   * `handler(request, reply.raw)`.
   */
  (req: NodeWebhookRequest | FastifyWebhookRequest, res: NodeWebhookResponse): Promise<void>;
}

/**
 * Creates a webhook receiver for `node:http`, Express, Fastify, Koa, NestJS and compatible servers. It
 * responds like {@link webhookHandler}.
 *
 * It reads the raw body. If a body parser ran first, it uses the text or the bytes that the parser left in
 * `rawBody` or `body` of the request, such as those of `express.text({ type: "application/jwt" })`. The
 * parser's own limit then applies too. If a parser consumed the body and left neither, the response is 500
 * and the log says how to keep the text. Fastify responds with 415 unless it has a parser for
 * `application/jwt`.
 *
 * @throws InputError for invalid options
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { memoryOnceStore, nodeWebhookHandler, PRODUCTION_WEBHOOK_PUBLIC_KEY } from "code-intents/webhook";
 *
 * const handler = nodeWebhookHandler({
 *   publicKey: PRODUCTION_WEBHOOK_PUBLIC_KEY,
 *   expect: async (intentId) => (intentId === order.intentId ? order : undefined),
 *   store: memoryOnceStore(), // in production, one that your processes share
 *   fulfil: async ({ intent }) => orders.save({ intent, paid: true }),
 * });
 * createServer(handler); // Express: app.post("/webhooks/code/:token", handler), before express.json()
 * ```
 */
export function nodeWebhookHandler<Expect extends WebhookExpect>(
  options: WebhookHandlerOptions<Expect>,
): NodeWebhookHandler {
  const deliver = createDelivery(options);
  return async (first: unknown, second?: unknown): Promise<never> => {
    const { incoming, sent, respond } = exchangeOf(first, second);
    const result = await deliver(incoming, (answer, headers) => {
      if (sent()) throw new Error("another response was sent first");
      return respond(answer, headers);
    });
    return result as never;
  };
}
