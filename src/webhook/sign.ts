import { base64urlnopad } from "@scure/base";
import * as crypto from "#crypto";
import type { SigningKey } from "../crypto/types.js";
import { InputError } from "../errors.js";
import { bytesOf } from "./bytes-of.js";
import { type WebhookClaimsInput, webhookClaimsJson } from "./claims-json.js";

const header = base64url('{"alg":"EdDSA","typ":"JWT"}');

/** Options of {@link signTestWebhook}. */
export interface SignTestWebhookOptions {
  /** Seed of the Ed25519 key, 32 bytes. Give its public half to `verifyWebhook`. For tests only. */
  readonly privateKey: Uint8Array;
}

/**
 * A webhook as a sequencer with this key would send it, for tests of your own receiver: the body of the POST, to be sent
 * as `application/jwt`. Byte for byte what the sequencer writes, and the same at every call.
 *
 * @throws InputError naming the claim or option
 * @example
 * ```ts
 * import { signTestWebhook } from "code-intents/webhook";
 *
 * const privateKey = new Uint8Array(32).fill(7); // its public half is GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB
 * const body = signTestWebhook(
 *   { intent: intent.id, destination, currency: "usd", amount: 2.5, exchangeRate: 0.00001, quarks: 25_000_000_000n, fees: 0n },
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

/** Signs claims that are JSON already, under the sequencer's header. */
export function signWebhookJson(claimsJson: string, key: SigningKey): string {
  const signed = `${header}.${base64url(claimsJson)}`;
  return `${signed}.${base64urlnopad.encode(key.sign(new TextEncoder().encode(signed)))}`;
}

function base64url(text: string): string {
  return base64urlnopad.encode(new TextEncoder().encode(text));
}
