// Creates a payment intent and waits until it is paid. The emulator is both sequencer and payer: `node
// index.mjs`.
import { CodeClient } from "code-intents";
import { Emulator } from "code-intents/emulator";

const emulator = await Emulator.start();
const code = new CodeClient({
  baseUrl: emulator.url,
  idempotencySecret: "at least 32 random bytes that never change",
});
try {
  const intent = code.paymentIntents.build({
    destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR", // a Kin token account
    amount: "2.50", // or a number; never rounded silently
    currency: "usd",
    idempotencyKey: "order-1042", // the same key with another amount is a second payable intent
  });
  const { id, clientSecret, destination, amount, currency } = intent;
  console.log("persist before calling create():", { id, clientSecret, destination, amount, currency });

  await code.paymentIntents.create(intent); // safe to repeat: the same intent is registered once
  const { state } = await code.paymentIntents.getStatus(intent);
  console.log("registered, state:", state);

  const paid = code.paymentIntents.waitForPayment(intent, { timeoutMs: 600_000 });
  await emulator.wallet.scan(intent); // simulates the payer's phone
  await emulator.wallet.pay(intent);
  const { heardFrom } = await paid;
  console.log(`${id} was paid (source: ${heardFrom})`);
} finally {
  await code.close();
  await emulator.close();
}
