// Controls of C0 (line breaks included) and C1, DEL, lone surrogates, the marks and overrides of the writing
// direction, and the line and paragraph separators.
const controls = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * Returns text on one line that cannot control a terminal, forge a line of a log or reorder what a reader sees: every
 * control character becomes `\uXXXX`. Within the strings of a JSON text that escape stands for the same character.
 * For example, an escape sequence in a refusal becomes `\u001b[2J`, and a line break in it `\u000a`.
 */
export function escapeControls(text: string): string {
  return text.replace(controls, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
