import { describe, expect, it } from "vitest";
import * as crypto from "#crypto";
import { LoginIntent, PaymentIntent } from "../../src/index.js";
import { concatBytes, toBase58 } from "../../src/lib/bytes.js";
import { account, build } from "../support/payment.js";
import { expectRefusal } from "../support/refusal.js";
import { newKey } from "../support/sequencer.js";

describe("an intent's own properties", () => {
  it.each([
    { fees: undefined },
    { fees: [{ destination: account(3), basisPoints: 100 }] },
    { kind: "payment-with-fees" },
  ])("build it again, whatever its fees: %j", (options) => {
    const { id, clientSecret, destination, amount, currency, fees, kind, webhook } = build(options);
    const again = PaymentIntent.fromClientSecret({
      expectedId: id,
      clientSecret,
      destination,
      amount,
      currency,
      fees,
      kind,
      webhook,
    });
    expect([again.kind, again.fees]).toEqual([kind, fees]);
  });

  it("leave an empty list of fees refused where the kind is not said", () => {
    expectRefusal(() => build({ fees: [] }), "invalid_option", "fees");
  });
});

it("a keypair that gives its secret key, as the official client's does, is a verifier", () => {
  const seed = new Uint8Array(32).fill(8);
  const { publicKey } = crypto.keyFromSeed(seed);
  const verifier = { getSecretKey: () => concatBytes(seed, publicKey) };
  const { login } = LoginIntent.from({ login: { domain: "example.com", verifier } });
  expect(login.verifier).toBe(toBase58(publicKey));
});

describe("a verifier that answers later", () => {
  const key = newKey();

  it("is asked once, however many wait for it, and again after it failed", async () => {
    let asked = 0;
    const sign = async (message: Uint8Array) => {
      asked++;
      if (asked === 1) throw new Error("busy");
      return key.sign(message);
    };
    const intent = LoginIntent.from({
      login: { domain: "example.com", verifier: { publicKey: key.publicKey, sign } },
    });
    await expect(intent.signAsync()).rejects.toMatchObject({ code: "signer_failed" });
    const [first, second] = await Promise.all([intent.signAsync(), intent.signAsync()]);
    expect(asked).toBe(2);
    expect(second).toEqual(first);
  });
});
