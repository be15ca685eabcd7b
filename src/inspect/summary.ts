/** Describes what an input is recognized as, and why, in one or two sentences. */
import { headerAround } from "./kinds/kinds.js";
import type { Recognized } from "./kinds/recognize.js";
import type { InspectNotation } from "./notations/types.js";
import { count } from "./words.js";

const MOST_ALTERNATIVES = 4;

/**
 * Returns the summary. `forced` means that the caller named the type, `isClean` that at most the encoding is
 * wrong.
 */
export function summaryOf(
  { kind, reading, isUnknown, alternatives, prefix }: Recognized,
  { forced, isClean }: { readonly forced: boolean; readonly isClean: boolean },
): string {
  const { bytes, notation } = reading;
  if (bytes.length === 0 && !forced) {
    return (
      "The input is empty. As a protobuf message it has only default values, such as the response of " +
      "GetStatus for an intent that is not registered."
    );
  }
  const what = `${count(bytes.length, "byte")}${notationText(notation)}: ${kind.is}${kind.message === undefined ? "" : ` (${kind.name})`}`;
  const why = forced ? "as requested" : `because ${kind.because(isClean)}`;
  const sentences = [`${what}, ${why}.`];
  if (prefix !== undefined) sentences.push(`Before it: ${prefix.what}.`);
  if (isUnknown) sentences[0] = `${what}: no known message, key or body fits.`;
  if (alternatives.length > 0) sentences.push(`It could also be ${choice(alternatives)}.`);
  const header = headerAround(kind.name, bytes.subarray(prefix?.length ?? 0));
  if (header !== undefined) {
    sentences.push(`The signed bytes are the Message around it: ${header} and then these bytes.`);
  }
  return sentences.join(" ");
}

/** Returns `A`, `A or B`, `A, B, C or one of 5 others`, with short names. */
function choice(names: readonly string[]): string {
  const short = names.map((name) => name.slice(name.lastIndexOf(".") + 1));
  const shown = short.length > MOST_ALTERNATIVES ? short.slice(0, MOST_ALTERNATIVES - 1) : short;
  const rest = short.length - shown.length;
  const all = rest > 0 ? [...shown, `one of ${rest} others`] : shown;
  return all.length === 1 ? `${all[0]}` : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

function notationText(notation: InspectNotation): string {
  switch (notation) {
    case "bytes":
      return "";
    case "hex dump":
    case "numbers":
      return `, read from a ${notation === "numbers" ? "list of numbers" : notation}`;
    default:
      return `, read as ${notation}`;
  }
}
