/** ReadPayload: extracts the 20 bytes of a scan code from pasted text. */
import { InputError } from "../../errors.js";
import { explain } from "../../inspect/index.js";
import { toBase58 } from "../../lib/bytes.js";
import { parseAmount } from "../../money/amount.js";
import { CURRENCIES } from "../../money/currency.js";
import { rendezvousKey } from "../../rendezvous/key.js";
import { NONCE_LENGTH } from "../../rendezvous/nonce.js";
import { encodePayload, PAYLOAD_LENGTH, type RendezvousPayload } from "../../rendezvous/payload.js";
import type { RequestRecord } from "../../server/store/store.js";

/** Longest text to search, in UTF-16 units. */
const MAX_TEXT = 4_096;
/** Length of a scan code in bytes: parity, header, and the payload last. */
const SCAN_CODE_LENGTH = 35;

/**
 * Finds an intent's payload in text: its 20 bytes or the 35 of the scan code in any notation, the client
 * secret, or a JSON document that holds either, such as the output of `code-intents create --json`. Verifies
 * that its key is the intent's.
 *
 * @throws InputError if the text holds no payload of this intent
 */
export function pastedPayload(
  intentId: string,
  text: string,
  request: RequestRecord | undefined,
): Uint8Array {
  if (text.length > MAX_TEXT)
    throw new InputError(
      "invalid_option",
      "text",
      `is longer than ${MAX_TEXT} characters; paste only the scan code`,
    );
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
    "holds no scan code of this intent; paste the 20 bytes in hex or base64, the client secret, or the output of `create --json`",
  );
}

function piecesOf(text: string): string[] {
  try {
    const { payload, clientSecret } = Object(JSON.parse(text));
    const pieces = [payload, clientSecret].filter((piece) => typeof piece === "string");
    if (pieces.length > 0) return pieces;
  } catch {
    // Most text is not JSON.
  }
  return [text];
}

function payloadsOf(bytes: Uint8Array, request: RequestRecord | undefined): Uint8Array[] {
  if (bytes.length === PAYLOAD_LENGTH) return [bytes];
  if (bytes.length === SCAN_CODE_LENGTH) return [bytes.subarray(-PAYLOAD_LENGTH)];
  if (bytes.length !== NONCE_LENGTH || request === undefined) return [];
  return requestedBy(request, bytes).map(encodePayload);
}

/** Returns the payloads that the scan code of a request can have, given its nonce. */
function requestedBy({ payment }: RequestRecord, nonce: Uint8Array): RendezvousPayload[] {
  if (payment === undefined) return [{ kind: "login", nonce }];
  const currency = CURRENCIES.find((known) => known === payment.currency);
  if (currency === undefined) return [];
  const { units } = parseAmount(payment.nativeAmount, { rounding: "nearest" });
  // The official client also uses the kind "payment-with-fees" for an empty list of fees.
  return (["payment", "payment-with-fees"] as const).map((kind) => ({ kind, currency, units, nonce }));
}
