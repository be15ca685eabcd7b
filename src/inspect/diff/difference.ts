import type { Piece } from "./sides.js";

/** A field that differs. */
export interface FieldDifference {
  /** What it is in: the whole inputs, their payloads, their messages. */
  readonly piece: Piece;
  /** Path, such as `request_to_receive_bill.partial.currency`; of a payload, the name of the area. */
  readonly path: string;
  /** What the first input says; absent where it has no such field. */
  readonly here?: string;
  /** What the second input says; absent where it has no such field. */
  readonly there?: string;
}

/** How two inputs differ. */
export interface Difference {
  readonly equal: boolean;
  /** The first byte that differs, in words: where it is, what it belongs to, what is here and there. */
  readonly summary: string;
  /** Offset of the first byte that differs; absent where none does, or nothing could be compared. */
  readonly offset?: number;
  /** What the offset is in. */
  readonly piece?: Piece;
  /** Every field that differs, in order. */
  readonly fields: readonly FieldDifference[];
  /** What follows from it: for the intent id, for signatures. */
  readonly consequences: readonly string[];
}
