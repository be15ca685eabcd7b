import { create, type DescField, fromBinary, ScalarType, toBinary } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Message as HeardMessage,
  MessageSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { decode, rawMessageBytes } from "../../src/browser/decode.js";
import * as shapes from "../../src/browser/shapes.js";
import { messageBytes } from "../../src/sequencer/message-bytes.js";
import { anyMessage } from "../inspect/random-message.js";
import { schemaOf } from "../inspect/support.js";
import { runs, scaled } from "../support/property.js";

/** Every table, by the name of its message. */
const tables = new Map<string, shapes.Shape>();
function collect(shape: shapes.Shape): void {
  tables.set(shape.name, shape);
  for (const [, holds] of Object.values(shape.fields)) {
    if (typeof holds === "object" && !tables.has(holds.name)) collect(holds);
  }
}
for (const shape of Object.values(shapes)) collect(shape as shapes.Shape);

const wellKnown = new Map(
  [TimestampSchema, DurationSchema].map((schema) => [schema.typeName as string, schema]),
);

function spelled(field: DescField): unknown[] {
  const holds =
    field.message?.typeName ?? (field.enum ? "int32" : ScalarType[field.scalar ?? 0]?.toLowerCase());
  if (field.fieldKind === "list") return [field.localName, holds, "repeated"];
  return [field.localName, holds, ...(field.oneof === undefined ? [] : [`oneof ${field.oneof.localName}`])];
}

test.each([...tables])("the table of %s matches the compiled schema", (name, { fields }) => {
  const own = Object.entries(fields).map(([number, [field, holds, ...repeats]]) => [
    Number(number),
    [field, typeof holds === "object" ? holds.name : holds, ...repeats],
  ]);
  const compiled = (wellKnown.get(name) ?? schemaOf(name)).fields.map((field) => [
    field.number,
    spelled(field),
  ]);
  expect(Object.fromEntries(own)).toEqual(Object.fromEntries(compiled));
});

test("decodes all bytes that the library decodes, with the same result", () => {
  let compared = 0;
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  fc.assert(
    fc.property(anyMessage, ([schema, bytes]) => {
      const shape = tables.get(schema.typeName);
      if (shape === undefined) return;
      compared++;
      const expected = attempt(() => fromBinary(schema, bytes));
      expect(attempt(() => decode(shape, bytes))).toEqual(withoutUnknown(expected));
    }),
    runs(10_000),
  );
  expect(compared).toBeGreaterThan(scaled(1_000));
});

/** Copies a message without unknown fields; toEqual treats absent and undefined as equal. */
function withoutUnknown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnknown);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      name === "$unknown" ? [] : [[name, withoutUnknown(inner)]],
    ),
  );
}

describe("the bytes of a decoded message", () => {
  const whole = toBinary(
    MessageSchema,
    create(MessageSchema, {
      id: { value: new Uint8Array(16).fill(1) },
      sendMessageRequestSignature: { value: new Uint8Array(64).fill(2) },
      kind: { case: "codeScanned", value: { timestamp: { seconds: 5n } } },
    }),
  );
  const read = decode(shapes.message, whole);

  test("are the received ones, and the sent ones lack the fields that the server added", () => {
    expect(rawMessageBytes.whole(read)).toEqual(whole);
    const decoded: HeardMessage = fromBinary(MessageSchema, whole);
    expect(rawMessageBytes.sent(read)).toEqual(messageBytes.sent(decoded));
  });

  test("include unknown fields, which are signed too", () => {
    const sent = Uint8Array.of(...messageBytes.sent(read), 0xf8, 0x01, 0x01);
    const withUnknown = decode(shapes.message, Uint8Array.of(...whole, 0xf8, 0x01, 0x01));
    expect(rawMessageBytes.sent(withUnknown)).toEqual(sent);
    expect(rawMessageBytes.sent(withUnknown)).toEqual(
      messageBytes.sent(fromBinary(MessageSchema, Uint8Array.of(...whole, 0xf8, 0x01, 0x01))),
    );
  });
});
