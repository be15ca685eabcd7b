/**
 * A range of bytes of the input. Offsets and lengths count bytes; offsets are relative to the start of the
 * complete input.
 */
export interface InspectSpan {
  readonly offset: number;
  readonly length: number;
  /** A view into the input, not a copy. */
  readonly bytes: Uint8Array;
}

/**
 * The kind of a part: `tag` contains field number and wire type, `length` the number of bytes that follow,
 * `value` the value, `end-group` closes a group, and `unreadable` bytes cannot be parsed.
 */
export type InspectPartKind = "tag" | "length" | "value" | "end-group" | "unreadable";

/** One segment of the input. All segments together cover every byte exactly once, in order. */
export interface InspectPart extends InspectSpan {
  readonly what: InspectPartKind;
  /** Path of the node that the part belongs to, such as `request_to_receive_bill.partial.native_amount`. */
  readonly path: string;
}

/** The varint that contains the length of the body. */
export interface InspectLength extends InspectSpan {
  /**
   * The declared length, in bytes; more than the body has if the input is truncated. Absent if it cannot be
   * read.
   */
  readonly value?: number;
}

/** Wire type of a field: how its value is delimited. Numbers 6 and 7 exist but have no name. */
export interface InspectWireType {
  readonly number: number;
  readonly name: "VARINT" | "I64" | "LEN" | "SGROUP" | "EGROUP" | "I32" | undefined;
}

/** The field in the compiled descriptor. An unknown field has only a number. */
export interface InspectField {
  readonly number: number;
  /** Whether the descriptor has a field of this number. */
  readonly known: boolean;
  /** Name in the `.proto` file, such as `native_amount`. */
  readonly name?: string;
  /** Name in JSON, such as `nativeAmount`. */
  readonly jsonName?: string;
  /** Name of the property in TypeScript. */
  readonly localName?: string;
  /** Scalar type such as `double`, or the full name of the message or enum. */
  readonly type?: string;
  /** Whether the field is a list or a map. */
  readonly repeated?: boolean;
  /** Name of the oneof that the field belongs to. */
  readonly oneof?: string;
}

/**
 * A decoded value: `number` for 32-bit integers, floats and doubles; `bigint` for 64-bit integers; `string`
 * for text and for the name of an enum value (a number if the enum has no such value); a view into the input
 * for bytes.
 */
export type InspectValue = number | bigint | string | boolean | Uint8Array;

/**
 * `malformed`: no writer of the protocol creates such bytes, and a strict reader rejects them.
 * `not_canonical`: readers accept the bytes, but a writer encodes the same fields differently. The sequencer
 * encodes the message again before it verifies, so a signature over them does not verify there.
 * `broken_rule`: the bytes are well-formed, but their content violates the rules of the protocol. `doubtful`:
 * the sequencer accepts the content, but it is probably a mistake. Only `explain` looks for the last two.
 */
export type InspectProblemKind = "malformed" | "not_canonical" | "broken_rule" | "doubtful";

/** Stable codes of problems. Compare these; the texts can change. */
export type InspectProblemCode =
  // malformed
  | "truncated"
  | "varint_too_long"
  | "varint_overflow"
  | "length_beyond_end"
  | "field_number_zero"
  | "field_number_out_of_range"
  | "wrong_wire_type"
  | "invalid_wire_type"
  | "group"
  | "invalid_utf8"
  | "too_deep"
  | "unknown_payload_kind"
  | "unknown_currency_index"
  | "missing_username"
  | "trailing_bytes"
  // not canonical
  | "non_minimal_varint"
  | "varint_out_of_range"
  | "field_order"
  | "explicit_default"
  | "repeated_singular"
  | "second_of_oneof"
  | "packing"
  | "payload_filler"
  // malformed or broken rules, only from `explain`
  | "unreadable_text"
  | "too_large"
  | "wrong_length"
  | "wrong_length_prefix"
  | "unexpected_prefix"
  | "wrong_field"
  | "unknown_field"
  | "reserved_field"
  | "missing_field"
  | "invalid_value"
  | "too_many"
  | "not_for_clients"
  | "missing_wrapper"
  | "imprecise_amount"
  | "invalid_member"
  | "parity";

/**
 * A problem of the input.
 *
 * @example
 * ```ts
 * for (const { offset, path, expected, found } of inspectMessage(MessageSchema, bytes).problems) {
 *   console.error(`byte ${offset}, ${path}: expected ${expected}; found ${found}`);
 * }
 * ```
 */
export interface InspectProblem {
  readonly kind: InspectProblemKind;
  readonly code: InspectProblemCode;
  /** Offset of the first wrong byte; the end of the input if bytes are missing. */
  readonly offset: number;
  /** Path of the node that has the problem. */
  readonly path: string;
  /** The correct content, in plain words. */
  readonly expected: string;
  /** The actual content, in plain words. */
  readonly found: string;
  /** Why it matters, if that depends on more than the code; `explain` adds it to every problem. */
  readonly why?: string;
}

/**
 * `message`, `payload` and `value` are roots; `value` is a root that is neither of the others. `field` is a
 * field with its tag, `element` one value of a packed list, `area` a range without a tag, `text` a range of
 * text, `unreadable` the rest after a place that cannot be parsed.
 */
export type InspectNodeKind =
  | "message"
  | "payload"
  | "value"
  | "field"
  | "element"
  | "area"
  | "text"
  | "unreadable";

/**
 * A node of the tree: a range of the input and its meaning.
 *
 * A field is `tag`, then `lengthPrefix` if the wire type is LEN, then `body`. The `children` of a message are
 * in its body and cover it.
 *
 * @example
 * ```ts
 * function print(node: InspectNode, depth = 0): void {
 *   console.log(" ".repeat(depth) + node.offset, node.label, node.meaning);
 *   for (const child of node.children) print(child, depth + 1);
 * }
 * ```
 */
export interface InspectNode extends InspectSpan {
  readonly kind: InspectNodeKind;
  /** Short name: of the message type, the field or the area. */
  readonly label: string;
  /**
   * Names from the root down, with indexes: `request_to_receive_bill.additional_fees[0].fee_bps`. Empty for a
   * root.
   */
  readonly path: string;
  /** The meaning of the bytes, in plain words: `8-byte little-endian double: 10.0`. */
  readonly meaning: string;
  /** Full name of the message or enum type. */
  readonly typeName?: string;
  readonly field?: InspectField;
  readonly wireType?: InspectWireType;
  readonly tag?: InspectSpan;
  readonly lengthPrefix?: InspectLength;
  /** Bytes of the value; fewer than declared if the input is truncated. */
  readonly body?: InspectSpan;
  /** Tag that closes a group. */
  readonly endTag?: InspectSpan;
  /** Absent for messages, and if the value could not be read. */
  readonly value?: InspectValue;
  readonly children: readonly InspectNode[];
  /** Problems of this node, without those of its children. */
  readonly ownProblems: readonly InspectProblem[];
}

/**
 * Root of a tree, with what concerns the complete input.
 *
 * @example
 * ```ts
 * const { problems, parts } = inspectMessage(MessageSchema, bytes);
 * const canonical = problems.length === 0;
 * const tagsAndValues = parts.map((part) => `${part.offset}: ${part.length} bytes of ${part.path}`);
 * ```
 */
export interface Inspection extends InspectNode {
  /** Every problem in the tree, by offset. If empty, the input is well-formed and canonical. */
  readonly problems: readonly InspectProblem[];
  /** Segments that cover every byte of the input exactly once, in order. */
  readonly parts: readonly InspectPart[];
}
