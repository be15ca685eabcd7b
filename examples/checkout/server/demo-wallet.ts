import { PaymentIntent } from "code-intents";
import type { Wallet } from "code-intents/emulator";
import { bodyLimit } from "hono/body-limit";
import type { AppExtension } from "./app.js";
import type { Order, OrderBook } from "./order.js";

const panel = `
  <section class="demo" aria-labelledby="demo-title">
    <p class="demo-label">Demo</p>
    <div class="demo-details">
      <h2 id="demo-title">The buyer’s wallet</h2>
      <p>Simulates a phone with the Code wallet. It is not part of the shop, and no money moves.</p>
    </div>
    <div class="demo-buttons" id="demo-buttons">
      <button type="button" data-act="scan">Scan</button>
      <button type="button" data-act="pay">Pay</button>
      <button type="button" data-act="decline">Decline</button>
    </div>
    <p class="demo-message" id="demo-message" role="status"></p>
  </section>
  <script type="module" src="/assets/demo-wallet.js"></script>`;

/** Simulates the buyer's phone with the emulator's wallet. Only `demo.ts` imports it, never production. */
export function demoWallet(book: OrderBook, wallet: Wallet): AppExtension {
  const acts: Record<string, (intent: PaymentIntent) => Promise<unknown>> = {
    scan: (intent) => wallet.scan(intent),
    pay: (intent) => wallet.pay(intent),
    decline: (intent) => wallet.reject(intent),
  };
  return {
    orderHtml: panel,
    routes: (app) => {
      app.post("/api/demo/orders/:id/:act", bodyLimit({ maxSize: 0 }), async (c) => {
        const order = await book.byId(c.req.param("id"));
        const act = acts[c.req.param("act")];
        if (order === undefined || act === undefined) return c.notFound();
        try {
          await act(scannedBy(order));
          return c.json({ message: "" });
        } catch (error) {
          // Show the sequencer's error to the user of the demo.
          return c.json({ message: error instanceof Error ? error.message : "failed" });
        }
      });
    },
  };
}

/** Rebuilds the intent as a phone does after a scan. */
function scannedBy({ clientSecret, destination, amount, currency, fees, kind }: Order): PaymentIntent {
  return PaymentIntent.fromClientSecret({ clientSecret, destination, amount, currency, fees, kind });
}
