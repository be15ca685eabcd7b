import { base64urlnopad } from "@scure/base";
import * as crypto from "#crypto";
import type { SigningKey } from "../crypto/types.js";
import { InputError } from "../errors.js";
import { bytesOf } from "./bytes-of.js";
import { type WebhookClaimsInput, webhookClaimsJson } from "./claims-json.js";

const header = base64url('{"alg":"EdDSA","typ":"JWT"}');

/** Options of {@link signTestWebhook}. */
export interface SignTestWebhookOptions {
  /** Seed of the Ed25519 key, 32 bytes. Pass its public key to `verifyWebhook`. For tests only. */
  readonly privateKey: Uint8Array;
}

/**
 * Signs a webhook for tests of your receiver, as a sequencer with this key would. Returns the body of the
 * POST request, with content type `application/jwt`. The bytes equal the sequencer's and are the same on
 * every call.
 *
 * @throws InputError naming the claim or option
 * @example
 * ```ts
 * import { signTestWebhook } from "code-intents/webhook";
 *
 * // The public key of this seed is GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB.
 * const privateKey = new Uint8Array(32).fill(7);
 * const body = signTestWebhook(
 *   {
 *     intent: intent.id,
 *     destination,
 *     currency: "usd",
 *     amount: 2.5,
 *     exchangeRate: 0.00001,
 *     quarks: 25_000_000_000n,
 *     fees: 0n,
 *   },
 *   { privateKey },
 * );
 * ```
 */
export function signTestWebhook(claims: WebhookClaimsInput, { privateKey }: SignTestWebhookOptions): string {
  const seed = bytesOf(privateKey);
  if (seed?.length !== 32) {
    throw new InputError("invalid_option", "privateKey", "must be the 32-byte seed of an Ed25519 key");
  }
  return signWebhookJson(webhookClaimsJson(claims), crypto.keyFromSeed(seed));
}

/** Signs claims that are already JSON, with the sequencer's header. */
export function signWebhookJson(claimsJson: string, key: SigningKey): string {
  const signed = `${header}.${base64url(claimsJson)}`;
  return `${signed}.${base64urlnopad.encode(key.sign(new TextEncoder().encode(signed)))}`;
}

function base64url(text: string): string {
  return base64urlnopad.encode(new TextEncoder().encode(text));
}
