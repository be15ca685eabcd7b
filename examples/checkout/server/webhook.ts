import { webhookHandler } from "code-intents/webhook";
import type { OrderBook } from "./order.js";

/** Path of the webhook below the shop's public URL. */
export const WEBHOOK_PATH = "/webhooks/code";

/**
 * Receives the sequencer's webhooks. Verifies each one against the order that it names (amount, currency,
 * destination), and fulfils the order once. Responds with 200 only after the commit.
 */
export function webhookReceiver(
  book: OrderBook,
  publicKey: string,
  log: (line: string) => void,
): (request: Request) => Promise<Response> {
  return webhookHandler({
    publicKey,
    expect: (intentId) => book.byIntent(intentId),
    fulfilOnce: async ({ intent }) => {
      const outcome = await book.fulfil(intent, "webhook", Date.now());
      log(`intent ${intent}: webhook, ${outcome}`);
      return outcome;
    },
    logger: { warn: log },
    // Only the name: a database error message can contain stored data.
    onError: (error) => log(`webhook failed: ${error instanceof Error ? error.name : typeof error}`),
  });
}
