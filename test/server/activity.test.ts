import { afterEach, expect, it } from "vitest";
import { type Activity, type EmulatorOptions, MovableClock } from "../../src/emulator/index.js";
import { CodeClient } from "../../src/index.js";
import { fromBase58 } from "../../src/lib/bytes.js";
import { cleanUp, emulated, intentOf, later, register } from "../support/emulated.js";
import { filled, microPaymentOf, refusalOf } from "../support/sequencer.js";
import { until } from "../support/turns.js";

afterEach(cleanUp);

async function observed(options: EmulatorOptions = {}) {
  const seen: Activity[] = [];
  const bed = await emulated({ onActivity: (activity) => seen.push(activity), ...options });
  return { ...bed, seen };
}

it("reports calls over every protocol, payments and attempts of webhooks, without a secret", async () => {
  let status = 503;
  const { emulator, clock, seen } = await observed({ deliverWebhook: async () => ({ status }) });
  const intent = intentOf();
  await register(emulator, intent);
  const value = fromBase58(intent.id);
  if (value === undefined) throw new Error("an intent id is base58");
  const url = "http://user:password@localhost:1/paid?token=secret#secret";
  await microPaymentOf(emulator).registerWebhook({ intentId: { value }, url });
  await emulator.wallet.pay(intent);
  await clock.advance(0);
  status = 200;
  await clock.advance(1_000);
  const { id } = intent;
  const ok = { intent: id, code: "ok", result: undefined, text: undefined };
  expect(seen).toEqual([
    { type: "call", method: "SendMessage", ...ok },
    { type: "call", method: "RegisterWebhook", ...ok },
    { type: "call", method: "PollMessages", ...ok },
    { type: "payment", intent: id, currency: "usd", nativeAmount: 1, quarks: expect.any(BigInt) },
    ...[503, 200].map((httpStatus, index) => ({
      type: "webhook",
      intent: id,
      attempt: index + 1,
      url: "http://localhost:1/paid",
      httpStatus,
      error: undefined,
    })),
  ]);
  seen.length = 0;
  for (const protocol of ["connect", "grpc", "grpc-web", "rest", "envelope"] as const) {
    const code = new CodeClient({ baseUrl: emulator.url, protocol });
    later(() => code.close());
    await code.paymentIntents.getStatus(id);
  }
  expect(seen).toEqual(Array(5).fill({ type: "call", method: "GetStatus", ...ok }));
});

it("reports why a call is rejected, and what is wrong with a webhook's URL", async () => {
  const { emulator, seen } = await observed();
  const calls = microPaymentOf(emulator);
  await refusalOf(calls.getStatus({ intentId: { value: filled(1, 31) } }));
  await calls.registerWebhook({ intentId: { value: filled(1) }, url: "http://app:3000/paid" });
  expect(seen).toMatchObject([
    {
      method: "GetStatus",
      intent: undefined,
      code: "invalid_argument",
      text: expect.stringMatching(/32 bytes/),
    },
    {
      method: "RegisterWebhook",
      code: "ok",
      result: "INVALID_URL",
      text: "host is not a valid domain name: domain name is invalid: idna: disallowed rune U+003A",
    },
  ]);
});

it("reports a stream when it opens", async () => {
  const { emulator, seen } = await observed({ clock: new MovableClock() });
  const intent = intentOf();
  const code = new CodeClient({ baseUrl: emulator.url });
  later(() => code.close());
  await code.paymentIntents.create(intent);
  const end = new AbortController();
  const watching = (async () => {
    for await (const _ of code.paymentIntents.watch(intent, { signal: end.signal }));
  })().catch(() => {});
  await until(() => seen.some((one) => one.type === "call" && one.method.startsWith("OpenMessageStream")));
  expect(seen.filter((one) => one.type === "call" && one.method.startsWith("Open"))[0]).toMatchObject({
    method: "OpenMessageStreamWithKeepAlive",
    intent: intent.id,
    code: "ok",
  });
  end.abort();
  await watching;
});

it("passes an error of the receiver to the logger, and the call succeeds", async () => {
  const { emulator, errors } = await observed({
    onActivity: () => {
      throw new Error("log is full");
    },
  });
  await register(emulator, intentOf());
  expect(errors).toMatchObject([{ message: "log is full" }]);
});
