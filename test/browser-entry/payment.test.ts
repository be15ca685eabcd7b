import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type RebuildPaymentOptions, rebuildPayment } from "../../src/browser/index.js";
import { watchedPayment } from "../../src/browser/watched-payment.js";
import { PaymentIntent } from "../../src/index.js";
import { account, build, spellings } from "../support/payment.js";
import { vectors } from "../support/vectors.js";

/** Returns the options that a backend sends to a page. */
function handed(intent: PaymentIntent): RebuildPaymentOptions {
  const { id, clientSecret, amount, currency, destination, fees, kind } = intent;
  return { expectedId: id, clientSecret, amount, currency, destination, fees, kind };
}

const payments = vectors.intents.filter(({ input }) => !("login" in input) && "destination" in input);

describe("a payment that a page rebuilds", () => {
  test.each(payments)("equals the backend's intent: $id", ({ input }) => {
    const intent = PaymentIntent.from({ ...input, rounding: "nearest" } as never);
    const payment = rebuildPayment(handed(intent));
    expect({ ...payment, payload: payment.payload }).toEqual({
      id: intent.id,
      payload: intent.payload,
      kind: intent.kind,
      amount: intent.amount,
      currency: intent.currency,
      destination: intent.destination,
      fees: intent.fees,
    });
    expect(watchedPayment(payment).toBinary()).toEqual(intent.toBinary());
  });

  test("derives its kind from its fees unless it is passed", () => {
    const fees = [{ destination: account(9), basisPoints: 100 }];
    const { kind: _, ...options } = handed(build({ fees }));
    expect(rebuildPayment(options).kind).toBe("payment-with-fees");
    expect(rebuildPayment({ ...handed(build()), kind: undefined }).kind).toBe("payment");
  });

  test("has the same request from text with zeros at the end, as a database returns numbers", () => {
    const intent = build({ amount: "2.50", fees: [{ destination: account(9), basisPoints: 250 }] });
    const text = { amount: "2.5000", fees: [{ destination: account(9), basisPoints: "250.00" }] } as object;
    const watched = watchedPayment(rebuildPayment({ ...handed(intent), ...text }));
    expect(watched.toBinary()).toEqual(intent.toBinary());
    expect(watched.fees).toMatchObject(intent.fees);
  });

  test.each<[string, Partial<RebuildPaymentOptions>]>([
    ["amount", { amount: "10.01" }],
    ["currency", { currency: "eur" }],
    ["client secret", { clientSecret: build().clientSecret }],
    ["presence of fees", { kind: undefined, fees: [{ destination: account(9), basisPoints: 1 }] }],
    ["id", { expectedId: build().id }],
  ])("is rejected with another %s", (_, change) => {
    expect(() => rebuildPayment({ ...handed(build()), ...change })).toThrow(
      expect.objectContaining({ code: "intent_mismatch" }),
    );
  });

  test.each<[string, object, string, string]>([
    ["no expected id", { expectedId: undefined }, "missing_option", "expectedId"],
    ["no destination", { destination: undefined }, "missing_option", "destination"],
    ["an invalid destination", { destination: "0OIl" }, "invalid_option", "destination"],
    ["an invalid client secret", { clientSecret: "abc" }, "invalid_option", "clientSecret"],
    ["fees that are not a list", { fees: {} }, "invalid_option", "fees"],
    ["a kind without an amount", { kind: "login" }, "invalid_option", "kind"],
    ["an unknown currency", { currency: "gold" }, "invalid_option", "currency"],
    ["a misspelt option", { amuont: 1 }, "unknown_option", "amuont"],
  ])("is rejected with %s", (_, change, code, field) => {
    expect(() => rebuildPayment({ ...handed(build()), ...change } as RebuildPaymentOptions)).toThrow(
      expect.objectContaining({ code, field }),
    );
  });

  test("reveals no secret when logged, and returns new copies of its payload", () => {
    const intent = build();
    const payment = rebuildPayment(handed(intent));
    const shown = `${inspect(payment, { showHidden: false, getters: true })} ${JSON.stringify(payment)}`;
    for (const text of [...spellings(payment.payload), intent.clientSecret])
      expect(shown).not.toContain(text);
    payment.payload.fill(0);
    expect(payment.payload).toEqual(intent.payload);
  });
});
