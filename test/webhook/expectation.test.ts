import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import {
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
  id: 17, // the shop's own
  intentId: intent.id,
  destination: intent.destination,
  currency: "USD",
  amount: 2.5,
  customer: "somebody",
};

describe("an order is met by", () => {
  it.each<[string, PaymentExpectation]>([
    ["the intent", intent],
    ["its JSON", intent.toJSON() as unknown as PaymentExpectation],
    ["a row with intentId and an id of its own", order],
    ["a row with the amount as text", { ...order, amount: "2.5" }],
  ])("%s", async (_, expected) => {
    expect((await verify(paidToken(), expected)).bound).toBe(true);
  });

  it.each([2.5, 2.50009, 2.49991, 2.50005])("an amount of %s for 2.50", async (amount) => {
    expect((await verify(paidToken({ amount }), intent)).amount).toBe(amount);
  });

  it("a currency in any case", async () => {
    expect((await verify(paidToken({ currency: "uSd" }), intent)).currency).toBe("usd");
  });
});

describe("a valid token for something else is refused by name", () => {
  it.each([
    ["intent", { intent: otherIntent.id }, otherIntent.id],
    ["destination", { destination: otherIntent.destination }, otherIntent.destination],
    ["currency", { currency: "eur" }, "eur"],
    ["amount", { amount: 2.49 }, "2.49"],
    ["amount", { amount: 2.51 }, "2.51"],
    ["amount", { amount: 2.50011 }, "2.50011"],
    ["amount", { amount: 25 }, "25"],
  ])("%s", async (field, changes, claimed) => {
    for (const expected of [intent, order, async () => intent, () => order]) {
      const error = await expectRefused(verify(paidToken(changes), expected), "webhook_mismatch", field);
      expect(error.message).toContain(claimed);
    }
  });

  it("whatever the amount, beyond 0.0001", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.01, max: 1e9, noNaN: true }), async (amount) => {
        fc.pre(Math.abs(amount - 2.5) > 0.00011);
        await expectRefused(verify(paidToken({ amount }), intent), "webhook_mismatch", "amount");
      }),
      runs(50),
    );
  });
});

describe("a lookup", () => {
  it("is asked for the intent of the token, once", async () => {
    const asked: string[] = [];
    await verify(paidToken(), (intentId) => {
      asked.push(intentId);
      return order;
    });
    expect(asked).toEqual([intent.id]);
  });

  it("is never asked before the signature is good", async () => {
    let asked = false;
    const lookup = () => {
      asked = true;
      return order;
    };
    await expectRefused(verify(paidToken({}, new Uint8Array(32)), lookup), "webhook_signature_invalid");
    await expectRefused(verify(loginToken, lookup), "webhook_not_bound");
    expect(asked).toBe(false);
  });

  it("that knows no such intent refuses", async () => {
    for (const nothing of [undefined, null]) {
      await expectRefused(
        verify(paidToken(), async () => nothing),
        "webhook_unknown_intent",
      );
    }
  });

  it("that returns another order refuses", async () => {
    await expectRefused(
      verify(paidToken(), () => otherIntent),
      "webhook_mismatch",
      "intent",
    );
  });

  it("that fails passes its error on", async () => {
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
  ])("that returns %j is the receiver's mistake", async (row, field) => {
    const error = await verify(paidToken(), () => row as never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).field).toBe(field);
  });
});

describe("a login-only token", () => {
  const empty = signTestWebhook({}, { privateKey: seed });

  it("is refused for every payment", async () => {
    for (const token of [loginToken, empty]) {
      for (const expected of [intent, order, () => order]) {
        await expectRefused(verify(token, expected), "webhook_not_bound");
      }
    }
  });

  it("is its own kind, bound to nothing", async () => {
    for (const expected of ["unbound", { kind: "login" }] as const) {
      expect(await verify(loginToken, expected)).toEqual({ kind: "login", bound: false, user });
      expect(await verify(empty, expected)).toEqual({ kind: "login", bound: false });
    }
  });

  it("is compared with the expected user", async () => {
    expect((await verify(loginToken, { kind: "login", user })).user).toBe(user);
    await expectRefused(verify(loginToken, { kind: "login", user: intent.id }), "webhook_mismatch", "user");
    await expectRefused(verify(empty, { kind: "login", user }), "webhook_mismatch", "user");
    await expect(verify(loginToken, { kind: "login", user: "x" })).rejects.toBeInstanceOf(InputError);
  });
});

it("a payment where a login is expected is refused", async () => {
  await expectRefused(verify(paidToken({ user }), { kind: "login", user }), "webhook_unexpected");
});

it('"unbound" compares nothing, and says so', async () => {
  for (const changes of [{}, { intent: otherIntent.id, currency: "eur", amount: 1 }]) {
    const claims = await verify(paidToken(changes), "unbound");
    expect([claims.kind, claims.bound]).toEqual(["payment", false]);
  }
});
