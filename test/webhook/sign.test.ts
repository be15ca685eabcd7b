import fc from "fast-check";
import { compactVerify } from "jose/jws/compact/verify";
import { describe, expect, it } from "vitest";
import * as crypto from "#crypto";
import { webhookClaimsJson } from "../../src/webhook/claims-json.js";
import { signTestWebhook, verifyWebhook, type WebhookClaimsInput } from "../../src/webhook/index.js";
import { runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import { encode, paid, paidToken, seed, user, webhookVectors } from "./support.js";

describe.each(webhookVectors)("vector $id", (vector) => {
  const claims = JSON.parse(vector.claimsJson) as WebhookClaimsInput;
  const privateKey = new Uint8Array(Buffer.from(vector.signerSeedHex, "hex"));

  it("encodes the claims byte for byte", () => {
    expect(webhookClaimsJson(claims)).toBe(vector.claimsJson);
  });

  it("signs the token byte for byte", () => {
    expect(signTestWebhook(claims, { privateKey })).toBe(vector.token);
  });

  it("verifies the token", async () => {
    const read = await verifyWebhook(vector.token, { publicKey: vector.signerPublicKey, expect: "unbound" });
    expect(read.bound).toBe(false);
    expect(read.user).toBe(claims.user);
  });
});

it("covers a payment and a login with the vectors", () => {
  expect(webhookVectors.map(({ id }) => id)).toEqual(expect.arrayContaining(["payment", "login-only"]));
});

it("signs a login without a user as an empty object", async () => {
  expect(webhookClaimsJson({})).toBe("{}");
  const token = signTestWebhook({}, { privateKey: seed });
  expect(token.split(".")[1]).toBe(encode("{}"));
});

it("encodes the user last, in alphabetical order", () => {
  expect(webhookClaimsJson({ user, ...paid })).toMatch(/,"state":"SUBMITTED","user":"[1-9A-Za-z]+"\}$/);
});

it("signs tokens that jose accepts", async () => {
  const x = encode(crypto.keyFromSeed(seed).publicKey);
  const { payload } = await compactVerify(
    paidToken(),
    { kty: "OKP", crv: "Ed25519", x },
    { algorithms: ["EdDSA"] },
  );
  expect(new TextDecoder().decode(payload)).toBe(webhookClaimsJson(paid));
});

describe("numbers in webhookClaimsJson", () => {
  it.each([
    [1, "1"],
    [0.1, "0.1"],
    [0.00001, "0.00001"],
    [0.000001, "0.000001"],
    [0.0000015, "0.0000015"],
    [9.99e-7, "9.99e-7"],
    [1e-7, "1e-7"],
    [1.5e-9, "1.5e-9"],
    [1e-10, "1e-10"],
    [5e-324, "5e-324"],
    [123456789012345680000, "123456789012345680000"],
    [1e20, "100000000000000000000"],
    [1e21, "1e+21"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
  ])("formats %s as Go does", (value, written) => {
    expect(webhookClaimsJson({ ...paid, exchangeRate: value })).toContain(`"exchangeRate":${written},`);
  });

  it("formats every double so that it parses back to the same double", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        fc.pre(!Object.is(value, -0));
        expect(JSON.parse(webhookClaimsJson({ ...paid, exchangeRate: value })).exchangeRate).toBe(value);
      }),
      runs(500),
    );
  });

  it("formats integers of any size exactly", () => {
    const json = webhookClaimsJson({ ...paid, quarks: 2n ** 64n - 1n, fees: 2 ** 53 - 1 });
    expect(json).toContain('"fees":9007199254740991,');
    expect(json).toContain('"quarks":18446744073709551615,');
  });
});

describe("invalid claims in signTestWebhook", () => {
  it.each([
    ["quarks above 2^64 - 1", { quarks: 2n ** 64n }, "quarks"],
    ["negative fees", { fees: -1n }, "fees"],
    ["a fraction of a quark", { quarks: 1.5 }, "quarks"],
    ["an integer that a double cannot hold", { quarks: 2 ** 53 }, "quarks"],
    ["an infinite amount", { amount: Number.POSITIVE_INFINITY }, "amount"],
    ["minus zero", { exchangeRate: -0 }, "exchangeRate"],
    ["an intent that is not base58", { intent: "0" }, "intent"],
    ["a short destination", { destination: "abc" }, "destination"],
    ["a user that is not base58", { user: "l" }, "user"],
    ["a currency with quotes", { currency: '"' }, "currency"],
    ["a state with a space", { state: "A B" }, "state"],
  ])("rejects %s", (_, changes, field) => {
    expectRefusal(() => paidToken(changes), "invalid_option", field);
  });

  it("rejects an unknown claim", () => {
    const claims = { ...paid, intentId: paid.intent } as WebhookClaimsInput;
    expectRefusal(() => webhookClaimsJson(claims), "unknown_option", "claims.intentId");
  });

  it("rejects a private key of the wrong length or given as text", () => {
    for (const privateKey of [new Uint8Array(64), "07".repeat(32) as never]) {
      expectRefusal(() => signTestWebhook(paid, { privateKey }), "invalid_option", "privateKey");
    }
  });
});
