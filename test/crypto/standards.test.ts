import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { knownAnswer } from "../../src/crypto/known-answer.js";
import * as node from "../../src/crypto/node.js";
import * as portable from "../../src/crypto/portable.js";
import { rfc4231, rfc8032 } from "../support/ed25519-vectors.js";
import { hex, unhex } from "../support/vectors.js";

const providers = [
  ["node", node],
  ["portable", portable],
] as const;

it.each(rfc8032)(
  "RFC 8032 $name equals the result of node:crypto",
  ({ seed, publicKey, message, signature }) => {
    const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), unhex(seed)]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const { x } = createPublicKey(key).export({ format: "jwk" });
    expect(Buffer.from(x ?? "", "base64url").toString("hex")).toBe(publicKey);
    expect(hex(sign(null, unhex(message), key))).toBe(signature);
  },
);

describe.each(providers)("%s crypto implementation", (name, crypto) => {
  it("reports its name", () => {
    expect(crypto.implementation()).toBe(name);
  });

  it.each(rfc8032)("reproduces RFC 8032 $name", (vector) => {
    const message = unhex(vector.message);
    const key = crypto.keyFromSeed(unhex(vector.seed));
    expect(hex(key.publicKey)).toBe(vector.publicKey);
    expect(hex(key.sign(message))).toBe(vector.signature);
    expect(crypto.verify(unhex(vector.publicKey), message, unhex(vector.signature))).toBe(true);
  });

  it.each(rfc4231)("reproduces RFC 4231 $name", ({ key, data, mac }) => {
    const full = crypto.hmacSha256(unhex(key), unhex(data));
    expect(full).toHaveLength(32);
    expect(hex(full).slice(0, mac.length)).toBe(mac);
  });

  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ])("reproduces the SHA-256 examples of FIPS 180 (%#)", (text, digest) => {
    expect(hex(crypto.sha256(new TextEncoder().encode(text)))).toBe(digest);
  });

  it.each([0, 31, 33, 64])("rejects a seed of %d bytes", (length) => {
    expect(() => crypto.keyFromSeed(new Uint8Array(length))).toThrow(RangeError);
  });

  it("reads views into larger buffers, not the buffers", () => {
    const [vector] = rfc8032.slice(2);
    if (vector === undefined) throw new Error("no vector");
    const inside = (text: string) => {
      const bytes = unhex(text);
      const larger = new Uint8Array(bytes.length + 20).fill(0xee);
      larger.set(bytes, 13);
      return larger.subarray(13, 13 + bytes.length);
    };
    const key = crypto.keyFromSeed(inside(vector.seed));
    expect(hex(key.publicKey)).toBe(vector.publicKey);
    expect(hex(key.sign(inside(vector.message)))).toBe(vector.signature);
    expect(crypto.verify(inside(vector.publicKey), inside(vector.message), inside(vector.signature))).toBe(
      true,
    );
    const digest = createHash("sha256").update(unhex(vector.message)).digest("hex");
    expect(hex(crypto.sha256(inside(vector.message)))).toBe(digest);
  });

  it("returns copies: changing them changes no key", () => {
    const [, vector] = rfc8032;
    if (vector === undefined) throw new Error("no vector");
    const seed = unhex(vector.seed);
    const key = crypto.keyFromSeed(seed);
    seed.fill(0);
    key.publicKey.fill(0);
    key.sign(unhex(vector.message)).fill(0);
    expect(hex(key.publicKey)).toBe(vector.publicKey);
    expect(hex(key.sign(unhex(vector.message)))).toBe(vector.signature);
  });

  it("returns plain Uint8Arrays with their own memory", () => {
    const key = crypto.keyFromSeed(new Uint8Array(32).fill(3));
    const answers = [
      key.publicKey,
      key.sign(new Uint8Array(5)),
      crypto.sha256(new Uint8Array(5)),
      crypto.hmacSha256(new Uint8Array(5), new Uint8Array(5)),
    ];
    expect(answers.map(({ length }) => length)).toEqual([32, 64, 32, 32]);
    for (const bytes of answers) {
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  });
});

it("the self-check uses RFC 8032 TEST 2 as its known answer", () => {
  const { seed, publicKey, message, signature } = knownAnswer;
  expect({
    seed: hex(seed),
    publicKey: hex(publicKey),
    message: hex(message),
    signature: hex(signature),
  }).toEqual({
    seed: rfc8032[1]?.seed,
    publicKey: rfc8032[1]?.publicKey,
    message: rfc8032[1]?.message,
    signature: rfc8032[1]?.signature,
  });
});
