import { afterEach, expect, test } from "vitest";
import { CodeClient, LoginIntent, TipIntent } from "../../src/index.js";
import { cleanUp, emulated, intentOf, later } from "../support/emulated.js";
import { account } from "../support/payment.js";

afterEach(cleanUp);

async function client(): Promise<{ code: CodeClient; warnings: string[] }> {
  const { emulator } = await emulated();
  const warnings: string[] = [];
  const logger = { warn: (text: string) => void warnings.push(text) };
  const code = new CodeClient({ transport: emulator.transport, logger });
  later(() => code.close());
  return { code, warnings };
}

test.each([
  ["tip", TipIntent.from({ platform: "twitter", username: "alice" })],
  ["login", LoginIntent.from({ login: { domain: "example.com", verifier: account(5) } })],
])("rejects a %s in paymentIntents, and names where to pass it", async (_, intent) => {
  const { code } = await client();
  await expect(code.paymentIntents.create(intent as never)).rejects.toMatchObject({
    code: "invalid_option",
    field: "intent",
    message: expect.stringContaining("a LoginIntent to loginIntents. A tip is not registered"),
  });
});

test("logs once in a watch that the intent is not registered", async () => {
  const { code, warnings } = await client();
  const intent = intentOf();
  const options = { intervalMs: 5, timeoutMs: 300 };
  await expect(code.paymentIntents.waitForPayment(intent, options)).rejects.toMatchObject({
    code: "payment_timeout",
  });
  expect(warnings.filter((text) => text.includes(intent.id))).toEqual([
    expect.stringContaining("does not know this intent"),
  ]);
});
