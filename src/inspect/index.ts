/**
 * Explains bytes: what they are, what every byte means, which byte is the first wrong one, and how two
 * intents differ. For ports of the protocol, and for finding out why a signature does not verify. Pure: no
 * I/O, and it runs in browsers.
 *
 * Payloads, nonces and client secrets are secrets, and the results show them.
 *
 * @example
 * ```ts
 * import { explain, renderExplanation } from "code-intents/inspect";
 *
 * console.log(renderExplanation(explain("0x2A, 0x34, 0x0A, 0x22, ..."), { color: true }));
 * console.log(renderExplanation(explain(intent.toBinary())));
 * ```
 *
 * @module
 */

export type { InspectCheck, InspectCheckOutcome } from "./checks/signature-check.js";
export { type DiffOptions, diff } from "./diff/diff.js";
export type { Difference, FieldDifference, SideFault } from "./diff/difference.js";
export type { DiffInput, DiffIntent, Piece as DiffPiece } from "./diff/sides.js";
export { type ExplainOptions, explain } from "./explain.js";
export type { CanonicalForm, ExplainedProblem, ExplainedSection, Explanation } from "./explanation.js";
export { EXPLAINED_AS, type ExplainedAs } from "./kinds/kinds.js";
export { inspectPayload } from "./kinds/payload.js";
export { inspectMessage } from "./message/message.js";
export type { InspectNotation } from "./notations/types.js";
export {
  assertOrder,
  checkOrder,
  type OrderCheck,
  type OrderMismatch,
  OrderMismatchError,
  type StoredOrder,
} from "./order/check.js";
export type { OrderClaim } from "./order/claim.js";
export { renderDifference } from "./render/difference.js";
export { renderExplanation } from "./render/explanation.js";
export type { RenderStyle } from "./render/table.js";
export { type RenderOptions, renderText } from "./render/tree.js";
export type {
  InspectField,
  Inspection,
  InspectLength,
  InspectNode,
  InspectNodeKind,
  InspectPart,
  InspectPartKind,
  InspectProblem,
  InspectProblemCode,
  InspectProblemKind,
  InspectSpan,
  InspectValue,
  InspectWireType,
} from "./types.js";
