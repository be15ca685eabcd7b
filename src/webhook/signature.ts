import { base58, base64urlnopad } from "@scure/base";
import { decodeProtectedHeader } from "jose/decode/protected_header";
import { JOSEError, JWSSignatureVerificationFailed } from "jose/errors";
import { compactVerify } from "jose/jws/compact/verify";
import { hasSmallOrder } from "../crypto/small-order.js";
import { InputError, UnsupportedError } from "../errors.js";
import { requireBase58 } from "../lib/bytes.js";
import { bytesOf } from "./bytes-of.js";
import { WebhookError } from "./errors.js";
import { rawBodyAdvice, type ServerKind } from "./raw-body.js";
import { describeConverted } from "./token-form.js";

/** Webhook public key of the production sequencer: Ed25519, base58 of the raw 32 bytes. */
export const PRODUCTION_WEBHOOK_PUBLIC_KEY = "codeHy87wGD5oMRLG75qKqsSi1vWE3oxNyYmXo5F9YR";

/** Verifies that one key signed a token. */
export interface SignatureCheck {
  /** Returns the signed bytes: the claims, not yet checked. `server` decides the advice in an error. */
  verify(token: string, server?: ServerKind): Promise<Uint8Array>;
}

interface Jwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

/**
 * Creates a verifier for the key that must sign webhooks: base58 of the raw 32-byte Ed25519 key, or the 32
 * bytes. A signature by `production` is never accepted instead. The key only serves to report a mix-up with
 * its own error.
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
    async verify(token, server) {
      checkShape(token, server);
      checkHeader(token);
      const payload = await verifiedBy(key, token);
      if (payload !== undefined) return payload;
      if (key.x !== productionKey.x && (await verifiedBy(productionKey, token)) !== undefined) {
        throw new WebhookError("webhook_wrong_key", {
          message:
            "The production sequencer signed the webhook, but publicKey is another key. " +
            "Set publicKey to PRODUCTION_WEBHOOK_PUBLIC_KEY in production",
        });
      }
      throw new WebhookError("webhook_signature_invalid", {
        message:
          "The webhook is not signed by publicKey. It is forged, or publicKey is not the key of your sequencer",
      });
    },
  };
}

function readPublicKey(publicKey: unknown): Uint8Array {
  const what =
    "the sequencer's Ed25519 key, base58 of 32 bytes (in production PRODUCTION_WEBHOOK_PUBLIC_KEY)";
  const bytes = bytesOf(publicKey)?.slice() ?? requireBase58(publicKey, "publicKey", 32, what);
  if (bytes.length !== 32) {
    throw new InputError(
      "invalid_option",
      "publicKey",
      `is ${bytes.length} bytes. It must be 32 bytes: ${what}`,
    );
  }
  if (hasSmallOrder(bytes)) {
    throw new InputError(
      "invalid_option",
      "publicKey",
      `is all zeros or another point of small order, so anyone can sign for it. Pass ${what}`,
    );
  }
  return bytes;
}

function jwk(publicKey: Uint8Array): Jwk {
  return { kty: "OKP", crv: "Ed25519", x: base64urlnopad.encode(publicKey) };
}

/**
 * Requires three parts of canonical base64url. jose and the platforms decode leniently (padding bits,
 * padding, line ends), so one signed token would have many valid spellings.
 */
function checkShape(token: string, server: ServerKind | undefined): void {
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) {
    const expected = "The body must be a compact JWT: three parts of unpadded base64url, separated by dots";
    const found = describeConverted(token);
    throw new WebhookError("webhook_malformed", {
      message: found === undefined ? expected : `${expected}. ${found}. ${rawBodyAdvice(server)}`,
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

// Accepts plain EdDSA only. Never reads the keys that the header offers (jwk, jku, x5c).
function checkHeader(token: string): void {
  const header = protectedHeader(token);
  const refused =
    header.alg !== "EdDSA"
      ? "its algorithm is not EdDSA"
      : header.crit !== undefined || header.b64 !== undefined
        ? "it requires an extension"
        : undefined;
  if (refused === undefined) return;
  throw new WebhookError("webhook_algorithm_refused", {
    message: `The webhook is rejected because ${refused}. The sequencer signs with plain EdDSA only`,
  });
}

function protectedHeader(token: string): Readonly<Record<string, unknown>> {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new WebhookError("webhook_malformed", {
      message: "The JWT header must be a JSON object",
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
        "This runtime's Web Crypto does not support Ed25519, so it cannot verify webhooks",
      );
    }
    throw new InputError("invalid_option", "publicKey", "must be an Ed25519 public key");
  }
}
