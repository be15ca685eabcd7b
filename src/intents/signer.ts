import * as crypto from "#crypto";
import { PUBLIC_KEY_LENGTH, SEED_LENGTH, SIGNATURE_LENGTH } from "../crypto/types.js";
import { InputError, SignerError } from "../errors.js";
import { equalBytes, fromBase58, requireBase58, toBase58 } from "../lib/bytes.js";

/**
 * An Ed25519 key that signs, in memory, in a KMS or in an HSM.
 *
 * @example
 * ```ts
 * const verifier: Signer = {
 *   publicKey: "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1",
 *   sign: async (message) => kms.sign({ keyId: "code-verifier", message }),
 * };
 * ```
 */
export interface Signer {
  /** 32 bytes, their base58 text, or an object that returns either, like Solana's `PublicKey`. */
  readonly publicKey:
    | Uint8Array
    | string
    | {
        /** 32 bytes, or their base58 text. */
        toBytes(): Uint8Array | string;
      };
  /**
   * Signs raw bytes with plain Ed25519, without prehash or prefix. Returns 64 bytes, or a promise of them.
   */
  sign(message: Uint8Array): Uint8Array | PromiseLike<Uint8Array>;
}

/** A keypair with a readable secret key, like those of Solana's libraries and tweetnacl. */
export interface SecretKeyPair {
  /** If present, it must match `secretKey`. */
  readonly publicKey?: unknown;
  /** 64 bytes: the seed, then the public key. */
  readonly secretKey: Uint8Array;
}

/** A keypair of the official client. */
export interface OfficialKeypair {
  /** Returns 64 bytes: the seed, then the public key. */
  getSecretKey(): Uint8Array;
}

/**
 * A key that can sign as a verifier: a {@link Signer}, a keypair object, or Solana's 64-byte secret key as
 * bytes, as the array of numbers in a key file, as that file's text, or as base58 text.
 *
 * Base58 text of 32 bytes is always read as a public key, which is not a secret. Never pass a bare seed in
 * that form.
 */
export type VerifierKey = Signer | SecretKeyPair | OfficialKeypair | Uint8Array | readonly number[] | string;

/**
 * A {@link VerifierKey}, or only the public key (32 bytes as base58), which suffices if nothing is signed.
 */
export interface CheckedVerifier {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Base58. */
  readonly publicKeyText: string;
  /** Absent if only the public key is known. */
  readonly sign: Signer["sign"] | undefined;
}

const SECRET_KEY_LENGTH = SEED_LENGTH + PUBLIC_KEY_LENGTH;

/**
 * Reads a verifier. Errors never contain any part of a key.
 *
 * @param field names the option in errors
 */
export function readVerifier(value: unknown, field: string): CheckedVerifier {
  if (value === undefined || value === null || value === "") {
    throw new InputError("missing_option", field, `required: ${whatItIs}`);
  }
  if (typeof value === "string") return fromText(value, field);
  if (value instanceof Uint8Array) return fromSecretKey(value, field);
  if (Array.isArray(value)) return fromSecretKey(bytesOfNumbers(value, field), field);
  if (typeof value === "object") return fromObject(value as Record<string, unknown>, field);
  throw new InputError("invalid_option", field, `must be ${whatItIs}`);
}

/** Like {@link readVerifier}, and rejects a public key without a signer. */
export function readSigningVerifier(
  value: unknown,
  field: string,
): CheckedVerifier & { readonly sign: Signer["sign"] } {
  const verifier = readVerifier(value, field);
  const { sign } = verifier;
  if (sign === undefined) {
    throw new InputError(
      "invalid_option",
      field,
      "is only a public key, but this must be signed; pass a signer or the secret key",
    );
  }
  return { ...verifier, sign };
}

/**
 * Returns the verifier's signature over `message` after checking it: directly if the signer is synchronous,
 * otherwise as a promise.
 *
 * @throws SignerError `signer_failed` if the signer throws, or if its result is not a valid signature for its
 * public key
 */
export function signatureOf(
  { sign, publicKey }: CheckedVerifier & { readonly sign: Signer["sign"] },
  message: Uint8Array,
): Uint8Array | Promise<Uint8Array> {
  const checked = (signature: unknown): Uint8Array => {
    if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_LENGTH)
      throw new SignerError(`must return a Uint8Array of ${SIGNATURE_LENGTH} bytes`);
    const own = Uint8Array.from(signature);
    if (crypto.verify(publicKey, message, own)) return own;
    throw new SignerError(
      "returned a signature that does not verify under its publicKey; it must be plain Ed25519",
    );
  };
  let given: Uint8Array | PromiseLike<Uint8Array>;
  let isLater: boolean;
  try {
    given = sign(message.slice());
    isLater = isPromise(given);
  } catch (cause) {
    throw failed(cause);
  }
  if (!isLater) return checked(given);
  // A thenable's then() can return anything.
  return Promise.resolve(given).then(checked, (cause) => {
    throw failed(cause);
  });
}

