import { describe, expect, expectTypeOf, it } from "vitest";
import { IntentMismatchError } from "../../src/errors.js";
import { PaymentIntent, type PaymentRecord } from "../../src/index.js";
import { account, build, order } from "../support/payment.js";
import { expectRefusal } from "../support/refusal.js";

// What a database driver returns: text for numeric columns, null for absent values.
interface Row {
  intent_id: string;
  secret: string;
  payee: string;
  price: string;
  currency: string;
  kind: string;
  webhook_url: string | null;
}

const webhook = { url: "https://shop.example.com/paid" };
const partner = { destination: account(1), basisPoints: 250 };
const original = build({ amount: "2.50", webhook });
const shared = build({ amount: "2.50", fees: [partner] });

const record = (options: Record<string, unknown> = {}): PaymentRecord => ({
  id: original.id,
  clientSecret: original.clientSecret,
  destination: order.destination,
  amount: "2.5000",
  currency: "USD",
  fees: null,
  webhook,
  ...options,
});

describe("PaymentIntent.fromRecord", () => {
  it("rebuilds an intent from the columns of a row, byte for byte", () => {
    const row: Row = {
      intent_id: original.id,
      secret: original.clientSecret,
      payee: order.destination,
      price: "2.5000",
      currency: "USD",
      kind: "payment",
      webhook_url: webhook.url,
    };
    const rebuilt = PaymentIntent.fromRecord({
      id: row.intent_id,
      clientSecret: row.secret,
      destination: row.payee,
      amount: row.price,
      currency: row.currency,
      fees: null,
      kind: row.kind,
      webhook: row.webhook_url === null ? null : { url: row.webhook_url },
    });
    expect(rebuilt.toRestBody()).toEqual(original.toRestBody());
    expectTypeOf<Row["currency"]>().toExtend<PaymentRecord["currency"]>();
    expectTypeOf<{ destination: string; basisPoints: string }[]>().toExtend<PaymentRecord["fees"]>();
    expectTypeOf<PaymentIntent>().toExtend<PaymentRecord>();
  });

  it("rebuilds the fees of a row, as text", () => {
    const fees = [{ destination: partner.destination, basisPoints: "250.0000" }];
    const rebuilt = PaymentIntent.fromRecord(
      record({ id: shared.id, clientSecret: shared.clientSecret, fees, webhook: null }),
    );
    expect(rebuilt.toRestBody()).toEqual(shared.toRestBody());
  });

  it.each([
    ["without fees", build()],
    ["with fees", shared],
    ["with a webhook", original],
    ["of the kind of an empty list of fees", build({ kind: "payment-with-fees" })],
  ])("rebuilds an intent %s from its own properties, also as JSON", (_, intent) => {
    const { id, clientSecret, destination, amount, currency, fees, kind } = intent;
    const own = { id, clientSecret, destination, amount, currency, fees, kind, webhook: intent.webhook };
    for (const stored of [own, JSON.parse(JSON.stringify(own)) as PaymentRecord]) {
      const rebuilt = PaymentIntent.fromRecord(stored);
      expect(rebuilt.toRestBody()).toEqual(intent.toRestBody());
      expect(rebuilt.kind).toBe(kind);
    }
  });

  it("treats null and an empty list of fees as no fees, and null as no webhook, login and kind", () => {
    for (const fees of [null, []]) {
      const rebuilt = PaymentIntent.fromRecord(record({ fees, kind: null, webhook: null, login: null }));
      expect([rebuilt.id, rebuilt.fees, rebuilt.webhook]).toEqual([original.id, [], undefined]);
    }
  });

  it.each([
    ["amount", { amount: "2.51" }],
    ["currency", { currency: "eur" }],
    ["client secret", { clientSecret: shared.clientSecret }],
    ["presence of fees", { fees: [partner] }],
    ["kind", { kind: "payment-with-fees" }],
  ])("throws intent_mismatch for another %s", (_, options) => {
    expect(() => PaymentIntent.fromRecord(record(options))).toThrow(IntentMismatchError);
  });

  it.each([
    ["id", "missing_option", { id: undefined }],
    ["id", "missing_option", { id: null }],
    ["id", "invalid_option", { id: "17" }],
    ["clientSecret", "missing_option", { clientSecret: null }],
    ["clientSecret", "invalid_option", { clientSecret: "abc" }],
    ["destination", "missing_option", { destination: undefined }],
    ["amount", "missing_option", { amount: null }],
    ["amount", "invalid_option", { amount: "2.505" }],
    ["currency", "invalid_option", { currency: "dollars" }],
    ["fees", "missing_option", { fees: undefined }],
    ["fees", "invalid_option", { fees: "[]" }],
    ["fees[0].basisPoints", "invalid_option", { fees: [{ ...partner, basisPoints: "2.5" }] }],
    ["kind", "invalid_option", { kind: "cash" }],
    ["webhook.url", "missing_option", { webhook: { url: null } }],
    ["login.domain", "missing_option", { login: { domain: null, verifier: account(1) } }],
    ["created_at", "unknown_option", { created_at: "2026-01-01" }],
    ["expectedId", "unknown_option", { expectedId: original.id }],
  ] as const)("names %s: %s", (field, code, options) => {
    expectRefusal(() => PaymentIntent.fromRecord(record(options)), code, field);
  });

  it("requires the member fees, because the id does not cover the shares", () => {
    const { fees: _, ...rest } = record({ id: shared.id, clientSecret: shared.clientSecret });
    const withoutFees = { ...rest, kind: "payment-with-fees" };
    // @ts-expect-error the types require it too
    const error = expectRefusal(() => PaymentIntent.fromRecord(withoutFees), "missing_option", "fees");
    expect(error.message).toContain("null if the order has none");
  });
});
