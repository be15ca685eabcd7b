import { hex } from "@scure/base";
import type { Explanation } from "../inspect/explanation.js";
import type { InspectNode } from "../inspect/types.js";

/** An explanation as JSON: bytes in hex, each once, and 64-bit numbers as decimal text. */
export function explanationDocument(explanation: Explanation): object {
  const { type, notation, summary, verdict, alternatives, problems, checks, canonical } = explanation;
  return {
    type,
    notation,
    summary,
    verdict,
    alternatives,
    problems,
    checks,
    sections: explanation.sections.map(({ type, title, tree }) => ({
      type,
      title,
      bytes: hex.encode(tree.bytes),
      tree: nodeDocument(tree),
    })),
    ...(canonical === undefined ? {} : { canonical: { ...canonical, bytes: hex.encode(canonical.bytes) } }),
  };
}

function nodeDocument({ kind, label, path, offset, length, meaning, value, children }: InspectNode): object {
  return {
    kind,
    label,
    path,
    offset,
    length,
    meaning,
    ...(value === undefined ? {} : { value: valueDocument(value) }),
    ...(children.length === 0 ? {} : { children: children.map(nodeDocument) }),
  };
}

function valueDocument(value: NonNullable<InspectNode["value"]>): string | number | boolean {
  if (value instanceof Uint8Array) return hex.encode(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value === "bigint" ? value.toString() : value;
}
