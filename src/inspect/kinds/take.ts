/** One way to read an input, whether it comes as text, in a file or on standard input. */
import { printableText, readingsOf } from "../notations/readings.js";
import type { InspectNotation } from "../notations/types.js";
import type { Kind } from "./kinds.js";
import { POOR_FIT, type Recognized, recognize } from "./recognize.js";

/** Why an input cannot be taken for anything. */
export type Refused =
  | { readonly refused: "too large" }
  | { readonly refused: "unreadable"; readonly text: string };

// `0x2A, ` and the lines of a hex dump take six characters or fewer for a byte.
const CHARACTERS_PER_BYTE = 8;

// Notations that nothing else looks like.
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
 * Takes text or bytes for what they are, or for `as`. Bytes that are text which can be printed are read as that text; only
 * what no notation fits may be a message that happens to look so.
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

/** Whether bytes that are text as well are more than that. */
function isLikely({ kind, reading }: Recognized, as: Kind | undefined): boolean {
  // Any text of 32 letters would be a key.
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
  // Letters that happen to be base64 of nothing known are more likely a slip in something else.
  return found.isUnknown && !written.has(found.reading.notation) ? { refused: "unreadable", text } : found;
}
