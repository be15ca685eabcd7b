/**
 * Ed25519 and SHA-256 by `node:crypto`.
 *
 * Node releases differ in which seed import is fastest and which imports work. The candidates are tried once,
 * fastest first, and the first one that reproduces a known signature is used. Bun and Deno resolve to this
 * file too.
 */
import nodeCrypto, { type KeyObject } from "node:crypto";
import { equalBytes } from "../lib/bytes.js";
import { loadPortable } from "./fallback.js";
import { knownAnswer } from "./known-answer.js";
import { hasSmallOrder } from "./small-order.js";
import {
  type CryptoProvider,
  PUBLIC_KEY_LENGTH,
  SEED_LENGTH,
  SIGNATURE_LENGTH,
  type SigningKey,
} from "./types.js";

/** Imports a seed given as base64url: the form a JWK contains and the form a hash can return directly. */
type ImportSeed = (seed: string) => KeyObject;

// The bytes before the seed in PKCS #8 (RFC 8410, section 7).
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const dummyPublicKey = Buffer.alloc(PUBLIC_KEY_LENGTH).toString("base64url");

const importWays: readonly ImportSeed[] = [
  // Fastest up to Node 25, which derives the public key and ignores `x`. Node 26 rejects the mismatch.
  (seed) =>
    nodeCrypto.createPrivateKey({
      key: { kty: "OKP", crv: "Ed25519", d: seed, x: dummyPublicKey },
      format: "jwk",
    }),
  // Not in the type declarations of the oldest supported Node.
  (seed) =>
    nodeCrypto.createPrivateKey({
      key: Buffer.from(seed, "base64url"),
      format: "raw-private",
      asymmetricKeyType: "ed25519",
    } as unknown as nodeCrypto.PrivateKeyInput),
  (seed) =>
    nodeCrypto.createPrivateKey({
      key: Buffer.concat([pkcs8Prefix, Buffer.from(seed, "base64url")]),
      format: "der",
      type: "pkcs8",
    }),
];

class NodeSigningKey implements SigningKey {
  readonly #key: KeyObject;
  readonly #publicKey: Uint8Array;

  constructor(key: KeyObject) {
    this.#key = key;
    this.#publicKey = new Uint8Array(Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url"));
  }

  get publicKey(): Uint8Array {
    return this.#publicKey.slice();
  }

  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(nodeCrypto.sign(null, message, this.#key));
  }
}

const native: Omit<CryptoProvider, "keyFromHashOf" | "keyFromSeed"> = {
  implementation: () => "node",
  sha256(data) {
    return new Uint8Array(
      typeof nodeCrypto.hash === "function"
        ? nodeCrypto.hash("sha256", data, "buffer")
        : nodeCrypto.createHash("sha256").update(data).digest(),
    );
  },
  hmacSha256: (key, data) => new Uint8Array(nodeCrypto.createHmac("sha256", key).update(data).digest()),
  verify(publicKey, message, signature) {
    if (publicKey.length !== PUBLIC_KEY_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
    if (hasSmallOrder(publicKey)) return false;
    try {
      const key = nodeCrypto.createPublicKey({
        key: { kty: "OKP", crv: "Ed25519", x: view(publicKey).toString("base64url") },
        format: "jwk",
      });
      return nodeCrypto.verify(null, message, key, signature);
    } catch {
      return false;
    }
  },
};

function hashText(data: Uint8Array): string {
  return typeof nodeCrypto.hash === "function"
    ? nodeCrypto.hash("sha256", data, "base64url")
    : nodeCrypto.createHash("sha256").update(data).digest("base64url");
}

function withImport(importSeed: ImportSeed): CryptoProvider {
  return {
    ...native,
    keyFromHashOf: (data) => new NodeSigningKey(importSeed(hashText(data))),
    keyFromSeed(seed) {
      if (seed.length !== SEED_LENGTH) throw new RangeError(`an Ed25519 seed is ${SEED_LENGTH} bytes`);
      return new NodeSigningKey(importSeed(Buffer.from(seed).toString("base64url")));
    },
  };
}

function reproducesKnownAnswer(candidate: CryptoProvider): boolean {
  const { seed, publicKey, message, signature } = knownAnswer;
  try {
    const key = candidate.keyFromSeed(seed);
    return (
      equalBytes(key.publicKey, publicKey) &&
      equalBytes(key.sign(message), signature) &&
      candidate.verify(publicKey, message, signature) &&
      !candidate.verify(publicKey, seed, signature)
    );
  } catch {
    return false;
  }
}

let chosen: CryptoProvider | undefined;

function provider(): CryptoProvider {
  chosen ??= importWays.map(withImport).find(reproducesKnownAnswer) ?? loadPortable();
  return chosen;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// Documented at CryptoProvider. The known-answer check runs at first use, not at import.

export function implementation(): "node" | "portable" {
  return provider().implementation();
}

export function sha256(data: Uint8Array): Uint8Array {
  return provider().sha256(data);
}

export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return provider().hmacSha256(key, data);
}

export function keyFromHashOf(data: Uint8Array): SigningKey {
  return provider().keyFromHashOf(data);
}

export function keyFromSeed(seed: Uint8Array): SigningKey {
  return provider().keyFromSeed(seed);
}

export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return provider().verify(publicKey, message, signature);
}
