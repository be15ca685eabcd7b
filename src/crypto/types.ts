/** An Ed25519 signing key (RFC 8032). Its private half is not readable, and does not show in logs. */
export interface SigningKey {
  /** 32 bytes. A fresh copy at each read. */
  readonly publicKey: Uint8Array;
  /** Signs raw bytes, without prehash or prefix. Returns 64 bytes; equal bytes give equal signatures. */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * The primitives that the protocol needs: what each module behind `#crypto` exports, one for Node, one for everywhere else.
 * Functions and no object, so that a bundle holds only those that it uses.
 */
export interface CryptoProvider {
  /** Which implementation answers; for diagnosis. */
  implementation(): "node" | "portable";
  /** SHA-256; 32 bytes. */
  sha256(data: Uint8Array): Uint8Array;
  /** HMAC-SHA-256; 32 bytes. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** The signing key whose seed is the SHA-256 of the data. */
  keyFromHashOf(data: Uint8Array): SigningKey;
  /** The signing key of a 32-byte seed. */
  keyFromSeed(seed: Uint8Array): SigningKey;
  /**
   * Whether a 64-byte signature over `message` is by the key with this 32-byte public half.
   * Wrong lengths, points off the curve or of small order, and malleated signatures (S not below the group order) are `false`, not errors.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Bytes in an Ed25519 seed. */
export const SEED_LENGTH = 32;
/** Bytes in an Ed25519 public key. */
export const PUBLIC_KEY_LENGTH = 32;
/** Bytes in an Ed25519 signature. */
export const SIGNATURE_LENGTH = 64;
