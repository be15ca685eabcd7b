import { describe, expect, it } from "vitest";
import type { InputErrorCode } from "../../src/errors.js";
import { PaymentIntent, type PaymentIntentOptions } from "../../src/intents/payment-intent.js";
import { expectRefusal } from "../support/refusal.js";
import { hex, vectors } from "../support/vectors.js";

const payments = vectors.invalidInputs.filter(({ input }) => input.mode === "payment");

interface Expected {
  code: InputErrorCode;
  field: string;
  /** The rule of ours by which something is refused that the official client accepts. */
  rule?: string;
}

/** What ours does with each; `undefined` where it accepts. */
const ours: Record<string, Expected | { accepted: string }> = {
  "no-destination": { code: "missing_option", field: "destination" },
  "no-currency": { code: "missing_option", field: "currency" },
  "bad-destination-alphabet": { code: "invalid_option", field: "destination" },
  "destination-33-bytes": { code: "invalid_option", field: "destination" },
  "unknown-currency": { code: "invalid_option", field: "currency" },
  "currency-in-limits-but-not-in-index-table": { code: "invalid_option", field: "currency" },
  "amount-rounds-to-zero": { code: "invalid_option", field: "amount" },
  "amount-nan": { code: "invalid_option", field: "amount" },
  "amount-string": { accepted: "a decimal string is an exact amount" },
  "amount-1e15": {
    code: "invalid_option",
    field: "amount",
    rule: "at most 2^53 - 1 hundredths, nothing wraps",
  },
  "both-nonces": { code: "conflicting_options", field: "clientSecret" },
  "client-secret-bad-alphabet": { code: "invalid_option", field: "clientSecret" },
  "fee-bad-destination-at-sign": { code: "invalid_option", field: "fees[0].destination" },
  "fee-20000-bps": {
    code: "invalid_option",
    field: "fees[0].destination",
    rule: "no fee to the payment's own destination, and 10000 basis points at most",
  },
  "fee-fractional-bps": { code: "invalid_option", field: "fees[0].destination" },
  "fee-four-takers": { code: "invalid_option", field: "fees", rule: "three takers at most" },
  "payment-login-missing": { accepted: "without a login it is a payment like any other" },
};

function options(input: Record<string, unknown>): PaymentIntentOptions {
  const { mode: _, ...rest } = input;
  // JSON has no NaN, so the vectors spell it.
  return {
    ...rest,
    ...(rest.amount === "NaN" ? { amount: Number.NaN } : {}),
  } as unknown as PaymentIntentOptions;
}

const rows = payments.map((vector) => {
  const expected = ours[vector.id];
  const official = vector.accepted ? "accepts" : `refuses ("${vector.error}")`;
  return { ...vector, expected, official };
});

const refused = rows.flatMap((row) =>
  row.expected !== undefined && "code" in row.expected ? [{ ...row, ...row.expected }] : [],
);
const accepted = rows.flatMap((row) =>
  row.expected !== undefined && "accepted" in row.expected ? [{ ...row, why: row.expected.accepted }] : [],
);

it("every official bad payment input has its row", () => {
  expect(payments.map(({ id }) => id).sort()).toEqual(Object.keys(ours).sort());
  expect(payments.length).toBeGreaterThanOrEqual(17);
  for (const { id, accepted: officially, rule } of refused) {
    expect(`${id}: ${officially === true}`).toBe(`${id}: ${rule !== undefined}`);
  }
});

describe("what both refuse", () => {
  it.each(refused.filter(({ rule }) => rule === undefined))(
    "$id: $code for $field; the official client $official",
    (row) => {
      expectRefusal(() => PaymentIntent.from(options(row.input)), row.code, row.field);
    },
  );
});

describe("what the official client accepts and ours refuses", () => {
  it.each(refused.filter(({ rule }) => rule !== undefined))(
    "$id: $code for $field, by the rule: $rule",
    (row) => {
      expectRefusal(() => PaymentIntent.from(options(row.input)), row.code, row.field);
      if (row.input.amount === 1e15) {
        expectRefusal(
          () => PaymentIntent.from({ ...options(row.input), rounding: "nearest" }),
          row.code,
          row.field,
        );
      }
    },
  );

  it("fee-20000-bps is refused for its basis points too, with another taker", () => {
    const fees = [{ destination: "11111111111111111111111111111111", basisPoints: 20_000 }];
    const vector = payments.find(({ id }) => id === "fee-20000-bps");
    expectRefusal(
      () => PaymentIntent.from({ ...options(vector?.input ?? {}), fees }),
      "invalid_option",
      "fees[0].basisPoints",
    );
  });

  it("fee-fractional-bps is refused for its basis points too, with another taker", () => {
    const fees = [{ destination: "11111111111111111111111111111111", basisPoints: 1.5 }];
    const vector = payments.find(({ id }) => id === "fee-fractional-bps");
    expectRefusal(
      () => PaymentIntent.from({ ...options(vector?.input ?? {}), fees }),
      "invalid_option",
      "fees[0].basisPoints",
    );
  });

  it("every official options object is refused as it is, for its mode", () => {
    for (const { input } of payments) {
      expectRefusal(
        () => PaymentIntent.from(input as unknown as PaymentIntentOptions),
        "unknown_option",
        "mode",
      );
    }
  });
});

describe("what the official client refuses and ours accepts", () => {
  it.each(accepted)("$id: $why", ({ input }) => {
    const intent = PaymentIntent.from(options(input));
    expect(intent.amount).toBe("0.05");
    expect(intent.kind).toBe("payment");
    expect(hex(intent.payload)).toBe(hex(PaymentIntent.from({ ...options(input), amount: 0.05 }).payload));
  });
});
