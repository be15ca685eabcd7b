import { toBase58 } from "../../lib/bytes.js";
import { rendezvousKey } from "../../rendezvous/key.js";
import { PAYLOAD_KINDS, PAYLOAD_LENGTH } from "../../rendezvous/payload.js";
import { type Draft, draft, inputBytes, inspection, report, span } from "../tree.js";
import type { Inspection, InspectNodeKind } from "../types.js";
import { count } from "../words.js";
import { kindOf, kindWords, payloadAreas } from "./payload-areas.js";

/**
 * Parses the 20 bytes of a scan code: the kind, then currency and amount, quarks or username, then the nonce.
 *
 * Does not throw for invalid bytes; `problems` lists what is wrong. The payload and its nonce are secrets,
 * since they reveal the rendezvous private key. The tree shows both.
 *
 * @throws InputError only if `bytes` is not a `Uint8Array`
 * @example
 * ```ts
 * const tree = inspectPayload(intent.payload);
 * tree.children.map((area) => area.label); // ["kind", "currency", "units", "nonce"]
 * tree.children[2]?.value; // 1000n, hundredths
 * tree.children[2]?.meaning; // "7-byte little-endian hundredths: 1000, which is 10.00 usd"
 * ```
 */
export function inspectPayload(bytes: Uint8Array): Inspection {
  return inspection(payloadDraft(inputBytes(bytes)));
}

/** Creates the tree of a payload, not yet finished. */
export function payloadDraft(input: Uint8Array): Draft {
  const root = draft("payload", "payload", "", span(input, 0, input.length));
  root.body = span(input, 0, input.length);
  if (input.length < PAYLOAD_LENGTH) {
    report(root, "malformed", "truncated", input.length, `${PAYLOAD_LENGTH} bytes`, `${input.length}`);
  }
  const what = addPayloadAreas(root, input, 0);
  if (input.length > PAYLOAD_LENGTH) {
    const rest = addArea(root, "unreadable", "unreadable", input, PAYLOAD_LENGTH, input.length);
    rest.meaning = `${count(rest.length, "byte")} beyond the end of the payload`;
    report(rest, "malformed", "trailing_bytes", PAYLOAD_LENGTH, `${PAYLOAD_LENGTH} bytes`, `${input.length}`);
  }
  const id = input.length === PAYLOAD_LENGTH ? `; ${intentIdOf(input)}` : "";
  root.meaning = `${what}, ${count(input.length, "byte")}${id}`;
  return root;
}

/** Returns `intent id GHEX...` for a complete payload. */
export function intentIdOf(payload: Uint8Array): string {
  return `intent id ${toBase58(rendezvousKey(payload).publicKey)}`;
}

/**
 * Adds the areas of the payload that begins at `start` to the root, and describes the payload in its meaning.
 */
export function addPayloadAreas(root: Draft, input: Uint8Array, start: number): string {
  const bytes = input.subarray(start, start + PAYLOAD_LENGTH);
  const kind = kindOf(bytes[0]);
  if (kind === undefined) {
    if (bytes.length > 0) readUnknownKind(root, input, start, start + bytes.length);
    return "the payload of a scan code";
  }
  const whole = new Uint8Array(PAYLOAD_LENGTH);
  whole.set(bytes);
  let at = 0;
  for (const { name, end, meaning, value, problem } of payloadAreas(kind, whole)) {
    if (at >= bytes.length) break;
    const node = addArea(root, "area", name, input, start + at, start + Math.min(end, bytes.length));
    if (end > bytes.length) {
      node.meaning = `${name}, truncated after ${count(node.length, "byte")} of ${end - at}`;
    } else {
      node.meaning = meaning;
      if (value !== undefined) node.value = value;
      if (problem !== undefined) {
        report(
          node,
          problem.kind,
          problem.code,
          start + problem.at,
          problem.expected,
          problem.found,
          problem.why,
        );
      }
    }
    at = end;
  }
  return kindWords[kind];
}

function readUnknownKind(root: Draft, input: Uint8Array, start: number, end: number): void {
  const kind = addArea(root, "area", "kind", input, start, start + 1);
  kind.meaning = `kind ${input[start]}, which is unknown`;
  const highest = Math.max(...Object.values(PAYLOAD_KINDS));
  report(kind, "malformed", "unknown_payload_kind", start, `a kind from 0 to ${highest}`, `${input[start]}`);
  if (end === start + 1) return;
  const rest = addArea(root, "unreadable", "unreadable", input, start + 1, end);
  rest.meaning = `${count(rest.length, "byte")} whose meaning depends on the kind`;
}

/** Adds an area to a root. */
export function addArea(
  root: Draft,
  kind: InspectNodeKind,
  name: string,
  input: Uint8Array,
  at: number,
  end: number,
): Draft {
  const node = draft(kind, name, kind === "unreadable" ? "" : name, span(input, at, end));
  node.body = span(input, at, end);
  root.children.push(node);
  return node;
}
