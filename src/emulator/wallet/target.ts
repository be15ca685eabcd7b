import { InputError } from "../../errors.js";
import { Intent } from "../../intents/intent.js";
import { requireBase58 } from "../../lib/bytes.js";

/** What a phone can scan: an intent, or the 20 bytes of its scan code. */
export type Scannable = Intent | Uint8Array;

/** The 20 bytes that a phone sees. */
export function payloadOf(target: unknown): Uint8Array {
  if (target instanceof Intent) return target.payload;
  if (target instanceof Uint8Array) return target;
  throw new InputError(
    "invalid_option",
    "intent",
    typeof target === "string"
      ? "is an id; this is signed, so it needs the intent itself or the 20 bytes of its scan code"
      : "must be a PaymentIntent, a LoginIntent or the 20 bytes of its scan code",
  );
}

/** The 32 bytes of an intent's id. */
export function keyBytesOf(intentId: string): Uint8Array {
  return requireBase58(intentId, "intent", 32, "the id of an intent, base58 of 32 bytes");
}
