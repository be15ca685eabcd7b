import { type DescMessage, fromBinary, type Message, ScalarType } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { expect } from "vitest";
import { inspectMessage } from "../../src/inspect/index.js";
import type { Inspection, InspectNode, InspectProblem, InspectValue } from "../../src/inspect/types.js";
import * as common from "../../src/proto/common.js";
import * as messaging from "../../src/proto/messaging.js";
import * as micropayment from "../../src/proto/micropayment.js";
import * as transaction from "../../src/proto/transaction.js";
import * as user from "../../src/proto/user.js";
import { unhex } from "../support/vectors.js";

/** Every compiled message, by full name. */
export const schemas: ReadonlyMap<string, DescMessage> = new Map(
  [common, messaging, micropayment, transaction, user]
    .flatMap((area): unknown[] => Object.values(area))
    .filter(
      (value): value is DescMessage =>
        typeof value === "object" && value !== null && "kind" in value && value.kind === "message",
    )
    .map((schema) => [schema.typeName, schema]),
);

export function schemaOf(typeName: string): DescMessage {
  const schema = schemas.get(typeName);
  if (schema === undefined) throw new Error(`no compiled message ${typeName}`);
  return schema;
}

/** Inspects hex text, which may contain spaces. */
export function inspectHex(schema: DescMessage, text: string): Inspection {
  const tree = inspectMessage(schema, unhex(text.replaceAll(" ", "")));
  expectCovered(tree);
  return tree;
}

/** Returns the node at a path. Throws unless there is exactly one. */
export function at(tree: InspectNode, path: string): InspectNode {
  const [node, another] = allNodes(tree).filter((candidate) => candidate.path === path && candidate !== tree);
  if (node === undefined || another !== undefined) throw new Error(`not exactly one node at ${path}`);
  return node;
}

export function allNodes(node: InspectNode): InspectNode[] {
  return [node, ...node.children.flatMap(allNodes)];
}

/** Returns `code@offset in path` for each problem. */
export function problemsOf(tree: Inspection): string[] {
  return tree.problems.map(
    ({ code, offset, path }) => `${code}@${offset}${path === "" ? "" : ` in ${path}`}`,
  );
}

export function kindsOf(tree: Inspection): Set<InspectProblem["kind"]> {
  return new Set(tree.problems.map(({ kind }) => kind));
}

/** Checks the promises of a tree: every byte in one part, and every span at its offset. */
export function expectCovered(tree: Inspection): void {
  let next = 0;
  for (const part of tree.parts) {
    if (part.offset !== next || part.length < 1 || part.bytes.length !== part.length) {
      expect.fail(`part ${part.what} of ${part.path} is at ${part.offset} + ${part.length}, not at ${next}`);
    }
    next += part.length;
  }
  expect(next).toBe(tree.length);
  for (const node of allNodes(tree)) {
    const { tag, lengthPrefix, body, endTag } = node;
    let end = node.offset;
    for (const span of [tag, lengthPrefix, body, endTag]) {
      if (span === undefined) continue;
      if (span.offset !== end || span.bytes.length !== span.length) expect.fail(`a gap in ${node.path}`);
      end += span.length;
    }
    if (end !== node.offset + node.length || node.bytes.length !== node.length) {
      expect.fail(`${node.path} ends at ${node.offset + node.length}, its spans at ${end}`);
    }
    if (node.children.length > 0) {
      const first = node.children[0];
      const last = node.children.at(-1);
      const bodyEnd = (body?.offset ?? 0) + (body?.length ?? 0);
      if (first?.offset !== body?.offset || (last?.offset ?? 0) + (last?.length ?? 0) !== bodyEnd) {
        expect.fail(`the children of ${node.path} do not cover it`);
      }
    }
    if (node.meaning === "") expect.fail(`${node.path} means nothing`);
  }
  const offsets = tree.problems.map(({ offset }) => offset);
  expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  expect(offsets.every((offset) => offset >= 0 && offset <= tree.length)).toBe(true);
}

/** Returns `path: value` for every value in the tree. */
export function valuesInTree(tree: InspectNode): Map<string, InspectValue> {
  return new Map(
    allNodes(tree).flatMap(({ path, value }): [string, InspectValue][] =>
      value === undefined ? [] : [[path, value]],
    ),
  );
}

/** Returns the same for a message that the library decoded. */
export function valuesInMessage(schema: DescMessage, bytes: Uint8Array): Map<string, unknown> {
  const values = new Map<string, unknown>();
  collect(schema, fromBinary(schema, bytes), "", values);
  return values;
}

function collect(schema: DescMessage, message: Message, prefix: string, values: Map<string, unknown>): void {
  const reflected = reflect(schema, message);
  for (const field of schema.fields) {
    if (!reflected.isSet(field)) continue;
    const path = `${prefix}${field.name}`;
    if (field.fieldKind === "list" && field.listKind === "message") {
      let index = 0;
      for (const item of reflected.get(field)) {
        const { message: inner } = item as { message: Message };
        collect(field.message, inner, `${path}[${index++}].`, values);
      }
    } else if (field.fieldKind === "message") {
      collect(field.message, reflected.get(field).message, `${path}.`, values);
    } else if (field.fieldKind === "enum") {
      const number = reflected.get(field);
      values.set(path, field.enum.value[number]?.name ?? number);
    } else if (field.fieldKind === "scalar") {
      const value = reflected.get(field);
      values.set(path, field.scalar === ScalarType.BYTES ? new Uint8Array(value as Uint8Array) : value);
    } else {
      throw new Error(`${path}: no such field is expected here`);
    }
  }
}
