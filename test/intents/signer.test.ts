import { createPrivateKey, sign as nodeSign } from "node:crypto";
import { createRequire } from "node:module";
import { base58 } from "@scure/base";
import nacl from "tweetnacl";
import { describe, expect, it } from "vitest";
import * as crypto from "#crypto";
import { SignerError } from "../../src/errors.js";
import type { Signer, VerifierKey } from "../../src/intents/signer.js";
import { drawnSignature } from "../support/drawn-signature.js";
import { buildLogin, stranger, verifier, verifierPublicKey } from "../support/login.js";
import { build } from "../support/payment.js";
import { expectRefusal } from "../support/refusal.js";
import { hex } from "../support/vectors.js";

const require = createRequire(import.meta.url);
const { Keypair } = createRequire(require.resolve("@code-wallet/intents"))("@code-wallet/keys");

const { seed, secretKey, publicKey, key } = verifier;
const sign = (message: Uint8Array) => key.sign(message);
const as = (given: unknown) =>
  buildLogin({ idempotencyKey: "k", login: { domain: "example.com", verifier: given } });
const signed = as(secretKey).sign();

/** Like a class of a KMS client: its methods need `this`. */
class Kms implements Signer {
  readonly #seed = seed;
  readonly name = "kms";
  get publicKey(): string {
    return verifierPublicKey;
  }
  sign(message: Uint8Array): Uint8Array {
    return nacl.sign.detached(message, nacl.sign.keyPair.fromSeed(this.#seed).secretKey);
  }
}

const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
const nodeKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });

/** A public key like those of Solana's libraries. */
class SolanaPublicKey {
  toBytes(): Uint8Array {
    return publicKey.slice();
  }
}

class SolanaKeypair {
  get publicKey(): SolanaPublicKey {
    return new SolanaPublicKey();
  }
  get secretKey(): Uint8Array {
    return secretKey.slice();
  }
}

const synchronous: [string, unknown][] = [
  ["a signer whose public key is bytes", { publicKey, sign }],
  ["a signer whose public key is a Buffer", { publicKey: Buffer.from(publicKey), sign }],
  ["a signer whose public key is base58", { publicKey: verifierPublicKey, sign }],
  ["a signer whose public key is an object", { publicKey: new SolanaPublicKey(), sign }],
  [
    "a signer whose public key object returns base58",
    { publicKey: { toBytes: () => verifierPublicKey }, sign },
  ],
  ["a signer with additional properties", { publicKey, sign, secretKey: "elsewhere", region: "eu" }],
  ["a signer that returns a Buffer", { publicKey, sign: (m: Uint8Array) => nodeSign(null, m, nodeKey) }],
  ["an instance of a class that uses this", new Kms()],
  ["a SigningKey of this package", key],
  ["a keypair of tweetnacl", nacl.sign.keyPair.fromSeed(seed)],
  ["a Solana keypair", new SolanaKeypair()],
  ["a pair without a public key", { secretKey }],
  ["a pair whose secret key is a Buffer", { publicKey, secretKey: Buffer.from(secretKey) }],
  ["64 bytes", secretKey],
  ["64 bytes in a Buffer", Buffer.from(secretKey)],
  ["64 bytes of a larger buffer", new Uint8Array([7, ...secretKey, 7]).subarray(1, 65)],
  ["64 numbers, as in a key file", JSON.parse(JSON.stringify([...secretKey]))],
  ["64 bytes in base58", base58.encode(secretKey)],
  ["the official client's Keypair", Keypair.fromSeed(seed)],
];

const asynchronous: [string, unknown][] = [
  ["an async function", { publicKey, sign: async (message: Uint8Array) => sign(message) }],
  [
    "a promise of a promise",
    { publicKey, sign: (message: Uint8Array) => Promise.resolve().then(async () => sign(message)) },
  ],
  [
    "a thenable whose then returns nothing",
    {
      publicKey,
      sign: (message: Uint8Array) => ({
        // biome-ignore lint/suspicious/noThenProperty: it is a thenable
        then: (resolve: (signature: Uint8Array) => void) => void resolve(sign(message)),
      }),
    },
  ],
];

