import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type RebuiltPayment, rebuildPayment } from "../../src/browser/index.js";
import { type WatchPaymentOptions, waitForPayment, watchPayment } from "../../src/browser/watch.js";
import { type Emulator, MovableClock } from "../../src/emulator/index.js";
import { CodeClient, type PaymentEvent, PaymentIntent } from "../../src/index.js";
import { cleanUp, emulated, intentOf, isStreamOpen, later } from "../support/emulated.js";
import { account } from "../support/payment.js";

afterEach(cleanUp);

const quiet = { logger: { warn() {} } };

/** Options for each protocol. Node 20 has no global WebSocket. */
const ways: Record<string, Pick<WatchPaymentOptions, "protocol" | "webSocket">> = {
  "the envelope": { webSocket: WebSocket },
  Connect: { protocol: "connect" },
};

function paymentOf(intent: PaymentIntent): RebuiltPayment {
  const { id, clientSecret, amount, currency, destination, fees } = intent;
  return rebuildPayment({ expectedId: id, clientSecret, amount, currency, destination, fees });
}

async function created(emulator: Emulator, intent: PaymentIntent): Promise<void> {
  await using code = new CodeClient({ transport: emulator.transport, ...quiet });
  await code.paymentIntents.create(intent);
}

const types = (events: readonly PaymentEvent[]): string[] => events.map(({ type }) => type);

describe.each(Object.entries(ways))("a page's watch over %s", (_, way) => {
  async function opened(intent = intentOf()) {
    const { emulator } = await emulated({ clock: new MovableClock() });
    const options = { baseUrl: emulator.url, timeoutMs: 110_000, ...way, ...quiet };
    return { emulator, intent, payment: paymentOf(intent), options };
  }

  test("reports every step, and the payment as the sequencer stores it", async () => {
    const { emulator, intent, payment, options } = await opened();
    await created(emulator, intent);
    const events: PaymentEvent[] = [];
    const steps: Partial<Record<PaymentEvent["type"], () => Promise<unknown>>> = {
      requested: () => emulator.wallet.scan(intent),
      scanned: () => emulator.wallet.reject(intent),
      rejected: () => emulator.wallet.pay(intent),
    };
    // The status must not be the source of the report.
    for await (const event of watchPayment(payment, { ...options, intervalMs: 60_000 })) {
      events.push(event);
      await steps[event.type]?.();
    }
    expect(types(events)).toEqual(["requested", "scanned", "rejected", "submitted"]);
    const { destination, currency } = intent;
    expect(events.at(-1)).toMatchObject({
      heardFrom: "stream",
      payment: { destination, currency, nativeAmount: 1 },
    });
  });

  test("reports that the webhook was called", async () => {
    const { emulator } = await emulated({
      clock: new MovableClock(),
      deliverWebhook: async () => ({ status: 200 }),
    });
    await using code = new CodeClient({ transport: emulator.transport, ...quiet });
    const intent = await code.paymentIntents.create({
      destination: account(1),
      amount: 1,
      currency: "usd",
      webhook: { url: "http://127.0.0.1:1/paid" },
    });
    await emulator.wallet.pay(intent);
    const events: PaymentEvent[] = [];
    const options = {
      baseUrl: emulator.url,
      timeoutMs: 110_000,
      until: "webhook",
      ...way,
      ...quiet,
    } as const;
    for await (const event of watchPayment(paymentOf(intent), options)) events.push(event);
    expect(types(events).sort()).toEqual(["requested", "submitted", "webhookCalled"]);
  });

  test("reports another party's request with the same intent and another account before a payment", async () => {
    const { emulator, intent, payment, options } = await opened();
    const other = PaymentIntent.fromClientSecret({
      clientSecret: intent.clientSecret,
      amount: intent.amount,
      currency: intent.currency,
      destination: account(6),
    });
    expect(other.id).toBe(intent.id);
    await created(emulator, other);
    for await (const event of watchPayment(payment, options)) {
      expect(event).toMatchObject({ type: "conflicting", subject: "request", field: "destination" });
      break;
    }
  });

  test("reconnects after an outage, and reports what happened meanwhile", async () => {
    const { emulator, intent, payment, options } = await opened();
    await created(emulator, intent);
    const warnings: string[] = [];
    const watch = watchPayment(payment, {
      ...options,
      intervalMs: 50,
      logger: { warn: (text) => void warnings.push(text) },
    });
    expect((await watch.next()).value).toMatchObject({ type: "requested" });
    const state = await emulator.exportState();
    await emulator.close();
    const next = watch.next();
    await expect.poll(() => warnings.length).toBe(1);
    const { emulator: again } = await emulated({ clock: new MovableClock(), port: emulator.port });
    await again.importState(state);
    await expect.poll(() => warnings.length).toBe(2);
    expect(warnings.join()).toMatch(/fails to respond.*responds again/s);
    await again.wallet.pay(intent);
    expect((await next).value).toMatchObject({ type: "submitted" });
  });

  test("resolves waitForPayment only on payment, and names the expired timeout", async () => {
    const { emulator, intent, payment, options } = await opened();
    await created(emulator, intent);
    await expect(waitForPayment(payment, { ...options, timeoutMs: 100 })).rejects.toMatchObject({
      code: "payment_timeout",
      intentId: intent.id,
    });
    const waiting = waitForPayment(payment, options);
    await emulator.wallet.pay(intent);
    expect(await waiting).toMatchObject({ type: "submitted" });
  });

  test("releases its stream when the reader leaves and when its signal fires", async () => {
    const { emulator, intent, payment, options } = await opened();
    await created(emulator, intent);
    const leaving = watchPayment(payment, options);
    await leaving.next();
    await expect.poll(() => isStreamOpen(emulator, intent.id)).toBe(true);
    await leaving.return();
    await expect.poll(() => isStreamOpen(emulator, intent.id)).toBe(false);

    const end = new AbortController();
    const watch = watchPayment(payment, { ...options, signal: end.signal });
    await watch.next();
    const next = watch.next();
    end.abort();
    await expect(next).rejects.toMatchObject({ code: "aborted" });
    await expect.poll(() => isStreamOpen(emulator, intent.id)).toBe(false);
  });

  test("treats a refusal of the status check as an outage, and reports it as the cause of the timeout", async () => {
    const refusals: [number, string, string][] = [
      [404, "text/plain", "unimplemented"],
      [403, "text/html", "permission_denied"],
    ];
    for (const [status, type, code] of refusals) {
      const fetch = async () => new Response("no", { status, headers: { "content-type": type } });
      const { payment, options } = await opened();
      await expect(waitForPayment(payment, { ...options, fetch, timeoutMs: 300 })).rejects.toMatchObject({
        code: "payment_timeout",
        cause: { code },
      });
    }
  });
});

