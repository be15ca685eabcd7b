import { describe, expect, it } from "vitest";
import { Intent } from "../../src/intents/intent.js";
import { LoginIntent } from "../../src/intents/login-intent.js";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { stranger, verifier, verifierPublicKey } from "../support/login.js";
import { order } from "../support/payment.js";
import { hex } from "../support/vectors.js";

/** The signer's own public key and method, which its owner may change later. */
function options() {
  return {
    idempotencyKey: "k",
    login: {
      domain: "example.com",
      verifier: {
        publicKey: Uint8Array.from(verifier.publicKey),
        sign: (message: Uint8Array) => verifier.key.sign(message),
      },
    },
    webhook: { url: "https://example.com/hook" },
  };
}

const kinds: [string, (given: ReturnType<typeof options>) => Intent][] = [
  ["a login", (given) => LoginIntent.from(given)],
  ["a payment with a login", (given) => PaymentIntent.from({ ...order, ...given })],
];

/** Returns everything that an intent exposes, as text. */
function everything(intent: Intent): string {
  const { payload, bytesForVerifier = new Uint8Array(0) } = intent;
  const bytes = [payload, bytesForVerifier, intent.toBinary(), intent.toSendMessageRequest()];
  const signed = Object.entries(intent.sign()).map(([name, value]) => [name, hex(value)]);
  return JSON.stringify([intent, intent.clientSecret, bytes.map(hex), signed]);
}

describe.each(kinds)("%s does not change", (_, build) => {
  it("if bytes that it returned are overwritten, before and after it signs", () => {
    const intent = build(options());
    const before = everything(build(options()));
    for (let round = 0; round < 2; round++) {
      for (const bytes of [intent.payload, intent.bytesForVerifier ?? new Uint8Array(0)]) bytes.fill(0xee);
      for (const bytes of [intent.toBinary(), intent.toSendMessageRequest(), ...Object.values(intent.sign())])
        new Uint8Array(bytes.buffer).fill(0xee);
      expect(everything(intent)).toBe(before);
    }
  });

  it("if its options are changed before it signs", () => {
    const given = options();
    const intent = build(given);
    given.login.domain = "attacker.example";
    given.login.verifier.publicKey.fill(9);
    given.login.verifier.sign = (message) => stranger.key.sign(message);
    Object.assign(given.login, { verifier: stranger.secretKey });
    given.webhook.url = "https://attacker.example/";
    expect(everything(intent)).toBe(everything(build(options())));
  });

  it("if a secret key is overwritten before it signs, in every form of bytes", () => {
    const asBytes = (secretKey: Uint8Array) => secretKey;
    const asPair = (secretKey: Uint8Array) => ({ publicKey: verifier.publicKey, secretKey });
    for (const form of [asBytes, asPair]) {
      for (const copy of [Uint8Array.from(verifier.secretKey), Buffer.from(verifier.secretKey)]) {
        const login = { domain: "example.com", verifier: form(copy) } as never;
        const intent = build({ ...options(), login });
        copy.fill(0);
        expect(everything(intent)).toBe(everything(build(options())));
      }
    }
  });

  it("if a signer overwrites the bytes that it receives or returns", () => {
    const given = options();
    let gave = new Uint8Array(0);
    given.login.verifier.sign = (message) => {
      gave = Uint8Array.from(verifier.key.sign(message));
      message.fill(0);
      return gave;
    };
    const intent = build(given);
    intent.sign();
    gave.fill(0);
    expect(everything(intent)).toBe(everything(build(options())));
  });

  it("if a signer overwrites its signature between verification and encoding", async () => {
    const given = options();
    const sign = (message: Uint8Array) => {
      const bytes = Uint8Array.from(verifier.key.sign(message));
      const gave = Promise.resolve(bytes);
      // One turn after the caller has verified it.
      gave.then(() => {}).then(() => bytes.fill(0));
      return gave;
    };
    Object.assign(given.login.verifier, { sign });
    const intent = build(given);
    await intent.signAsync();
    expect(everything(intent)).toBe(everything(build(options())));
  });

  it("if its properties are assigned to", () => {
    const intent = build(options());
    const before = everything(build(options()));
    for (const name of ["id", "login", "webhook", "payload", "clientSecret", "bytesForVerifier", "more"]) {
      expect(() => Object.assign(intent, { [name]: "x" })).toThrow(TypeError);
    }
    for (const part of [intent.login, intent.webhook]) {
      expect(() => Object.assign(part as object, { domain: "x", url: "x" })).toThrow(TypeError);
    }
    expect(everything(intent)).toBe(before);
  });

  it("if it is built from frozen options, which stay unchanged", () => {
    const given = options();
    for (const part of [given, given.login, given.login.verifier, given.webhook]) Object.freeze(part);
    expect(everything(build(given))).toBe(everything(build(options())));
    const loose = options();
    everything(build(loose));
    expect(Object.isFrozen(loose.login)).toBe(false);
  });

  it("and is an Intent with only the verifier's public key", () => {
    const intent = build(options());
    expect(intent).toBeInstanceOf(Intent);
    expect(intent.login).toEqual({ domain: "example.com", verifier: verifierPublicKey });
  });
});
