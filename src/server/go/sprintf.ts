/**
 * Formats a text with Go's Sprintf and no arguments. The original passes its validation texts through it, so
 * every `%` of a value that they quote starts a verb without an operand: `%zz` becomes `%!z(MISSING)z`.
 */
export function sprintfWithoutArguments(format: string): string {
  return format.replace(directive, (text, verb: string | undefined) => {
    const flags = text.slice(1, verb === undefined ? undefined : text.length - verb.length);
    const stars = [...flags.matchAll(/\.?\*/g)]
      .map(([star]) => (star.startsWith(".") ? "%!(BADPREC)" : "%!(BADWIDTH)"))
      .join("");
    if (verb === undefined) return `${stars}%!(NOVERB)`;
    if (verb === "%") return `${stars}%`;
    return `${stars}%!${verb}(${flags.includes("[") ? "BADINDEX" : "MISSING"})`;
  });
}

// A directive: flags, argument index, width, precision, argument index, verb.
const index = String.raw`(?:\[[^\]]*\]|\[)?`;
const directive = new RegExp(
  String.raw`%[+\-# 0]*${index}(?:\*|\d*)(?:\.${index}(?:\*|\d*))?${index}([\s\S])?`,
  "gu",
);
