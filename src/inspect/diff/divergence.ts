/** Describes the first byte at which two trees differ. */

import { nodesOf } from "../nodes.js";
import type { Inspection, InspectNode, InspectPart } from "../types.js";
import { floatText, hexByte, quote } from "../words.js";

/** The position at which two inputs differ. */
export interface Divergence {
  readonly offset: number;
  readonly text: string;
}

/** Finds the first byte that differs, or returns `undefined` for equal trees. */
export function divergence(one: Inspection, other: Inspection): Divergence | undefined {
  const length = Math.max(one.length, other.length);
  let offset = 0;
  while (offset < length && one.bytes[offset] === other.bytes[offset]) offset++;
  if (offset === length) return undefined;
  const here = partAt(one, offset);
  const there = partAt(other, offset);
  if (here === undefined || there === undefined) {
    const [longer, ends, goesOn] = here === undefined ? [there, "here", "there"] : [here, "there", "here"];
    const next = longer === undefined ? "" : ` with ${whatOf(longer)}`;
    return { offset, text: `the input ends ${ends}, and continues ${goesOn}${next}` };
  }
  const bytes = `${byteText(one, offset, here)} here, ${byteText(other, offset, there)} there`;
  if (here.path !== there.path || here.what !== there.what) {
    return { offset, text: `${bytes}: ${whatOf(here)} here, ${whatOf(there)} there` };
  }
  return { offset, text: `${bytes}: ${within(one, other, here, offset)}` };
}

/** Returns the part that an offset is in. */
export function partAt({ parts }: Inspection, offset: number): InspectPart | undefined {
  return parts.find((part) => offset >= part.offset && offset < part.offset + part.length);
}

/** Returns `75 ("u")`: a byte, and its letter if it is part of text. */
function byteText(tree: Inspection, offset: number, part: InspectPart): string {
  const byte = tree.bytes[offset] ?? 0;
  return isLetters(nodeAt(tree, part), part) && byte >= 0x20 && byte < 0x7f
    ? `${hexByte(byte)} (${quote(String.fromCharCode(byte))})`
    : hexByte(byte);
}

/** Returns whether a part is the bytes of text, and not a number with a name. */
function isLetters(node: InspectNode | undefined, part: InspectPart): boolean {
  return part.what === "value" && node?.field?.type === "string" && typeof node.value === "string";
}

function nodeAt(tree: Inspection, { path, offset }: InspectPart): InspectNode | undefined {
  return [...nodesOf<InspectNode>(tree)].find(
    (node) => node.path === path && node.offset <= offset && offset < node.offset + node.length,
  );
}

/** Describes a part, with its path. */
function whatOf({ what, path }: InspectPart): string {
  const name = path === "" ? "the input" : nameOf(path);
  const where = path === "" || path === name ? "" : ` (${path})`;
  switch (what) {
    case "tag":
      return `the tag of ${name}${where}`;
    case "length":
      return `the length of ${name}${where}`;
    case "unreadable":
      return `bytes that cannot be parsed${where}`;
    default:
      return `${name}${where}`;
  }
}

/** Describes a byte within its part, with the values of both inputs. */
function within(one: Inspection, other: Inspection, part: InspectPart, offset: number): string {
  if (part.what !== "value") {
    const [a, b] = [nodeAt(one, part)?.lengthPrefix?.value, nodeAt(other, part)?.lengthPrefix?.value];
    const said =
      part.what === "length" && a !== undefined && b !== undefined ? `, ${a} here and ${b} there` : "";
    return `${whatOf(part)}${said}`;
  }
  const node = nodeAt(one, part);
  const [a, b] = [node?.value, nodeAt(other, part)?.value];
  const index = offset - part.offset;
  if (isLetters(node, part) && typeof a === "string" && typeof b === "string" && part.length <= 8) {
    return `the ${ordinal(index)} letter of ${whatOf(part)}, ${quote(a)} here and ${quote(b)} there`;
  }
  const said = saidText(shown(a), shown(b));
  return `${part.length === 1 ? "" : `byte ${index + 1} of ${part.length} of `}${whatOf(part)}${said}`;
}

function saidText(here: string | undefined, there: string | undefined): string {
  if (here === undefined || there === undefined) return "";
  return here === there ? `, ${here} in both` : `, ${here} here and ${there} there`;
}

function shown(value: InspectNode["value"]): string | undefined {
  if (typeof value === "number") return Number.isInteger(value) ? `${value}` : floatText(value);
  if (typeof value === "string") return value.length <= 60 ? quote(value) : undefined;
  return typeof value === "object" || value === undefined ? undefined : `${value}`;
}

function nameOf(path: string): string {
  const parts = path.split(".");
  const last = parts.at(-1) ?? path;
  // `value` is not descriptive, so the name of the wrapper is used.
  return last === "value" && parts.length > 1 ? `${parts.at(-2)}` : last;
}

const ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];

function ordinal(index: number): string {
  return ordinals[index] ?? `${index + 1}th`;
}
