/**
 * Ed25519 by tweetnacl and SHA-256 by noble, for browsers, workers and every runtime without `node:crypto`.
 * The tests compare the Node implementation with it.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as sha256Of } from "@noble/hashes/sha2.js";
import nacl from "tweetnacl";
import { hasSmallOrder } from "./small-order.js";
import { PUBLIC_KEY_LENGTH, SEED_LENGTH, SIGNATURE_LENGTH, type SigningKey } from "./types.js";

class PortableSigningKey implements SigningKey {
  readonly #pair: nacl.SignKeyPair;

  constructor(seed: Uint8Array) {
    this.#pair = nacl.sign.keyPair.fromSeed(own(seed));
  }

  get publicKey(): Uint8Array {
    return this.#pair.publicKey.slice();
  }

  sign(message: Uint8Array): Uint8Array {
    return nacl.sign.detached(own(message), this.#pair.secretKey);
  }
}

// tweetnacl rejects arrays from another realm, such as an iframe or a test environment.
function own(bytes: Uint8Array): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes);
}

// The order of the base point, little-endian. tweetnacl accepts S at or above it; node:crypto and the
// sequencer reject it.
const groupOrder = Uint8Array.of(
  ...[0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10],
);

function isCanonicalScalar(signature: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const digit = signature[32 + i] ?? 0;
    const limit = groupOrder[i] ?? 0;
    if (digit !== limit) return digit < limit;
  }
  return false;
}

// Documented at CryptoProvider.

export function implementation(): "portable" {
  return "portable";
}

export function sha256(data: Uint8Array): Uint8Array {
  return sha256Of(data);
}

export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return hmac(sha256Of, key, data);
}

export function keyFromHashOf(data: Uint8Array): SigningKey {
  return new PortableSigningKey(sha256Of(data));
}

export function keyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== SEED_LENGTH) throw new RangeError(`an Ed25519 seed is ${SEED_LENGTH} bytes`);
  return new PortableSigningKey(seed);
}

export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
  if (hasSmallOrder(publicKey)) return false;
  return (
    isCanonicalScalar(signature) && nacl.sign.detached.verify(own(message), own(signature), own(publicKey))
  );
}
