import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base58 } from "@scure/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  MessageSchema,
  RequestToReceiveBillSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { PaymentIntent, type PaymentIntentOptions } from "../../src/intents/payment-intent.js";
import { CURRENCIES } from "../../src/money/currency.js";
import { keyOfSeed, login, stranger, verifier, verifierPublicKey } from "../support/login.js";
import { account, build, rebuild } from "../support/payment.js";
import { magnitudes, runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import { encodeMessage, encodeRequestToReceiveBill, encodeSendMessage } from "../support/second-encoder.js";
import { hex, paymentWithLoginVectors } from "../support/vectors.js";

const hexOf = (bytes: Uint8Array | undefined) => bytes && hex(bytes);

describe.each(paymentWithLoginVectors)("official payment vector with a login $id", (vector) => {
  // The options of the official client.
  const official = { rounding: "nearest", ...vector.input, signers: [verifier.secretKey] };
  const intent = PaymentIntent.from(official as unknown as PaymentIntentOptions);

  it("has the same payload, client secret and key, which do not depend on the login", () => {
    expect(hex(intent.payload)).toBe(vector.payloadHex);
    expect(intent.clientSecret).toBe(vector.clientSecret);
    expect(intent.id).toBe(vector.rendezvousPublicKey);
    const without = { ...official, login: undefined } as unknown as PaymentIntentOptions;
    expect(PaymentIntent.from(without).id).toBe(intent.id);
  });

  it("signs the same verifier's bytes, and contains the same signature", () => {
    expect(hexOf(intent.bytesForVerifier)).toBe(vector.verifierSignedBytesHex);
    const { signature } = fromBinary(RequestToReceiveBillSchema, intent.sign().requestToReceiveBill);
    expect(hexOf(signature?.value)).toBe(vector.verifierSignatureHex);
  });

  it("has the same message and signature", () => {
    const signed = intent.sign();
    expect(hex(signed.requestToReceiveBill)).toBe(vector.innerSignedBytesHex);
    expect(hex(signed.message)).toBe(vector.messageHex);
    expect(hex(intent.toBinary())).toBe(vector.messageHex);
    expect(hex(signed.signature)).toBe(vector.signatureHex);
    expect(hex(signed.publicKey)).toBe(vector.rendezvousPublicKeyHex);
  });

  it("has the same SendMessageRequest and REST body", () => {
    expect(hex(intent.toSendMessageRequest())).toBe(vector.sendMessageRequestHex);
    expect(intent.toRestBody()).toEqual(vector.restBody);
  });

  it("is rebuilt from its client secret: signed by a backend, unsigned in a browser", () => {
    const { idempotencyKey: _, clientSecret: __, ...details } = official as Record<string, unknown>;
    const rebuilding = { ...details, clientSecret: intent.clientSecret, expectedId: intent.id };
    expect(hex(rebuild(rebuilding).toSendMessageRequest())).toBe(vector.sendMessageRequestHex);
    const browser = rebuild({ ...rebuilding, signers: undefined, login: intent.login });
    expect([browser.id, browser.login]).toEqual([intent.id, intent.login]);
    expect(hexOf(browser.bytesForVerifier)).toBe(vector.verifierSignedBytesHex);
    for (const act of [() => browser.sign(), () => browser.toBinary(), () => browser.toRestBody()])
      expectRefusal(act, "missing_option", "login.verifier");
  });
});

it("the official vectors include payments with a login, with and without fees", () => {
  expect(paymentWithLoginVectors.some(({ input }) => input.fees !== undefined)).toBe(true);
  expect(paymentWithLoginVectors.some(({ input }) => input.fees === undefined)).toBe(true);
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const label = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
const orders = fc
  .record({
    domain: fc.tuple(label, label).map((labels) => labels.join(".")),
    seed: bytes(32),
    nonce: bytes(11),
    currency: fc.oneof(fc.constantFrom(...CURRENCIES), fc.constant("kin")),
    units: magnitudes(2n ** 53n - 1n),
    takers: fc.uniqueArray(bytes(32), { minLength: 1, maxLength: 4, selector: hex }),
    basisPoints: fc.integer({ min: 1, max: 10_000 }),
  })
  .map(({ units, takers, basisPoints, ...rest }) => {
    const [destination = new Uint8Array(32), ...others] = takers;
    const digits = units.toString().padStart(3, "0");
    const amount = `${digits.slice(0, -2)}.${digits.slice(-2)}`;
    return {
      ...rest,
      amount,
      destination,
      fees: others.map((taker) => ({ destination: taker, basisPoints })),
    };
  });

describe("the bytes of any payment with a login", () => {
  it("equal those of a second encoder and of the compiled schema", () => {
    const feeCounts = new Set<number>();
    fc.assert(
      fc.property(orders, ({ domain, seed, nonce, ...order }) => {
        feeCounts.add(order.fees.length);
        const { key, secretKey, publicKey } = keyOfSeed(seed);
        const fees = order.fees.map((fee) => ({ ...fee, destination: base58.encode(fee.destination) }));
        const intent = build({
          ...order,
          destination: base58.encode(order.destination),
          fees: fees.length === 0 ? undefined : fees,
          clientSecret: base58.encode(nonce),
          login: { domain, verifier: secretKey },
        });
        const { message, requestToReceiveBill, signature, publicKey: rendezvousKey } = intent.sign();
        const asked = { domain, verifier: publicKey, rendezvousKey };
        const unsigned = Uint8Array.from(encodeRequestToReceiveBill({ ...order, login: asked }));
        expect(hexOf(intent.bytesForVerifier)).toBe(hex(unsigned));
        const whole = { ...order, login: { ...asked, signature: key.sign(unsigned) } };
        expect(hex(requestToReceiveBill)).toBe(hex(Uint8Array.from(encodeRequestToReceiveBill(whole))));
        expect(hex(message)).toBe(hex(encodeMessage(whole)));
        expect(hex(intent.toSendMessageRequest())).toBe(
          hex(encodeSendMessage(message, rendezvousKey, signature)),
        );

        const read = fromBinary(MessageSchema, message);
        expect(hex(toBinary(MessageSchema, read))).toBe(hex(message));
        const compiled = create(RequestToReceiveBillSchema, {
          requestorAccount: { value: order.destination },
          exchangeData:
            order.currency === "kin"
              ? {
                  case: "exact",
                  value: {
                    currency: "kin",
                    exchangeRate: 1,
                    nativeAmount: Number(order.amount),
                    quarks: BigInt(order.amount.replace(".", "")) * 1000n,
                  },
                }
              : { case: "partial", value: { currency: order.currency, nativeAmount: Number(order.amount) } },
          domain: { value: domain },
          verifier: { value: publicKey },
          signature: { value: whole.login.signature },
          rendezvousKey: { value: rendezvousKey },
          additionalFees: order.fees.map((fee) => ({
            destination: { value: fee.destination },
            feeBps: fee.basisPoints,
          })),
        });
        expect(read.kind.value).toEqual(compiled);
        expect(hex(toBinary(RequestToReceiveBillSchema, compiled))).toBe(hex(requestToReceiveBill));
      }),
      runs(300),
    );
    expect([...feeCounts].sort()).toEqual([0, 1, 2, 3]);
  });
});

describe("a payment with a login", () => {
  it("differs from the payment without it only in its message", () => {
    const [with_, without] = [{ login }, {}].map((more) => build({ idempotencyKey: "k", ...more }));
    expect(with_?.id).toBe(without?.id);
    expect(hexOf(with_?.toBinary())).not.toBe(hexOf(without?.toBinary()));
    expect([with_?.login, without?.login]).toEqual([
      { domain: "example.com", verifier: verifierPublicKey },
      undefined,
    ]);
    expect(without?.bytesForVerifier).toBeUndefined();
  });

  it("has a verifier's signature over amount, account and key, so none can be moved to another request", () => {
    const of = (more: object) => hexOf(build({ idempotencyKey: "k", login, ...more }).bytesForVerifier);
    const all = [
      {},
      { amount: 11 },
      { currency: "eur" },
      { destination: account(9) },
      { idempotencyKey: "l" },
    ];
    expect(new Set(all.map(of)).size).toBe(all.length);
  });

  it("takes its verifier's key from any position in the official signers", () => {
    const signers = [stranger.secretKey, verifier.secretKey];
    const official = { mode: "payment", login: { ...login, verifier: verifierPublicKey }, signers };
    const signed = build({ idempotencyKey: "k", ...official }).sign();
    expect(signed).toEqual(build({ idempotencyKey: "k", login }).sign());
  });

  it("is not signed with another key among the signers", () => {
    const official = { login: { ...login, verifier: verifierPublicKey }, signers: [stranger.secretKey] };
    expectRefusal(() => build(official).sign(), "missing_option", "login.verifier");
  });

  it.each([
    ["a null login", { login: null }, "invalid_option", "login"],
    ["no domain", { login: { verifier: verifierPublicKey } }, "missing_option", "login.domain"],
    ["a subdomain", { login: { ...login, domain: "app.example.com" } }, "invalid_option", "login.domain"],
    ["no verifier", { login: { domain: "example.com" } }, "missing_option", "login.verifier"],
    ["signers that cannot sign, even without a login", { signers: ["x"] }, "invalid_option", "signers[0]"],
    ["signers that are not a list", { signers: {} }, "invalid_option", "signers"],
    ["the mode of a login", { login, mode: "login" }, "invalid_option", "mode"],
  ] as const)("is rejected with %s", (_, options, code, field) => {
    expectRefusal(() => build(options), code, field);
  });
});
