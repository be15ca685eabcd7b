import { InputError } from "../../errors.js";
import { equalBytes } from "../../lib/bytes.js";
import { checkOptions } from "../../lib/options.js";
import { problemText } from "../advice.js";
import { messageType } from "../catalog.js";
import { nodesOf } from "../nodes.js";
import { canonicalBytes } from "../rules/canonical.js";
import type { Inspection, InspectNode } from "../types.js";
import { count } from "../words.js";
import { consequencesOf } from "./consequences.js";
import type { Difference, FieldDifference } from "./difference.js";
import { divergence } from "./divergence.js";
import { type DiffInput, PIECES, type Piece, type Side, sideOf } from "./sides.js";

/** Options for {@link diff}. */
export interface DiffOptions {
  /** The type of both inputs; see `as` of {@link explain}. */
  readonly as?: string | undefined;
}

/**
 * Compares two intents, messages, payloads or other inputs of {@link explain}, and describes the differences
 * in words.
 *
 * The inputs can have different forms: a REST body is compared with a `SendMessageRequest` by the message,
 * the key and the signature in both; an intent with either, and with a payload. "Here" is the first input,
 * "there" the second.
 *
 * @throws InputError only if an input is not text, bytes or an intent, or for invalid options
 * @example
 * ```ts
 * import { diff } from "code-intents/inspect";
 *
 * const { equal, summary, consequences } = diff(intent, "2a340a220a20...");
 * summary; // 'byte 42 of the message: 75 ("u") here, 65 ("e") there: the first letter of currency (...)'
 * ```
 */
export function diff(a: DiffInput, b: DiffInput, options: DiffOptions = {}): Difference {
  checkOptions(options, "", ["as"]);
  const here = sideOf(a, options);
  const there = sideOf(b, options);
  const common = PIECES.filter((piece) => here.pieces.has(piece) && there.pieces.has(piece));
  // Two inputs of the same type are compared as one piece.
  const compared =
    common.includes("input") && here.is === there.is
      ? (["input"] as const)
      : common.filter((piece) => piece !== "input");
  if (compared.length === 0) return nothingInCommon(here, there);
  const pairs = compared.map((piece) => [piece, treeOf(here, piece), treeOf(there, piece)] as const);
  const fields = pairs.flatMap(([piece, one, other]) => fieldDifferences(piece, one, other));
  const bare = lackOf(here, there) ?? lackOf(there, here);
  const first = pairs.find(([, one, other]) => divergence(one, other) !== undefined);
  if (first === undefined) {
    if (bare !== undefined) return lacking(here, bare, fields);
    const what = compared[0] === "input" ? count(treeOf(here, "input").length, "byte") : list(compared);
    return { equal: true, summary: `The same: ${what}.`, fields, consequences: [] };
  }
  const [piece, one, other] = first;
  const { offset, text } = divergence(one, other) ?? { offset: 0, text: "" };
  const cause = fields.find((field) => field.piece === piece);
  const summary = `Byte ${offset}${piece === "input" ? "" : ` of the ${piece}`}: ${text}${causeText(text, cause)}.`;
  const form = [...unreadable(one, "here"), ...unreadable(other, "there"), ...sameMeaning(one, other)];
  // Unreadable bytes, and differences in form only, have no other consequences.
  const said = form.length > 0 ? fields.filter((field) => field.piece !== piece) : fields;
  const consequences = [...form, ...consequencesOf(pairs, said)];
  if (bare !== undefined) return lacking(here, bare, fields, summary, consequences);
  return { equal: false, summary, offset, piece, fields, consequences };
}

/** Returns the side that is a bare request, if the other side has the `Message` around it. */
function lackOf(side: Side, other: Side): Side | undefined {
  return side.lacks === undefined || other.lacks !== undefined || other.isBody ? undefined : side;
}

