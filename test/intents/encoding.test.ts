import { createPublicKey, verify } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base58, base64urlnopad } from "@scure/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  MessageSchema,
  RequestToReceiveBillSchema,
  SendMessageRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { PaymentIntent, type PaymentIntentOptions } from "../../src/intents/payment-intent.js";
import { CURRENCIES } from "../../src/money/currency.js";
import { magnitudes, runs } from "../support/property.js";
import {
  encodeMessage,
  encodeRequestToReceiveBill,
  encodeScanCode,
  encodeSendMessage,
} from "../support/second-encoder.js";
import { hex } from "../support/vectors.js";

interface RandomOrder {
  currency: string;
  amount: string;
  destination: Uint8Array;
  fees: { destination: Uint8Array; basisPoints: number }[];
  nonce: Uint8Array;
  asNumber: boolean;
}

const accounts = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ minLength: 32, maxLength: 32 }) },
  { weight: 1, arbitrary: fc.nat(255).map((byte) => new Uint8Array(32).fill(byte)) },
);

const currencies: readonly string[] = CURRENCIES;

const orders: fc.Arbitrary<RandomOrder> = fc
  .record({
    currency: fc.oneof(fc.constantFrom(...currencies), fc.constant("kin")),
    units: magnitudes(2n ** 53n - 1n),
    takers: fc.uniqueArray(accounts, { minLength: 1, maxLength: 4, selector: hex }),
    shares: fc.array(fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(1, 127, 128, 10_000)), {
      minLength: 3,
      maxLength: 3,
    }),
    nonce: fc.uint8Array({ minLength: 11, maxLength: 11 }),
    asNumber: fc.boolean(),
  })
  .map(({ currency, units, takers, shares, nonce, asNumber }) => {
    const [destination = new Uint8Array(32), ...others] = takers;
    const digits = units.toString().padStart(3, "0");
    return {
      currency,
      amount: `${digits.slice(0, -2)}.${digits.slice(-2)}`,
      destination,
      fees: others.map((taker, i) => ({ destination: taker, basisPoints: shares[i] ?? 1 })),
      nonce,
      // A number distinguishes every hundredth only up to 2^46.
      asNumber: asNumber && units < 100n * 2n ** 46n,
    };
  });

function intentOf(order: RandomOrder): PaymentIntent {
  const { currency, amount, destination, fees, nonce, asNumber } = order;
  return PaymentIntent.from({
    destination: base58.encode(destination),
    currency,
    amount: asNumber ? Number(amount) : amount,
    clientSecret: base58.encode(nonce),
    ...(fees.length === 0
      ? {}
      : { fees: fees.map((fee) => ({ ...fee, destination: base58.encode(fee.destination) })) }),
  } as PaymentIntentOptions);
}

/** Encodes the same order with the compiled schema. */
function compiled({ currency, amount, destination, fees }: RandomOrder) {
  const nativeAmount = Number(amount);
  const value = create(RequestToReceiveBillSchema, {
    requestorAccount: { value: destination },
    exchangeData:
      currency === "kin"
        ? {
            case: "exact",
            value: {
              currency,
              exchangeRate: 1,
              nativeAmount,
              quarks: BigInt(amount.replace(".", "")) * 1000n,
            },
          }
        : { case: "partial", value: { currency, nativeAmount } },
    additionalFees: fees.map((fee) => ({ destination: { value: fee.destination }, feeBps: fee.basisPoints })),
  });
  return create(MessageSchema, { kind: { case: "requestToReceiveBill", value } });
}

