import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { CodeIntentsError } from "../../src/errors.js";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { account, build, rebuild, spellings } from "../support/payment.js";

// Base58 text, UTF-8 text and a key that all contain SECRET, so that a leak is easy to find.
const idempotencyKey = "SECRET-key-of-an-order";
const idempotencySecret = "SECRET-idempotency-secret-of-32-bytes-and-more";
const wrongLength = "SECRETSECRETSECRETSECRET";
const notBase58 = "SECRET0OIl";

const intent = build({
  idempotencyKey,
  idempotencySecret,
  fees: [{ destination: account(1), basisPoints: 1 }],
  webhook: { url: "https://shop.example.com/paid/SECRET-path-token" },
});
const seed = createHash("sha256").update(intent.payload).digest();
const nonce = intent.payload.subarray(9);

function expectNoSecret(text: string): void {
  const shown = text.replace(/\s+/g, " ");
  expect(shown).not.toContain("SECRET");
  expect(shown).not.toContain(intent.clientSecret);
  for (const secret of [intent.payload, nonce, seed, new TextEncoder().encode(idempotencySecret)]) {
    for (const spelling of spellings(secret)) expect(shown).not.toContain(spelling);
  }
}

describe("a payment intent reveals no secret", () => {
  it.each([
    ["util.inspect", () => inspect(intent)],
    ["util.inspect with hidden properties", () => inspect(intent, { showHidden: true, depth: 9 })],
    [
      "util.inspect with hidden properties and getters",
      () => inspect(intent, { showHidden: true, getters: true, depth: 9 }),
    ],
    [
      "util.inspect of an object that contains it",
      () => inspect({ order: [intent] }, { showHidden: true, depth: 9 }),
    ],
    ["JSON.stringify", () => JSON.stringify({ order: intent })],
    ["Object.keys and entries", () => JSON.stringify([Object.keys(intent), Object.entries(intent)])],
    ["its own property names", () => Reflect.ownKeys(intent).map(String).join()],
    ["a spread copy", () => inspect({ ...intent }, { showHidden: true, depth: 9 })],
    ["structuredClone", () => inspect(structuredClone(intent), { showHidden: true, depth: 9 })],
    ["a template string", () => `${intent}`],
  ])("in %s", (_, show) => {
    expectNoSecret(show());
  });

  it("and shows everything else, for logs", () => {
    const names = ["id", "destination", "amount", "currency", "fees", "kind"];
    expect(Object.keys(intent).sort()).toEqual([...names, "login"].sort());
    expect(Object.keys(intent.toJSON()).sort()).toEqual([...names, "webhook"].sort());
    expect(inspect(intent)).toContain(intent.id);
    expect(JSON.parse(JSON.stringify(intent))).toMatchObject({
      id: intent.id,
      amount: "10.00",
      currency: "usd",
    });
  });

  it("in its webhook, of which it shows the origin, because the path may contain a token", () => {
    const webhook = { url: "https://shop.example.com/paid/9sK9x3MC7yEM" };
    const withWebhook = PaymentIntent.from({ destination: account(1), amount: 1, currency: "usd", webhook });
    expect(withWebhook.toJSON().webhook).toBe("https://shop.example.com");
    expect(inspect(withWebhook, { showHidden: true, getters: true, depth: 9 })).not.toContain("9sK9x3MC7yEM");
    expect(withWebhook.webhook).toEqual(webhook);
  });

  it("in the bytes that are sent: message, request and REST body", () => {
    const { message, requestToReceiveBill } = intent.sign();
    for (const bytes of [message, requestToReceiveBill, intent.toSendMessageRequest()]) {
      expectNoSecret(Buffer.from(bytes).toString("hex"));
      expect(Buffer.from(bytes).includes(Buffer.from(nonce))).toBe(false);
    }
    const { webhook, ...body } = intent.toRestBody();
    expectNoSecret(JSON.stringify(body));
    expect(webhook).toBe(intent.webhook?.url);
  });
});

