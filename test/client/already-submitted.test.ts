import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { CodeClient, type PaymentEvent, PaymentIntent } from "../../src/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { failureOf, order } from "../support/outcomes.js";
import { account } from "../support/payment.js";
import { clientOf, ways } from "../support/protocols.js";
import { filled, messagingOf, poll } from "../support/sequencer.js";

let emulator: Emulator;
beforeAll(async () => {
  emulator = await Emulator.start();
});
afterAll(() => emulator.close());

/**
 * An order whose client secret another party used first, to register and pay a request with its own account.
 */
async function stolen(): Promise<PaymentIntent> {
  const ours = PaymentIntent.from(order);
  const theirs = PaymentIntent.from({ ...order, destination: account(9), clientSecret: ours.clientSecret });
  expect(theirs.id).toBe(ours.id);
  await using attacker = new CodeClient({ baseUrl: emulator.url });
  await attacker.paymentIntents.create(theirs);
  await emulator.wallet.pay(theirs);
  return ours;
}

describe.each(ways)("an order whose key another party used first, $name", (way) => {
  it("fails with already_submitted, without a claim that the order is paid", async () => {
    const ours = await stolen();
    await using code = clientOf(emulator, way);
    const error = await failureOf(code.paymentIntents.create(ours));
    expect(error).toMatchObject({ code: "already_submitted", retryable: false });
    expect(error.message).toMatch(
      /does not prove that your order is paid.*verified webhook.*have a person decide/,
    );
    // The status cannot show whose request was paid.
    expect(await code.paymentIntents.getStatus(ours)).toMatchObject({ state: "submitted" });
  });
});

describe.each(ways.filter(({ name }) => !/REST/.test(name)))("a watch of that order, $name", (way) => {
  it("reports the conflict but not the other party's payment", async () => {
    const ours = await stolen();
    await using code = clientOf(emulator, way);
    const options = { intervalMs: 20, timeoutMs: 1_500 };
    const events: PaymentEvent[] = [];
    const watching = (async () => {
      for await (const event of code.paymentIntents.watch(ours, options)) events.push(event);
    })();
    const waiting = failureOf(code.paymentIntents.waitForPayment(ours, options));
    expect(await failureOf(watching)).toMatchObject({ code: "payment_timeout" });
    expect(await waiting).toMatchObject({ code: "payment_timeout" });
    expect(events).toEqual([
      expect.objectContaining({ type: "conflicting", subject: "request", field: "destination" }),
      expect.objectContaining({ type: "conflicting", subject: "payment", field: "destination" }),
    ]);
  });
});

it("reports a status without details if the messages were deleted, because it cannot show whose payment it was", async () => {
  const ours = await stolen();
  // Deleting needs no signature.
  const rendezvous = rendezvousKey(ours.payload);
  const messageIds = (await poll(emulator, rendezvous)).map(({ id }) => ({
    value: id?.value ?? filled(0, 16),
  }));
  expect(messageIds).toHaveLength(2);
  await messagingOf(emulator).ackMessages({ rendezvousKey: { value: rendezvous.publicKey }, messageIds });
  await using code = new CodeClient({ baseUrl: emulator.url });
  const event = await code.paymentIntents.waitForPayment(ours, { intervalMs: 20, timeoutMs: 60_000 });
  expect(event).toEqual({ type: "submitted", heardFrom: "status" });
});
