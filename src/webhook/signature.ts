import { base58, base64urlnopad } from "@scure/base";
import { decodeProtectedHeader } from "jose/decode/protected_header";
import { JOSEError, JWSSignatureVerificationFailed } from "jose/errors";
import { compactVerify } from "jose/jws/compact/verify";
import { InputError, UnsupportedError } from "../errors.js";
import { requireBase58 } from "../lib/bytes.js";
import { bytesOf } from "./bytes-of.js";
import { WebhookError } from "./errors.js";

/** Public key of the production sequencer's webhooks: Ed25519, base58 of the raw 32 bytes. */
export const PRODUCTION_WEBHOOK_PUBLIC_KEY = "codeHy87wGD5oMRLG75qKqsSi1vWE3oxNyYmXo5F9YR";

/** Checks that a token is by one key. */
export interface SignatureCheck {
  /** The bytes that are signed: the claims, not yet looked at. */
  verify(token: string): Promise<Uint8Array>;
}

interface Jwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

/**
 * Takes the key that webhooks must be signed with: base58 of the raw 32-byte Ed25519 key, or the 32 bytes. `production`
 * is never accepted in its place; it only gives a mix-up of the two its own error.
 *
 * @throws InputError `missing_option` or `invalid_option`
 */
export function signatureCheck(
  publicKey: unknown,
  production: string = PRODUCTION_WEBHOOK_PUBLIC_KEY,
): SignatureCheck {
  const key = jwk(readPublicKey(publicKey));
  const productionKey = jwk(base58.decode(production));
  return {
    async verify(token) {
      checkShape(token);
      checkHeader(token);
      const payload = await verifiedBy(key, token);
      if (payload !== undefined) return payload;
      if (key.x !== productionKey.x && (await verifiedBy(productionKey, token)) !== undefined) {
        throw new WebhookError("webhook_wrong_key", {
          message:
            "The webhook is signed by the production sequencer, but publicKey names another key. " +
            "Pass PRODUCTION_WEBHOOK_PUBLIC_KEY where you serve production",
        });
      }
      throw new WebhookError("webhook_signature_invalid", {
        message:
          "The webhook is not signed by publicKey. Either it is forged, or publicKey is not the key of your sequencer",
      });
    },
  };
}

function readPublicKey(publicKey: unknown): Uint8Array {
  const what =
    "the sequencer's Ed25519 key, base58 of 32 bytes; PRODUCTION_WEBHOOK_PUBLIC_KEY for production";
  const bytes = bytesOf(publicKey)?.slice() ?? requireBase58(publicKey, "publicKey", 32, what);
  if (bytes.length !== 32) {
    throw new InputError("invalid_option", "publicKey", `is ${bytes.length} bytes; must be 32: ${what}`);
  }
  if (bytes.every((byte) => byte === 0)) {
    throw new InputError(
      "invalid_option",
      "publicKey",
      `is a placeholder (all zeros), under which anybody can sign: ${what}`,
    );
  }
  return bytes;
}

function jwk(publicKey: Uint8Array): Jwk {
  return { kty: "OKP", crv: "Ed25519", x: base64urlnopad.encode(publicKey) };
}

/**
 * Three parts of canonical base64url. jose and the platforms decode leniently (padding bits, padding, line ends), which
 * would give one signed token many spellings.
 */
function checkShape(token: string): void {
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) {
    throw new WebhookError("webhook_malformed", {
      message: "The body is not a compact JWT: three parts of unpadded base64url with dots between",
    });
  }
}

function isCanonicalBase64url(part: string): boolean {
  try {
    base64urlnopad.decode(part);
    return part !== "";
  } catch {
    return false;
  }
}

// Plain EdDSA or nothing. Keys that the header offers (jwk, jku, x5c) are never looked at.
function checkHeader(token: string): void {
  const header = protectedHeader(token);
  const refused =
    header.alg !== "EdDSA"
      ? "its algorithm is not EdDSA"
      : header.crit !== undefined || header.b64 !== undefined
        ? "it asks for an extension"
        : undefined;
  if (refused === undefined) return;
  throw new WebhookError("webhook_algorithm_refused", {
    message: `The webhook is refused: ${refused}. The sequencer signs with plain EdDSA only`,
  });
}

function protectedHeader(token: string): Readonly<Record<string, unknown>> {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new WebhookError("webhook_malformed", {
      message: "The header of the JWT is not a JSON object",
      cause,
    });
  }
}

async function verifiedBy(key: Jwk, token: string): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(token, key, { algorithms: ["EdDSA"] })).payload;
  } catch (cause) {
    if (cause instanceof JWSSignatureVerificationFailed) return undefined;
    if (cause instanceof JOSEError) {
      throw new WebhookError("webhook_malformed", { message: "The JWT is malformed", cause });
    }
    if ((cause as { name?: unknown } | null)?.name === "NotSupportedError") {
      throw new UnsupportedError(
        "unsupported_by_runtime",
        "This runtime's Web Crypto has no Ed25519, so webhooks cannot be verified here",
      );
    }
    throw new InputError("invalid_option", "publicKey", "is not an Ed25519 public key");
  }
}
