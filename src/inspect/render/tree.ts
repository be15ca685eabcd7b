import { InputError } from "../../errors.js";
import { checkOptions } from "../../lib/options.js";
import type { InspectNode, InspectSpan } from "../types.js";
import { wireTypeText } from "../wire.js";
import { count } from "../words.js";
import { ansi, type Cell, layOut, type RenderStyle, type Row, type Stylist, unstyled } from "./table.js";

/** Options for rendering. */
export interface RenderOptions {
  /** Whether to add ANSI colors. Default: `false`. The characters are the same. */
  readonly color?: boolean;
  /** Longest line, in characters. Default: 110. Minimum: 60. */
  readonly width?: number;
  /**
   * Custom colors: receives a piece of text and its kind, and returns it with color codes. Overrides `color`.
   */
  readonly style?: ((text: string, style: RenderStyle) => string) | undefined;
}

/** Default longest line. */
export const DEFAULT_WIDTH = 110;

/** Returns the stylist for the options. */
export function stylistOf({ color = false, style }: RenderOptions): Stylist {
  return style ?? (color ? ansi : unstyled);
}

/**
 * Rejects anything that cannot be rendered: a value without the required list, or options that are not an
 * object.
 *
 * @throws InputError that names the argument
 */
export function checkRendered(value: unknown, argument: string, list: string, options: unknown): void {
  const isObject = typeof value === "object" && value !== null;
  if (!isObject || !Array.isArray((value as Readonly<Record<string, unknown>>)[list])) {
    throw new InputError("invalid_option", argument, `must be what ${makers[argument]} returns`);
  }
  checkOptions(options, "", ["color", "width", "style"]);
}

const makers: Readonly<Record<string, string>> = {
  node: "inspectMessage or inspectPayload",
  explanation: "explain",
  difference: "diff",
};

/**
 * Renders a tree as text: one row per tag, length and value, with its offset, its bytes in hex, its name,
 * indented by depth, and its meaning. Problems have their own rows, marked with `!`.
 *
 * Text of the input is escaped so that it cannot control a terminal.
 *
 * @throws InputError if `node` is not a node of a tree, or for invalid options
 * @example
 * ```ts
 * process.stdout.write(`${renderText(inspectMessage(MessageSchema, bytes), { color: true, width: 100 })}\n`);
 * ```
 */
export function renderText(node: InspectNode, options: RenderOptions = {}): string {
  checkRendered(node, "node", "children", options);
  const rows: Row[] = [];
  addRows(node, 0, rows);
  const problems = rows.filter(({ what }) => what.style === "problem").length;
  const title = rows[0];
  if (problems > 0 && title !== undefined) {
    rows[0] = {
      ...title,
      meaning: { text: `${title.meaning.text}; ${count(problems, "problem")}`, style: "plain" },
    };
  }
  return layOut(rows, options.width ?? DEFAULT_WIDTH, stylistOf(options));
}

function addRows(node: InspectNode, depth: number, rows: Row[]): void {
  const row = (
    part: InspectSpan | undefined,
    style: Cell["style"],
    indent: number,
    what: Cell,
    meaning: string,
  ): void => {
    const { offset, bytes } = part ?? { offset: node.offset, bytes: new Uint8Array() };
    rows.push({
      offset,
      bytes,
      bytesStyle: style,
      isText: node.kind === "text",
      depth: indent,
      what,
      meaning: { text: meaning, style: "plain" },
    });
  };
  const addLength = (): void => {
    if (node.lengthPrefix === undefined) return;
    const length = node.lengthPrefix.value === undefined ? "" : count(node.lengthPrefix.value, "byte");
    row(node.lengthPrefix, "length", depth + 1, { text: "length", style: "plain" }, length);
  };
  const name: Cell = { text: node.label, style: "name" };
  switch (node.kind) {
    case "message":
    case "payload":
    case "value":
      row(undefined, "plain", depth, name, node.meaning);
      addLength();
      break;
    case "field": {
      const isLeaf = node.children.length === 0 && node.body !== undefined && node.body.length > 0;
      row(node.tag, "tag", depth, name, `${tagMeaning(node)}${isLeaf ? "" : `; ${node.meaning}`}`);
      addLength();
      if (isLeaf) row(node.body, "value", depth + 1, { text: "value", style: "plain" }, node.meaning);
      break;
    }
    case "unreadable":
      row(node.body, "problem", depth, { text: node.label, style: "plain" }, node.meaning);
      break;
    default:
      row(node.body, "value", depth, name, node.meaning);
  }
  for (const { offset, code, expected, found } of node.ownProblems) {
    const what: Cell = { text: `! ${code}`, style: "problem" };
    const meaning: Cell = { text: `expected ${expected}; found ${found}`, style: "problem" };
    rows.push({
      offset,
      bytes: new Uint8Array(),
      bytesStyle: "plain",
      isText: false,
      depth: depth + 1,
      what,
      meaning,
    });
  }
  for (const child of node.children) addRows(child, depth + 1, rows);
  if (node.endTag !== undefined)
    row(node.endTag, "tag", depth, { text: "end", style: "plain" }, "end of the group");
}

function tagMeaning(node: InspectNode): string {
  const type = node.wireType === undefined ? "" : `, ${wireTypeText(node.wireType)}`;
  const scalar = node.value === undefined || node.field?.type === undefined ? "" : `, ${node.field.type}`;
  return `field ${node.field?.number}${type}${scalar}`;
}
