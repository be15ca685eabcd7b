/**
 * A run of bytes of the input. Offsets and lengths count bytes; offsets count from the start of the whole
 * input.
 */
export interface InspectSpan {
  readonly offset: number;
  readonly length: number;
  /** A view into the input, not a copy. */
  readonly bytes: Uint8Array;
}

/**
 * What a part is: `tag` names field and wire type, `length` says how many bytes follow, `value` is what they
 * say, `end-group` closes a group, and `unreadable` is what cannot be told apart any more.
 */
export type InspectPartKind = "tag" | "length" | "value" | "end-group" | "unreadable";

/** One of the segments that the input falls into: together they cover every byte exactly once, in order. */
export interface InspectPart extends InspectSpan {
  readonly what: InspectPartKind;
  /** Path of the node that the part belongs to, such as `request_to_receive_bill.partial.native_amount`. */
  readonly path: string;
}

/** The varint that says how many bytes the body has. */
export interface InspectLength extends InspectSpan {
  /**
   * What it says, in bytes; more than the body has where the input ends too early. Absent where it cannot be
   * read.
   */
  readonly value?: number;
}

/** Wire type of a field: how its value is delimited. Numbers 6 and 7 exist but have no name. */
export interface InspectWireType {
  readonly number: number;
  readonly name: "VARINT" | "I64" | "LEN" | "SGROUP" | "EGROUP" | "I32" | undefined;
}

/** What the compiled descriptor says about a field. Of an unknown field only the number is there. */
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
 * A decoded value: `number` for 32-bit integers, floats and doubles, `bigint` for 64-bit integers, `string`
 * for text and for the name of an enum value (a number where the enum has no such value), bytes as a view
 * into the input.
 */
export type InspectValue = number | bigint | string | boolean | Uint8Array;

/**
 * `malformed`: no writer of the protocol makes such bytes, and a strict reader refuses them. `not_canonical`:
 * readers accept them but would write them in another way, so that a signature over them does not verify once
 * the message has been read and written again, which is what the sequencer does. `broken_rule`: the bytes are
 * in order, but what they say is against the rules of the protocol. `doubtful`: the sequencer takes even that,
 * and it is hardly what was meant. Only `explain` looks for the last two.
 */
export type InspectProblemKind = "malformed" | "not_canonical" | "broken_rule" | "doubtful";

/** Stable names of problems; switch on these, the words may change. */
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
  // malformed or broken rules, of `explain`
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
 * Something wrong with the input.
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
  /** Offset of the first wrong byte; the end of the input where bytes are missing. */
  readonly offset: number;
  /** Path of the node that it was found in. */
  readonly path: string;
  /** What would have been right, in plain words. */
  readonly expected: string;
  /** What is there instead, in plain words. */
  readonly found: string;
  /** Why it matters, where that is not the same for every problem of this code; `explain` says it of each. */
  readonly why?: string;
}

/**
 * `message`, `payload` and `value` are roots, the last of what is neither of the others. `field` is a field
 * with its tag, `element` one value of a packed list, `area` a stretch without one, `text` a stretch of text,
 * `unreadable` the rest after a place from which nothing can be told apart.
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
 * A node of the tree: a stretch of the input and what it means.
 *
 * A field is `tag`, then `lengthPrefix` where the wire type is LEN, then `body`; the `children` of a message
 * lie in its body and cover it.
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
  /** What the bytes say, in plain words: `8-byte little-endian double: 10.0`. */
  readonly meaning: string;
  /** Full name of the message or enum type. */
  readonly typeName?: string;
  readonly field?: InspectField;
  readonly wireType?: InspectWireType;
  readonly tag?: InspectSpan;
  readonly lengthPrefix?: InspectLength;
  /** Bytes of the value; as many as there are where the input ends too early. */
  readonly body?: InspectSpan;
  /** Tag that closes a group. */
  readonly endTag?: InspectSpan;
  /** Absent for messages, and where it could not be read. */
  readonly value?: InspectValue;
  readonly children: readonly InspectNode[];
  /** Problems of this very node, without those of its children. */
  readonly ownProblems: readonly InspectProblem[];
}

/**
 * Root of a tree, with what concerns the whole input.
 *
 * @example
 * ```ts
 * const { problems, parts } = inspectMessage(MessageSchema, bytes);
 * const canonical = problems.length === 0;
 * const groups = parts.map((part) => `${part.offset}: ${part.length} bytes of ${part.path}`); // tag by tag, value by value
 * ```
 */
export interface Inspection extends InspectNode {
  /** Every problem in the tree, by offset. Empty: the input is well-formed and canonical. */
  readonly problems: readonly InspectProblem[];
  /** Segments that cover every byte of the input exactly once, in order. */
  readonly parts: readonly InspectPart[];
}
