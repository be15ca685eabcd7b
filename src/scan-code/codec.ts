import { InputError } from "../errors.js";
import { concatBytes, equalBytes } from "../lib/bytes.js";
import { checkPayloadLength, PAYLOAD_LENGTH } from "../rendezvous/payload.js";
import { ScanCodeError } from "./errors.js";
import { correct, PARITY_LENGTH, parityOf } from "./reed-solomon.js";

/** Type "remote" in bits 0 to 4 of the first byte; colour and extra, in the bits above, are 0. */
const HEADER = Uint8Array.of(2, 0);
const TYPE_BITS = 0b11111;

/** Bytes that a scan code carries: 13 of parity, 2 of header, 20 of payload. */
export const ENCODED_LENGTH: number = PARITY_LENGTH + HEADER.length + PAYLOAD_LENGTH;

/** What {@link decodeScanCode} read. */
export interface DecodedScanCode {
  /** 20 bytes, trailing zeros included. */
  readonly payload: Uint8Array;
  /** How many of the 35 bytes were wrong and have been corrected: 0 to 6. */
  readonly correctedBytes: number;
}

/**
 * The 35 bytes that a scan code carries: 13 bytes of parity, a header of 2 bytes (`02 00`), the 20 bytes of the payload.
 *
 * @throws InputError `invalid_option` unless the payload is 20 bytes
 * @example
 * ```ts
 * import { encodeScanCode } from "code-intents/scan-code";
 *
 * const encoded = encodeScanCode(intent.payload); // 35 bytes
 * ```
 */
export function encodeScanCode(payload: Uint8Array): Uint8Array {
  checkPayloadLength(payload);
  const data = concatBytes(HEADER, payload);
  return concatBytes(parityOf(data), data);
}

/**
 * The payload of 35 bytes as a scanner read them. Up to 6 wrong bytes, wherever they are, are corrected.
 *
 * What comes back encodes to a word that differs from `encoded` in at most 6 bytes; no other word is ever returned. With 7
 * wrong bytes or more that word can in theory be another one than was drawn: for bytes at random the odds are far below
 * one in 10^12, and what is drawn by others proves nothing anyway.
 *
 * @throws InputError `invalid_option` unless there are 35 bytes
 * @throws ScanCodeError `scan_code_unreadable` where more bytes are wrong, or where the code is of another type
 * @example
 * ```ts
 * import { decodeScanCode, encodeScanCode } from "code-intents/scan-code";
 *
 * const encoded = encodeScanCode(intent.payload);
 * encoded.fill(0xff, 3, 9); // six bytes lost
 * decodeScanCode(encoded); // { payload: intent.payload, correctedBytes: 6 }
 * ```
 */
export function decodeScanCode(encoded: Uint8Array): DecodedScanCode {
  checkEncodedLength(encoded);
  const corrected = correct(concatBytes(encoded.subarray(PARITY_LENGTH), encoded.subarray(0, PARITY_LENGTH)));
  if (corrected === undefined) throw new ScanCodeError("More than 6 of the 35 bytes are wrong; scan again.");
  const { word, wrongBytes } = corrected;
  const type = (word[0] ?? 0) & TYPE_BITS;
  if (type !== HEADER[0]) throw new ScanCodeError(`The code is of type ${type}, not of type 2.`);
  const payload = word.slice(HEADER.length, HEADER.length + PAYLOAD_LENGTH);
  const again = encodeScanCode(payload);
  // Correction rests on 12 checks; the 13th, and the rest of the header, are checked here.
  const meant = concatBytes(word.subarray(-PARITY_LENGTH), word.subarray(0, -PARITY_LENGTH));
  if (!equalBytes(again, meant)) {
    throw new ScanCodeError("More than 6 of the 35 bytes are wrong, or the header is not 02 00; scan again.");
  }
  return { payload, correctedBytes: wrongBytes };
}

/** Refuses anything but 35 bytes. */
export function checkEncodedLength(encoded: unknown): asserts encoded is Uint8Array {
  if (encoded instanceof Uint8Array && encoded.length === ENCODED_LENGTH) return;
  const hint = encoded instanceof Uint8Array && encoded.length === PAYLOAD_LENGTH ? "; encode it first" : "";
  throw new InputError("invalid_option", "encoded", `must be a Uint8Array of ${ENCODED_LENGTH} bytes${hint}`);
}
