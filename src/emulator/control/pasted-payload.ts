/** ReadPayload: the 20 bytes of a scan code, from what people have at hand. */
import { InputError } from "../../errors.js";
import { explain } from "../../inspect/index.js";
import { toBase58 } from "../../lib/bytes.js";
import { parseAmount } from "../../money/amount.js";
import { CURRENCIES } from "../../money/currency.js";
import { rendezvousKey } from "../../rendezvous/key.js";
import { NONCE_LENGTH } from "../../rendezvous/nonce.js";
import { encodePayload, PAYLOAD_LENGTH, type RendezvousPayload } from "../../rendezvous/payload.js";
import type { RequestRecord } from "../../server/store/store.js";

/** Longest text that is looked at, in UTF-16 units. */
const MAX_TEXT = 4_096;
/** Bytes that a scan code carries: parity, header, and the payload at their end. */
const SCAN_CODE_LENGTH = 35;

/**
 * Finds the payload of an intent in text: its 20 bytes or the 35 of the scan code in any notation, the client secret, or a
 * JSON document that holds either, such as `code-intents create --json` prints. What is found is that intent's: its key is.
 *
 * @throws InputError where the text holds no payload of this intent
 */
export function pastedPayload(
  intentId: string,
  text: string,
  request: RequestRecord | undefined,
): Uint8Array {
  if (text.length > MAX_TEXT) throw new InputError("invalid_option", "text", "is longer than any scan code");
  for (const piece of piecesOf(text)) {
    for (const as of ["payload", "scan-code", "nonce"]) {
      const bytes = explain(piece, { as }).sections[0]?.tree.bytes ?? new Uint8Array();
      for (const payload of payloadsOf(bytes, request)) {
        if (toBase58(rendezvousKey(payload).publicKey) === intentId) return payload;
      }
    }
  }
  throw new InputError(
    "invalid_option",
    "text",
    "holds no scan code of this intent: the 20 bytes in hex or base64, the client secret, or what `create --json` prints",
  );
}

function piecesOf(text: string): string[] {
  try {
    const { payload, clientSecret } = Object(JSON.parse(text));
    const pieces = [payload, clientSecret].filter((piece) => typeof piece === "string");
    if (pieces.length > 0) return pieces;
  } catch {
    // Most text is no JSON.
  }
  return [text];
}

function payloadsOf(bytes: Uint8Array, request: RequestRecord | undefined): Uint8Array[] {
  if (bytes.length === PAYLOAD_LENGTH) return [bytes];
  if (bytes.length === SCAN_CODE_LENGTH) return [bytes.subarray(-PAYLOAD_LENGTH)];
  if (bytes.length !== NONCE_LENGTH || request === undefined) return [];
  return requestedBy(request, bytes).map(encodePayload);
}

/** What the scan code of a request may say, with this nonce. */
function requestedBy({ payment }: RequestRecord, nonce: Uint8Array): RendezvousPayload[] {
  if (payment === undefined) return [{ kind: "login", nonce }];
  const currency = CURRENCIES.find((known) => known === payment.currency);
  if (currency === undefined) return [];
  const { units } = parseAmount(payment.nativeAmount, { rounding: "nearest" });
  // The official client also says "with fees" where their list is empty.
  return (["payment", "payment-with-fees"] as const).map((kind) => ({ kind, currency, units, nonce }));
}
