import { PRODUCTION_WEBHOOK_PUBLIC_KEY, webhookHandler } from "code-intents/webhook";
import { findOrderByIntent, fulfilOnce } from "../../lib/shop";

/** The signature is over the raw body: the handler gets the request itself, which nothing has read. */
export async function POST(request: Request): Promise<Response> {
  return receive()(request);
}

// Made when it is first needed, since a build knows no key.
let handler: ((request: Request) => Promise<Response>) | undefined;
function receive() {
  handler ??= webhookHandler({
    publicKey: process.env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
    expect: findOrderByIntent,
    fulfilOnce: ({ intent }) => fulfilOnce(intent),
  });
  return handler;
}
