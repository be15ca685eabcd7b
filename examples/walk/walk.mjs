// The seed of this protocol, a request for 10 usd, from its options to the sequencer and back. `npm start` runs it.
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

heading("A sequencer of our own");
const emulator = await Emulator.start({ limits: { ...SEQUENCER_LIMITS, usd: { min: 0.05, max: 250 } } });
fact("listening on", emulator.url);
line(
  "Its usd maximum is raised to 250 for this walk. The real maximum is 5, so the real one would refuse 10 usd.",
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
  line("An idempotency key of its own for each, since one key is one intent.");
  for (const protocol of /** @type {const} */ (["connect", "grpc", "grpc-web", "rest", "envelope"])) {
    // A secret keeps the keys from being guessed; a real one is random and kept for good.
    const idempotencySecret = "only for this walk, not for an order";
    const code = new CodeClient({ baseUrl: emulator.url, protocol, idempotencySecret });
    const created = await code.paymentIntents.create({ ...order, idempotencyKey: `walk-${protocol}` });
    const { state } = await code.paymentIntents.getStatus(created);
    fact(protocol, `${created.id}  ${state}`);
    await code.close();
  }

  const code = new CodeClient({ baseUrl: emulator.url });

  heading("Registered twice, it is one intent");
  fact("before", (await code.paymentIntents.getStatus(intent)).state);
  await code.paymentIntents.create(intent);
  fact("once", (await code.paymentIntents.getStatus(intent)).state);
  await code.paymentIntents.create(intent);
  fact("twice", `${(await code.paymentIntents.getStatus(intent)).state}, still ${intent.id}`);

  heading("The same key with another destination");
  const thief = PaymentIntent.from({ ...order, destination: "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz" });
  fact("same id", String(thief.id === intent.id));
  const refusal = await code.paymentIntents.create(thief).catch((/** @type {unknown} */ error) => error);
  if (!(refusal instanceof SequencerError)) throw new Error("the sequencer let another destination through");
  fact("refused", refusal.code);
  fact("its words", refusal.sequencerMessage);

  heading("What became of it");
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
      idempotencySecret: "only for this walk, not for an order",
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
