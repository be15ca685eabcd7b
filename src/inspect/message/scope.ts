/** The stretch in which fields are read, and what can go wrong with a varint in it. */

import { type Draft, draft, report, span } from "../tree.js";
import { type BrokenVarint, MAX_VARINT_LENGTH, type Varint } from "../wire.js";
import { count } from "../words.js";
import type { MessageShape } from "./shape.js";

/** The body of a message or group. */
export interface Scope {
  /** The whole input. */
  readonly bytes: Uint8Array;
  /** `undefined` within a group, whose fields have no descriptor. */
  readonly shape: MessageShape | undefined;
  /** Offset of the first byte that must not be read. */
  readonly end: number;
  /**
   * Where the scope would end if every byte were there. Beyond `end` when a length reaches too far; that is
   * reported where the length is, once, and not again for everything within that is cut off too.
   */
  readonly declaredEnd: number;
  readonly path: string;
  /** 1 for the outermost message. */
  readonly depth: number;
}

/**
 * Reports a varint that takes more bytes than it needs. The first byte that should have been the last is
 * wrong.
 */
export function checkMinimal(node: Draft, varint: Varint, offset: number): void {
  if (varint.minimal) return;
  let needed = 1;
  for (let rest = varint.value >> 7n; rest > 0n; rest >>= 7n) needed++;
  const expected = `${count(needed, "byte")} for this varint`;
  const found = count(varint.length, "byte");
  report(node, "not_canonical", "non_minimal_varint", offset + needed - 1, expected, found);
}

/** Reports a varint that cannot be read. */
export function reportBroken(node: Draft, scope: Scope, varint: BrokenVarint, what: string): void {
  if (varint.fault === "too_long") {
    const expected = `at most ${MAX_VARINT_LENGTH} bytes for ${what}`;
    report(node, "malformed", "varint_too_long", varint.offset, expected, "more");
  } else if (varint.fault === "overflow") {
    report(node, "malformed", "varint_overflow", varint.offset, `at most 64 bits for ${what}`, "more");
  } else if (scope.end === scope.declaredEnd) {
    report(node, "malformed", "truncated", varint.offset, `the rest of ${what}`, "the end");
  }
}

/** Offset after what there is of a varint that cannot be read. */
export function endOfBroken(scope: Scope, varint: BrokenVarint): number {
  return Math.min(varint.offset + 1, scope.end);
}

/** The rest of a scope, as one node. */
export function unreadable(scope: Scope, at: number): Draft {
  const rest = span(scope.bytes, at, scope.end);
  const node = draft("unreadable", "unreadable", scope.path, rest);
  node.body = rest;
  node.meaning = `${count(rest.length, "byte")} that cannot be told apart`;
  return node;
}

/** The rest of a scope where a tag cannot be read. */
export function brokenTag(scope: Scope, at: number, tag: BrokenVarint): Draft {
  const node = unreadable(scope, at);
  reportBroken(node, scope, tag, "a tag");
  return node;
}
