import { InputError } from "../../errors.js";
import { equalBytes } from "../../lib/bytes.js";
import { checkOptions } from "../../lib/options.js";
import { problemText } from "../advice.js";
import { messageType } from "../catalog.js";
import { nodesOf } from "../nodes.js";
import { canonicalBytes } from "../rules/canonical.js";
import type { Inspection, InspectNode, InspectProblem } from "../types.js";
import { count } from "../words.js";
import { consequencesOf } from "./consequences.js";
import type { Difference, FieldDifference, SideFault } from "./difference.js";
import { divergence, partAt } from "./divergence.js";
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
 * "there" the second. What is wrong with an input on its own is in `faults`, even if both have the same
 * message.
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
  const faults = faultsOf(here, there);
  const difference = { ...compare(here, there), faults };
  if (!difference.equal || here.fault === there.fault) return difference;
  return {
    ...difference,
    equal: false,
    summary: `${difference.summary.slice(0, -1)}, but not all of it is valid.`,
  };
}

function faultsOf(here: Side, there: Side): SideFault[] {
  return (["here", "there"] as const).flatMap((side) => {
    const { fault } = side === "here" ? here : there;
    return fault === undefined ? [] : [{ side, text: fault }];
  });
}

/** A difference without the faults of its sides. */
type Comparison = Omit<Difference, "faults">;

function compare(here: Side, there: Side): Comparison {
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
  const cause = causeText(
    text,
    fields.filter((field) => field.piece === piece),
    [one, other],
    offset,
  );
  const summary = `Byte ${offset}${piece === "input" ? "" : ` of the ${piece}`}: ${text}${cause}.`;
  const form = sameMeaning(one, other);
  // Unreadable bytes, and differences in form only, have no other consequences.
  const isForm = form.length > 0 || isUnreadable(one) || isUnreadable(other);
  const said = isForm ? fields.filter((field) => field.piece !== piece) : fields;
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
): Comparison {
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

function nothingInCommon(here: Side, there: Side): Comparison {
  const summary = `One is ${here.is} and the other is ${there.is}: they have nothing that can be compared.`;
  return { equal: false, summary, fields: [], consequences: [] };
}

function treeOf({ pieces }: Side, piece: Piece): Inspection {
  const tree = pieces.get(piece);
  if (tree === undefined) throw new InputError("invalid_option", "input", `has no ${piece}`);
  return tree;
}

/**
 * Describes the cause of a different length or tag: the first different field in the same top-level field,
 * else the form of the bytes there, else the first field that differs.
 */
function causeText(
  text: string,
  fields: readonly FieldDifference[],
  trees: readonly [here: Inspection, there: Inspection],
  offset: number,
): string {
  const tops = new Set(trees.map((tree) => topOf(partAt(tree, offset)?.path)));
  const isNear = ({ path }: { readonly path: string }): boolean => tops.has(topOf(path));
  const near = fields.find(isNear);
  const form = near === undefined ? formText(trees, isNear) : undefined;
  if (form !== undefined) return form;
  const cause = near ?? fields[0];
  if (cause === undefined || text.includes(cause.path)) return "";
  const { path, here = "absent", there = "absent" } = cause;
  return `; the first field that differs is ${path}: ${here} here, ${there} there`;
}

/** Describes the first problem of form in one of two trees. */
function formText(
  trees: readonly [here: Inspection, there: Inspection],
  isNear: (problem: InspectProblem) => boolean,
): string | undefined {
  for (const [at, { problems }] of trees.entries()) {
    const problem = problems.find((one) => one.kind !== "doubtful" && isNear(one));
    if (problem !== undefined)
      return `; the values are the same, but the form ${at === 0 ? "here" : "there"} is wrong at ${problemText(problem)}`;
  }
  return undefined;
}

function topOf(path = ""): string {
  return path.split(/[.[]/, 1)[0] ?? "";
}

function isUnreadable({ problems }: Inspection): boolean {
  return problems.some(({ kind }) => kind === "malformed");
}

/** Describes two encodings of the same fields. */
function sameMeaning(one: Inspection, other: Inspection): string[] {
  const type = messageType(one.typeName ?? "");
  if (type === undefined || one.typeName !== other.typeName) return [];
  const [a, b] = [canonicalBytes(type, one.bytes), canonicalBytes(type, other.bytes)];
  if (a === undefined || b === undefined || !equalBytes(a, b)) return [];
  return [
    "Both have the same values in another form: the sequencer reads the message and encodes it again before it verifies the signature.",
  ];
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