describe("a verifier", () => {
  it.each(synchronous)("can be %s, synchronous or asynchronous", async (_, given) => {
    const intent = as(given);
    expect(intent.login).toEqual({ domain: "example.com", verifier: verifierPublicKey });
    expect(intent.sign()).toEqual(signed);
    expect(await as(given).signAsync()).toEqual(signed);
  });

  it.each(synchronous)("can be %s among the official signers", (_, given) => {
    const login = { domain: "example.com", verifier: verifierPublicKey };
    expect(buildLogin({ idempotencyKey: "k", login, signers: [given] }).sign()).toEqual(signed);
  });

  it.each(asynchronous)("can be %s, only asynchronous", async (_, given) => {
    const intent = as(given);
    expect(await intent.signAsync()).toEqual(signed);
    expect(intent.sign()).toEqual(signed);
    expect(hex(intent.toBinary())).toBe(hex(signed.message));
  });

  it("can be its public key alone, if nothing is signed", async () => {
    const intent = as(verifierPublicKey);
    expect(intent.id).toBe(as(secretKey).id);
    expect(intent.bytesForVerifier).toEqual(as(secretKey).bytesForVerifier);
    const error = expectRefusal(() => intent.sign(), "missing_option", "login.verifier");
    expect(error.message).toContain("only a public key");
    await expect(intent.signAsync()).rejects.toMatchObject({ code: "missing_option" });
  });

  it("has a type that accepts every documented form", () => {
    const forms: VerifierKey[] = [
      { publicKey, sign },
      { publicKey: verifierPublicKey, sign: async (message) => sign(message) },
      { publicKey: new SolanaPublicKey(), sign },
      new Kms(),
      new SolanaKeypair(),
      nacl.sign.keyPair.fromSeed(seed),
      [...secretKey],
      secretKey,
      verifierPublicKey,
    ];
    expect(forms.map((form) => as(form).login?.verifier)).toEqual(forms.map(() => verifierPublicKey));
  });
});

const field = "login.verifier";
const swapped = Uint8Array.from([...seed, ...stranger.publicKey]);

describe("an invalid verifier is rejected:", () => {
  it.each<[string, unknown, "missing_option" | "invalid_option", string, string?]>([
    ["nothing", undefined, "missing_option", field],
    ["null", null, "missing_option", field],
    ["an empty string", "", "missing_option", field],
    ["a number", 7, "invalid_option", field],
    ["true", true, "invalid_option", field],
    ["a function", sign, "invalid_option", field],
    ["an empty object", {}, "invalid_option", field],
    ["a public key as bytes", publicKey, "invalid_option", field, "is 32 bytes"],
    ["a seed as numbers", [...seed], "invalid_option", field, "is 32 bytes"],
    ["no bytes", new Uint8Array(0), "invalid_option", field],
    ["63 bytes", secretKey.subarray(1), "invalid_option", field, "is 63 bytes"],
    ["65 bytes", Uint8Array.from([...secretKey, 1]), "invalid_option", field],
    ["an ArrayBuffer", secretKey.buffer, "invalid_option", field],
    ["mismatched halves", swapped, "invalid_option", field, "last 32 bytes"],
    ["mismatched halves, as numbers", [...swapped], "invalid_option", field],
    ["mismatched halves, as base58", base58.encode(swapped), "invalid_option", field],
    ["numbers above 255", [...secretKey.subarray(1), 256], "invalid_option", field],
    ["negative numbers", [...secretKey.subarray(1), -1], "invalid_option", field],
    ["fractions", [...secretKey.subarray(1), 0.5], "invalid_option", field],
    ["numbers as text", [...secretKey].map(String), "invalid_option", field],
    ["an empty list", [], "invalid_option", field],
    ["text that is not base58", "0OIl", "invalid_option", field],
    ["hex", hex(secretKey), "invalid_option", field],
    ["base58 of 31 bytes", base58.encode(seed.subarray(1)), "invalid_option", field],
    ["a signer without a public key", { sign }, "missing_option", `${field}.publicKey`],
    [
      "a signer with a truncated public key",
      { publicKey: publicKey.subarray(1), sign },
      "invalid_option",
      `${field}.publicKey`,
    ],
    [
      "a signer whose public key is its secret key",
      { publicKey: secretKey, sign },
      "invalid_option",
      `${field}.publicKey`,
    ],
    [
      "a signer whose public key is not base58",
      { publicKey: "0", sign },
      "invalid_option",
      `${field}.publicKey`,
    ],
    ["a signer whose public key is a number", { publicKey: 1, sign }, "invalid_option", `${field}.publicKey`],
    [
      "a signer whose public key object returns nothing",
      { publicKey: { toBytes() {} }, sign },
      "missing_option",
      `${field}.publicKey`,
    ],
    ["a sign that is not a function", { publicKey, sign: "yes" }, "invalid_option", field],
    [
      "a pair of different keys",
      { publicKey: stranger.publicKey, secretKey },
      "invalid_option",
      `${field}.publicKey`,
    ],
    [
      "a pair with an invalid public key",
      { publicKey: "abc", secretKey },
      "invalid_option",
      `${field}.publicKey`,
    ],
    [
      "a pair with a truncated secret key",
      { publicKey, secretKey: seed },
      "invalid_option",
      `${field}.secretKey`,
    ],
    ["a pair whose secret key is text", { publicKey, secretKey: "x" }, "invalid_option", field],
  ])("%s", (_, given, code, where, words = "") => {
    expect(expectRefusal(() => as(given), code, where).message).toContain(words);
    const asSigner = () => build({ signers: [given] });
    expectRefusal(asSigner, code, where.replace(field, "signers[0]"));
  });

  it("a public key among the signers, which must sign", () => {
    expectRefusal(() => build({ signers: [secretKey, verifierPublicKey] }), "invalid_option", "signers[1]");
  });
});

