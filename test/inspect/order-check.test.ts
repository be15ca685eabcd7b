import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { CodeIntentsError, InputError, LoginIntent, PaymentIntent } from "../../src/index.js";
import {
  assertOrder,
  checkOrder,
  type OrderClaim,
  OrderMismatchError,
  type StoredOrder,
} from "../../src/inspect/index.js";
import { vectors } from "../support/vectors.js";

const account = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const other = "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz";
const intent = PaymentIntent.from({
  destination: account,
  amount: "2.50",
  currency: "usd",
  idempotencyKey: "a",
});
const order: StoredOrder = {
  clientSecret: intent.clientSecret,
  amount: "2.50",
  currency: "usd",
  destination: account,
};

describe("checkOrder of a matching claim", () => {
  it("reports what the id does not cover if only the id is claimed", () => {
    expect(checkOrder(order, intent.id)).toEqual({
      matches: true,
      intentId: intent.id,
      mismatches: [],
      unknown: ["destination", "fees", "login", "webhook"],
    });
  });

  it("accepts the claims of a webhook", () => {
    const claims = {
      kind: "payment",
      intent: intent.id,
      destination: account,
      currency: "USD",
      amount: 2.50004,
      quarks: 5n,
    };
    expect(checkOrder(order, claims)).toMatchObject({ matches: true, unknown: ["fees", "login", "webhook"] });
  });

  it("by an amount with zeros at the end, on either side", () => {
    const padded = { ...order, amount: "2.5000" };
    expect(checkOrder(padded, { id: intent.id, currency: "usd", amount: "2.500" }).matches).toBe(true);
  });

  it.each(["intent", "intentId", "id"])("takes the claimed id from %s", (name) => {
    expect(checkOrder(order, { [name]: intent.id } as OrderClaim).matches).toBe(true);
  });

  it("accepts the intent itself, or its stored fields", () => {
    assertOrder(intent, intent.id);
    assertOrder(intent, intent);
    const { clientSecret, destination, amount, currency, fees, kind } = intent;
    assertOrder({ clientSecret, destination, amount, currency, fees, kind }, intent.id);
  });

  it("accepts a login", () => {
    const login = LoginIntent.from({
      login: { domain: "example.com", verifier: "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1" },
    });
    expect(checkOrder(login, login.id)).toMatchObject({ matches: true, unknown: ["login", "webhook"] });
    expect(checkOrder({ clientSecret: login.clientSecret, kind: "login" }, login.id).matches).toBe(true);
    expect(checkOrder({ clientSecret: login.clientSecret }, intent.id).matches).toBe(false);
  });

  const official = vectors.intents.filter(
    ({ input, clientSecret }) => input.mode === "payment" && clientSecret !== null,
  );
  it.each(official.map(({ id, ...vector }) => [id, vector] as const))(
    "accepts an intent of the official package: %s",
    (_id, vector) => {
      const { amount, currency, fees } = vector.input as {
        amount: number;
        currency: string;
        fees?: unknown[];
      };
      const stored: StoredOrder = {
        clientSecret: vector.clientSecret ?? "",
        amount:
          vector.encodedUnits !== undefined && vector.encodedUnits > 2 ** 50
            ? vector.encodedUnits / 100
            : amount,
        currency,
        rounding: "nearest",
        ...(fees === undefined ? {} : { fees, kind: "payment-with-fees" as const }),
      };
      expect(checkOrder(stored, vector.rendezvousPublicKey).mismatches).toEqual([]);
    },
  );
});

