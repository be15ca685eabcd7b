import { createHmac } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base58 } from "@scure/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  MessageSchema,
  RequestToLoginSchema,
  SendMessageRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { IntentMismatchError } from "../../src/errors.js";
import { LoginIntent, type LoginIntentOptions } from "../../src/intents/login-intent.js";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { buildLogin, keyOfSeed, login, rebuildLogin, verifier, verifierPublicKey } from "../support/login.js";
import { runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import { encodeLoginMessage, encodeRequestToLogin, encodeSendMessage } from "../support/second-encoder.js";
import { hex, loginVectors } from "../support/vectors.js";

const hexOf = (bytes: Uint8Array | undefined) => bytes && hex(bytes);

describe.each(loginVectors)("official login vector $id", (vector) => {
  // The options of the official client.
  const official = { ...vector.input, signers: [verifier.secretKey] } as unknown as LoginIntentOptions;
  const { domain } = official.login;
  const intent = LoginIntent.from(official);

  it("has the same payload, client secret and key", () => {
    expect(hex(intent.payload)).toBe(vector.payloadHex);
    expect(intent.clientSecret).toBe(vector.clientSecret);
    expect(intent.id).toBe(vector.rendezvousPublicKey);
  });

  it("signs the same verifier's bytes, and contains the same signature", () => {
    expect(hexOf(intent.bytesForVerifier)).toBe(vector.verifierSignedBytesHex);
    const { signature } = fromBinary(RequestToLoginSchema, intent.sign().requestToLogin);
    expect(hexOf(signature?.value)).toBe(vector.verifierSignatureHex);
  });

  it("has the same message, signature and SendMessageRequest", () => {
    const signed = intent.sign();
    expect(hex(signed.requestToLogin)).toBe(vector.innerSignedBytesHex);
    expect(hex(signed.message)).toBe(vector.messageHex);
    expect(hex(intent.toBinary())).toBe(vector.messageHex);
    expect(hex(signed.signature)).toBe(vector.signatureHex);
    expect(hex(signed.publicKey)).toBe(vector.rendezvousPublicKeyHex);
    expect(hex(intent.toSendMessageRequest())).toBe(vector.sendMessageRequestHex);
  });

  it("is rebuilt from its client secret: signed by a backend, unsigned in a browser", () => {
    const details = { clientSecret: intent.clientSecret, expectedId: intent.id };
    const again = rebuildLogin({ ...details, login: { domain, verifier: verifier.secretKey } });
    expect(hex(again.toSendMessageRequest())).toBe(vector.sendMessageRequestHex);
    const browser = rebuildLogin({ ...details, login: intent.login });
    expect([browser.id, browser.login]).toEqual([intent.id, intent.login]);
    expect(hexOf(browser.bytesForVerifier)).toBe(vector.verifierSignedBytesHex);
    expectRefusal(() => browser.sign(), "missing_option", "login.verifier");
  });
});

it("the official vectors include a login", () => {
  expect(loginVectors.length).toBeGreaterThanOrEqual(1);
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const label = fc.stringMatching(/^[a-z][a-z0-9]{0,30}$/);
const logins = fc.record({
  domain: fc.tuple(label, label).map((labels) => labels.join(".")),
  seed: bytes(32),
  nonce: bytes(11),
});

describe("the bytes of any login", () => {
  it("equal those of a second encoder and of the compiled schema", () => {
    fc.assert(
      fc.property(logins, ({ domain, seed, nonce }) => {
        const { key, secretKey, publicKey } = keyOfSeed(seed);
        const clientSecret = base58.encode(nonce);
        const intent = LoginIntent.from({ clientSecret, login: { domain, verifier: secretKey } });
        const { message, requestToLogin, signature, publicKey: rendezvousKey } = intent.sign();
        const plain = { domain, verifier: publicKey, rendezvousKey };
        const unsigned = Uint8Array.from(encodeRequestToLogin(plain));
        expect(hexOf(intent.bytesForVerifier)).toBe(hex(unsigned));
        const whole = { ...plain, signature: key.sign(unsigned) };
        expect(hex(requestToLogin)).toBe(hex(Uint8Array.from(encodeRequestToLogin(whole))));
        expect(hex(message)).toBe(hex(encodeLoginMessage(whole)));
        expect(hex(intent.toSendMessageRequest())).toBe(
          hex(encodeSendMessage(message, rendezvousKey, signature)),
        );
        expect(hex(intent.payload)).toBe(`03${"00".repeat(8)}${hex(nonce)}`);

        const value = create(RequestToLoginSchema, {
          domain: { value: domain },
          verifier: { value: publicKey },
          signature: { value: whole.signature },
          rendezvousKey: { value: rendezvousKey },
        });
        const compiled = create(MessageSchema, { kind: { case: "requestToLogin", value } });
        expect(hex(message)).toBe(hex(toBinary(MessageSchema, compiled)));
        expect(fromBinary(MessageSchema, message)).toEqual(compiled);
        const request = create(SendMessageRequestSchema, {
          message: compiled,
          rendezvousKey: { value: rendezvousKey },
          signature: { value: signature },
        });
        expect(hex(intent.toSendMessageRequest())).toBe(hex(toBinary(SendMessageRequestSchema, request)));
      }),
      runs(300),
    );
  });
});

describe("the key of a login", () => {
  it("depends only on its nonce, not on domain and verifier", () => {
    const elsewhere = { domain: "example.org", verifier: keyOfSeed(new Uint8Array(32)).secretKey };
    const ids = [login, elsewhere].map((login) => buildLogin({ login, idempotencyKey: "session-7" }).id);
    expect(new Set(ids).size).toBe(1);
  });

  it("differs each time without an idempotency key", () => {
    expect(new Set(Array.from({ length: 50 }, () => buildLogin().id)).size).toBe(50);
  });

  it("with an idempotency secret comes from an HMAC over the kind, no currency and no amount", () => {
    const idempotencySecret = "a secret of thirty-two bytes!!!!";
    const head = Buffer.from(`code-intents/nonce/v1\0\u0003\0${"\0".repeat(8)}`, "latin1");
    for (const idempotencyKey of ["session-7", "sitzung-ß", "x".repeat(300)]) {
      const nonce = createHmac("sha256", idempotencySecret).update(head).update(idempotencyKey).digest();
      const intent = buildLogin({ idempotencyKey, idempotencySecret });
      expect(hex(intent.payload.subarray(9))).toBe(hex(nonce.subarray(0, 11)));
      expect(base58.decode(intent.clientSecret)).toEqual(intent.payload.slice(9));
    }
    // Recorded once, so that it never changes.
    const { payload } = buildLogin({ idempotencyKey: "session-7", idempotencySecret });
    expect(hex(payload.subarray(9))).toBe("35b674848a6cb5ed235d5d");
  });

  it("differs from that of a payment with the same idempotency key, with and without a secret", () => {
    const payment = { destination: verifierPublicKey, amount: 1, currency: "usd" } as const;
    for (const keyed of [{}, { idempotencySecret: "x".repeat(32) }]) {
      const nonce = { idempotencyKey: "order-1", ...keyed };
      expect(buildLogin(nonce).id).not.toBe(PaymentIntent.from({ ...payment, ...nonce }).id);
    }
    expect(buildLogin({ idempotencyKey: "order-1" }).clientSecret).toBe(
      PaymentIntent.from({ ...payment, idempotencyKey: "order-1" }).clientSecret,
    );
  });
});

describe("a login rebuilt from its client secret", () => {
  const original = buildLogin({ idempotencyKey: "session-1" });
  const { clientSecret, id: expectedId } = original;

  it("throws intent_mismatch for another client secret, and reveals neither", () => {
    const other = "uqM86tVJL9rhqS";
    try {
      rebuildLogin({ clientSecret: other, expectedId });
      throw new Error("was accepted");
    } catch (error) {
      if (!(error instanceof IntentMismatchError)) throw error;
      expect(error).toMatchObject({ code: "intent_mismatch", expectedId, retryable: false });
      expect(error.actualId).toBe(rebuildLogin({ clientSecret: other }).id);
      expect(error.message).not.toContain(other);
    }
  });

  it("has the expected id with another domain or verifier", () => {
    const elsewhere = { domain: "example.org", verifier: verifierPublicKey };
    expect(rebuildLogin({ clientSecret, expectedId, login: elsewhere }).id).toBe(expectedId);
  });

  it.each([
    ["no client secret", {}, "missing_option", "clientSecret"],
    ["an empty client secret", { clientSecret: "" }, "missing_option", "clientSecret"],
    ["a client secret of 12 bytes", { clientSecret: "111111111111" }, "invalid_option", "clientSecret"],
    ["text that is not base58", { clientSecret: "0OIl" }, "invalid_option", "clientSecret"],
    ["an empty expected id", { clientSecret, expectedId: "" }, "missing_option", "expectedId"],
    ["a null expected id", { clientSecret, expectedId: null }, "missing_option", "expectedId"],
    ["an undefined expected id", { clientSecret, expectedId: undefined }, "missing_option", "expectedId"],
    ["an invalid expected id", { clientSecret, expectedId: "abc" }, "invalid_option", "expectedId"],
    ["an idempotency key", { clientSecret, idempotencyKey: "k" }, "unknown_option", "idempotencyKey"],
    ["an amount", { clientSecret, amount: 1 }, "unknown_option", "amount"],
    ["no login", { clientSecret, login: undefined }, "missing_option", "login"],
  ] as const)("is rejected with %s", (_, options, code, field) => {
    expectRefusal(() => rebuildLogin(options), code, field);
  });
});

describe("the options of a login", () => {
  it.each([
    ["no login", { login: undefined }, "missing_option", "login"],
    ["a null login", { login: null }, "missing_option", "login"],
    ["a login that is a domain", { login: "example.com" }, "invalid_option", "login"],
    ["a login that is a list", { login: [] }, "invalid_option", "login"],
    ["no domain", { login: { verifier: verifierPublicKey } }, "missing_option", "login.domain"],
    ["no verifier", { login: { domain: "example.com" } }, "missing_option", "login.verifier"],
    ["an unknown option in login", { login: { ...login, signer: 1 } }, "unknown_option", "login.signer"],
    ["an unknown option", { idempotencykey: "k" }, "unknown_option", "idempotencykey"],
    ["an expected id", { expectedId: verifierPublicKey }, "unknown_option", "expectedId"],
    ["an empty key", { idempotencyKey: "" }, "missing_option", "idempotencyKey"],
    [
      "two nonces",
      { idempotencyKey: "k", clientSecret: "uqM86tVJL9rhqS" },
      "conflicting_options",
      "clientSecret",
    ],
    ["a short secret", { idempotencySecret: "x".repeat(31) }, "invalid_option", "idempotencySecret"],
    ["signers that are not a list", { signers: verifier.secretKey }, "invalid_option", "signers"],
    ["a signer that cannot sign", { signers: [verifierPublicKey] }, "invalid_option", "signers[0]"],
    ["a webhook that is text", { webhook: "https://example.com" }, "invalid_option", "webhook"],
    ["a webhook with an invalid URL", { webhook: { url: "example.com" } }, "invalid_option", "webhook.url"],
    ["the mode of a payment", { mode: "payment" }, "invalid_option", "mode"],
    ["an unknown mode", { mode: "toString" }, "invalid_option", "mode"],
  ] as const)("are rejected with %s", (_, options, code, field) => {
    expectRefusal(() => buildLogin(options), code, field);
  });

  it.each([null, undefined, "example.com", [], 1])("are rejected if they are %j", (options) => {
    expectRefusal(
      () => LoginIntent.from(options as unknown as LoginIntentOptions),
      "invalid_option",
      "options",
    );
  });

  it.each([
    ["destination", "PaymentIntent"],
    ["amount", "PaymentIntent"],
    ["currency", "PaymentIntent"],
    ["fees", "PaymentIntent"],
    ["domain", "login: { domain, verifier }"],
    ["verifier", "login: { domain, verifier }"],
    ["platform", "TipIntent"],
    ["intentId", "expectedId"],
    ["locale", "page"],
    ["endpoint", "baseUrl"],
  ])("are rejected with %s, and the error names what to use", (name, mend) => {
    expect(expectRefusal(() => buildLogin({ [name]: "x" }), "unknown_option", name).message).toContain(mend);
  });

  it("accept the official mode, and name the class of another mode", () => {
    expect(buildLogin({ mode: "login", idempotencyKey: "k" }).id).toBe(
      buildLogin({ idempotencyKey: "k" }).id,
    );
    expect(expectRefusal(() => buildLogin({ mode: "tip" }), "invalid_option", "mode").message).toContain(
      "TipIntent",
    );
  });

  it("accept a webhook, which does not affect the key", () => {
    const webhook = { url: "https://example.com/hook/7fQ2" };
    const intent = buildLogin({ webhook, idempotencyKey: "k" });
    expect(intent.webhook).toEqual(webhook);
    expect(intent.id).toBe(buildLogin({ idempotencyKey: "k" }).id);
    expect(intent.toJSON().webhook).toBe("https://example.com");
  });
});
