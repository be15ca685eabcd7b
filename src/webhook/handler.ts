import { createDelivery, type WebhookHandlerOptions } from "./delivery.js";
import type { WebhookExpect } from "./expectation.js";
import { fetchIncoming, type WebhookRequest } from "./incoming.js";

/** The runtime's own `Response` if its types are known. Otherwise an object with at least a status. */
export type WebhookResponse = typeof globalThis extends { Response: { prototype: infer R } }
  ? R
  : { readonly status: number };

/**
 * Creates a webhook receiver for servers of the Fetch API: Workers, Deno, Bun, Hono, Next.js routes and
 * similar.
 *
 * It responds with 200 only after the order is fulfilled and recorded. Any other status makes the sequencer
 * send again:
 * - 400: malformed, or for another order.
 * - 401: wrong signature or path token.
 * - 405, 408, 413, 415: not a webhook.
 * - 409: another delivery is in progress.
 * - 500: `fulfil`, the store or the lookup threw. If `fulfil` threw, the claim is released.
 *
 * The response body never contains the reason. The logger receives it.
 *
 * @throws InputError for invalid options. The returned function never rejects
 * @example
 * ```ts
 * import { memoryOnceStore, PRODUCTION_WEBHOOK_PUBLIC_KEY, webhookHandler } from "code-intents/webhook";
 *
 * const handler = webhookHandler({
 *   publicKey: PRODUCTION_WEBHOOK_PUBLIC_KEY,
 *   expect: async (intentId) => (intentId === order.intentId ? order : undefined),
 *   store: memoryOnceStore(), // in production, one that your processes share
 *   fulfil: async ({ intent }) => orders.save({ intent, paid: true }),
 * });
 * export default { fetch: (request: Request) => handler(request) };
 * ```
 */
export function webhookHandler<Expect extends WebhookExpect>(
  options: WebhookHandlerOptions<Expect>,
): (request: WebhookRequest) => Promise<WebhookResponse> {
  const deliver = createDelivery(options);
  return async (request) => {
    const { status, body } = await deliver(fetchIncoming(request));
    const headers: Record<string, string> = {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...(status === 405 ? { allow: "POST" } : {}),
    };
    return new globalThis.Response(body, { status, headers });
  };
}
