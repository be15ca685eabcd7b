import actual, { type KeyObject } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CryptoProvider } from "../../src/crypto/types.js";
import { rfc8032 } from "../support/ed25519-vectors.js";
import { hex, unhex } from "../support/vectors.js";

type PrivateKeyInput = { format?: string };
type CreatePrivateKey = (input: PrivateKeyInput, real: (input: PrivateKeyInput) => KeyObject) => KeyObject;

const real = actual.createPrivateKey as (input: PrivateKeyInput) => KeyObject;
let formats: string[] = [];

/** Loads `src/crypto/node.ts` as in a runtime whose `node:crypto` behaves differently. */
async function loadWith(overrides: Partial<Record<keyof typeof actual, unknown>>): Promise<CryptoProvider> {
  vi.doMock("node:crypto", () => ({ ...actual, ...overrides, default: { ...actual, ...overrides } }));
  return import("../../src/crypto/node.js");
}

function importing(createPrivateKey: CreatePrivateKey): {
  createPrivateKey: (input: PrivateKeyInput) => KeyObject;
} {
  return {
    createPrivateKey(input) {
      formats.push(input.format ?? "");
      return createPrivateKey(input, real);
    },
  };
}

function expectRight(crypto: CryptoProvider): void {
  for (const { seed, publicKey, message, signature } of rfc8032) {
    const key = crypto.keyFromSeed(unhex(seed));
    expect(hex(key.publicKey)).toBe(publicKey);
    expect(hex(key.sign(unhex(message)))).toBe(signature);
  }
}

beforeEach(() => {
  formats = [];
  vi.resetModules();
});

afterEach(() => {
  vi.doUnmock("node:crypto");
  vi.doUnmock("../../src/crypto/fallback.js");
  vi.resetModules();
});

describe("crypto self-check", () => {
  it("picks a key import of this runtime that gives the right keys, without the portable one", async () => {
    const crypto = await loadWith(importing((input, create) => create(input)));
    expectRight(crypto);
    expect(crypto.implementation()).toBe("node");
  });

  it("runs once, on first use and not on import", async () => {
    const crypto = await loadWith(importing((input, create) => create(input)));
    expect(formats).toEqual([]);
    expect(crypto.implementation()).toBe("node");
    const checks = formats.length;
    expect(checks).toBeGreaterThan(0);
    crypto.keyFromSeed(new Uint8Array(32));
    crypto.keyFromSeed(new Uint8Array(32));
    crypto.sha256(new Uint8Array(1));
    expect(formats.length).toBe(checks + 2);
  });

  it("picks another key import if the runtime rejects a JWK with a wrong public key", async () => {
    const crypto = await loadWith(
      importing((input, create) => {
        if (input.format === "jwk") throw new Error("Invalid JWK");
        return create(input);
      }),
    );
    expectRight(crypto);
    expect(crypto.implementation()).toBe("node");
    expect(formats.at(-1)).not.toBe("jwk");
  });

  it("picks another key import if the runtime imports another key from a JWK", async () => {
    const wrong = actual.generateKeyPairSync("ed25519").privateKey;
    const crypto = await loadWith(
      importing((input, create) => (input.format === "jwk" ? wrong : create(input))),
    );
    expectRight(crypto);
    expect(crypto.implementation()).toBe("node");
  });

  it("picks another key import if the runtime trusts the wrong public key of a JWK", async () => {
    const crypto = await loadWith(
      importing((input, create) => {
        const key = create(input);
        if (input.format !== "jwk") return key;
        const believed = { kty: "OKP", crv: "Ed25519", x: Buffer.alloc(32).toString("base64url") };
        return new Proxy(key, {
          get: (target, name) => (name === "export" ? () => believed : Reflect.get(target, name)),
        });
      }),
    );
    expectRight(crypto);
  });

  it("picks the portable implementation if no key import accepts a seed", async () => {
    const portable = await import("../../src/crypto/portable.js");
    vi.doMock("../../src/crypto/fallback.js", () => ({ loadPortable: () => portable }));
    const crypto = await loadWith(
      importing(() => {
        throw new Error("not supported");
      }),
    );
    expect(crypto.implementation()).toBe("portable");
    expectRight(crypto);
  });

  it.each([
    ["accepts every signature", () => true],
    ["rejects every signature", () => false],
  ])("picks the portable implementation if verify %s", async (_, verify) => {
    const portable = await import("../../src/crypto/portable.js");
    vi.doMock("../../src/crypto/fallback.js", () => ({ loadPortable: () => portable }));
    const crypto = await loadWith({ verify });
    expect(crypto.implementation()).toBe("portable");
  });

  it("picks the portable implementation if sign is wrong", async () => {
    const portable = await import("../../src/crypto/portable.js");
    vi.doMock("../../src/crypto/fallback.js", () => ({ loadPortable: () => portable }));
    const crypto = await loadWith({ sign: () => Buffer.alloc(64) });
    expect(crypto.implementation()).toBe("portable");
  });

  it("hashes with the older call if the runtime lacks the newer one", async () => {
    const crypto = await loadWith({ hash: undefined });
    const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(hex(crypto.sha256(new TextEncoder().encode("abc")))).toBe(digest);
  });

  it("reports how to fix a missing portable implementation", async () => {
    // The sources contain portable.ts, not the portable.js that the code imports.
    const crypto = await loadWith(
      importing(() => {
        throw new Error("not supported");
      }),
    );
    expect(() => crypto.implementation()).toThrow(
      /no working Ed25519.*resolve code-intents without the `node` condition/s,
    );
  });
});
