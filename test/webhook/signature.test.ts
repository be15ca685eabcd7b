import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fromBase58, toBase58 } from "../../src/lib/bytes.js";
import {
  type PaymentClaims,
  verifyWebhook,
  WebhookError,
  type WebhookInput,
  webhookHandler,
} from "../../src/webhook/index.js";
import { signatureCheck } from "../../src/webhook/signature.js";
import { runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import {
  claimsJson,
  encode,
  expectRefused,
  intent,
  loginToken,
  otherPublicKey,
  otherSeed,
  paidToken,
  publicKey,
  publicKeyPem,
  signText,
  webhookVectors,
} from "./support.js";

const verify = (input: WebhookInput): Promise<PaymentClaims<true>> =>
  verifyWebhook(input, { publicKey, expect: intent });

describe("invalid signatures and algorithms", () => {
  it("rejects a token signed with another key", async () => {
    await expectRefused(verify(paidToken({}, otherSeed)), "webhook_signature_invalid");
  });

  it("rejects claims that were changed after signing", async () => {
    const [head, , signature] = paidToken().split(".");
    const forged = `${head}.${encode(claimsJson({ amount: "0.01" }))}.${signature}`;
    await expectRefused(verify(forged), "webhook_signature_invalid");
  });

  it("rejects alg none, in every spelling, with and without a signature", async () => {
    for (const alg of ["none", "None", "NONE", ""]) {
      const unsigned = `${encode(JSON.stringify({ alg, typ: "JWT" }))}.${encode(claimsJson())}.`;
      await expectRefused(verify(unsigned), "webhook_malformed");
      await expectRefused(verify(`${unsigned}AAAA`), "webhook_algorithm_refused");
      await expectRefused(
        verify(signText(JSON.stringify({ alg }), claimsJson())),
        "webhook_algorithm_refused",
      );
    }
  });

  it("rejects HS256 with the public key as the secret, in every form of the key", async () => {
    const signed = `${encode('{"alg":"HS256","typ":"JWT"}')}.${encode(claimsJson())}`;
    for (const secret of [publicKey, fromBase58(publicKey) ?? "", publicKeyPem()]) {
      const mac = createHmac("sha256", secret).update(signed).digest();
      await expectRefused(verify(`${signed}.${encode(mac)}`), "webhook_algorithm_refused");
    }
  });

  it("rejects RS256 and ES256 with keys from the header", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
    for (const [alg, { privateKey, publicKey: key }] of [["RS256", rsa] as const, ["ES256", ec] as const]) {
      const head = JSON.stringify({ alg, typ: "JWT", jwk: key.export({ format: "jwk" }) });
      const signed = `${encode(head)}.${encode(claimsJson())}`;
      const signature = createSign("sha256")
        .update(signed)
        .sign({ key: privateKey, dsaEncoding: "ieee-p1363" });
      await expectRefused(verify(`${signed}.${encode(signature)}`), "webhook_algorithm_refused");
    }
  });

  it("rejects an Ed25519 key from the header", async () => {
    const { publicKey: key, privateKey } = generateKeyPairSync("ed25519");
    const seed = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
    const head = JSON.stringify({
      alg: "EdDSA",
      jwk: key.export({ format: "jwk" }),
      jku: "https://evil.example",
    });
    await expectRefused(verify(signText(head, claimsJson(), seed)), "webhook_signature_invalid");
  });

  it("rejects other algorithm names, even if validly signed", async () => {
    for (const alg of ["Ed25519", "eddsa", "Ed448", ["EdDSA"], null]) {
      await expectRefused(
        verify(signText(JSON.stringify({ alg }), claimsJson())),
        "webhook_algorithm_refused",
      );
    }
    await expectRefused(verify(signText('{"typ":"JWT"}', claimsJson())), "webhook_algorithm_refused");
  });

  it("rejects critical extensions, even if validly signed and known to jose", async () => {
    for (const extra of ['"crit":["exp"],"exp":1', '"crit":["b64"],"b64":true', '"b64":false', '"crit":[]']) {
      await expectRefused(
        verify(signText(`{"alg":"EdDSA",${extra}}`, claimsJson())),
        "webhook_algorithm_refused",
      );
    }
  });

  it("reports a production token when publicKey is another key", async () => {
    const { verify: verifySignature } = signatureCheck(otherPublicKey, publicKey);
    const error = await expectRefused(verifySignature(paidToken()), "webhook_wrong_key");
    expect(error.message).toContain("PRODUCTION_WEBHOOK_PUBLIC_KEY");
    await expectRefused(
      verifySignature(paidToken({}, new Uint8Array(32).fill(9))),
      "webhook_signature_invalid",
    );
  });
});

