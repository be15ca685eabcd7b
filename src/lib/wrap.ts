/** Options for {@link wrapLine}. */
export interface WrapOptions {
  /** Written before every line except the first. Default: nothing. */
  readonly indent?: string;
  /** Whether to break words that are longer than a line. Default: `false`. */
  readonly breakWords?: boolean;
  /** Returns the width of a text in columns. Default: its number of code points. */
  readonly widthOf?: (text: string) => number;
}

/**
 * Wraps one line of text at spaces, into lines of at most `width` columns. Keeps the spaces within a line and
 * the indentation of the first line, and drops the space at each line break.
 */
export function wrapLine(
  text: string,
  width: number,
  { indent = "", breakWords = false, widthOf = codePoints }: WrapOptions = {},
): string[] {
  const lines: string[] = [];
  let current = /^ */.exec(text)?.[0] ?? "";
  let used = current.length;
  let isEmpty = true;
  const startLine = (): void => {
    lines.push(current);
    current = indent;
    used = indent.length;
    isEmpty = true;
  };
  for (const word of text.slice(current.length).split(" ")) {
    let length = widthOf(word);
    if (!isEmpty && used + 1 + length > width) startLine();
    if (!isEmpty) {
      current += " ";
      used++;
    }
    let rest = word;
    if (breakWords && used + length > width) {
      const characters = Array.from(word);
      let at = 0;
      while (characters.length - at > width - used) {
        const end = at + Math.max(1, width - used);
        current += characters.slice(at, end).join("");
        at = end;
        startLine();
      }
      rest = characters.slice(at).join("");
      length = characters.length - at;
    }
    current += rest;
    used += length;
    isEmpty = false;
  }
  return [...lines, current];
}

function codePoints(text: string): number {
  return Array.from(text).length;
}