describe("the bytes of any intent", () => {
  it("equal those of a second encoder", () => {
    const seen = { currencies: new Set<string>(), fees: new Set<number>() };
    const { seed, numRuns } = runs(1500);
    // Orders in every currency first, then random ones.
    const examples = fc
      .sample(orders, { seed, numRuns: currencies.length })
      .map((order, index): [RandomOrder] => [{ ...order, currency: currencies[index] ?? "" }]);
    fc.assert(
      fc.property(orders, (order) => {
        seen.currencies.add(order.currency);
        seen.fees.add(order.fees.length);
        const intent = intentOf(order);
        const signed = intent.sign();
        expect(hex(signed.message)).toBe(hex(encodeMessage(order)));
        expect(hex(signed.requestToReceiveBill)).toBe(
          hex(Uint8Array.from(encodeRequestToReceiveBill(order))),
        );
        const kind = order.fees.length > 0 ? 4 : 2;
        const index = CURRENCIES.indexOf(order.currency as (typeof CURRENCIES)[number]);
        expect(hex(intent.payload)).toBe(hex(encodeScanCode(kind, index, order.amount, order.nonce)));
        expect(hex(intent.toSendMessageRequest())).toBe(
          hex(encodeSendMessage(signed.message, signed.publicKey, signed.signature)),
        );
        expect(intent.amount).toBe(order.amount);
      }),
      { seed, numRuns: numRuns + examples.length, examples },
    );
    expect(seen.currencies).toEqual(new Set(currencies));
    expect([...seen.fees].sort()).toEqual([0, 1, 2, 3]);
  });

  it("equal those of the compiled schema, and decode to the same message", () => {
    fc.assert(
      fc.property(orders, (order) => {
        const intent = intentOf(order);
        const message = compiled(order);
        const bytes = intent.toBinary();
        expect(hex(bytes)).toBe(hex(toBinary(MessageSchema, message)));
        const read = fromBinary(MessageSchema, bytes);
        expect(read).toEqual(message);
        expect(hex(toBinary(MessageSchema, read))).toBe(hex(bytes));

        const { publicKey, signature, requestToReceiveBill } = intent.sign();
        const request = create(SendMessageRequestSchema, {
          message,
          rendezvousKey: { value: publicKey },
          signature: { value: signature },
        });
        const sent = intent.toSendMessageRequest();
        expect(hex(sent)).toBe(hex(toBinary(SendMessageRequestSchema, request)));
        expect(hex(toBinary(SendMessageRequestSchema, fromBinary(SendMessageRequestSchema, sent)))).toBe(
          hex(sent),
        );
        const inner = fromBinary(RequestToReceiveBillSchema, requestToReceiveBill);
        expect(hex(toBinary(RequestToReceiveBillSchema, inner))).toBe(hex(requestToReceiveBill));
        expect(inner).toEqual(message.kind.value);
      }),
      runs(1000),
    );
  });

  it("are covered by the signature, unlike the inner bytes, which REST sends", () => {
    fc.assert(
      fc.property(orders, (order) => {
        const intent = intentOf(order);
        const { message, requestToReceiveBill, signature, publicKey } = intent.sign();
        const x = Buffer.from(publicKey).toString("base64url");
        const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
        expect(verify(null, message, key, signature)).toBe(true);
        expect(verify(null, requestToReceiveBill, key, signature)).toBe(false);

        const body = intent.toRestBody();
        expect(hex(base58.decode(body.intent))).toBe(hex(publicKey));
        expect(hex(base58.decode(body.signature))).toBe(hex(signature));
        expect(hex(base64urlnopad.decode(body.message))).toBe(hex(requestToReceiveBill));
        expect(body.message).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
      runs(1000),
    );
  });

  it("rebuild from the client secret, id and details", () => {
    fc.assert(
      fc.property(orders, (order) => {
        const intent = intentOf(order);
        const { amount, currency, destination, fees, clientSecret, id } = intent;
        const rebuilt = PaymentIntent.fromClientSecret({
          ...{ amount, currency, destination, clientSecret, expectedId: id },
          ...(fees.length === 0 ? {} : { fees }),
        });
        expect(hex(rebuilt.toSendMessageRequest())).toBe(hex(intent.toSendMessageRequest()));
      }),
      runs(300),
    );
  });
});

describe("the second encoder", () => {
  it("writes the seed's 54 bytes", () => {
    const request = { destination: new Uint8Array(32), currency: "usd", amount: "10.00", fees: [] };
    expect(hex(encodeMessage(request))).toBe(
      `2a340a220a20${"00".repeat(32)}1a0e0a03757364110000000000002440`,
    );
  });
});
