/** ExplainMessage: the meaning of every byte of a stored message, as lines for a page or a terminal. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  CheckOutcome,
  type ExplainedLineSchema,
  type ExplainedSectionSchema,
  type ExplainMessageResponseSchema,
} from "../../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { type ExplainedSection, explain, type InspectNode } from "../../inspect/index.js";
import type { MessageRecord } from "../../server/store/store.js";

/** Longest message to explain, in bytes. */
const MAX_BYTES = 16_384;
/** Most lines of one section. */
const MAX_LINES = 1_000;
/** Longest text of a line, in UTF-16 units. */
const MAX_TEXT = 400;

const outcomes = {
  passed: CheckOutcome.PASSED,
  failed: CheckOutcome.FAILED,
  skipped: CheckOutcome.SKIPPED,
} as const;

type Line = MessageInitShape<typeof ExplainedLineSchema>;

/** Explains a message that is stored at an intent's key, and verifies its signature by that key. */
export function explanationOf(
  intentId: string,
  { bytes }: MessageRecord,
): MessageInitShape<typeof ExplainMessageResponseSchema> {
  const options = { as: "code.messaging.v1.Message", publicKey: intentId, maxBytes: MAX_BYTES };
  const { verdict, problems, sections, checks } = explain(bytes, options);
  return {
    summary: cut(sentence(sections[0]?.tree.meaning ?? "")),
    verdict: cut(verdict),
    wrong:
      problems.some(({ kind }) => kind !== "doubtful") || checks.some(({ outcome }) => outcome === "failed"),
    sections: sections.map(sectionView),
    checks: checks.map(({ outcome, text, path }) => ({
      outcome: outcomes[outcome],
      text: cut(text),
      path: cut(path),
    })),
  };
}

function sectionView({
  type,
  title,
  tree,
}: ExplainedSection): MessageInitShape<typeof ExplainedSectionSchema> {
  const lines: Line[] = [];
  addLines(tree, 0, lines);
  return {
    type: cut(type),
    title: cut(title),
    data: tree.bytes.subarray(0, MAX_BYTES),
    lines: lines.slice(0, MAX_LINES),
    omittedLines: Math.max(0, lines.length - MAX_LINES),
  };
}

function addLines(node: InspectNode, depth: number, lines: Line[]): void {
  const { offset, length, tag, lengthPrefix, label, path, field } = node;
  const number = field === undefined ? "" : `field ${field.number}: `;
  lines.push({
    offset,
    length,
    tagLength: tag?.length ?? 0,
    prefixLength: lengthPrefix?.length ?? 0,
    depth,
    path: cut(path),
    name: cut(label),
    meaning: cut(`${number}${node.meaning}`),
  });
  for (const problem of node.ownProblems) {
    lines.push({
      offset: problem.offset,
      // The first wrong byte, unless the problem is the end of the bytes.
      length: problem.offset < offset + length ? 1 : 0,
      depth: depth + 1,
      path: cut(problem.path),
      name: problem.code,
      meaning: cut(`expected ${problem.expected}; found ${problem.found}`),
      problem: true,
    });
  }
  for (const child of node.children) addLines(child, depth + 1, lines);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Cuts text to a length that can be shown, without splitting a character. */
function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
