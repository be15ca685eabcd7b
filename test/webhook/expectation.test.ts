import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import {
  type LoginExpectation,
  type PaymentExpectation,
  signTestWebhook,
  verifyWebhook,
  type WebhookExpect,
} from "../../src/webhook/index.js";
import { runs } from "../support/property.js";
import {
  expectRefused,
  intent,
  loginToken,
  otherIntent,
  paidToken,
  publicKey,
  seed,
  user,
} from "./support.js";

const verify = <Expect extends WebhookExpect>(token: string, expected: Expect) =>
  verifyWebhook(token, { publicKey, expect: expected });

const order = {
  id: 17, // the shop's order id
  intentId: intent.id,
  destination: intent.destination,
  currency: "USD",
  amount: 2.5,
  customer: "somebody",
};

describe("a matching webhook", () => {
  it.each<[string, PaymentExpectation]>([
    ["the intent", intent],
    ["its JSON", intent.toJSON() as unknown as PaymentExpectation],
    ["a row with intentId and a different id", order],
    ["a row with the amount as text", { ...order, amount: "2.5" }],
    ["a row with zeros at the end of the amount", { ...order, amount: "2.5000" }],
  ])("is accepted for %s", async (_, expected) => {
    expect((await verify(paidToken(), expected)).bound).toBe(true);
  });

  it.each([2.5, 2.50009, 2.49991, 2.50005])("is accepted with an amount of %s for 2.50", async (amount) => {
    expect((await verify(paidToken({ amount }), intent)).amount).toBe(amount);
  });

  it("is accepted with the currency in any case", async () => {
    expect((await verify(paidToken({ currency: "uSd" }), intent)).currency).toBe("usd");
  });
});

describe("a valid webhook for something else", () => {
  it.each([
    ["intent", { intent: otherIntent.id }, otherIntent.id],
    ["destination", { destination: otherIntent.destination }, otherIntent.destination],
    ["currency", { currency: "eur" }, "eur"],
    ["amount", { amount: 2.49 }, "2.49"],
    ["amount", { amount: 2.51 }, "2.51"],
    ["amount", { amount: 2.50011 }, "2.50011"],
    ["amount", { amount: 25 }, "25"],
  ])("is rejected with the differing field %s", async (field, changes, claimed) => {
    for (const expected of [intent, order, async () => intent, () => order]) {
      const error = await expectRefused(verify(paidToken(changes), expected), "webhook_mismatch", field);
      expect(error.message).toContain(claimed);
    }
  });

  it("is rejected for every amount that differs by more than 0.0001", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.01, max: 1e9, noNaN: true }), async (amount) => {
        fc.pre(Math.abs(amount - 2.5) > 0.00011);
        await expectRefused(verify(paidToken({ amount }), intent), "webhook_mismatch", "amount");
      }),
      runs(50),
    );
  });
});

describe("order lookup", () => {
  it("is called once with the token's intent", async () => {
    const asked: string[] = [];
    await verify(paidToken(), (intentId) => {
      asked.push(intentId);
      return order;
    });
    expect(asked).toEqual([intent.id]);
  });

  it("is not called before the signature is verified", async () => {
    let asked = false;
    const lookup = () => {
      asked = true;
      return order;
    };
    await expectRefused(verify(paidToken({}, new Uint8Array(32)), lookup), "webhook_signature_invalid");
    await expectRefused(verify(loginToken, lookup), "webhook_not_bound");
    expect(asked).toBe(false);
  });

  it("rejects the webhook if it finds no order", async () => {
    for (const nothing of [undefined, null]) {
      await expectRefused(
        verify(paidToken(), async () => nothing),
        "webhook_unknown_intent",
      );
    }
  });

  it("rejects the webhook if it returns another order", async () => {
    await expectRefused(
      verify(paidToken(), () => otherIntent),
      "webhook_mismatch",
      "intent",
    );
  });

  it("passes its own error on", async () => {
    const down = new Error("the database is down");
    await expect(verify(paidToken(), async () => Promise.reject(down))).rejects.toBe(down);
  });

  it.each([
    [{ ...order, destination: undefined }, "expect.destination"],
    [{ ...order, currency: "xxx" }, "expect.currency"],
    [{ ...order, amount: "2.505" }, "expect.amount"],
    [{ ...order, amount: null }, "expect.amount"],
    ["2.50", "expect"],
    [true, "expect"],
  ])("throws an InputError if it returns %j", async (row, field) => {
    const error = await verify(paidToken(), () => row as never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).field).toBe(field);
  });
});

describe("login-only token", () => {
  const empty = signTestWebhook({}, { privateKey: seed });

  it("is rejected for every payment", async () => {
    for (const token of [loginToken, empty]) {
      for (const expected of [intent, order, () => order]) {
        await expectRefused(verify(token, expected), "webhook_not_bound");
      }
    }
  });

  it("has the kind login and is not bound", async () => {
    for (const expected of ["unbound", { kind: "login" }] as const) {
      expect(await verify(loginToken, expected)).toEqual({ kind: "login", bound: false, user });
      expect(await verify(empty, expected)).toEqual({ kind: "login", bound: false });
    }
  });

  it("is never compared with a user of undefined, as of a session that has none", async () => {
    const session: { user?: string } = {};
    const expected = { kind: "login", user: session.user } as LoginExpectation;
    await expect(verify(loginToken, expected)).rejects.toMatchObject({
      code: "missing_option",
      field: "expect.user",
    });
  });

  it("is compared with the expected user", async () => {
    expect((await verify(loginToken, { kind: "login", user })).user).toBe(user);
    await expectRefused(verify(loginToken, { kind: "login", user: intent.id }), "webhook_mismatch", "user");
    await expectRefused(verify(empty, { kind: "login", user }), "webhook_mismatch", "user");
    await expect(verify(loginToken, { kind: "login", user: "x" })).rejects.toBeInstanceOf(InputError);
  });
});

it("rejects a payment when a login is expected", async () => {
  await expectRefused(verify(paidToken({ user }), { kind: "login", user }), "webhook_unexpected");
});

it('compares nothing with "unbound" and reports bound: false', async () => {
  for (const changes of [{}, { intent: otherIntent.id, currency: "eur", amount: 1 }]) {
    const claims = await verify(paidToken(changes), "unbound");
    expect([claims.kind, claims.bound]).toEqual(["payment", false]);
  }
});
