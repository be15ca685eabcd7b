// Follows a request for 10 usd from its options to the sequencer and back. `npm start` runs it.
import { CodeClient, PaymentIntent, SequencerError } from "code-intents";
import { Emulator, SEQUENCER_LIMITS } from "code-intents/emulator";
import { inspectMessage, inspectPayload, renderText } from "code-intents/inspect";
import { MessageSchema } from "code-intents/proto/messaging";
import { showConversation } from "./conversation.mjs";
import { createPrinter } from "./printer.mjs";

const printer = createPrinter(process.stdout, process.env);
const { color, heading, line, fact } = printer;

const order = {
  destination: "11111111111111111111111111111111",
  amount: 10,
  currency: /** @type {const} */ ("usd"),
  idempotencyKey: "1234",
};

heading("A local sequencer");
const emulator = await Emulator.start({ limits: { ...SEQUENCER_LIMITS, usd: { min: 0.05, max: 250 } } });
fact("listening on", emulator.url);
line(
  "This walk raises the usd maximum to 250. The real maximum is 5, so the real sequencer would refuse 10 usd.",
);

try {
  heading("A payment intent: 10 usd to the all-zero account");
  const intent = PaymentIntent.from(order);
  fact("intent id", intent.id);
  fact("client secret", intent.clientSecret);
  line("");
  line("The 20 bytes of its scan code:");
  line(renderText(inspectPayload(intent.payload), { color }));
  line("");
  const message = intent.toBinary();
  line(`The ${message.length} bytes of its message:`);
  line(renderText(inspectMessage(MessageSchema, message), { color }));

  heading("Signed with the rendezvous key");
  const { signature, publicKey } = intent.sign();
  fact("public key", `${hex(publicKey)} (the intent id, in hex)`);
  fact("signature", hex(signature));

  heading("Registered over every protocol");
  line("Each protocol uses a separate idempotency key, because one key is one intent.");
  for (const protocol of /** @type {const} */ (["connect", "grpc", "grpc-web", "rest", "envelope"])) {
    // The secret makes the keys unguessable. A real one is random and never changes.
    const idempotencySecret = "only for this walk, never for an order";
    const code = new CodeClient({ baseUrl: emulator.url, protocol, idempotencySecret });
    const created = await code.paymentIntents.create({ ...order, idempotencyKey: `walk-${protocol}` });
    const { state } = await code.paymentIntents.getStatus(created);
    fact(protocol, `${created.id}  ${state}`);
    await code.close();
  }

  const code = new CodeClient({ baseUrl: emulator.url });

  heading("Registering twice is safe");
  fact("before", (await code.paymentIntents.getStatus(intent)).state);
  await code.paymentIntents.create(intent);
  fact("once", (await code.paymentIntents.getStatus(intent)).state);
  await code.paymentIntents.create(intent);
  fact("twice", `${(await code.paymentIntents.getStatus(intent)).state}, still ${intent.id}`);

  heading("The same key with another destination");
  const attacker = PaymentIntent.from({
    ...order,
    destination: "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz",
  });
  fact("same id", String(attacker.id === intent.id));
  const refusal = await code.paymentIntents.create(attacker).catch((/** @type {unknown} */ error) => error);
  if (!(refusal instanceof SequencerError)) throw new Error("The sequencer must refuse another destination.");
  fact("refused", refusal.code);
  fact("message", refusal.sequencerMessage);

  heading("Status");
  const status = await code.paymentIntents.getStatus(intent);
  fact("intent id", intent.id);
  fact(
    "state",
    `${status.state} (exists: ${status.exists}, scanned: ${status.codeScanned}, submitted: ${status.intentSubmitted})`,
  );

  await showConversation(
    code,
    emulator,
    {
      ...order,
      idempotencyKey: "walk-conversation",
      idempotencySecret: "only for this walk, never for an order",
    },
    printer,
  );
  await code.close();
} finally {
  await emulator.close();
}
line("");

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}
