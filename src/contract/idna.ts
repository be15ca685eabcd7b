/**
 * The strict registration profile of IDNA, which the original applies to domains and to the hosts of
 * webhooks. It maps nothing: a name is valid as written or not at all. The tables are those of Unicode 15.0,
 * so every runtime gives the same verdict.
 */
import * as tables from "./idna-table.js";
import { MAX_DOMAIN_LENGTH, MAX_LABEL_LENGTH } from "./numbers.js";

/** Why the profile rejects a name: one character, or one label. */
export type IdnaProblem =
  | { readonly rune: string }
  /**
   * The decoded label; the complete name for an empty label, a name that is too long, or mixed directions.
   */
  | { readonly label: string };

/** Returns why the profile rejects a host name, or `undefined` if it is valid. */
export function idnaProblem(name: string): IdnaProblem | undefined {
  if (name.normalize("NFC") !== name) return { label: name };
  const rune = [...name].find((character) => !isWritable(character));
  if (rune !== undefined) return { rune };
  const written = name.replace(/\.$/, "").split(".");
  // The original skips an empty last label, and reports another one with the complete name.
  if (written.includes("") || written.length === 0) return { label: name };
  const labels: string[] = [];
  for (const label of written) {
    const decoded = label.startsWith("xn--") ? decodePunycode(label.slice(4)) : label;
    if (decoded === undefined) return { label: label.slice(4) };
    if (label !== decoded && !isNormal(decoded)) return { label: decoded };
    if (!isLabel(decoded)) return { label: decoded };
    labels.push(decoded);
  }
  if (labels.some((label) => some(isRightToLeft, label)) && !labels.every(isDirectional))
    return { label: name };
  const tooLong = written.find((label) => label.length > MAX_LABEL_LENGTH);
  if (tooLong !== undefined) return { label: tooLong };
  return written.join(".").length > MAX_DOMAIN_LENGTH ? { label: name } : undefined;
}

/**
 * Returns whether a name may contain a character. Of ASCII, STD3 allows only lowercase letters, digits,
 * hyphens and dots.
 */
function isWritable(character: string): boolean {
  return character < "\u0080" ? /[a-z0-9.-]/.test(character) : isValid(character);
}

function isNormal(label: string): boolean {
  return label.normalize("NFC") === label && [...label].every(isWritable);
}

function isLabel(label: string): boolean {
  if (/^..--/su.test(label) || /^-|-$/.test(label) || label.includes(".")) return false;
  const [first = ""] = label;
  return label !== "" && !isCombiningMark(first) && hasValidJoiners([...label]);
}

/**
 * Returns whether every joiner follows a virama. The non-joiner can also be between letters that would join.
 */
function hasValidJoiners(label: readonly string[]): boolean {
  return label.every((character, at) => {
    if (character !== "\u200c" && character !== "\u200d") return true;
    if (at > 0 && isVirama(label[at - 1] ?? "")) return true;
    if (character === "\u200d") return false;
    const before = label
      .slice(0, at)
      .reverse()
      .find((other) => !isTransparent(other));
    const after = label.slice(at + 1).find((other) => !isTransparent(other));
    return before !== undefined && after !== undefined && joinsNext(before) && joinsPrevious(after);
  });
}

/** The rule of RFC 5893 for a label of a name that has right-to-left characters. */
function isDirectional(label: string): boolean {
  const characters = [...label];
  const [first = ""] = characters;
  const last = [...characters].reverse().find((character) => !isNonspacingMark(character)) ?? "";
  if (!isRightToLeft(first) || isArabicNumber(first)) {
    return (
      isLeftToRight(first) &&
      !characters.some((character) => isRightToLeft(character)) &&
      (isLeftToRight(last) || isEuropeanNumber(last))
    );
  }
  const hasBothNumbers = characters.some(isArabicNumber) && characters.some(isEuropeanNumber);
  return (
    !characters.some(isLeftToRight) && !hasBothNumbers && (isRightToLeft(last) || isEuropeanNumber(last))
  );
}

const isValid = membership(tables.valid);
const isRightToLeftLetter = membership(tables.rightToLeft);
const isArabicNumber = membership(tables.arabicNumber);
const isEuropeanNumber = membership(tables.europeanNumber);
const isNeutral = membership(tables.neutral);
const isNonspacingMark = membership(tables.nonspacingMark);
const isCombiningMark = membership(tables.combiningMark);
const isVirama = membership(tables.virama);
const joinsNext = membership(tables.joinsNext);
const joinsPrevious = membership(tables.joinsPrevious);
const isTransparent = membership(tables.transparent);

/** Right-to-left letters and Arabic numbers. */
function isRightToLeft(character: string): boolean {
  return isRightToLeftLetter(character) || isArabicNumber(character);
}

function isLeftToRight(character: string): boolean {
  return ![isRightToLeft, isEuropeanNumber, isNeutral, isNonspacingMark].some((is) => is(character));
}

function some(is: (character: string) => boolean, text: string): boolean {
  return [...text].some(is);
}

/** Returns a test for the code points of a table. The table is read when the test is first used. */
function membership(table: string): (character: string) => boolean {
  let starts: number[] | undefined;
  const ends: number[] = [];
  const read = () => {
    let end = 0;
    return table.split(" ").map((range) => {
      const [distance = "", length = "0"] = range.split("-");
      const start = end + Number.parseInt(distance, 36);
      end = start + Number.parseInt(length, 36);
      ends.push(end);
      return start;
    });
  };
  return (character) => {
    starts ??= read();
    const codePoint = character.codePointAt(0) ?? -1;
    let low = 0;
    for (let high = starts.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= codePoint) low = middle + 1;
      else high = middle;
    }
    return low > 0 && codePoint <= (ends[low - 1] as number);
  };
}

// The parameters of RFC 3492, section 5.
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_CODE_POINT = 0x80;
const MAX_CODE_POINT = 0x10_ff_ff;
const MAX_INT = 0x7f_ff_ff_ff;

/**
 * Decodes punycode without its prefix, by section 6.2 of RFC 3492. Returns `undefined` for anything else.
 */
function decodePunycode(encoded: string): string | undefined {
  const delimiter = encoded.lastIndexOf("-");
  if (delimiter === 0) return undefined;
  const output = [...encoded.slice(0, Math.max(0, delimiter))].map(
    (character) => character.codePointAt(0) ?? 0,
  );
  if (delimiter === encoded.length - 1) return String.fromCodePoint(...output);
  let codePoint = INITIAL_CODE_POINT;
  let at = 0;
  let bias = INITIAL_BIAS;
  for (let next = delimiter + 1; next < encoded.length; ) {
    const before = at;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(encoded[next++]);
      if (digit === undefined) return undefined;
      at += digit * weight;
      if (at > MAX_INT) return undefined;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (weight > MAX_INT) return undefined;
    }
    const length = output.length + 1;
    bias = adapted(at - before, length, before === 0);
    codePoint += Math.floor(at / length);
    if (codePoint > MAX_CODE_POINT) return undefined;
    at %= length;
    output.splice(at++, 0, codePoint);
  }
  // A surrogate is not a character.
  return output.some((value) => value >= 0xd8_00 && value <= 0xdf_ff)
    ? undefined
    : String.fromCodePoint(...output);
}

function digitOf(character: string | undefined): number | undefined {
  if (character === undefined) return undefined;
  if (/[a-z]/i.test(character)) return character.toLowerCase().charCodeAt(0) - "a".charCodeAt(0);
  return /[0-9]/.test(character) ? Number(character) + 26 : undefined;
}

function adapted(delta: number, length: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
