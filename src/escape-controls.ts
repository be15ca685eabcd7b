// C0 controls with line breaks, C1 controls, DEL, lone surrogates, bidirectional marks and overrides, and the
// line and paragraph separators.
const controls = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * Escapes text so that it fits on one line and cannot control a terminal, forge a log line or reorder the
 * displayed text: every control character becomes `\uXXXX`. A JSON string can contain the result: its parser
 * restores the character. For example, an escape sequence becomes `\u001b[2J`, and a line break becomes
 * `\u000a`.
 */
export function escapeControls(text: string): string {
  return text.replace(controls, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