/** Reports a bare request before everything else, since it is not what is signed. */
function lacking(
  here: Side,
  bare: Side,
  fields: readonly FieldDifference[],
  beside?: string,
  consequences: readonly string[] = [],
): Difference {
  const [where, other] = bare === here ? ["here", "there"] : ["there", "here"];
  const within = beside === undefined ? "The requests are equal." : `Also, ${lower(beside)}`;
  return {
    equal: false,
    summary:
      `Byte 0: the request has no Message around it ${where}, but has one ${other}: ` +
      `the tag and length ${bare.lacks} are missing. ${within}`,
    offset: 0,
    piece: "message",
    fields,
    consequences: [
      `The Message is what is signed: a signature over the bytes ${where} does not verify. Only a REST body contains the request alone.`,
      ...consequences,
    ],
  };
}

function lower(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

function nothingInCommon(here: Side, there: Side): Difference {
  const summary = `One is ${here.is} and the other is ${there.is}: they have nothing that can be compared.`;
  return { equal: false, summary, fields: [], consequences: [] };
}

function treeOf({ pieces }: Side, piece: Piece): Inspection {
  const tree = pieces.get(piece);
  if (tree === undefined) throw new InputError("invalid_option", "input", `has no ${piece}`);
  return tree;
}

/** Describes the field that causes a different length or tag. */
function causeText(text: string, cause: FieldDifference | undefined): string {
  if (cause === undefined || text.includes(cause.path)) return "";
  const { path, here = "absent", there = "absent" } = cause;
  return `; the first field that differs is ${path}: ${here} here, ${there} there`;
}

/** Returns why the bytes of one side cannot be read. */
function unreadable({ problems }: Inspection, where: string): string[] {
  const problem = problems.find(({ kind }) => kind === "malformed");
  return problem === undefined ? [] : [`The bytes ${where} cannot be read: ${problemText(problem)}.`];
}

/** Describes two encodings of the same fields, and which of them breaks the signature. */
function sameMeaning(one: Inspection, other: Inspection): string[] {
  const type = messageType(one.typeName ?? "");
  if (type === undefined || one.typeName !== other.typeName) return [];
  const [a, b] = [canonicalBytes(type, one.bytes), canonicalBytes(type, other.bytes)];
  if (a === undefined || b === undefined || !equalBytes(a, b)) return [];
  return [
    "Both have the same values in another form: the sequencer reads the message and encodes it again before it verifies the signature.",
    ...brokenForm(one, "here"),
    ...brokenForm(other, "there"),
  ];
}

/** Returns why a signature over the bytes of one side does not verify. */
function brokenForm({ problems }: Inspection, where: string): string[] {
  const problem = problems.find(({ kind }) => kind === "not_canonical");
  if (problem === undefined) return [];
  return [`A signature over the bytes ${where} does not verify: ${problemText(problem)}.`];
}

function fieldDifferences(piece: Piece, one: Inspection, other: Inspection): FieldDifference[] {
  const here = leavesOf(one);
  const there = leavesOf(other);
  return [...new Set([...here.keys(), ...there.keys()])].flatMap((path) => {
    const [a, b] = [here.get(path), there.get(path)];
    if (a !== undefined && b !== undefined && saySame(a, b)) return [];
    const difference = { piece, path };
    return [
      {
        ...difference,
        ...(a === undefined ? {} : { here: a.meaning }),
        ...(b === undefined ? {} : { there: b.meaning }),
      },
    ];
  });
}

/** Returns the nodes without children, by path. */
function leavesOf(tree: Inspection): Map<string, InspectNode> {
  const leaves = new Map<string, InspectNode>();
  for (const node of nodesOf<InspectNode>(tree)) {
    if (node !== tree && node.children.length === 0) leaves.set(node.path, node);
  }
  return leaves;
}

/** Returns whether two leaves have the same bytes, or another form of the same value. */
function saySame(a: InspectNode, b: InspectNode): boolean {
  if (equalBytes(a.body?.bytes ?? a.bytes, b.body?.bytes ?? b.bytes)) return true;
  const isPlain = a.value !== undefined && typeof a.value !== "object";
  return isPlain && a.value === b.value && a.field?.known === true && b.field?.known === true;
}

function list(pieces: readonly Piece[]): string {
  return pieces.length === 1 ? `the ${pieces[0]}` : `${pieces.slice(0, -1).join(", ")} and ${pieces.at(-1)}`;
}
