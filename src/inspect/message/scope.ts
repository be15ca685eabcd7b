/** The range in which fields are read, and the problems of a varint in it. */

import { type Draft, draft, report, span } from "../tree.js";
import { type BrokenVarint, MAX_VARINT_LENGTH, type Varint } from "../wire.js";
import { count } from "../words.js";
import type { MessageShape } from "./shape.js";

/** The body of a message or group. */
export interface Scope {
  /** The complete input. */
  readonly bytes: Uint8Array;
  /** `undefined` within a group, since its fields have no descriptor. */
  readonly shape: MessageShape | undefined;
  /** Offset of the first byte that must not be read. */
  readonly end: number;
  /**
   * Where the scope ends according to its length. Greater than `end` if the length is too large. That is
   * reported once at the length, and not again for everything truncated within.
   */
  readonly declaredEnd: number;
  readonly path: string;
  /** 1 for the outermost message. */
  readonly depth: number;
}

/**
 * Reports a varint that has more bytes than it needs. The first wrong byte is the one that should have been
 * the last.
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

/** Returns the offset after a varint that cannot be read. */
export function endOfBroken(scope: Scope, varint: BrokenVarint): number {
  return Math.min(varint.offset + 1, scope.end);
}

/** Creates one node for the rest of a scope. */
export function unreadable(scope: Scope, at: number): Draft {
  const rest = span(scope.bytes, at, scope.end);
  const node = draft("unreadable", "unreadable", scope.path, rest);
  node.body = rest;
  node.meaning = `${count(rest.length, "byte")} that cannot be parsed`;
  return node;
}

/** Creates one node for the rest of a scope after a tag that cannot be read. */
export function brokenTag(scope: Scope, at: number, tag: BrokenVarint): Draft {
  const node = unreadable(scope, at);
  reportBroken(node, scope, tag, "a tag");
  return node;
}
