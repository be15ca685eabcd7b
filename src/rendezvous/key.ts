import * as crypto from "#crypto";
import type { SigningKey } from "../crypto/types.js";
import { checkPayloadLength } from "./payload.js";

/**
 * Derives the rendezvous key of a payload: the Ed25519 key whose seed is the SHA-256 of the 20 bytes. Its
 * public key, in base58, is the intent id. Its private key signs what is sent to the rendezvous.
 *
 * @throws InputError unless the payload is 20 bytes
 * @example
 * ```ts
 * const key = rendezvousKey(intent.payload);
 * key.publicKey; // 32 bytes
 * key.sign(intent.toBinary()); // 64 bytes
 * ```
 */
export function rendezvousKey(payload: Uint8Array): SigningKey {
  checkPayloadLength(payload);
  return crypto.keyFromHashOf(payload);
}
