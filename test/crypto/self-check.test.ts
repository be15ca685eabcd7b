import actual, { type KeyObject } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CryptoProvider } from "../../src/crypto/types.js";
import { rfc8032 } from "../support/ed25519-vectors.js";
import { hex, unhex } from "../support/vectors.js";

type PrivateKeyInput = { format?: string };
type CreatePrivateKey = (input: PrivateKeyInput, real: (input: PrivateKeyInput) => KeyObject) => KeyObject;

const real = actual.createPrivateKey as (input: PrivateKeyInput) => KeyObject;
let formats: string[] = [];

/** `src/crypto/node.ts` as it loads in a runtime whose `node:crypto` differs from this one's. */
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

describe("the self check", () => {
  it("picks a way of this runtime that gives the right keys, without the portable one", async () => {
    const crypto = await loadWith(importing((input, create) => create(input)));
    expectRight(crypto);
    expect(crypto.implementation()).toBe("node");
  });

  it("runs at the first use, not at import, and only once", async () => {
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

  it("takes another way where the runtime refuses a JWK with a wrong public half", async () => {
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

  it("takes another way where the runtime imports another key from a JWK", async () => {
    const wrong = actual.generateKeyPairSync("ed25519").privateKey;
    const crypto = await loadWith(
      importing((input, create) => (input.format === "jwk" ? wrong : create(input))),
    );
    expectRight(crypto);
    expect(crypto.implementation()).toBe("node");
  });

  it("takes another way where the runtime believes the wrong public half of a JWK", async () => {
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

  it("takes the portable implementation where no way imports a seed", async () => {
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
    ["refuses every signature", () => false],
  ])("takes the portable implementation where verify %s", async (_, verify) => {
    const portable = await import("../../src/crypto/portable.js");
    vi.doMock("../../src/crypto/fallback.js", () => ({ loadPortable: () => portable }));
    const crypto = await loadWith({ verify });
    expect(crypto.implementation()).toBe("portable");
  });

  it("takes the portable implementation where sign is wrong", async () => {
    const portable = await import("../../src/crypto/portable.js");
    vi.doMock("../../src/crypto/fallback.js", () => ({ loadPortable: () => portable }));
    const crypto = await loadWith({ sign: () => Buffer.alloc(64) });
    expect(crypto.implementation()).toBe("portable");
  });

  it("hashes by the older call where the runtime lacks the newer", async () => {
    const crypto = await loadWith({ hash: undefined });
    const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(hex(crypto.sha256(new TextEncoder().encode("abc")))).toBe(digest);
  });

  it("says what to do where there is no portable implementation beside it", async () => {
    // The sources have portable.ts, not the portable.js that is looked for.
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
