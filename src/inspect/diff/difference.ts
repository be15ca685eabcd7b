import type { Piece } from "./sides.js";

/** A field that differs. */
export interface FieldDifference {
  /** The piece that contains the field: the complete inputs, their payloads, their messages. */
  readonly piece: Piece;
  /** Path, such as `request_to_receive_bill.partial.currency`; for a payload, the name of the area. */
  readonly path: string;
  /** Value in the first input; absent if the input has no such field. */
  readonly here?: string;
  /** Value in the second input; absent if the input has no such field. */
  readonly there?: string;
}

/** What the sequencer refuses in an input of {@link diff}. */
export interface SideFault {
  /** "here" is the first input, "there" the second. */
  readonly side: "here" | "there";
  /** The verdict of {@link explain}: the first wrong byte, or the failed check, and why it matters. */
  readonly text: string;
}

/** The result of {@link diff}. */
export interface Difference {
  /**
   * Whether both inputs contain the same, with the same faults. Two equal inputs can both be wrong: see
   * `faults`.
   */
  readonly equal: boolean;
  /** The first byte that differs, in words: its position, its field, and its value in both inputs. */
  readonly summary: string;
  /** Offset of the first byte that differs; absent if the inputs are equal or cannot be compared. */
  readonly offset?: number;
  /** The piece that the offset is in. */
  readonly piece?: Piece;
  /** Every field that differs, in order. */
  readonly fields: readonly FieldDifference[];
  /** The consequences: for the intent id, for signatures. */
  readonly consequences: readonly string[];
  /** What is wrong with each input, compared or not; empty if the sequencer accepts both. */
  readonly faults: readonly SideFault[];
}
