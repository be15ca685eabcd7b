import { describe, expect, it } from "vitest";
import { PaymentIntent, type PaymentIntentOptions } from "../../src/index.js";
import { hex, type IntentVector, paymentVectors } from "../support/vectors.js";

function build(vector: IntentVector): PaymentIntent {
  const { mode: _, fees, ...input } = vector.input;
  // The official client rounds, and treats an empty list of fees as a request with fees.
  const options = { ...input, rounding: "nearest" } as unknown as PaymentIntentOptions;
  if (Array.isArray(fees) && fees.length === 0)
    return PaymentIntent.from({ ...options, kind: "payment-with-fees" });
  return PaymentIntent.from({ ...options, ...(fees === undefined ? {} : { fees }) } as PaymentIntentOptions);
}

describe.each(paymentVectors)("official payment vector $id", (vector) => {
  const intent = build(vector);

  it("has the same payload, client secret and key", () => {
    expect(hex(intent.payload)).toBe(vector.payloadHex);
    expect(intent.clientSecret).toBe(vector.clientSecret);
    expect(intent.id).toBe(vector.rendezvousPublicKey);
  });

  it("has the same message and signature", () => {
    const signed = intent.sign();
    expect(hex(intent.toBinary())).toBe(vector.messageHex);
    expect(hex(signed.message)).toBe(vector.messageHex);
    expect(hex(signed.requestToReceiveBill)).toBe(vector.innerSignedBytesHex);
    expect(hex(signed.signature)).toBe(vector.signatureHex);
    expect(hex(signed.publicKey)).toBe(vector.rendezvousPublicKeyHex);
  });

  it("has the same SendMessageRequest and REST body", () => {
    expect(hex(intent.toSendMessageRequest())).toBe(vector.sendMessageRequestHex);
    expect(intent.toRestBody()).toEqual(vector.restBody);
  });

  it("is rebuilt from its client secret", () => {
    const { mode: _, idempotencyKey: __, clientSecret: ___, fees, ...input } = vector.input;
    const rebuilt = PaymentIntent.fromClientSecret({
      ...(input as unknown as PaymentIntentOptions & { clientSecret: string }),
      ...(Array.isArray(fees) && fees.length > 0 ? { fees } : {}),
      kind: intent.kind,
      rounding: "nearest",
      clientSecret: intent.clientSecret,
      expectedId: intent.id,
    });
    expect(hex(rebuilt.toBinary())).toBe(vector.messageHex);
  });
});

it("the official vectors include every kind of payment", () => {
  expect(paymentVectors.length).toBeGreaterThanOrEqual(16);
  expect(paymentVectors.some(({ input }) => input.currency === "kin")).toBe(true);
  expect(paymentVectors.some(({ input }) => Array.isArray(input.fees))).toBe(true);
});
