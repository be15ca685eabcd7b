import { toBase58 } from "../lib/bytes.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { PAYLOAD_KINDS, PAYLOAD_LENGTH } from "../rendezvous/payload.js";
import { kindOf, kindWords, payloadAreas } from "./payload-areas.js";
import { type Draft, draft, inputBytes, inspection, report, span } from "./tree.js";
import type { Inspection, InspectNodeKind } from "./types.js";
import { count } from "./words.js";

/**
 * Takes the 20 bytes of a scan code apart: kind, then currency and amount, quarks or user name, then the
 * nonce.
 *
 * Broken input does not throw; `problems` says what is wrong with it. The payload and its nonce are secrets,
 * since whoever has them has the rendezvous private key, and the tree shows both.
 *
 * @throws InputError only where `bytes` is no `Uint8Array`
 * @example
 * ```ts
 * const tree = inspectPayload(intent.payload);
 * tree.children.map((area) => area.label); // ["kind", "currency", "units", "nonce"]
 * tree.children[2]?.value; // 1000n, hundredths
 * tree.children[2]?.meaning; // "7-byte little-endian hundredths: 1000, which is 10.00 usd"
 * ```
 */
export function inspectPayload(bytes: Uint8Array): Inspection {
  const input = inputBytes(bytes);
  const root = draft("payload", "payload", "", span(input, 0, input.length));
  root.body = span(input, 0, input.length);
  if (input.length < PAYLOAD_LENGTH) {
    report(root, "malformed", "truncated", input.length, `${PAYLOAD_LENGTH} bytes`, `${input.length}`);
  }
  const what = readAreas(root, input);
  if (input.length > PAYLOAD_LENGTH) {
    const rest = add(root, "unreadable", "unreadable", input, PAYLOAD_LENGTH, input.length);
    rest.meaning = `${count(rest.length, "byte")} beyond the end of the payload`;
    report(rest, "malformed", "trailing_bytes", PAYLOAD_LENGTH, `${PAYLOAD_LENGTH} bytes`, `${input.length}`);
  }
  const id = input.length === PAYLOAD_LENGTH ? `; intent id ${toBase58(rendezvousKey(input).publicKey)}` : "";
  root.meaning = `${what}, ${count(input.length, "byte")}${id}`;
  return inspection(root);
}

/** Adds the areas to the root, and says what the payload as a whole is. */
function readAreas(root: Draft, input: Uint8Array): string {
  const kind = kindOf(input[0]);
  const available = Math.min(input.length, PAYLOAD_LENGTH);
  if (kind === undefined) {
    if (available > 0) readUnknownKind(root, input, available);
    return "the payload of a scan code";
  }
  const whole = new Uint8Array(PAYLOAD_LENGTH);
  whole.set(input.subarray(0, available));
  let at = 0;
  for (const { name, end, meaning, value, problem } of payloadAreas(kind, whole)) {
    if (at >= available) break;
    const node = add(root, "area", name, input, at, Math.min(end, available));
    if (end > available) {
      node.meaning = `${name}, cut off after ${count(node.length, "byte")} of ${end - at}`;
    } else {
      node.meaning = meaning;
      if (value !== undefined) node.value = value;
      if (problem !== undefined) {
        report(node, problem.kind, problem.code, problem.at, problem.expected, problem.found);
      }
    }
    at = end;
  }
  return kindWords[kind];
}

function readUnknownKind(root: Draft, input: Uint8Array, available: number): void {
  const kind = add(root, "area", "kind", input, 0, 1);
  kind.meaning = `kind ${input[0]}, which is not known`;
  const highest = Math.max(...Object.values(PAYLOAD_KINDS));
  report(kind, "malformed", "unknown_payload_kind", 0, `a kind from 0 to ${highest}`, `${input[0]}`);
  if (available === 1) return;
  const rest = add(root, "unreadable", "unreadable", input, 1, available);
  rest.meaning = `${count(rest.length, "byte")} whose meaning depends on the kind`;
}

function add(
  root: Draft,
  kind: InspectNodeKind,
  name: string,
  input: Uint8Array,
  at: number,
  end: number,
): Draft {
  const node = draft(kind, name, kind === "area" ? name : "", span(input, at, end));
  node.body = span(input, at, end);
  root.children.push(node);
  return node;
}