/** Returns whether the signer is asynchronous. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null)?.then === "function";
}

const whatItIs =
  "a signer { publicKey, sign }, a keypair, Solana's 64-byte secret key, or a public key in base58 if nothing is signed";

/**
 * Returns the error of a signer that failed. The signer's own message stays in `cause`: it may contain a
 * secret.
 */
function failed(cause: unknown): SignerError {
  return new SignerError("failed; see the cause for the signer's error", { cause, retryable: true });
}

function fromText(text: string, field: string): CheckedVerifier {
  // The format of a key file, or of an environment variable filled from one.
  if (text.trimStart().startsWith("[")) return fromSecretKey(bytesOfNumbers(numbersIn(text), field), field);
  const bytes = fromBase58(text);
  if (bytes?.length === SECRET_KEY_LENGTH) return fromSecretKey(bytes, field);
  const publicKey = requireBase58(
    text,
    field,
    PUBLIC_KEY_LENGTH,
    "a public key, or a secret key of 64 bytes",
  );
  return { publicKey, publicKeyText: text, sign: undefined };
}

function fromSecretKey(secretKey: Uint8Array, field: string): CheckedVerifier {
  if (secretKey.length !== SECRET_KEY_LENGTH) {
    throw new InputError(
      "invalid_option",
      field,
      `is ${secretKey.length} bytes; a secret key is ${SECRET_KEY_LENGTH} bytes: the seed, then the public key`,
    );
  }
  const key = crypto.keyFromSeed(secretKey.slice(0, SEED_LENGTH));
  const { publicKey } = key;
  if (!equalBytes(publicKey, secretKey.subarray(SEED_LENGTH))) {
    throw new InputError(
      "invalid_option",
      field,
      "is not a secret key: its last 32 bytes are not the public key of its first 32 bytes",
    );
  }
  return { publicKey, publicKeyText: toBase58(publicKey), sign: (message) => key.sign(message) };
}

function fromObject(value: Record<string, unknown>, field: string): CheckedVerifier {
  const { sign, getSecretKey, publicKey } = value;
  if (typeof sign === "function") {
    const bytes = publicKeyBytes(publicKey, `${field}.publicKey`);
    // Called as a method, because a class needs its `this`.
    return { publicKey: bytes, publicKeyText: toBase58(bytes), sign: (message) => sign.call(value, message) };
  }
  const secretKey = typeof getSecretKey === "function" ? getSecretKey.call(value) : value.secretKey;
  if (secretKey instanceof Uint8Array) {
    const pair = fromSecretKey(secretKey, `${field}.secretKey`);
    if (publicKey === undefined) return pair;
    if (equalBytes(publicKeyBytes(publicKey, `${field}.publicKey`), pair.publicKey)) return pair;
    throw new InputError("invalid_option", `${field}.publicKey`, "is not the public key of secretKey");
  }
  throw new InputError("invalid_option", field, `must be ${whatItIs}`);
}

/** Reads bytes, base58 text, or an object that returns either, like Solana's `PublicKey`. */
function publicKeyBytes(value: unknown, field: string): Uint8Array {
  const given = value as { toBytes?: unknown } | undefined;
  const plain = typeof given?.toBytes === "function" ? given.toBytes() : value;
  if (!(plain instanceof Uint8Array)) return requireBase58(plain, field, PUBLIC_KEY_LENGTH, "the public key");
  if (plain.length === PUBLIC_KEY_LENGTH) return Uint8Array.from(plain);
  throw new InputError("invalid_option", field, `is ${plain.length} bytes; must be ${PUBLIC_KEY_LENGTH}`);
}

function numbersIn(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [undefined];
  } catch {
    return [undefined];
  }
}

function bytesOfNumbers(numbers: readonly unknown[], field: string): Uint8Array {
  if (numbers.every((byte) => Number.isInteger(byte) && (byte as number) >= 0 && (byte as number) <= 255))
    return Uint8Array.from(numbers as number[]);
  throw new InputError("invalid_option", field, "must be an array of bytes: integers from 0 to 255");
}
