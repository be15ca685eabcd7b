import { InputError } from "../errors.js";
import { concatBytes, equalBytes } from "../lib/bytes.js";
import { checkPayloadLength, PAYLOAD_LENGTH } from "../rendezvous/payload.js";
import { ScanCodeError } from "./errors.js";
import { correct, PARITY_LENGTH, parityOf } from "./reed-solomon.js";

/** Type "remote" in bits 0 to 4 of the first byte. Colour and extra, in the bits above, are 0. */
const HEADER = Uint8Array.of(2, 0);
const TYPE_BITS = 0b11111;

/** Length in bytes of the data in a scan code: 13 of parity, 2 of header, 20 of payload. */
export const ENCODED_LENGTH: number = PARITY_LENGTH + HEADER.length + PAYLOAD_LENGTH;

/** Result of {@link decodeScanCode}. */
export interface DecodedScanCode {
  /** 20 bytes, trailing zeros included. */
  readonly payload: Uint8Array;
  /** Number of corrected bytes: 0 to 6 of the 35. */
  readonly correctedBytes: number;
}

/**
 * Encodes a payload into the 35 bytes of a scan code: 13 bytes of parity, a header of 2 bytes (`02 00`) and
 * the 20 bytes of the payload.
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
 * Decodes the payload from 35 bytes as a scanner read them. Corrects up to 6 wrong bytes at any position.
 *
 * The result always encodes to 35 bytes that differ from `encoded` in at most 6. With 7 or more wrong bytes
 * the result could in theory be another payload; for random bytes the probability is far below one in 10^12.
 * A scan code is not authenticated: anyone can draw one.
 *
 * @throws InputError `invalid_option` unless there are 35 bytes
 * @throws ScanCodeError `scan_code_unreadable` if more bytes are wrong, or if the code is of another type
 * @example
 * ```ts
 * import { decodeScanCode, encodeScanCode } from "code-intents/scan-code";
 *
 * const encoded = encodeScanCode(intent.payload);
 * encoded.fill(0xff, 3, 9); // damages six bytes
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
  // Correction uses 12 checks. The 13th, and the rest of the header, are checked here.
  const meant = concatBytes(word.subarray(-PARITY_LENGTH), word.subarray(0, -PARITY_LENGTH));
  if (!equalBytes(again, meant)) {
    throw new ScanCodeError("More than 6 of the 35 bytes are wrong, or the header is not 02 00; scan again.");
  }
  return { payload, correctedBytes: wrongBytes };
}

/** Throws unless `encoded` is 35 bytes long. */
export function checkEncodedLength(encoded: unknown): asserts encoded is Uint8Array {
  if (encoded instanceof Uint8Array && encoded.length === ENCODED_LENGTH) return;
  const hint = encoded instanceof Uint8Array && encoded.length === PAYLOAD_LENGTH ? "; encode it first" : "";
  throw new InputError("invalid_option", "encoded", `must be a Uint8Array of ${ENCODED_LENGTH} bytes${hint}`);
}
