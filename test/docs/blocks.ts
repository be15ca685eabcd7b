/**
 * Generated blocks of documents: a fence with the language `text`, then the maker, then a name of
 * `conversation.ts`, or two names for a `diff`.
 */
import { diff, explain, renderDifference, renderExplanation } from "../../src/inspect/index.js";
import { inputs, intents, publicKeys, values } from "./conversation.js";

const width = 120;
const marked = /^```text (explain|diff|values) (\S.*)\n[\s\S]*?^```$/gm;

/** Returns the document with every marked block generated again. */
export function withBlocks(document: string): string {
  return document.replaceAll(marked, (_block, maker: string, names: string) =>
    [`\`\`\`text ${maker} ${names}`, ...linesOf(maker, names.split(" ")), "```"].join("\n"),
  );
}

/** Returns `maker name` of every marked block. */
export function marksOf(document: string): string[] {
  return [...document.matchAll(marked)].map(([, maker, names]) => `${maker} ${names}`);
}

/** Returns all text outside fenced blocks. */
export function proseOf(document: string): string {
  return document.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

function linesOf(maker: string, [first = "", second = ""]: readonly string[]): readonly string[] {
  if (maker === "values") return valueLines(named(values, first));
  if (maker === "diff") {
    const difference = diff(named(intents, first), named(intents, second));
    return renderDifference(difference, { width }).split("\n");
  }
  const explanation = explain(named(inputs, first), { publicKey: publicKeys[first] });
  return renderExplanation(explanation, { width }).split("\n");
}

/** Formats names and their values, over as many lines as necessary. */
function valueLines(rows: readonly (readonly [string, string])[]): string[] {
  const indent = Math.max(...rows.map(([what]) => what.length)) + 2;
  return rows.flatMap(([what, value]) =>
    (value.match(/.{1,88}/g) ?? []).map((part, index) => (index === 0 ? what : "").padEnd(indent) + part),
  );
}

function named<T>(table: Readonly<Record<string, T>>, name: string): T {
  const value = table[name];
  if (value === undefined) throw new Error(`no such name in conversation.ts: ${name}`);
  return value;
}
