import { afterAll, afterEach, describe, expect, it } from "vitest";
import { PaymentIntent } from "../../src/index.js";
import { cleanUp } from "../support/emulated.js";
import { until } from "../support/outcomes.js";
import { account } from "../support/payment.js";
import { hex } from "../support/vectors.js";
import { startOfficial } from "./official-process.js";
import { type Created, details, order, paymentOf, url } from "./orders.js";
import { type OfficialSequencer, signedMessages, startSequencer, stored } from "./sequencer.js";

// The last official client that spoke REST. It knows only the production address, which its process maps to
// the emulator.

const official = startOfficial(new URL("./client-1.mjs", import.meta.url));
afterAll(() => official.close());
afterEach(cleanUp);

async function start(): Promise<OfficialSequencer> {
  const sequencer = await startSequencer();
  await official.value("leadTo", sequencer.emulator.url);
  return sequencer;
}

it("exports every function of official client 1", async () => {
  expect(await official.value("exports")).toEqual({
    paymentIntents: ["create", "getStatus"],
    Connection: "function",
  });
});

describe("paymentIntents.create of official client 1", () => {
  it.each<[string, object]>([
    ["usd", {}],
    ["usd of two decimals", { amount: 0.57 }],
    ["usd that it rounds", { amount: 1.005 }],
    ["jpy", { amount: 100, currency: "jpy" }],
    ["kin", { amount: 2500, currency: "kin" }],
    ["an idempotency key", { idempotencyKey: "order-1042" }],
  ])("registers the same bytes as our client: %s", async (_, options) => {
    const { emulator } = await start();
    const created = await official.value<Created>("paymentIntents.create", { ...order, ...options });
    const { idempotencyKey: __, ...more } = { idempotencyKey: undefined, ...options };
    expect(await signedMessages(emulator, created.id)).toEqual([hex(paymentOf(created, more).toBinary())]);
  });

  it("registers the webhook with the payment", async () => {
    const { emulator, delivered } = await start();
    const created = await official.value<Created>("paymentIntents.create", { ...order, webhook: { url } });
    expect((await stored(emulator, created.id))?.webhook?.url).toBe(url);
    await emulator.wallet.pay(paymentOf(created));
    await until(() => delivered.length > 0);
  });

  it("silently drops fees, which it does not know", async () => {
    const { emulator } = await start();
    const fees = [{ destination: account(9), basisPoints: 100 }];
    const created = await official.value<Created>("paymentIntents.create", { ...order, fees });
    expect(paymentOf(created).kind).toBe("payment");
    expect((await stored(emulator, created.id))?.requested?.fees).toEqual([]);
  });

  it.each([
    [
      "an amount above the maximum",
      { amount: 1000 },
      400,
      "rpc error: code = InvalidArgument desc = usd currency has a maximum amount of 5.00",
    ],
    [
      "a webhook URL that is refused",
      { webhook: { url: "http://example.com/paid" } },
      400,
      "url scheme must be https",
    ],
  ])("throws the unmodified response of a refusal: %s", async (_, options, status, error) => {
    const { emulator } = await start();
    const nonce = { clientSecret: "uqM86tVJL9rhqS" };
    expect(await official.error("paymentIntents.create", { ...order, ...nonce, ...options })).toBe(
      `Error: unexpected HTTP status: ${status}, ${JSON.stringify({ error, success: false })}`,
    );
    const { amount = details.amount } = options as { amount?: number };
    const { id } = PaymentIntent.from({ ...details, ...nonce, amount });
    expect(await stored(emulator, id)).toBeUndefined();
  });
});

describe("paymentIntents.getStatus of official client 1", () => {
  it("is pending until the payment is confirmed, also for an unknown intent", async () => {
    const { emulator } = await start();
    const status = (intent: string) => official.value("paymentIntents.getStatus", { intent });
    const created = await official.value<Created>("paymentIntents.create", order);
    expect(await status(account(1))).toEqual({ status: "pending" });
    expect(await status(created.id)).toEqual({ status: "pending" });
    await emulator.wallet.scan(paymentOf(created));
    expect(await status(created.id)).toEqual({ status: "pending" });
    await emulator.wallet.pay(paymentOf(created));
    expect(await status(created.id)).toEqual({ status: "confirmed" });
  });

  it("throws for an invalid id", async () => {
    await start();
    const error = JSON.stringify({ error: "intent id is not a public key", success: false });
    expect(await official.error("paymentIntents.getStatus", { intent: "abc" })).toBe(
      `Error: unexpected HTTP status: 400, ${error}`,
    );
  });
});

describe("Connection of official client 1", () => {
  it("posts the body of our intent, and reads the emulator's response", async () => {
    const { emulator } = await start();
    const intent = PaymentIntent.from(details);
    expect(await official.value("Connection.post", "createIntent", intent.toRestBody())).toBe(true);
    expect(await signedMessages(emulator, intent.id)).toEqual([hex(intent.toBinary())]);
    const read = () => official.value("Connection.get", "getStatus", { intent: intent.id });
    expect(await read()).toMatchObject({ status: "PENDING" });
    await emulator.wallet.pay(intent);
    expect(await read()).toMatchObject({ status: "SUBMITTED" });
  });
});
