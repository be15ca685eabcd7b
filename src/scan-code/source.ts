import { checkPayloadLength } from "../rendezvous/payload.js";

/** Input of a scan code: the 20 bytes of a payload, or an object that has them, such as a `PaymentIntent`. */
export type ScanCodeSource = Uint8Array | { readonly payload: Uint8Array };

/** Returns the 20 bytes of a source. */
export function payloadOf(source: ScanCodeSource): Uint8Array {
  const payload: unknown =
    typeof source === "object" && source !== null && "payload" in source ? source.payload : source;
  checkPayloadLength(payload);
  return payload;
}
