// A payment intent from nothing to paid, with the emulator as sequencer and payer: `node index.mjs`.
import { CodeClient } from "code-intents";
import { Emulator } from "code-intents/emulator";

const emulator = await Emulator.start();
const code = new CodeClient({
  baseUrl: emulator.url,
  idempotencySecret: "at least 32 random bytes, kept for good",
});
try {
  const intent = code.paymentIntents.build({
    destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR", // a Kin token account
    amount: "2.50", // or a number; never rounded silently
    currency: "usd",
    idempotencyKey: "order-1042", // with another amount it is another payable intent
  });
  const { id, clientSecret, destination, amount, currency } = intent;
  console.log("persist before the network is touched:", { id, clientSecret, destination, amount, currency });

  await code.paymentIntents.create(intent); // sent twice, it is still one intent
  const { state } = await code.paymentIntents.getStatus(intent);
  console.log("registered, and", state);

  const paid = code.paymentIntents.waitForPayment(intent, { timeoutMs: 600_000 });
  await emulator.wallet.scan(intent); // the payer, who needs a phone otherwise
  await emulator.wallet.pay(intent);
  const { heardFrom } = await paid;
  console.log(id, "was paid, heard from the", heardFrom);
} finally {
  await code.close();
  await emulator.close();
}