describe("checkOrder of a claim for another order", () => {
  it.each<[string, object, object]>([
    ["destination", { destination: other }, { field: "destination", order: account, claim: other }],
    ["currency", { currency: "eur" }, { field: "currency", order: "usd", claim: "eur" }],
    ["amount", { amount: 2.6 }, { field: "amount", order: "2.50", claim: "2.6" }],
    ["amount", { amount: "2.49" }, { field: "amount", order: "2.50", claim: "2.49" }],
  ])("reports the different %s", (_field, claimed, mismatch) => {
    const check = checkOrder(order, { intent: intent.id, ...claimed });
    expect(check).toMatchObject({ matches: false, mismatches: [mismatch] });
    expect(check.likely).toBeUndefined();
  });

  const likely = (changes: Partial<StoredOrder>, claim: OrderClaim = intent.id): string | undefined =>
    checkOrder({ ...order, ...changes }, claim).likely;

  it.each<[Partial<StoredOrder>, string]>([
    [{ kind: "payment-with-fees" }, "without fees"],
    [{ fees: [{}] }, "without fees"],
    [{ amount: "2.51" }, "with 2.50, as the official Go client truncates it"],
    [{ amount: "2.49" }, "with 2.50: one hundredth more"],
    [{ amount: "250" }, "with 2.50: 1/100 of the amount, as if the main unit were hundredths"],
    [{ currency: "eur" }, "in usd"],
    [{ currency: "eur", kind: "payment-with-fees" }, "in usd, and without fees"],
  ])("reports the different id for %j", (changes, how) => {
    expect(likely(changes)).toBe(`The claimed id is that of this order ${how}.`);
  });

  it("reports that the id has one hundredth more or less", () => {
    const { id, clientSecret } = PaymentIntent.from({ destination: account, amount: 1, currency: "usd" });
    expect(likely({ clientSecret, amount: "1.01" }, id)).toBe(
      "The claimed id is that of this order with 1.00: one hundredth less.",
    );
  });

  it("reports that the id matches the claimed amount and currency", () => {
    expect(likely({ amount: "7" }, { intent: intent.id, amount: 2.5 })).toBe(
      "The claimed id is that of this order with the claimed 2.50 usd.",
    );
    expect(
      likely({ amount: "7", currency: "eur" }, { intent: intent.id, amount: 2.5, currency: "USD" }),
    ).toBe("The claimed id is that of this order with the claimed 2.50 usd.");
  });

  it("reports that the id is that of a login", () => {
    const login = LoginIntent.from({
      login: { domain: "example.com", verifier: "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1" },
      clientSecret: intent.clientSecret,
    });
    expect(likely({}, login.id)).toBe(
      "The claimed id is that of this order as a login, which has no amount.",
    );
  });

  it("reports that the client secret belongs to another order", () => {
    expect(likely({}, other)).toBe(
      "No similar order has the claimed id: the client secret probably belongs to another order.",
    );
  });

  // Hundredths that other official clients compute from the same amount, with the same client secret.
  const { clientSecret = "" } = vectors.idempotencyKeys.find(({ seed }) => seed === "1234") ?? {};
  const texts = {
    go: "the official Go client truncates it",
    python: "the official Python client rounds it",
    "php8.2": "the official PHP client rounds it",
  };
  const disagreements = (
    vectors.crossSdkAmounts as unknown as Record<string, { intent: string; units: string }>[]
  ).flatMap((row) =>
    (Object.keys(texts) as (keyof typeof texts)[]).flatMap((sdk) =>
      row[sdk]?.intent === undefined || row[sdk].intent === row.ts?.intent
        ? []
        : [[`${row.currency} ${row.amount}`, sdk, row] as const],
    ),
  );
  it("has official disagreements to test", () => {
    expect(new Set(disagreements.map(([, sdk]) => sdk))).toEqual(new Set(Object.keys(texts)));
  });
  it.each(disagreements)("reports the id as %s of %s", (_amount, sdk, row) => {
    const { currency, amount } = row as unknown as { currency: string; amount: string };
    const text = likely(
      { clientSecret, currency, amount: Number(amount), rounding: "nearest" },
      row[sdk]?.intent ?? "",
    );
    const units = Number(row[sdk]?.units);
    expect(text).toMatch(
      new RegExp(`^The claimed id is that of this order with ${(units / 100).toFixed(2)}, as the official`),
    );
    // If several clients agree, the first one is named.
    const same = (Object.keys(texts) as (keyof typeof texts)[]).filter(
      (name) => row[name]?.intent === row[sdk]?.intent,
    );
    expect(same.some((name) => text?.includes(texts[name]))).toBe(true);
  });
});

describe("assertOrder", () => {
  function mismatch(): OrderMismatchError {
    try {
      assertOrder({ ...order, amount: "2.51" }, { intent: intent.id, destination: other });
    } catch (error) {
      if (error instanceof OrderMismatchError) return error;
      throw error;
    }
    throw new Error("it passed");
  }

  it("throws a typed error that lists the differences", () => {
    const error = mismatch();
    expect(error).toBeInstanceOf(CodeIntentsError);
    expect([error.name, error.code, error.retryable]).toEqual([
      "OrderMismatchError",
      "intent_mismatch",
      false,
    ]);
    expect(error.check.mismatches.map(({ field }) => field)).toEqual(["intent", "destination"]);
    expect(error.message).toBe(
      `The claim is not for this order: intent is ${error.check.intentId} in the order and ${intent.id} in the claim; ` +
        `destination is ${account} in the order and ${other} in the claim. The claimed id is that of this order with 2.50, as the official Go client truncates it.`,
    );
  });

  it("throws an error without secrets", () => {
    const error = mismatch();
    const shown = `${inspect(error, { depth: 9, showHidden: true })}${JSON.stringify(error)}${error.stack}`;
    expect(shown).not.toContain(intent.clientSecret);
  });
});

