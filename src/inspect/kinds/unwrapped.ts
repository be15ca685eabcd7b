/** Values that belong inside a wrapper message but appear without it: a common mistake in ports. */
import { knownTypes } from "../message/meaning.js";
import { textValue } from "../message/scalar.js";
import { nodesOf } from "../nodes.js";
import { printableText } from "../notations/readings.js";
import { hostname } from "../rules/value-rules.js";
import { type Draft, report } from "../tree.js";
import { count, hexByte, quote } from "../words.js";

const VALUE_TAG = 0x0a;
const DOMAIN = "code.common.v1.Domain";

/** Describes the value that replaces its wrapper message, or returns `undefined` if the wrapper is there. */
export function unwrapped(typeName: string, body: Uint8Array): string | undefined {
  // A wrapped value that is too short still has its tag and length.
  if (body[0] === VALUE_TAG && body[1] === body.length - 2) return undefined;
  if (typeName === DOMAIN) return isDomain(body) ? "domain" : undefined;
  const wraps = Object.hasOwn(knownTypes, typeName) ? knownTypes[typeName]?.wraps : undefined;
  return wraps?.length === body.length ? wraps.what : undefined;
}

/** Reports every such value in a tree, and shows its bytes as the value, since they are not fields. */
export function checkUnwrapped(root: Draft): void {
  for (const node of nodesOf(root)) {
    const { body, typeName = "", lengthPrefix } = node;
    if (node.field === undefined || body === undefined || lengthPrefix?.value !== body.length) continue;
    const what = unwrapped(typeName, body.bytes);
    if (what === undefined) continue;
    const isText = typeName === DOMAIN;
    const size = count(body.length, "byte");
    const alone = isText
      ? `only the domain ${quote(textValue(body.bytes))}`
      : `only the ${size} of ${article(what)}`;
    node.children = [];
    node.value = isText ? textValue(body.bytes) : body.bytes;
    node.meaning = `${alone}, without tag and length of value`;
    const header = `${hexByte(VALUE_TAG)} ${hexByte(body.length)}`;
    const expected = `${header} first, the tag and length of value in a ${typeName.slice(typeName.lastIndexOf(".") + 1)}`;
    const why =
      "The field holds a message, so readers parse these bytes as its fields. Put the tag and length before them, " +
      "and add 2 to every length around them.";
    report(node, "malformed", "missing_wrapper", body.offset, expected, alone, why);
  }
}

function article(what: string): string {
  return `${/^[AEIO]/i.test(what) ? "an" : "a"} ${what}`;
}

function isDomain(body: Uint8Array): boolean {
  const text = printableText(body);
  return text !== undefined && /^[^.]+\.[^.]/.test(text) && hostname(text, body) === undefined;
}
