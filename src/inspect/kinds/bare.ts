/**
 * Values without fields, such as keys, signatures and nonces, and the bytes of a scan code. They are
 * recognized by length.
 */
import { equalBytes, toBase58 } from "../../lib/bytes.js";
import { MAX_UNITS } from "../../money/amount.js";
import { clientSecretOf, NONCE_LENGTH } from "../../rendezvous/nonce.js";
import { PAYLOAD_LENGTH } from "../../rendezvous/payload.js";
import { decodeScanCode, ENCODED_LENGTH, encodeScanCode } from "../../scan-code/codec.js";
import { type Draft, draft, report, span } from "../tree.js";
import { count, hexByte } from "../words.js";
import { addArea, addPayloadAreas, intentIdOf } from "./payload.js";
import { kindOf, payloadAreas } from "./payload-areas.js";

const PARITY_LENGTH = 13;
const HEADER_LENGTH = ENCODED_LENGTH - PARITY_LENGTH - PAYLOAD_LENGTH;

/** Returns how much bytes look like a payload, from 0 to 1. */
export function payloadLikeness(bytes: Uint8Array): number {
  const kind = kindOf(bytes[0]);
  if (bytes.length !== PAYLOAD_LENGTH) {
    // With one byte missing or extra, bytes are still a payload if the rest looks like an amount.
    const near = Math.abs(bytes.length - PAYLOAD_LENGTH) <= 8 && bytes.length > 9;
    return near && kind === "payment" && bytes.subarray(6, 9).every((byte) => byte === 0) ? 0.5 : 0;
  }
  if (kind === undefined) return 0.3;
  const areas = payloadAreas(kind, bytes);
  if (areas.some(({ problem }) => problem !== undefined)) return 0.65;
  const units = areas.find(({ name }) => name === "units")?.value;
  return typeof units === "bigint" && units > MAX_UNITS ? 0.75 : 0.95;
}

/** Returns how much bytes look like the 35 bytes of a scan code, from 0 to 1. */
export function scanCodeLikeness(bytes: Uint8Array): number {
  if (bytes.length !== ENCODED_LENGTH) return 0;
  try {
    decodeScanCode(bytes);
    return 0.98;
  } catch {
    return hasHeader(bytes) ? 0.6 : 0.28;
  }
}

/** Builds the tree of the 35 bytes of a scan code. */
export function scanCodeDraft(input: Uint8Array): Draft {
  const root = valueDraft("scan code", input);
  const start = PARITY_LENGTH + HEADER_LENGTH;
  if (input.length !== ENCODED_LENGTH) {
    const at = Math.min(input.length, ENCODED_LENGTH);
    report(root, "malformed", "wrong_length", at, `${ENCODED_LENGTH} bytes`, `${input.length}`);
    return addWhole(root, input, "bytes", `${count(input.length, "byte")} that are not a scan code`);
  }
  const payload = input.subarray(start);
  const parity = addArea(root, "area", "parity", input, 0, PARITY_LENGTH);
  parity.meaning = `${PARITY_LENGTH} bytes of Reed-Solomon parity over the other bytes`;
  const header = addArea(root, "area", "header", input, PARITY_LENGTH, start);
  header.meaning = hasHeader(input)
    ? "type 2, no color, no extra data: the same in every scan code of this protocol"
    : `type ${(header.bytes[0] ?? 0) & 31}; every scan code of this protocol starts with 02 00`;
  const corrected = checkParity(root, input, payload);
  const what = addPayloadAreas(root, input, start);
  root.meaning = `the ${ENCODED_LENGTH} bytes of a scan code: ${what}; ${intentIdOf(corrected)}`;
  return root;
}

function hasHeader(bytes: Uint8Array): boolean {
  return bytes[PARITY_LENGTH] === 2 && bytes[PARITY_LENGTH + 1] === 0;
}

/**
 * Reports the bytes that a scanner would correct, or that it cannot correct any. Returns the payload that a
 * scanner would read.
 */
function checkParity(root: Draft, input: Uint8Array, payload: Uint8Array): Uint8Array {
  const [parity, header] = root.children;
  if (parity === undefined || header === undefined) return payload;
  if (equalBytes(encodeScanCode(payload), input)) return payload;
  let meant: Uint8Array;
  try {
    meant = decodeScanCode(input).payload;
  } catch {
    const expected = encodeScanCode(payload);
    const at = expected.findIndex((byte, i) => byte !== input[i]);
    const found = `${hexByte(input[at])}; more than 6 bytes are wrong, or the parity was computed differently`;
    report(parity, "malformed", "parity", at, `${hexByte(expected[at])} for this payload`, found);
    return payload;
  }
  const right = encodeScanCode(meant);
  for (let at = 0; at < input.length; at++) {
    if (input[at] === right[at]) continue;
    const node = at < PARITY_LENGTH ? parity : at < PARITY_LENGTH + HEADER_LENGTH ? header : root;
    const found = `${hexByte(input[at])}, which a scanner corrects`;
    report(node, "malformed", "parity", at, hexByte(right[at]), found);
  }
  return meant;
}

/** Builds the tree of 32 bytes. */
export function keyDraft(input: Uint8Array): Draft {
  return fixedDraft(
    input,
    "public key",
    32,
    (text) => `32-byte public key, account or intent id: base58 ${text}`,
  );
}

/** Builds the tree of 64 bytes. */
export function signatureDraft(input: Uint8Array): Draft {
  return fixedDraft(input, "signature", 64, (text) => `64-byte Ed25519 signature: base58 ${text}`);
}

/** Builds the tree of 11 bytes. */
export function nonceDraft(input: Uint8Array): Draft {
  return fixedDraft(
    input,
    "nonce",
    NONCE_LENGTH,
    () => `${NONCE_LENGTH}-byte nonce, secret; its base58 is the client secret: ${clientSecretOf(input)}`,
  );
}

/** Builds the tree of bytes that are not recognized. */
export function unknownDraft(input: Uint8Array): Draft {
  const root = valueDraft("bytes", input);
  root.meaning = `${count(input.length, "byte")} of unknown content`;
  if (input.length === 0) return root;
  const rest = addArea(root, "unreadable", "unreadable", input, 0, input.length);
  rest.meaning = `${count(input.length, "byte")} that cannot be parsed`;
  return root;
}

/** Creates a root that is neither a message nor a payload. */
export function valueDraft(label: string, input: Uint8Array): Draft {
  const whole = span(input, 0, input.length);
  const root = draft("value", label, "", whole);
  root.body = whole;
  root.meaning = `${label}, ${count(input.length, "byte")}`;
  return root;
}

function fixedDraft(
  input: Uint8Array,
  what: string,
  length: number,
  meaning: (base58: string) => string,
): Draft {
  const root = valueDraft(what, input);
  if (input.length === length) return addWhole(root, input, what, meaning(toBase58(input)));
  const at = Math.min(input.length, length);
  report(root, "malformed", "wrong_length", at, `${length} bytes for a ${what}`, `${input.length}`);
  return addWhole(root, input, what, `${count(input.length, "byte")}; a ${what} has ${length}`);
}

function addWhole(root: Draft, input: Uint8Array, name: string, meaning: string): Draft {
  if (input.length > 0) addArea(root, "area", name, input, 0, input.length).meaning = meaning;
  return root;
}
