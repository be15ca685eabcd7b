import { describe, expect, it } from "vitest";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { account, order } from "../support/payment.js";
import { hex } from "../support/vectors.js";

function options() {
  return {
    ...order,
    amount: "10" as string | number,
    currency: "usd" as "usd" | "eur",
    idempotencyKey: "k",
    idempotencySecret: new Uint8Array(32).fill(5),
    fees: [
      { destination: account(1), basisPoints: 1 },
      { destination: account(2), basisPoints: 2 },
    ],
    webhook: { url: "https://example.com/hook" },
  };
}

/** Returns everything that an intent exposes, as text. */
function everything(intent: PaymentIntent): string {
  const { message, requestToReceiveBill, signature, publicKey } = intent.sign();
  return JSON.stringify([
    intent,
    intent.clientSecret,
    [intent.payload, intent.toBinary(), intent.toSendMessageRequest(), message].map(hex),
    [requestToReceiveBill, signature, publicKey].map(hex),
    intent.toRestBody(),
  ]);
}

describe("an intent does not change", () => {
  it("if bytes that it returned are overwritten", () => {
    const intent = PaymentIntent.from(options());
    const before = everything(intent);
    const signed = intent.sign();
    for (const bytes of [
      intent.payload,
      intent.toBinary(),
      intent.toSendMessageRequest(),
      signed.message,
      signed.requestToReceiveBill,
      signed.signature,
      signed.publicKey,
    ]) {
      bytes.fill(0xee);
      new Uint8Array(bytes.buffer).fill(0xee);
    }
    expect(everything(intent)).toBe(before);
  });

  it("if bytes are overwritten before its first signature", () => {
    const intent = PaymentIntent.from(options());
    intent.toBinary().fill(0xee);
    intent.payload.fill(0xee);
    expect(everything(intent)).toBe(everything(PaymentIntent.from(options())));
  });

  it("if its options are changed later", () => {
    const given = options();
    const intent = PaymentIntent.from(given);
    const before = everything(PaymentIntent.from(options()));
    given.amount = "20";
    given.currency = "eur";
    given.idempotencyKey = "other";
    given.idempotencySecret.fill(9);
    given.webhook.url = "https://attacker.example/";
    for (const fee of given.fees) Object.assign(fee, { destination: account(9), basisPoints: 10_000 });
    given.fees.push({ destination: account(3), basisPoints: 3 });
    expect(everything(intent)).toBe(before);
  });

  it("if its properties are assigned to", () => {
    const intent = PaymentIntent.from(options());
    const before = everything(intent);
    const open = intent as unknown as Record<string, unknown>;
    for (const name of [
      "id",
      "destination",
      "amount",
      "currency",
      "fees",
      "kind",
      "webhook",
      "payload",
      "clientSecret",
      "more",
    ]) {
      expect(() => {
        open[name] = "x";
      }).toThrow(TypeError);
    }
    expect(() => delete open.id).toThrow(TypeError);
    expect(() => (intent.fees as unknown[]).push({})).toThrow(TypeError);
    for (const part of [intent.fees[0], intent.webhook]) {
      expect(() => Object.assign(part as object, { destination: "x", url: "x" })).toThrow(TypeError);
    }
    expect(everything(intent)).toBe(before);
  });

  it("the options from which it is built", () => {
    const given = options();
    const before = JSON.stringify({ ...given, idempotencySecret: hex(given.idempotencySecret) });
    everything(PaymentIntent.from(given));
    expect(JSON.stringify({ ...given, idempotencySecret: hex(given.idempotencySecret) })).toBe(before);
    expect(Object.isFrozen(given.fees)).toBe(false);
  });

  it("if it is built from frozen options", () => {
    const given = options();
    for (const part of [given, given.fees, given.webhook, ...given.fees]) Object.freeze(part);
    expect(everything(PaymentIntent.from(given))).toBe(everything(PaymentIntent.from(options())));
  });
});
