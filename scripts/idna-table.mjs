/**
 * Writes src/contract/idna-table.ts: which characters a domain may contain, by the tables of Unicode 15.0, which the
 * original's runtime has. `tr46` 4.1.1 is made from the same tables.
 *
 *   node scripts/idna-table.mjs [FILE]
 */
import { writeFileSync } from "node:fs";
import mappings from "tr46/lib/mappingTable.json" with { type: "json" };
import regexes from "tr46/lib/regexes.js";
import { STATUS_MAPPING } from "tr46/lib/statusMapping.js";

const target = process.argv[2] ?? new URL("../src/contract/idna-table.ts", import.meta.url);

const valid = mappings
  .filter(([, status]) => status === STATUS_MAPPING.valid || status === STATUS_MAPPING.deviation)
  .flatMap(([range]) => {
    const [first, last] = [range].flat(2).length === 2 ? range : [range, range];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });

/** Writes code points as ranges: the distance from the previous range and the length less one, in base 36. */
function ranges(codePoints) {
  const found = [];
  for (const codePoint of codePoints) {
    const previous = found.at(-1);
    if (previous?.[1] === codePoint - 1) previous[1] = codePoint;
    else found.push([codePoint, codePoint]);
  }
  let end = 0;
  return found
    .map(([first, last]) => {
      const text = `${(first - end).toString(36)}${last === first ? "" : `-${(last - first).toString(36)}`}`;
      end = last;
      return text;
    })
    .join(" ");
}

const matching = (test) => ranges(valid.filter((codePoint) => test(String.fromCodePoint(codePoint))));
const dualJoining = "\u0628";
const isRightToLeft = (c) => regexes.bidiS1RTL.test(c);
const isArabicNumber = (c) => regexes.bidiS4AN.test(c);
const isNumber = (c) => regexes.bidiS4EN.test(c);
const isLeftToRight = (c) => regexes.bidiS1LTR.test(c);
const isMark = (c) => /[\p{Mn}\p{Me}]/u.test(c) && !isLeftToRight(c);
const tables = {
  valid: matching(() => true),
  rightToLeft: matching(isRightToLeft),
  arabicNumber: matching(isArabicNumber),
  europeanNumber: matching(isNumber),
  neutral: matching(
    (c) => ![isRightToLeft, isArabicNumber, isNumber, isLeftToRight, isMark].some((test) => test(c)),
  ),
  nonspacingMark: matching(isMark),
  combiningMark: matching((c) => regexes.combiningMarks.test(c)),
  virama: matching((c) => regexes.combiningClassVirama.test(c)),
  joinsNext: matching((c) => regexes.validZWNJ.test(`${c}\u200c${dualJoining}`)),
  joinsPrevious: matching((c) => regexes.validZWNJ.test(`${dualJoining}\u200c${c}`)),
  transparent: matching(
    (c) =>
      !regexes.validZWNJ.test(`${c}\u200c${dualJoining}`) &&
      regexes.validZWNJ.test(`${dualJoining}${c}\u200c${dualJoining}`),
  ),
};

// The formatter's line width.
const MAX_LINE = 110;

/** Writes a constant as the formatter does. */
function constant(name, text) {
  const line = `export const ${name} = "${text}";`;
  return line.length <= MAX_LINE ? `${line}\n` : `export const ${name} =\n  "${text}";\n`;
}

writeFileSync(
  target,
  `// Written by scripts/idna-table.mjs from the tables of Unicode 15.0; do not edit.
// Ranges of code points: the distance from the previous range, and the length less one, in base 36.
${Object.entries(tables)
  .map(([name, text]) => constant(name, text))
  .join("")}`,
);
