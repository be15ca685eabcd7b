// A page: browser types without Node's, resolved as bundlers do.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeClient, type FetchFunction, PaymentIntent } from "code-intents";
import { inspectPayload, renderText } from "code-intents/inspect";
import { MessageSchema } from "code-intents/proto/messaging";
import { memoryOnceStore, PRODUCTION_WEBHOOK_PUBLIC_KEY, webhookHandler } from "code-intents/webhook";

const order = { destination: "11111111111111111111111111111111", amount: 10, currency: "usd" } as const;
const backend = PaymentIntent.from({ ...order, idempotencyKey: "1234" });
const page = PaymentIntent.fromClientSecret({
  ...order,
  clientSecret: backend.clientSecret,
  expectedId: backend.id,
});

const fetchOfThePage: FetchFunction = (url, init) => fetch(url, init);
const code = new CodeClient({
  baseUrl: "https://sequencer.example.com",
  protocol: "rest",
  fetch: fetchOfThePage,
});
const receive = webhookHandler({
  publicKey: PRODUCTION_WEBHOOK_PUBLIC_KEY,
  expect: page,
  store: memoryOnceStore(),
  fulfil: () => {},
  logger: { warn() {} },
});
const answer: Response = await receive(
  new Request("https://shop.example.com/webhook", { method: "POST", body: "not a token" }),
);
const message = fromBinary(MessageSchema, page.toBinary());

console.log(
  JSON.stringify({
    signature: Array.from(page.sign().signature, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    kind: message.kind.case,
    bytes: toBinary(MessageSchema, create(MessageSchema, message)).length,
    inspected: renderText(inspectPayload(page.payload)).length > 0,
    answered: answer.status,
    built: code.paymentIntents.build(order).amount,
  }),
);
void code.close();
