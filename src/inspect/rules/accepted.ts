/** Lowers problems of form that the sequencer accepts to doubts. */
import { equalBytes } from "../../lib/bytes.js";
import { isMistyped, nodesOf } from "../nodes.js";
import type { Draft } from "../tree.js";
import type { InspectProblem } from "../types.js";
import { goBody } from "./canonical.js";
import { messageRulesOf } from "./message-rules.js";

const goOrder =
  "This is the order of Go's encoder, which writes the members of oneofs after all other fields. The sequencer accepts a " +
  "signature over it as well as one over ascending field numbers.";
const unread = "The sequencer treats it as an unknown field, which the signature must cover.";

/**
 * Lowers what the sequencer accepts: unknown fields, known fields with another wire type where the message is
 * complete without them, and the order of Go's encoder. Call it last: hints about a likely mistake need the
 * problems as they are.
 */
export function lowerAccepted(root: Draft): void {
  for (const node of nodesOf(root)) {
    if (node.children.length === 0) continue;
    lowerUnread(node);
    lowerGoOrder(node);
  }
}

function lowerUnread(message: Draft): void {
  const { required, oneofs } = messageRulesOf(message.typeName ?? "");
  const isComplete = (key: "name" | "oneof", value: string): boolean =>
    message.children.some((child) => child.field?.[key] === value && !isMistyped(child));
  for (const { field, ownProblems } of message.children) {
    const { name = "", oneof = "" } = field ?? {};
    const isNeeded =
      (required.includes(name) && !isComplete("name", name)) ||
      (oneofs.includes(oneof) && !isComplete("oneof", oneof));
    lower(ownProblems, ({ code }) => code === "unknown_field" || code === "reserved_field");
    if (!isNeeded) lower(ownProblems, ({ code }) => code === "wrong_wire_type", unread);
  }
}

function lowerGoOrder(message: Draft): void {
  const { body } = message;
  const misplaced = [...nodesOf(message)].filter(({ ownProblems }) => ownProblems.some(isOrder));
  if (body === undefined || misplaced.length === 0) return;
  const go = goBody(message);
  if (go === undefined || !equalBytes(go, body.bytes)) return;
  for (const { ownProblems } of misplaced) lower(ownProblems, isOrder, goOrder);
}

function isOrder({ kind, code }: InspectProblem): boolean {
  return kind === "not_canonical" && code === "field_order";
}

function lower(
  problems: InspectProblem[],
  isAccepted: (problem: InspectProblem) => boolean,
  why?: string,
): void {
  for (const [at, problem] of problems.entries()) {
    if (isAccepted(problem))
      problems[at] = { ...problem, kind: "doubtful", ...(why === undefined ? {} : { why }) };
  }
}
