import * as crypto from "#crypto";
import { InputError } from "../errors.js";
import { concatBytes, requireBase58, toBase58 } from "../lib/bytes.js";
import { requireString } from "../lib/options.js";

/** Length of a nonce in bytes. */
export const NONCE_LENGTH = 11;

/** Minimum length of an idempotency secret in bytes. */
export const MIN_IDEMPOTENCY_SECRET_LENGTH = 32;

// Separates this use of the secret from every other use.
const nonceDomain = new TextEncoder().encode("code-intents/nonce/v1");

/** What a keyed nonce is bound to: the first bytes of the payload that will contain it. */
export interface NonceScope {
  /** Byte 0 of the payload. */
  readonly kind: number;
  /** Byte 1 of the payload; 0 if the kind has no currency. */
  readonly currencyIndex: number;
  /** Hundredths of the currency; 0 if the kind has no amount. */
  readonly units: bigint;
}

// Random bytes for the next nonces. One system call per nonce would cost ten times as much.
const pool = new Uint8Array(32 * NONCE_LENGTH);
let used = pool.length;

/** Returns 11 bytes from the platform's random generator. */
export function randomNonce(): Uint8Array {
  if (used === pool.length) {
    globalThis.crypto.getRandomValues(pool);
    used = 0;
  }
  const nonce = pool.slice(used, used + NONCE_LENGTH);
  // Each nonce is used once, so no copy is kept.
  pool.fill(0, used, used + NONCE_LENGTH);
  used += NONCE_LENGTH;
  return nonce;
}

/**
 * Derives a nonce like the official client: the first 11 bytes of the SHA-256 of the key's UTF-8 text.
 *
 * Anyone who guesses the key can derive the rendezvous private key and register first with another
 * destination. Use {@link nonceFromKeyedIdempotencyKey} unless you need the official derivation.
 */
export function nonceFromIdempotencyKey(idempotencyKey: string): Uint8Array {
  return crypto.sha256(keyText(idempotencyKey)).slice(0, NONCE_LENGTH);
}

/**
 * Derives a nonce with a secret: the first 11 bytes of HMAC-SHA-256(secret, `code-intents/nonce/v1`, 00,
 * kind, currency index, units as uint64 little-endian, the key's UTF-8 text).
 */
export function nonceFromKeyedIdempotencyKey(
  idempotencyKey: string,
  idempotencySecret: Uint8Array | string,
  scope: NonceScope,
): Uint8Array {
  checkScope(scope);
  const head = new Uint8Array(11);
  head[1] = scope.kind;
  head[2] = scope.currencyIndex;
  new DataView(head.buffer).setBigUint64(3, scope.units, true);
  const text = concatBytes(nonceDomain, head, keyText(idempotencyKey));
  return crypto.hmacSha256(readIdempotencySecret(idempotencySecret), text).slice(0, NONCE_LENGTH);
}

/** Decodes the nonce from a client secret: base58 of exactly 11 bytes. */
export function nonceFromClientSecret(clientSecret: string, field = "clientSecret"): Uint8Array {
  return requireBase58(
    clientSecret,
    field,
    NONCE_LENGTH,
    "the client secret of an intent, base58 of 11 bytes",
  );
}

/** Encodes a nonce as a client secret: its base58 text, 11 to 16 characters. */
export function clientSecretOf(nonce: Uint8Array): string {
  return toBase58(nonce);
}

/**
 * Reads an idempotency secret: bytes, or text that is encoded as UTF-8. At least 32 bytes.
 *
 * @throws InputError naming `field`; the message never contains the secret
 */
export function readIdempotencySecret(secret: unknown, field = "idempotencySecret"): Uint8Array {
  const bytes = typeof secret === "string" ? utf8(secret, field) : secret;
  if (!(bytes instanceof Uint8Array)) {
    throw new InputError("invalid_option", field, "must be a Uint8Array or a string");
  }
  if (bytes.length < MIN_IDEMPOTENCY_SECRET_LENGTH) {
    throw new InputError(
      "invalid_option",
      field,
      `is ${bytes.length} bytes; use at least ${MIN_IDEMPOTENCY_SECRET_LENGTH} random bytes`,
    );
  }
  return bytes;
}

/** Rejects values out of range, which would wrap around into the nonce of another amount. */
function checkScope({ kind, currencyIndex, units }: NonceScope): void {
  for (const [field, value] of Object.entries({ kind, currencyIndex })) {
    if (!Number.isInteger(value) || value < 0 || value > 255) {
      throw new InputError("invalid_option", `scope.${field}`, "must be an integer from 0 to 255");
    }
  }
  if (typeof units !== "bigint" || units < 0n || units >= 2n ** 64n) {
    throw new InputError("invalid_option", "scope.units", "must be a bigint from 0 to 2^64 - 1");
  }
}

function keyText(idempotencyKey: unknown): Uint8Array {
  return utf8(
    requireString(idempotencyKey, "idempotencyKey", "the name of the order in your system"),
    "idempotencyKey",
  );
}

function utf8(text: string, field: string): Uint8Array {
  // A lone surrogate would become U+FFFD, so two different keys would give the same nonce.
  if (/\p{Surrogate}/u.test(text))
    throw new InputError("invalid_option", field, "must be well-formed Unicode");
  return new TextEncoder().encode(text);
}
