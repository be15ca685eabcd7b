import { expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { CodeClient } from "../../src/index.js";
import { jsonSafe } from "../../src/lib/json.js";
import { memoryOnceStore, verifyWebhook, webhookHandler } from "../../src/webhook/index.js";
import { destination } from "../support/outcomes.js";
import { intent, loginToken, paidToken, publicKey, webhookRequest } from "../webhook/support.js";

it("writes bigints as decimal text, by default without an enumerable property", () => {
  const value = jsonSafe({ quarks: 2n ** 64n - 1n, amount: 2.5, nested: { list: [1] } });
  expect(JSON.parse(JSON.stringify({ value }))).toEqual({
    value: { quarks: "18446744073709551615", amount: 2.5, nested: { list: [1] } },
  });
  expect(Object.keys(value)).toEqual(["quarks", "amount", "nested"]);
  expect(structuredClone(value)).toEqual(value);
});

it("writes a copy by spread, with changes and further bigints, if the property is enumerable", () => {
  const value = jsonSafe({ quarks: 5n, text: "a" }, true);
  const copy = { ...value, text: "b", more: 6n };
  expect(JSON.parse(JSON.stringify(copy))).toEqual({ quarks: "5", text: "b", more: "6" });
  expect(structuredClone(value.toJSON())).toEqual({ quarks: "5", text: "a" });
  expect(value.quarks).toBe(5n);
});

it("lets a logger write every event of a watch, and the result of waitForPayment", async () => {
  await using emulator = await Emulator.start();
  await using code = new CodeClient({ transport: emulator.transport });
  const paid = await code.paymentIntents.create({ destination, amount: "2.50", currency: "usd" });
  const events: string[] = [];
  for await (const event of code.paymentIntents.watch(paid, { timeoutMs: 60_000 })) {
    events.push(JSON.stringify({ level: "info", event: { ...event } }));
    if (event.type === "requested") await emulator.wallet.pay(paid);
  }
  expect(events.map((text) => JSON.parse(text).event.type)).toContain("submitted");
  const payment = events.map((text) => JSON.parse(text).event.payment).find((found) => found !== undefined);
  expect(payment).toMatchObject({ destination, currency: "usd", quarks: expect.stringMatching(/^\d+$/) });
  const result = await code.paymentIntents.waitForPayment(paid);
  expect(JSON.parse(JSON.stringify(result))).toMatchObject({ type: "submitted" });
});

it("lets a logger write the claims of a webhook, verified or passed to fulfil", async () => {
  const amounts = { quarks: "25000000000", fees: "100000000" };
  for (const expected of [intent, () => intent, "unbound"] as const) {
    const claims = await verifyWebhook(paidToken(), { publicKey, expect: expected });
    if (claims.kind === "login") throw new Error("expected a payment");
    const { toJSON: _, ...plain } = { ...claims, ...amounts };
    expect(JSON.parse(JSON.stringify(claims))).toEqual(plain);
    expect(JSON.parse(JSON.stringify({ ...claims, order: 17 }))).toEqual({ ...plain, order: 17 });
  }
  const login = await verifyWebhook(loginToken, { publicKey, expect: "unbound" });
  expect(JSON.parse(JSON.stringify(login))).toEqual(login);
  const lines: string[] = [];
  const handler = webhookHandler({
    publicKey,
    expect: intent,
    store: memoryOnceStore(),
    fulfil: (claims) => lines.push(JSON.stringify({ claims })),
  });
  expect((await handler(webhookRequest())).status).toBe(200);
  expect(JSON.parse(lines[0] ?? "").claims).toMatchObject({ intent: intent.id, ...amounts });
});
