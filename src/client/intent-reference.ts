import { Intent } from "../intents/intent.js";
import { requireBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";

/** An intent, or its id (base58 of 32 bytes), alone or as `{ intent: id }`. */
export type IntentReference = Intent | string | { readonly intent: string };

/** Returns the 32-byte rendezvous public key of a reference. */
export function publicKeyOf(reference: unknown): Uint8Array {
  if (reference instanceof Intent) return requireIntentId(reference.id);
  if (typeof reference === "object" && reference !== null) {
    checkOptions(reference, "", ["intent"]);
    return requireIntentId(reference.intent);
  }
  return requireIntentId(reference);
}

function requireIntentId(id: unknown): Uint8Array {
  return requireBase58(id, "intent", 32, "the id of an intent, base58 of 32 bytes");
}
