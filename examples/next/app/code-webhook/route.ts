import { PRODUCTION_WEBHOOK_PUBLIC_KEY, webhookHandler } from "code-intents/webhook";
import { findOrderByIntent, fulfilOnce } from "../../lib/shop";

/** The signature covers the raw body, so pass the handler the unread request. */
export async function POST(request: Request): Promise<Response> {
  return receive()(request);
}

// Created on first use, because the key is unknown at build time.
let handler: ((request: Request) => Promise<Response>) | undefined;
function receive() {
  handler ??= webhookHandler({
    publicKey: process.env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
    expect: findOrderByIntent,
    fulfilOnce: ({ intent }) => fulfilOnce(intent),
  });
  return handler;
}
