// Each pattern, with a replacement. Inflections are listed, because a stem alone would match identifiers and
// other words.
const WORDS = [
  [/\bhear(?:s|d|ing)?\b/i, "receive, be notified, learn"],
  [/\b(?:tell|tells|told|telling) (?:of|about)\b/i, "report, notify, emit"],
  [/\bmend(?:s|ed|ing)?\b/i, "fix, correct"],
  [/\bwho(?:m)?ever\b/i, "name the role"],
  [/\bsome(?:body|one)\b/i, "name the role"],
  [/\bnobody\b/i, "no one, nothing, or name the role"],
  [/\bof (?:its|one's|their|your|our|his|her|my) own\b/i, "its own, separate"],
  [/\bfor ever\b/i, "indefinitely"],
  [/\b(?:becomes|become|became) of\b/i, "outcome of"],
  [/\bworth (?:what|no more|as much|nothing)\b/i, "as trustworthy as"],
  [/\bhangs? (?:up)?on\b/i, "depends on"],
  [/\b(?:is|are|be|being) (?:not )?whole\b|\bwhole body\b/i, "complete"],
  [/\b(?:breaks?|broke|broken|breaking) off\b/i, "is truncated"],
  [/\bsteer(?:s|ed|ing)?\b/i, "control"],
  [/\bin vain\b/i, "cut it"],
  [/\ball the same\b/i, "anyway"],
  [/\bthe like\b/i, "similar"],
  [/\b(?:thereby|hence|therein|thereof|whereby)\b/i, "so"],
  [/\balike\b/i, "both"],
  [/\bon end\b/i, "cut it"],
  [/\bin these words\b/i, "a colon"],
  [/\bcan(?:not)? be had\b/i, "is available"],
  [/\b(?:leads|led|lead) nowhere\b/i, "does not resolve"],
  [/\bby itself\b/i, "automatically, alone"],
  [/\bis on (?:its|the) way\b|\bhas its turn\b|\bas long as it likes\b/i, "continues"],
  [/\bthe mend\b/i, "the fix"],
  [/\b(?:ask|asks|asked|asking) for the status\b/i, "check the status"],
  [/\btake (?:it|them) for\b/i, "treat as"],
  [/\bonly then (?:does|do|is|are|can|will|did)\b/i, "a plain clause"],
  [/\bnot a word\b|\bwithout a word\b/i, "silently"],
];

// What is allowed, and why. `text` is removed from a place before it is checked.
const ALLOWED = [{ text: /\bheardFrom\b/g, reason: "a public name" }];

const EXEMPT = [
  { files: /^scripts\/voice\//, reason: "the list itself" },
  { files: /^test\/scripts\/check-voice\.test\.ts$/, reason: "the examples of the list" },
];

/** The words that a place must not hold, and comment lines that are too wide. */
export function findings(file, { kind, line, text }) {
  if (EXEMPT.some(({ files }) => files.test(file))) return [];
  const excerpt = text.trim().replace(/\s+/g, " ").slice(0, 110);
  if (kind === "width") return [{ line, problem: "a comment line over 110 columns", excerpt }];
  const plain = ALLOWED.reduce(
    (rest, { text: allowed }) => rest.replace(allowed, ""),
    text.replace(/\s+/g, " "),
  );
  return WORDS.flatMap(([pattern, instead]) => {
    const [word] = pattern.exec(plain) ?? [];
    return word === undefined ? [] : [{ line, problem: `"${word}" (write: ${instead})`, excerpt }];
  });
}
