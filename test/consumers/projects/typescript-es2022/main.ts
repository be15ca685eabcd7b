// A backend with the types of Node and plain ES2022, without browser types and the newest language features.
import { CodeClient, PaymentIntent, type PaymentIntents } from "code-intents";
import { Emulator } from "code-intents/emulator";
import { memoryOnceStore, PRODUCTION_WEBHOOK_PUBLIC_KEY, webhookHandler } from "code-intents/webhook";

const intent = PaymentIntent.from({
  destination: "11111111111111111111111111111111",
  amount: 10,
  currency: "usd",
  idempotencyKey: "1234",
});

const emulator = await Emulator.start({ limits: { usd: { min: 1, max: 10 } } });
const code = new CodeClient({
  baseUrl: emulator.url,
  protocol: "rest",
  fetch: globalThis.fetch,
  logger: { warn() {} },
});
const intents: PaymentIntents = code.paymentIntents;
await intents.create(intent, { signal: AbortSignal.timeout(10_000) });
const { state } = await intents.getStatus(intent);
await code.close();
await emulator.close();

const receive = webhookHandler({
  publicKey: PRODUCTION_WEBHOOK_PUBLIC_KEY,
  expect: intent,
  store: memoryOnceStore(),
  fulfil: () => {},
  logger: { warn() {} },
});
const answer: Response = await receive(
  new Request("https://shop.example.com/webhook", { method: "POST", body: "not a token" }),
);

const signature = Buffer.from(intent.sign().signature).toString("hex");
console.log(JSON.stringify({ signature, state, answered: answer.status }));
