import { checkPayloadLength } from "../rendezvous/payload.js";

/** What a scan code is drawn of: the 20 bytes of a payload, or anything that has them, such as a `PaymentIntent`. */
export type ScanCodeSource = Uint8Array | { readonly payload: Uint8Array };

/** The 20 bytes of a source. */
export function payloadOf(source: ScanCodeSource): Uint8Array {
  const payload: unknown =
    typeof source === "object" && source !== null && "payload" in source ? source.payload : source;
  checkPayloadLength(payload);
  return payload;
}
