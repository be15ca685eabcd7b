import { InputError } from "../errors.js";
import { type Answer, createDelivery, type WebhookHandlerOptions } from "./delivery.js";
import { describeInput } from "./describe-input.js";
import type { WebhookExpect } from "./expectation.js";
import { fetchIncoming, isWebhookRequest, type WebhookRequest } from "./incoming.js";

/** The runtime's own `Response` if its types are known. Otherwise an object with at least a status. */
export type WebhookResponse = typeof globalThis extends { Response: { prototype: infer R } }
  ? R
  : { readonly status: number };

/** The part of Hono's context that this package uses. */
export interface HonoWebhookContext {
  readonly req: {
    /** The request of the Fetch API. */
    readonly raw: WebhookRequest;
  };
}

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
 * It takes a `Request`, or Hono's context: `app.post(path, handler)`.
 *
 * @throws InputError for invalid options. The returned function rejects only if its argument is neither, with
 * an InputError and before it fulfils
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
): (request: WebhookRequest | HonoWebhookContext) => Promise<WebhookResponse> {
  const deliver = createDelivery(options);
  return async (input) => {
    const request: unknown = isWebhookRequest(input) ? input : (input as HonoLike | undefined)?.req?.raw;
    if (!isWebhookRequest(request)) throw notARequest(input);
    const incoming = fetchIncoming(request, request === input ? "fetch" : "hono");
    const respond = (answer: Answer, headers: Readonly<Record<string, string>>): WebhookResponse =>
      new globalThis.Response(answer.body, { status: answer.status, headers });
    return (await deliver(incoming, respond)) as WebhookResponse;
  };
}

interface HonoLike {
  readonly req?: { readonly raw?: unknown };
}

function notARequest(input: unknown): InputError {
  return new InputError(
    "invalid_option",
    "request",
    `${describeInput(input)} webhookHandler needs a Request of the Fetch API, or Hono's context. Nothing was verified or fulfilled`,
  );
}
