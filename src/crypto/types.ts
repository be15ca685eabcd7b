/** An Ed25519 signing key (RFC 8032). Its private key cannot be read and never appears in logs. */
export interface SigningKey {
  /** 32 bytes. Each read returns a new copy. */
  readonly publicKey: Uint8Array;
  /** Signs raw bytes, without prehash or prefix. Returns 64 bytes. Equal messages give equal signatures. */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * The primitives that the protocol needs. Each module behind `#crypto` exports them: one for Node, one for
 * every other runtime. They are separate functions, so a bundle contains only those it uses.
 */
export interface CryptoProvider {
  /** The name of the implementation in use, for diagnostics. */
  implementation(): "node" | "portable";
  /** SHA-256. Returns 32 bytes. */
  sha256(data: Uint8Array): Uint8Array;
  /** HMAC-SHA-256. Returns 32 bytes. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** Returns the signing key whose seed is the SHA-256 of `data`. */
  keyFromHashOf(data: Uint8Array): SigningKey;
  /** Returns the signing key of a 32-byte seed. */
  keyFromSeed(seed: Uint8Array): SigningKey;
  /**
   * Returns whether `signature` (64 bytes) is valid for `message` under `publicKey` (32 bytes). Returns
   * `false`, and does not throw, for wrong lengths, points off the curve or of small order, and malleated
   * signatures (S at or above the group order).
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Length of an Ed25519 seed in bytes. */
export const SEED_LENGTH = 32;
/** Length of an Ed25519 public key in bytes. */
export const PUBLIC_KEY_LENGTH = 32;
/** Length of an Ed25519 signature in bytes. */
export const SIGNATURE_LENGTH = 64;
