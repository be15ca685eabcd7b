/**
 * Bytes to a labelled tree of what every byte means: for those who port the protocol, and for finding out why
 * a signature does not verify. Pure: no I/O, and it runs in browsers.
 *
 * @example
 * ```ts
 * import { inspectMessage, inspectPayload, renderText } from "code-intents/inspect";
 * import { MessageSchema } from "code-intents/proto/messaging";
 *
 * console.log(renderText(inspectPayload(intent.payload)));
 * console.log(renderText(inspectMessage(MessageSchema, intent.toBinary()), { color: true }));
 * ```
 *
 * @module
 */
export { inspectMessage } from "./message.js";
export { inspectPayload } from "./payload.js";
export { type RenderOptions, renderText } from "./render.js";
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
