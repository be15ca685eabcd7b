import { describe, expect, it } from "vitest";
import type { InputErrorCode } from "../../src/errors.js";
import { LoginIntent, type LoginIntentOptions } from "../../src/intents/login-intent.js";
import { PaymentIntent, type PaymentIntentOptions } from "../../src/intents/payment-intent.js";
import { TipIntent, type TipIntentOptions } from "../../src/intents/tip-intent.js";
import { verifier } from "../support/login.js";
import { expectRefusal } from "../support/refusal.js";
import { hex, vectors } from "../support/vectors.js";

interface Expected {
  code: InputErrorCode;
  field: string;
  /** The rule by which our package rejects an input that the official client accepts. */
  rule?: string;
}

/** Our outcome for each input. */
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
    rule: "at most 2^53 - 1 hundredths, so nothing wraps",
  },
  "both-nonces": { code: "conflicting_options", field: "clientSecret" },
  "client-secret-bad-alphabet": { code: "invalid_option", field: "clientSecret" },
  "fee-bad-destination-at-sign": { code: "invalid_option", field: "fees[0].destination" },
  "fee-20000-bps": {
    code: "invalid_option",
    field: "fees[0].destination",
    rule: "no fee to the payment's own destination, and at most 10000 basis points",
  },
  "fee-fractional-bps": { code: "invalid_option", field: "fees[0].destination" },
  "fee-four-takers": { code: "invalid_option", field: "fees", rule: "at most three fees" },
  "payment-login-missing": { accepted: "without a login it is a plain payment" },
  "login-domain-missing": { code: "missing_option", field: "login.domain" },
  "login-verifier-bad": { code: "invalid_option", field: "login.verifier" },
  "login-domain-path": { code: "invalid_option", field: "login.domain" },
  "login-domain-subdomain": { code: "invalid_option", field: "login.domain" },
  "login-domain-ip": { code: "invalid_option", field: "login.domain" },
  "login-domain-localhost-port": { code: "invalid_option", field: "login.domain" },
  "login-domain-port-digit-first": { code: "invalid_option", field: "login.domain" },
  "login-domain-space": { code: "invalid_option", field: "login.domain" },
  "login-domain-uppercase": {
    code: "invalid_option",
    field: "login.domain",
    rule: "lower case, because the sequencer rejects upper case",
  },
  "login-sign-without-signers": { code: "missing_option", field: "login.verifier" },
  "login-signers-invalid": { code: "invalid_option", field: "signers" },
  "tip-no-name": { code: "missing_option", field: "platform.name" },
  "tip-empty-username": { code: "missing_option", field: "platform.username" },
  "tip-multibyte": { accepted: "a name is cut at 15 bytes, even inside a character" },
};

type Vector = (typeof vectors.invalidInputs)[number];

/** Restores values that JSON cannot represent in the official options. */
function optionsOf({ id, input }: Vector): Record<string, unknown> {
  return {
    ...input,
    ...(input.amount === "NaN" ? { amount: Number.NaN } : {}),
    // The placeholder is as invalid as the value that it stands for.
    ...(input.signers === undefined || id === "login-signers-invalid"
      ? {}
      : { signers: [verifier.secretKey] }),
  };
}

/** Builds with the class of the mode, and signs if the official client rejected only the signature. */
function build(vector: Vector, more: Record<string, unknown> = {}): PaymentIntent | LoginIntent | TipIntent {
  const options = { ...optionsOf(vector), ...more } as unknown;
  if (vector.input.mode === "tip") return TipIntent.from(options as TipIntentOptions);
  const intent =
    vector.input.mode === "login"
      ? LoginIntent.from(options as LoginIntentOptions)
      : PaymentIntent.from(options as PaymentIntentOptions);
  if (vector.step === "sign") intent.sign();
  return intent;
}

const rows = vectors.invalidInputs.map((vector) => {
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

function rowOf(id: string): Vector {
  const vector = vectors.invalidInputs.find((row) => row.id === id);
  if (vector === undefined) throw new Error(`no vector ${id}`);
  return vector;
}

it("every invalid input of the official vectors has an expected outcome", () => {
  expect(rows.map(({ id }) => id).sort()).toEqual(Object.keys(ours).sort());
  expect(new Set(rows.map(({ input }) => input.mode))).toEqual(new Set(["payment", "login", "tip"]));
  for (const { id, accepted: officially, rule } of refused) {
    expect(`${id}: ${officially === true}`).toBe(`${id}: ${rule !== undefined}`);
  }
});

describe("input that both reject", () => {
  it.each(refused.filter(({ rule }) => rule === undefined))(
    "$id: $code for $field; official client: $official",
    (row) => {
      expectRefusal(() => build(row), row.code, row.field);
      expectRefusal(() => build(row, { mode: undefined }), row.code, row.field);
    },
  );
});

describe("input that only our package rejects", () => {
  it.each(refused.filter(({ rule }) => rule !== undefined))(
    "$id: $code for $field, by the rule: $rule",
    (row) => {
      expectRefusal(() => build(row), row.code, row.field);
      if (row.id === "amount-1e15")
        expectRefusal(() => build(row, { rounding: "nearest" }), row.code, row.field);
    },
  );

  it.each([
    ["fee-20000-bps", 20_000],
    ["fee-fractional-bps", 1.5],
  ])("%s is rejected for its basis points too, with another account", (id, basisPoints) => {
    const fees = [{ destination: "11111111111111111111111111111111", basisPoints }];
    expectRefusal(() => build(rowOf(id), { fees }), "invalid_option", "fees[0].basisPoints");
  });

  it("login-domain-uppercase is accepted in lower case, with the official key", () => {
    const row = rowOf("login-domain-uppercase");
    const intent = build(row, { login: { ...(row.input.login as object), domain: "example.com" } });
    expect([hex(intent.payload), intent.id]).toEqual([row.payloadHex, row.intent]);
  });
});

describe("input that our package accepts", () => {
  it.each(accepted)("$id: $why; official client: $official", (row) => {
    const intent = build(row);
    if (row.accepted) expect([hex(intent.payload), intent.id]).toEqual([row.payloadHex, row.intent]);
    else expect(intent.id).toBe(build(row, { amount: 0.05 }).id);
  });

  it("amount-string and payment-login-missing are payments of 0.05", () => {
    for (const id of ["amount-string", "payment-login-missing"])
      expect(build(rowOf(id))).toMatchObject({ amount: "0.05", kind: "payment", login: undefined });
  });
});
