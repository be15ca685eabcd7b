import { InputError } from "../../errors.js";
import { Intent } from "../../intents/intent.js";
import { requireBase58 } from "../../lib/bytes.js";

/** An intent, or the 20 bytes of its scan code. */
export type Scannable = Intent | Uint8Array;

/** Returns the 20 bytes of the scan code. */
export function payloadOf(target: unknown): Uint8Array {
  if (target instanceof Intent) return target.payload;
  if (target instanceof Uint8Array) return target;
  throw new InputError(
    "invalid_option",
    "intent",
    typeof target === "string"
      ? "is an intent id; this call is signed by the rendezvous key, so pass the intent or the 20 bytes of its scan code"
      : "must be a PaymentIntent, a LoginIntent or the 20 bytes of its scan code",
  );
}

/** Decodes an intent id into its 32 bytes. */
export function keyBytesOf(intentId: string): Uint8Array {
  return requireBase58(intentId, "intent", 32, "the id of an intent, base58 of 32 bytes");
}
