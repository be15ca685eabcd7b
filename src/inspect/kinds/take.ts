/** The single entry for every input: text, a file or standard input. */
import { printableText, readingsOf } from "../notations/readings.js";
import type { InspectNotation } from "../notations/types.js";
import type { Kind } from "./kinds.js";
import { POOR_FIT, type Recognized, recognize } from "./recognize.js";

/** Why an input cannot be read. */
export type Refused =
  | { readonly refused: "too large" }
  | { readonly refused: "unreadable"; readonly text: string };

// `0x2A, ` and the lines of a hex dump use at most six characters for a byte.
const CHARACTERS_PER_BYTE = 8;

// Notations that are unmistakable.
const written: ReadonlySet<InspectNotation> = new Set([
  "hex",
  "hex dump",
  "escaped text",
  "numbers",
  "JSON",
  "JWT",
  "text",
]);

/**
 * Reads text or bytes as what they look like, or as `as`. Reads bytes that are printable text as that text.
 * If no notation fits such text, its bytes can still be a message.
 */
export function take(
  source: string | Uint8Array,
  as: Kind | undefined,
  maxBytes: number,
): Recognized | Refused {
  if (source.length > CHARACTERS_PER_BYTE * maxBytes) return { refused: "too large" };
  if (typeof source === "string") return takeText(source, as, maxBytes);
  const text = printableText(source);
  if (text === undefined) return takeBytes(source, as, maxBytes);
  const taken = takeText(text, as, maxBytes);
  if (!("refused" in taken) || taken.refused === "too large") return taken;
  const own = takeBytes(source, as, maxBytes);
  return "refused" in own || !isLikely(own, as) ? taken : own;
}

/** Returns whether bytes that are valid text are also a known binary kind. */
function isLikely({ kind, reading }: Recognized, as: Kind | undefined): boolean {
  // Otherwise any text of 32 letters would be a key.
  if (as === undefined && kind.message === undefined) return false;
  return kind.fit(reading.bytes, reading.notation) >= POOR_FIT;
}

function takeBytes(bytes: Uint8Array, as: Kind | undefined, maxBytes: number): Recognized | Refused {
  if (bytes.length > maxBytes) return { refused: "too large" };
  return recognize([{ notation: as?.isText === true ? "text" : "bytes", bytes, prior: 1 }], as);
}

function takeText(text: string, as: Kind | undefined, maxBytes: number): Recognized | Refused {
  const readings = readingsOf(text, maxBytes, as?.isText ?? false);
  const [first, ...rest] = readings.filter(({ bytes }) => bytes.length <= maxBytes);
  if (first === undefined)
    return readings.length > 0 ? { refused: "too large" } : { refused: "unreadable", text };
  const found = recognize([first, ...rest], as);
  // Letters that decode as base64 to unknown bytes are more likely a mistake in another notation.
  return found.isUnknown && !written.has(found.reading.notation) ? { refused: "unreadable", text } : found;
}