describe("options of a page's watch", () => {
  const payment = paymentOf(intentOf());
  const baseUrl = "http://127.0.0.1:1";

  test.each<[string, object, string, string]>([
    ["no URL", { baseUrl: undefined }, "missing_option", "baseUrl"],
    ["plain http beyond loopback", { baseUrl: "http://shop.example" }, "invalid_option", "baseUrl"],
    ["a protocol that pages cannot speak", { protocol: "grpc" }, "invalid_option", "protocol"],
    [
      "a WebSocket with Connect",
      { protocol: "connect", webSocket: WebSocket },
      "conflicting_options",
      "webSocket",
    ],
    ["an option for backends", { soleListener: true }, "unknown_option", "soleListener"],
    ["an unknown value of until", { until: "paid" }, "invalid_option", "until"],
  ])("are rejected at once with %s", (_, change, code, field) => {
    expect(() => watchPayment(payment, { baseUrl, ...change } as WatchPaymentOptions)).toThrow(
      expect.objectContaining({ code, field }),
    );
  });

  test("are rejected for a payment that rebuildPayment did not return", () => {
    const order = { clientSecret: "x" } as unknown as RebuiltPayment;
    expect(() => watchPayment(order, { baseUrl })).toThrow(
      expect.objectContaining({ code: "invalid_option", field: "payment" }),
    );
  });

  test("allow http beyond loopback with allowInsecure", () => {
    const options = { baseUrl: "http://shop.example", allowInsecure: true };
    const watch = watchPayment(payment, options);
    later(() => watch.return());
  });
});
