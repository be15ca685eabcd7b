// Every entry point by `require`, and that `import` gives the very same modules.
const { fromBinary } = require("@bufbuild/protobuf");
const code = require("code-intents");
const emulator = require("code-intents/emulator");
const inspect = require("code-intents/inspect");
const messaging = require("code-intents/proto/messaging");
const scanCode = require("code-intents/scan-code");
const webhook = require("code-intents/webhook");

async function main() {
  const intent = code.PaymentIntent.from({
    destination: "11111111111111111111111111111111",
    amount: 10,
    currency: "usd",
    idempotencyKey: "1234",
  });

  const sequencer = await emulator.Emulator.start({ limits: { usd: { min: 1, max: 10 } } });
  const client = new code.CodeClient({ baseUrl: sequencer.url, logger: { warn() {} } });
  await client.paymentIntents.create(intent);
  const { state } = await client.paymentIntents.getStatus(intent);
  await client.close();
  await sequencer.close();

  const imported = await Promise.all([
    import("code-intents"),
    import("code-intents/emulator"),
    import("code-intents/inspect"),
    import("code-intents/proto/messaging"),
    import("code-intents/scan-code"),
    import("code-intents/webhook"),
  ]);
  const required = [code, emulator, inspect, messaging, scanCode, webhook];
  const same = imported.every((module, index) =>
    Object.keys(module).every((name) => name === "module.exports" || module[name] === required[index][name]),
  );

  console.log(
    JSON.stringify({
      signature: Buffer.from(intent.sign().signature).toString("hex"),
      state,
      kind: fromBinary(messaging.MessageSchema, intent.toBinary()).kind.case,
      same,
      sameClass: imported[0].PaymentIntent === code.PaymentIntent,
    }),
  );
}

main();
