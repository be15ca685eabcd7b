// Every entry point, typed, from an ES module under Node's own resolution.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeClient,
  type CodeClientOptions,
  CodeIntentsError,
  type IntentStatus,
  PaymentIntent,
  type PaymentIntentOptions,
} from "code-intents";
import { Emulator, type EmulatorOptions } from "code-intents/emulator";
import { type Inspection, inspectMessage } from "code-intents/inspect";
import { type Domain, DomainSchema } from "code-intents/proto/common";
import { type Message, MessageSchema } from "code-intents/proto/messaging";
import { GetStatusRequestSchema } from "code-intents/proto/micropayment";
import { AirdropType } from "code-intents/proto/transaction";
import { Identity } from "code-intents/proto/user";
import { type PaymentClaims, signTestWebhook, verifyWebhook } from "code-intents/webhook";

const order: PaymentIntentOptions = {
  destination: "11111111111111111111111111111111",
  amount: 10,
  currency: "usd",
  idempotencyKey: "1234",
};

// @ts-expect-error no such currency: the types are really there, not `any`.
const wrong: PaymentIntentOptions = { ...order, currency: "gold" };

async function main(): Promise<void> {
  const intent = PaymentIntent.from(order);
  const limits: EmulatorOptions = { limits: { usd: { min: 1, max: 10 } } };
  const emulator = await Emulator.start(limits);
  const options: CodeClientOptions = { transport: emulator.transport, logger: console };
  const code = new CodeClient(options);
  await code.paymentIntents.create(intent);
  const status: IntentStatus = await code.paymentIntents.getStatus(intent);
  const refusal: unknown = await code.paymentIntents
    .create({ destination: order.destination, amount: 11, currency: "usd" })
    .catch((error: unknown) => error);
  await code.close();
  await emulator.close();

  const body: string = signTestWebhook(
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
  const claims: PaymentClaims<true> = await verifyWebhook(body, {
    publicKey: "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB",
    expect: intent,
  });

  const message: Message = fromBinary(MessageSchema, intent.toBinary());
  const domain: Domain = create(DomainSchema, { value: "example.com" });
  const inspection: Inspection = inspectMessage(MessageSchema, intent.toBinary());
  console.log(
    JSON.stringify({
      signature: Buffer.from(intent.sign().signature).toString("hex"),
      state: status.state,
      refused: refusal instanceof CodeIntentsError ? refusal.code : undefined,
      kind: message.kind.case,
      bound: claims.bound,
      domain: toBinary(DomainSchema, domain).length,
      inspected: inspection.length,
      names: [GetStatusRequestSchema.typeName, Identity.typeName, AirdropType[0]],
      wrong: wrong.currency,
    }),
  );
}

main();
