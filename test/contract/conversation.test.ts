import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import type { CodeClient, PaymentEvent, PaymentIntent, WatchOptions } from "../../src/index.js";
import { clientOf, ways } from "../support/protocols.js";

const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";

describe.each(ways)("over $name", (way) => {
  let emulator: Emulator;
  let code: CodeClient;
  beforeAll(async () => {
    emulator = await Emulator.start();
    code = clientOf(emulator, way);
  });
  afterAll(async () => {
    await code.close();
    await emulator.close();
  });

  const create = () => code.paymentIntents.create({ destination, amount: "2.50", currency: "usd" });

  async function hear(
    intent: PaymentIntent,
    options: WatchOptions,
    onEvent: (event: PaymentEvent) => Promise<unknown>,
  ) {
    const events: PaymentEvent[] = [];
    for await (const event of code.paymentIntents.watch(intent, {
      intervalMs: 100,
      timeoutMs: 20_000,
      ...options,
    })) {
      events.push(event);
      await onEvent(event);
    }
    return events;
  }

  it("hears of a payment", async () => {
    const intent = await create();
    const paying = way.capabilities.messages ? undefined : emulator.wallet.pay(intent);
    const events = await hear(intent, {}, async (event) => {
      if (event.type === "requested") await emulator.wallet.scan(intent);
      if (event.type === "scanned") await emulator.wallet.pay(intent);
    });
    await paying;
    const types = events.map(({ type }) => type);
    expect(types).toEqual(way.capabilities.messages ? ["requested", "scanned", "submitted"] : ["submitted"]);
    const last = events.at(-1);
    if (last?.type !== "submitted") throw new Error("not submitted");
    if (way.capabilities.messages) {
      expect(last.heardFrom).toBe("stream");
      expect(last.payment).toMatchObject({ destination, currency: "usd", nativeAmount: 2.5 });
    } else {
      expect(last).toEqual({ type: "submitted", heardFrom: "status" });
    }
  });

  it("hears of a payment after a rejection", async () => {
    if (!way.capabilities.messages)
      return expect(() =>
        code.paymentIntents.watch(code.paymentIntents.build({ destination, amount: 1, currency: "usd" }), {
          until: "rejected",
        }),
      ).toThrow("REST does not carry");
    const intent = await create();
    const events = await hear(intent, {}, async (event) => {
      if (event.type === "requested") await emulator.wallet.reject(intent);
      if (event.type === "rejected") await emulator.wallet.pay(intent);
    });
    expect(events.map(({ type }) => type)).toEqual(["requested", "rejected", "submitted"]);
  });

  it("waits for a payment, and says that the intent stays payable where none came", async () => {
    const intent = await create();
    await expect(
      code.paymentIntents.waitForPayment(intent, { timeoutMs: 200, intervalMs: 50 }),
    ).rejects.toMatchObject({
      code: "payment_timeout",
      message: expect.stringContaining("stays payable"),
    });
    const waiting = code.paymentIntents.waitForPayment(intent, { timeoutMs: 20_000, intervalMs: 100 });
    await emulator.wallet.pay(intent.id);
    expect((await waiting).type).toBe("submitted");
  });

  it("ends at once on break, leaving the key free", async () => {
    if (!way.capabilities.messages) return;
    const intent = await create();
    for (let round = 0; round < 3; round++) {
      for await (const event of code.paymentIntents.watch(intent)) {
        expect(event.type).toBe("requested");
        break;
      }
    }
  });
});
