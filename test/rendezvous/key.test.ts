import { createHash, createPublicKey, verify } from "node:crypto";
import { base58 } from "@scure/base";
import { describe, expect, it } from "vitest";
import * as crypto from "../../src/crypto/node.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { expectRefusal } from "../support/refusal.js";
import { hex, unhex, vectors } from "../support/vectors.js";

const payload = unhex("028ce803000000000003ac674216f3e15c761ee1");

describe("rendezvous key", () => {
  it("of the published example is GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN, and signs its 54 bytes as published", () => {
    const key = rendezvousKey(payload);
    expect(base58.encode(key.publicKey)).toBe("GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN");
    const message = unhex(`2a340a220a20${"00".repeat(32)}1a0e0a03757364110000000000002440`);
    expect(message).toHaveLength(54);
    const signature = key.sign(message);
    expect(hex(signature)).toBe(
      "6767c3f20942e23062b65eacff54a65d8aaff5a27944ec108e2edda0a146e031" +
        "32424a2bf72745b3820f8cb23bff2f68384b4bc1e202fb34b70829ecdacd150e",
    );
    const x = Buffer.from(key.publicKey).toString("base64url");
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    expect(verify(null, message, publicKey, signature)).toBe(true);
  });

  it("equals the constant of the Go client", () => {
    const key = rendezvousKey(unhex("028c640000000000000102030405060708091011"));
    expect(base58.encode(key.publicKey)).toBe("VF5ptmbp7UXqCqvQN7Hv8eSpUY7RybXkC2kaPNUFDwf");
  });

  it.each(vectors.intents)("of official vector $id has SHA-256 of the payload as its seed", (vector) => {
    const bytes = unhex(vector.payloadHex);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(vector.rendezvousSeedHex);
    const key = rendezvousKey(bytes);
    expect(hex(key.publicKey)).toBe(vector.rendezvousPublicKeyHex);
    expect(hex(crypto.keyFromSeed(unhex(vector.rendezvousSeedHex)).publicKey)).toBe(
      vector.rendezvousPublicKeyHex,
    );
  });

  it("differs if a single bit of the payload differs", () => {
    const keys = new Set([hex(rendezvousKey(payload).publicKey)]);
    for (let bit = 0; bit < 160; bit++) {
      const other = Uint8Array.from(payload);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      keys.add(hex(rendezvousKey(other).publicKey));
    }
    expect(keys.size).toBe(161);
  });

  it.each([0, 19, 21, 32])("rejects a payload of %d bytes", (length) => {
    expectRefusal(() => rendezvousKey(new Uint8Array(length)), "invalid_option", "payload");
  });

  it("copies the caller's payload", () => {
    const own = Uint8Array.from(payload);
    const key = rendezvousKey(own);
    const before = hex(key.sign(payload));
    own.fill(0);
    expect(hex(key.sign(payload))).toBe(before);
    expect(base58.encode(key.publicKey)).toBe("GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN");
  });
});