/** A DER-encoded signature, as a KMS returns it for ECDSA. */
const der = Buffer.concat([Buffer.from("30440220", "hex"), Buffer.alloc(66, 7)]);

const failures: [string, (message: Uint8Array) => unknown, string, boolean][] = [
  [
    "throws",
    () => {
      throw new Error("throttled");
    },
    "failed",
    true,
  ],
  [
    "throws undefined",
    () => {
      throw undefined;
    },
    "failed",
    true,
  ],
  ["returns nothing", () => undefined, "64 bytes", false],
  ["returns null", () => null, "64 bytes", false],
  ["returns 63 bytes", (m) => sign(m).subarray(1), "64 bytes", false],
  ["returns 65 bytes", (m) => Uint8Array.from([...sign(m), 0]), "64 bytes", false],
  ["returns an ArrayBuffer", (m) => sign(m).buffer, "64 bytes", false],
  ["returns text", (m) => base58.encode(sign(m)), "64 bytes", false],
  ["returns numbers", (m) => [...sign(m)], "64 bytes", false],
  ["returns DER", () => der, "64 bytes", false],
  ["returns zeros", () => new Uint8Array(64), "does not verify", false],
  ["signs with another key", (m) => stranger.key.sign(m), "does not verify", false],
  ["signs other bytes", (m) => sign(m.subarray(1)), "does not verify", false],
  [
    "signs a hash, like prehashed Ed25519",
    (m) => nacl.sign.detached(nacl.hash(m), secretKey),
    "does not verify",
    false,
  ],
  [
    "returns a malleated signature",
    (m) => {
      // S plus the group order: tweetnacl would accept it.
      let carry = 0;
      const order = Buffer.from("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", "hex");
      return sign(m).map((byte, i) => {
        if (i < 32) return byte;
        const sum = byte + (order[i - 32] ?? 0) + carry;
        carry = sum >> 8;
        return sum & 0xff;
      });
    },
    "does not verify",
    false,
  ],
  [
    "returns a value that throws when read",
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: the getter must throw
      get then() {
        throw new Error("trap");
      },
    }),
    "failed",
    true,
  ],
];

