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
  ])("rebuild it with any fees: %j", (options) => {
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

  it("are rejected with an empty list of fees if the kind is missing", () => {
    expectRefusal(() => build({ fees: [] }), "invalid_option", "fees");
  });
});

it("accepts the official client's keypair, which returns its secret key, as a verifier", () => {
  const seed = new Uint8Array(32).fill(8);
  const { publicKey } = crypto.keyFromSeed(seed);
  const verifier = { getSecretKey: () => concatBytes(seed, publicKey) };
  const { login } = LoginIntent.from({ login: { domain: "example.com", verifier } });
  expect(login.verifier).toBe(toBase58(publicKey));
});

describe("an asynchronous verifier", () => {
  const key = newKey();

  it("is called once for concurrent callers, and again after a failure", async () => {
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