describe("errors of a payment reveal no secret", () => {
  const good = { idempotencyKey, idempotencySecret };
  const { clientSecret } = intent;
  const fee = { destination: account(1), basisPoints: 1 };

  it.each<[string, () => unknown]>([
    ["a missing destination", () => build({ ...good, destination: undefined })],
    ["a destination that is the client secret", () => build({ ...good, destination: clientSecret })],
    ["a destination that is not base58", () => build({ ...good, destination: notBase58 })],
    ["an amount that is the secret", () => build({ ...good, amount: idempotencySecret })],
    ["an amount with three decimals", () => build({ ...good, amount: 1.005 })],
    ["a currency that is the secret", () => build({ ...good, currency: idempotencySecret })],
    ["a kind that is the secret", () => build({ ...good, kind: idempotencySecret })],
    ["a rounding that is the secret", () => build({ ...good, rounding: idempotencySecret })],
    ["fees that are the secret", () => build({ ...good, fees: idempotencySecret })],
    ["a fee that is the secret", () => build({ ...good, fees: [idempotencySecret] })],
    [
      "a fee's destination that is the client secret",
      () => build({ ...good, fees: [{ ...fee, destination: clientSecret }] }),
    ],
    [
      "basis points that are the secret",
      () => build({ ...good, fees: [{ ...fee, basisPoints: idempotencySecret }] }),
    ],
    ["a webhook that is the secret", () => build({ ...good, webhook: idempotencySecret })],
    ["a webhook URL that is the secret", () => build({ ...good, webhook: { url: idempotencySecret } })],
    [
      "a webhook URL with credentials",
      () => build({ ...good, webhook: { url: "https://u:SECRET@example.com" } }),
    ],
    ["a key and a client secret", () => build({ ...good, clientSecret })],
    ["an unknown option that contains it", () => build({ ...good, clientsecret: clientSecret })],
    ["a client secret of another length", () => build({ clientSecret: wrongLength })],
    ["a client secret that is not base58", () => build({ clientSecret: notBase58 })],
    ["a client secret that is not a string", () => build({ clientSecret: ["SECRET"] })],
    ["a short secret", () => build({ idempotencyKey, idempotencySecret: "SECRET" })],
    ["a secret of short bytes", () => build({ idempotencyKey, idempotencySecret: Buffer.from("SECRET") })],
    ["a secret of the wrong type", () => build({ idempotencyKey, idempotencySecret: ["SECRET"] })],
    [
      "a secret with a lone surrogate",
      () => build({ idempotencyKey, idempotencySecret: `${idempotencySecret}\ud800` }),
    ],
    ["a key with a lone surrogate", () => build({ ...good, idempotencyKey: `${idempotencyKey}\ud800` })],
    ["a key that is not a string", () => build({ ...good, idempotencyKey: [idempotencyKey] })],
    ["options that are the secret", () => build(Object("SECRET"))],
    ["another client secret length on rebuilding", () => rebuild({ clientSecret: wrongLength })],
    ["an expected id that is the client secret", () => rebuild({ clientSecret, expectedId: clientSecret })],
    ["an expected id that is not base58", () => rebuild({ clientSecret, expectedId: notBase58 })],
    ["a mismatch", () => rebuild({ clientSecret, expectedId: intent.id, amount: "11" })],
    ["a key on rebuilding", () => rebuild({ clientSecret, idempotencyKey })],
    ["a secret on rebuilding", () => rebuild({ clientSecret, idempotencySecret })],
  ])("for %s", (_, act) => {
    let error: unknown;
    try {
      act();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CodeIntentsError);
    const { message, stack, cause } = error as CodeIntentsError;
    const shown = [
      message,
      stack,
      String(cause),
      String(error),
      JSON.stringify(error),
      JSON.stringify({ ...(error as object) }),
      inspect(error, { showHidden: true, getters: true, depth: 9 }),
    ];
    expectNoSecret(shown.join("\n"));
  });
});