describe("a signer that", () => {
  it.each(failures)(
    "%s fails with signer_failed, synchronously and asynchronously",
    async (_, answer, words, retryable) => {
      const outcomes = [
        () => as({ publicKey, sign: answer }).sign(),
        () => as({ publicKey, sign: answer }).toSendMessageRequest(),
        () => as({ publicKey, sign: answer }).signAsync(),
        () => as({ publicKey, sign: async (message: Uint8Array) => answer(message) }).signAsync(),
      ];
      for (const outcome of outcomes) {
        const error = await (async () => outcome())().catch((reason: unknown) => reason);
        if (!(error instanceof SignerError)) throw new Error(`not refused: ${String(error)}`);
        expect(error).toMatchObject({ code: "signer_failed", retryable });
        expect(error.message).toContain("verifier: the signer");
        expect(error.message).toContain(words);
        expect(error.message).not.toContain("throttled");
      }
    },
  );

  it("fails once is the cause of the error, and may succeed later", async () => {
    const reason = new Error("throttled");
    let calls = 0;
    const flaky = async (message: Uint8Array) => {
      if (++calls === 1) throw reason;
      return sign(message);
    };
    const intent = as({ publicKey, sign: flaky });
    await expect(intent.signAsync()).rejects.toMatchObject({ code: "signer_failed", cause: reason });
    expect(await intent.signAsync()).toEqual(signed);
  });

  it("is asynchronous requires signAsync(), and leaves no unhandled rejection", async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    try {
      const late = async () => {
        throw new Error("late");
      };
      // biome-ignore lint/suspicious/noThenProperty: it is a thenable without catch()
      const thenable = () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject("late") });
      for (const answer of [late, thenable, async (message: Uint8Array) => sign(message)]) {
        const intent = as({ publicKey, sign: answer });
        for (const act of [
          () => intent.sign(),
          () => intent.toBinary(),
          () => intent.toSendMessageRequest(),
        ]) {
          const error = expectRefusal(act, "invalid_option", field);
          expect(error.message).toContain("signAsync()");
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", onUnhandled);
    }
  });
});

describe("the first signature of an intent is kept", () => {
  /**
   * A signer with a random nonce, which Ed25519 allows: its signatures of one message are valid but differ.
   */
  function drawing(): {
    readonly given: { publicKey: Uint8Array; sign: typeof sign };
    readonly answers: string[];
  } {
    const answers: string[] = [];
    const given = {
      publicKey,
      sign(message: Uint8Array) {
        const signature = drawnSignature(verifier, message);
        answers.push(hex(signature));
        return signature;
      },
    };
    return { given, answers };
  }

  it("if the signer would return another one each time", () => {
    const { given, answers } = drawing();
    const intent = as(given);
    const first = intent.sign();
    expect([intent.sign(), intent.sign()]).toEqual([first, first]);
    expect(hex(intent.toBinary())).toBe(hex(first.message));
    expect(answers).toHaveLength(1);
    // Two intents with the same options are signed separately, which shows that the signatures are random.
    expect(hex(as(given).sign().message)).not.toBe(hex(first.message));
    expect(new Set(answers).size).toBe(2);
  });

  it("if signAsync() runs twice concurrently", async () => {
    const { given, answers } = drawing();
    const later: (() => void)[] = [];
    const slow = (message: Uint8Array) =>
      new Promise<Uint8Array>((resolve) => later.push(() => resolve(given.sign(message))));
    const intent = as({ publicKey, sign: slow });
    const both = [intent.signAsync(), intent.signAsync()];
    for (const answer of later.reverse()) answer();
    const [one, two] = await Promise.all(both);
    expect(one).toEqual(two);
    expect(intent.sign()).toEqual(one);
    expect(answers).toHaveLength(1);
    // The only verifier's signature, and the rendezvous key's signature over it.
    const { message, signature, publicKey: rendezvous } = intent.sign();
    expect(hex(message)).toContain(answers[0]);
    expect(crypto.verify(rendezvous, message, signature)).toBe(true);
    await intent.signAsync();
    expect(later).toHaveLength(1);
  });

  it("if sign() is called before or after signAsync()", async () => {
    const { given, answers } = drawing();
    const intent = as(given);
    const first = intent.sign();
    expect(await intent.signAsync()).toEqual(first);
    expect(intent.sign()).toEqual(first);
    expect(answers).toHaveLength(1);
  });
});