describe("a public key of small order, for which anyone can sign", () => {
  const prime = 2n ** 255n - 19n;
  // The y of the points of order 1, 2, 4 and 8, then those encoded at or above the prime. The top bit is the sign of x.
  const order8 = [
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ].map((hex) => BigInt(`0x${Buffer.from(hex, "hex").reverse().toString("hex")}`));
  const keys = [0n, 1n, prime - 1n, ...order8, prime, prime + 1n]
    .flatMap((y) => [y, y + 2n ** 255n])
    .map((y) => Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse());

  it.each(keys.map((key) => [key.toString("hex"), key] as const))("is rejected: %s", async (_, key) => {
    // R = the neutral element and S = 0 satisfy the plain equation for the neutral key and every message.
    const neutral = Uint8Array.of(1, ...new Uint8Array(63));
    const [head, claims] = paidToken().split(".");
    const forged = `${head}.${claims}.${encode(neutral)}`;
    for (const given of [key, new Uint8Array(key), toBase58(key)]) {
      const error = await verifyWebhook(forged, { publicKey: given, expect: intent }).catch(
        (e: unknown) => e,
      );
      expect(error).toMatchObject({ code: "invalid_option", field: "publicKey" });
      expect((error as Error).message).toContain("small order");
    }
    expectRefusal(
      () => webhookHandler({ publicKey: key, expect: intent, fulfilOnce: () => "fulfilled" }),
      "invalid_option",
      "publicKey",
    );
  });
});

it("rejects a token with one character changed", async () => {
  const tokens = [paidToken(), loginToken, ...webhookVectors.map(({ token }) => token)];
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/\n";
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...tokens),
      fc.nat(),
      fc.constantFrom(...alphabet),
      async (token, at, character) => {
        const index = at % token.length;
        fc.pre(token[index] !== character);
        const mutated = token.slice(0, index) + character + token.slice(index + 1);
        await expect(verifyWebhook(mutated, { publicKey, expect: "unbound" })).rejects.toBeInstanceOf(
          WebhookError,
        );
      },
    ),
    runs(500),
  );
});

it("rejects another spelling of the last character, which lenient decoders accept", async () => {
  const token = paidToken();
  for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
    if (last !== token.at(-1))
      await expect(verify(token.slice(0, -1) + last)).rejects.toBeInstanceOf(WebhookError);
  }
});

it("rejects a token that is cut, extended or spliced", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: paidToken().length - 1 }), fc.string(), async (length, tail) => {
      const token = paidToken();
      for (const mutated of [token.slice(0, length), token.slice(length + 1), `${token}${tail || "x"}`]) {
        await expect(verify(mutated)).rejects.toBeInstanceOf(WebhookError);
      }
    }),
    runs(100),
  );
  const [head, claims] = paidToken().split(".");
  await expect(verify(`${head}.${claims}.${loginToken.split(".")[2]}`)).rejects.toBeInstanceOf(WebhookError);
});

it("rejects arbitrary bytes with a typed error", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await expect(verify(bytes)).rejects.toBeInstanceOf(WebhookError);
    }),
    runs(200),
  );
});

describe("verifyWebhook when the platform's cryptography fails", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("reports that the runtime does not support Ed25519", async () => {
    const missing = new DOMException("Unrecognized name.", "NotSupportedError");
    vi.spyOn(globalThis.crypto.subtle, "importKey").mockRejectedValue(missing);
    await expect(verify(paidToken())).rejects.toMatchObject({ code: "unsupported_by_runtime" });
  });

  it("reports an invalid key if the platform rejects it", async () => {
    const bad = new DOMException("Invalid keyData", "DataError");
    vi.spyOn(globalThis.crypto.subtle, "importKey").mockRejectedValue(bad);
    await expect(verify(paidToken())).rejects.toMatchObject({ code: "invalid_option", field: "publicKey" });
  });

  it("accepts nothing if verification fails unexpectedly", async () => {
    vi.spyOn(globalThis.crypto.subtle, "verify").mockRejectedValue(new Error("broken"));
    await expectRefused(verify(paidToken()), "webhook_signature_invalid");
  });
});

it("puts no token in an error", async () => {
  const token = paidToken({}, otherSeed);
  const error = await expectRefused(verify(token), "webhook_signature_invalid");
  const { inspect } = await import("node:util");
  for (const part of token.split("."))
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain(part);
});
