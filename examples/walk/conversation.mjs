// The second half of the walk: the payer scans and pays, the backend tracks it, and the webhook fulfils the
// order once.
import { once } from "node:events";
import { createServer } from "node:http";
import { memoryOnceStore, nodeWebhookHandler } from "code-intents/webhook";

/**
 * @param {import("code-intents").CodeClient} code
 * @param {import("code-intents/emulator").Emulator} emulator
 * @param {import("code-intents").PaymentIntentOptions} order
 * @param {ReturnType<typeof import("./printer.mjs").createPrinter>} printer
 */
export async function showConversation(code, emulator, order, { heading, line, fact }) {
  heading("A webhook that fulfils the order, once");
  /** @type {string[]} */
  const fulfilled = [];
  /** @type {Map<string, import("code-intents").PaymentIntent>} */
  const orders = new Map();
  const handler = nodeWebhookHandler({
    publicKey: emulator.webhookPublicKey,
    expect: (intentId) => orders.get(intentId),
    store: memoryOnceStore(),
    fulfil: async ({ intent }) => void fulfilled.push(intent),
  });
  let deliveries = 0;
  const receiver = createServer((req, res) => {
    deliveries += 1;
    // Drop the first response after the order is fulfilled, so that the sequencer delivers again.
    if (deliveries === 1) res.end = () => res.destroy();
    void handler(req, res);
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = receiver.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}/paid`;

  const intent = code.paymentIntents.build({ ...order, webhook: { url } });
  orders.set(intent.id, intent);
  await code.paymentIntents.create(intent);
  fact("intent id", intent.id);
  fact("webhook", url);

  heading("The payer scans and pays, and the backend receives the events");
  for await (const event of code.paymentIntents.watch(intent, { until: "webhook", timeoutMs: 8_000 })) {
    if (event.type === "requested") {
      fact("requested", "our request, as the sequencer stores it");
      await emulator.wallet.scan(intent);
    } else if (event.type === "scanned") {
      fact("scanned", "by a holder of the client secret; it proves nothing more");
      await emulator.wallet.pay(intent);
      // The second attempt is due a second after the first.
      await emulator.clock.advance(1_000);
    } else if (event.type === "submitted") {
      const { payment, heardFrom } = event;
      fact(
        "submitted",
        `${payment ? `${payment.nativeAmount} ${payment.currency}, ` : ""}source: ${heardFrom}`,
      );
    } else if (event.type === "webhookCalled") {
      fact("webhookCalled", "the webhook returned 200");
    } else {
      throw new Error(`Unexpected event: ${event.type}`);
    }
  }
  fact("deliveries", `${deliveries} (the response to the first was dropped on purpose)`);
  fact("fulfilled", `${fulfilled.length} time: ${fulfilled.join(", ")}`);
  line(
    "The handler verified the signature, the intent, the destination, the currency and the amount of the token.",
  );
  receiver.close();
  receiver.closeAllConnections();
  if (fulfilled.length !== 1)
    throw new Error(`The order must be fulfilled once, not ${fulfilled.length} times.`);
}