describe("checkOrder of a claimed amount", () => {
  const { id, clientSecret } = PaymentIntent.from({ destination: account, amount: "0.29", currency: "usd" });
  const cheap: StoredOrder = { clientSecret, amount: 0.29, currency: "usd" };

  it.each<[number | string, boolean]>([
    [0.29, true],
    ["0.29", true],
    ["0.290", true],
    ["00.29", true],
    [0.2900001, false],
    ["0.2900001", false],
    ["0.29000000000000001", false],
    [0.2899999999999999, false],
    [29, false],
    [-0.29, false],
  ])("requires the exact amount of the order: %s", (amount, matches) => {
    expect(checkOrder(cheap, { intent: id, amount }).matches).toBe(matches);
  });

  it.each([
    [0.29009, true],
    [0.28991, true],
    [0.2902, false],
  ])("allows the tolerance of a payment if it was paid: %s", (amount, matches) => {
    expect(checkOrder(cheap, { intent: id, amount, quarks: 29_000n } as OrderClaim).matches).toBe(matches);
    expect(checkOrder(cheap, { intent: id, amount }).matches).toBe(false);
  });
});

describe("checkOrder with invalid input", () => {
  it.each<[unknown, unknown, string, string]>([
    [{}, intent.id, "missing_option", "order.clientSecret: required: the client secret of an intent"],
    [null, intent.id, "missing_option", "order.clientSecret: required"],
    ["order", intent.id, "invalid_option", "order: must be an object"],
    [
      { ...order, amuont: "2.50" },
      intent.id,
      "unknown_option",
      "order.amuont: unknown option; the options are clientSecret, amount, currency, destination, fees, kind, rounding, id,",
    ],
    [
      order,
      { intent: intent.id, amuont: 2.5 },
      "unknown_option",
      "claim.amuont: unknown option; the options are intent, intentId, id, destination, currency, amount, kind,",
    ],
    [order, { intent: intent.id, amount: "0x2" }, "invalid_option", "claim.amount: must be a finite number"],
    [order, { intent: intent.id, amount: "" }, "invalid_option", "claim.amount: must be a finite number"],
    [
      order,
      { intent: intent.id, amount: Number.NaN },
      "invalid_option",
      "claim.amount: must be a finite number",
    ],
    [order, null, "missing_option", "claim.intent: required"],
    [undefined, intent.id, "missing_option", "order.clientSecret: required"],
    [
      { ...order, clientSecret: "abc" },
      intent.id,
      "invalid_option",
      "order.clientSecret: is 3 bytes; must be 11",
    ],
    [{ ...order, amount: undefined }, intent.id, "missing_option", "order.amount: required"],
    [{ ...order, amount: "2.505" }, intent.id, "invalid_option", "order.amount: has more than two decimals"],
    [{ ...order, currency: "xyz" }, intent.id, "invalid_option", 'order.currency: "xyz" is not one of'],
    [
      { ...order, kind: "tip" },
      intent.id,
      "invalid_option",
      'order.kind: must be "payment", "payment-with-fees" or "login"',
    ],
    [
      { ...order, destination: "abc" },
      intent.id,
      "invalid_option",
      "order.destination: is 3 bytes; must be 32",
    ],
    [order, "abc", "invalid_option", "claim.intent: is 3 bytes; must be 32"],
    [order, {}, "missing_option", "claim.intent: required"],
    [order, undefined, "missing_option", "claim.intent: required"],
    [
      order,
      { intent: intent.id, destination: "abc" },
      "invalid_option",
      "claim.destination: is 3 bytes; must be 32",
    ],
    [
      order,
      { intent: intent.id, amount: "much" },
      "invalid_option",
      "claim.amount: must be a finite number or decimal text",
    ],
    [
      order,
      { intent: intent.id, currency: "dollars" },
      "invalid_option",
      'claim.currency: "dollars" is not one of',
    ],
  ])("rejects %j with %j", (stored, claim, code, message) => {
    let thrown: unknown;
    try {
      checkOrder(stored as StoredOrder, claim as OrderClaim);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InputError);
    expect(thrown).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
