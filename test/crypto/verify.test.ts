import { describe, expect, it } from "vitest";
import * as node from "../../src/crypto/node.js";
import * as portable from "../../src/crypto/portable.js";
import { hex, unhex } from "../support/vectors.js";

const providers = [
  ["node", node],
  ["portable", portable],
] as const;

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

const key = node.keyFromSeed(new Uint8Array(32).fill(42));
const { publicKey } = key;
const message = new TextEncoder().encode("a message of some length, as signed by the rendezvous key");
const signature = key.sign(message);

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe.each(providers)("verify of the %s implementation", (name, crypto) => {
  // The portable one is slow, so this checks some of the bits: at least one of every byte.
  const step = name === "node" ? 1 : 31;
  const bits = (length: number) => Array.from({ length: Math.ceil((8 * length) / step) }, (_, i) => i * step);

  it("accepts the signature", () => {
    expect(crypto.verify(publicKey, message, signature)).toBe(true);
  });

  it("rejects a signature if one bit of R, S, the key or the message differs", () => {
    for (const bit of bits(64)) expect(crypto.verify(publicKey, message, flip(signature, bit))).toBe(false);
    for (const bit of bits(32)) expect(crypto.verify(flip(publicKey, bit), message, signature)).toBe(false);
    for (const bit of bits(message.length)) {
      expect(crypto.verify(publicKey, flip(message, bit), signature)).toBe(false);
    }
  });

  it("rejects a signature of a message that is shorter, longer or empty", () => {
    expect(crypto.verify(publicKey, message.subarray(1), signature)).toBe(false);
    expect(crypto.verify(publicKey, message.subarray(0, -1), signature)).toBe(false);
    expect(crypto.verify(publicKey, join(message, Uint8Array.of(0)), signature)).toBe(false);
    expect(crypto.verify(publicKey, new Uint8Array(0), signature)).toBe(false);
  });

  it("rejects a signature with swapped halves, and one of another key", () => {
    expect(crypto.verify(publicKey, message, join(signature.slice(32), signature.slice(0, 32)))).toBe(false);
    const other = crypto.keyFromSeed(new Uint8Array(32).fill(43)).publicKey;
    expect(crypto.verify(other, message, signature)).toBe(false);
  });

  it("rejects every other length of key and signature without throwing", () => {
    for (const length of [0, 1, 31, 33, 64]) {
      const wrong = join(publicKey, publicKey).subarray(0, length);
      expect(crypto.verify(wrong, message, signature)).toBe(false);
    }
    for (const length of [0, 1, 32, 63, 65, 128]) {
      const wrong = join(signature, signature).subarray(0, length);
      expect(crypto.verify(publicKey, message, wrong)).toBe(false);
    }
  });

  it("rejects a malleated S: S plus any multiple of the group order that fits in 32 bytes", () => {
    const s = numberOf(signature.subarray(32));
    let tried = 0;
    for (let malleated = s + L; malleated < 2n ** 256n; malleated += L) {
      tried++;
      const forged = join(signature.subarray(0, 32), littleEndian(malleated));
      expect(crypto.verify(publicKey, message, forged)).toBe(false);
    }
    expect(tried).toBeGreaterThan(10);
  });

  it("rejects a negated S", () => {
    const forged = join(signature.subarray(0, 32), littleEndian(L - numberOf(signature.subarray(32))));
    expect(crypto.verify(publicKey, message, forged)).toBe(false);
  });

  it("rejects a signature of all zeros or all ones under an honest key", () => {
    expect(crypto.verify(publicKey, message, new Uint8Array(64))).toBe(false);
    expect(crypto.verify(publicKey, message, new Uint8Array(64).fill(0xff))).toBe(false);
  });

  it("rejects an all-zero key, which anyone can sign for", () => {
    // Zero encodes a point of order 4: a zero signature satisfies the plain equation for a quarter of all
    // messages.
    for (let i = 0; i < 40; i++) {
      expect(crypto.verify(new Uint8Array(32), Uint8Array.of(i), new Uint8Array(64))).toBe(false);
    }
  });

  it("rejects the neutral element as a key, which anyone can sign for", () => {
    // R = the neutral element and S = 0 satisfy the plain equation for every message.
    const neutral = littleEndian(1n);
    const forged = join(neutral, new Uint8Array(32));
    expect(crypto.verify(neutral, message, forged)).toBe(false);
  });

  it("rejects keys that are not points of the curve without throwing", () => {
    let refused = 0;
    for (const y of [2n, 7n, 8n, 11n, 2n ** 200n + 1n, P - 2n]) {
      if (!crypto.verify(littleEndian(y), message, signature)) refused++;
    }
    expect(refused).toBe(6);
  });
});

describe("node and portable verify", () => {
  // The y of the points of order 1, 2, 4 and 8, then those encoded at or above the prime.
  const order8 = [
    unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
  ].map(numberOf);
  const odd = [0n, 1n, P - 1n, ...order8, P, P + 1n];
  const keys = odd.flatMap((y) => [littleEndian(y), littleEndian(y + 2n ** 255n)]);

  it.each(keys.map((bytes) => [hex(bytes), bytes]))("agree on the unusual key %s", (_, odd) => {
    for (const r of [littleEndian(0n), littleEndian(1n), littleEndian(P + 1n), odd]) {
      for (const s of [0n, L]) {
        for (let i = 0; i < 2; i++) {
          const forged = join(r, littleEndian(s));
          const text = Uint8Array.of(i);
          expect(portable.verify(odd, text, forged)).toBe(node.verify(odd, text, forged));
        }
      }
    }
  });

  it("agree on R encoded at or above the prime, and on signatures with an unusual R", () => {
    for (const r of [
      ...keys,
      littleEndian(P + 2n),
      littleEndian(2n ** 255n - 1n),
      littleEndian(2n ** 256n - 1n),
    ]) {
      const forged = join(r, signature.subarray(32));
      expect(node.verify(publicKey, message, forged)).toBe(false);
      expect(portable.verify(publicKey, message, forged)).toBe(false);
    }
  });

  it("agree on random keys, half of which are not points of the curve", () => {
    for (let i = 0; i < 100; i++) {
      const bytes = node.sha256(Uint8Array.of(i));
      expect(portable.verify(bytes, message, signature)).toBe(node.verify(bytes, message, signature));
    }
  });
});
