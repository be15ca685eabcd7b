// Every entry point by `import`, and a payment request over a socket.
import { fromBinary } from "@bufbuild/protobuf";
import { CodeClient, PaymentIntent } from "code-intents";
import { Emulator, SEQUENCER_LIMITS } from "code-intents/emulator";
import { inspectMessage, renderText } from "code-intents/inspect";
import { DomainSchema } from "code-intents/proto/common";
import { MessageSchema } from "code-intents/proto/messaging";
import { MicroPayment } from "code-intents/proto/micropayment";
import { ExchangeDataSchema } from "code-intents/proto/transaction";
import { Identity } from "code-intents/proto/user";
import { toSvg } from "code-intents/scan-code";
import { signTestWebhook, verifyWebhook } from "code-intents/webhook";

const intent = PaymentIntent.from({
  destination: "11111111111111111111111111111111",
  amount: 10,
  currency: "usd",
  idempotencyKey: "1234",
});

const emulator = await Emulator.start({ limits: { ...SEQUENCER_LIMITS, usd: { min: 1, max: 10 } } });
const states = [];
for (const protocol of ["connect", "grpc", "grpc-web", "rest"]) {
  const code = new CodeClient({ baseUrl: emulator.url, protocol, logger: { warn() {} } });
  await code.paymentIntents.create(intent);
  states.push((await code.paymentIntents.getStatus(intent.id)).state);
  await code.close();
}
await emulator.close();

const body = signTestWebhook(
  {
    intent: intent.id,
    destination: intent.destination,
    currency: "usd",
    amount: 10,
    exchangeRate: 0.00001,
    quarks: 100000000000n,
    fees: 0n,
  },
  { privateKey: new Uint8Array(32).fill(7) },
);
const verified = await verifyWebhook(body, {
  publicKey: "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB",
  expect: intent,
});

console.log(
  JSON.stringify({
    signature: Buffer.from(intent.sign().signature).toString("hex"),
    states,
    kind: fromBinary(MessageSchema, intent.toBinary()).kind.case,
    names: [DomainSchema, ExchangeDataSchema, MicroPayment, Identity].map(({ typeName }) => typeName),
    verified: verified.bound,
    drawn: toSvg(intent).startsWith("<svg "),
    lines: renderText(inspectMessage(MessageSchema, intent.toBinary())).split("\n").length > 1,
  }),
);
