import { messageType } from "./catalog.js";
import type { CanonicalForm, ExplainedSection } from "./explanation.js";
import { canonicalBytes } from "./rules/canonical.js";
import type { InspectNode } from "./types.js";

/** Returns the canonical form of the first message that is readable but not canonical. */
export function canonicalForm(sections: readonly ExplainedSection[]): CanonicalForm | undefined {
  for (const [section, { tree }] of sections.entries()) {
    if (!tree.problems.some(({ kind }) => kind === "not_canonical")) continue;
    // For the envelope, its body is bytes. The body is also a separate message.
    for (const node of [
      tree,
      ...tree.children.filter(({ field, typeName }) => field?.type === "bytes" && typeName),
    ]) {
      const form = formOf(node);
      if (form !== undefined) return { ...form, section };
    }
  }
  return undefined;
}

function formOf({ typeName, body }: InspectNode): Omit<CanonicalForm, "section"> | undefined {
  const type = messageType(typeName ?? "");
  const bytes = type && body && canonicalBytes(type, body.bytes);
  if (type === undefined || body === undefined || bytes === undefined) return undefined;
  const length = Math.max(bytes.length, body.length);
  for (let at = 0; at < length; at++) {
    if (bytes[at] === body.bytes[at]) continue;
    return { type: type.typeName, bytes, offset: body.offset, firstDifference: body.offset + at };
  }
  return undefined;
}
