/**
 * Quotes a text as Go's `%q` does: in double quotes, with escapes for what does not print. The original's
 * error texts name bad input in this form.
 */
export function quote(text: string): string {
  return `"${[...text].map((character) => escaped(character, '"')).join("")}"`;
}

/** Quotes one character as Go's JSON errors do, in single quotes. */
export function quoteCharacter(character: string): string {
  return `'${escaped(character, "'")}'`;
}

const named: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

function escaped(character: string, delimiter: string): string {
  if (character === delimiter) return `\\${delimiter}`;
  const short = named[character];
  if (short !== undefined) return short;
  if (/^[ \p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) return character;
  const codePoint = character.codePointAt(0) ?? 0;
  const hex = codePoint.toString(16);
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${hex.padStart(2, "0")}`;
  return codePoint > 0xff_ff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
