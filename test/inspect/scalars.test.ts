import { create, createFileRegistry, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorSetSchema,
  StructSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectMessage } from "../../src/inspect/index.js";
import { runs } from "../support/property.js";
import { at, expectCovered, inspectHex, problemsOf } from "./support.js";

// The protocol has only a few of protobuf's types. Later messages may have any.
const types = [
  "DOUBLE",
  "FLOAT",
  "INT64",
  "UINT64",
  "INT32",
  "FIXED64",
  "FIXED32",
  "BOOL",
  "STRING",
  "BYTES",
  "UINT32",
  "SFIXED32",
  "SFIXED64",
  "SINT32",
  "SINT64",
] as const;

function compile(label: "OPTIONAL" | "REPEATED", packed?: boolean): DescMessage {
  const field = types.map((type, index) => ({
    name: `f_${type.toLowerCase()}`,
    number: index + 1,
    type: FieldDescriptorProto_Type[type],
    label: FieldDescriptorProto_Label[label],
    ...(packed === undefined || type === "STRING" || type === "BYTES" ? {} : { options: { packed } }),
  }));
  const file = {
    name: "test.proto",
    syntax: "proto3",
    package: "test",
    messageType: [{ name: "All", field }],
  };
  const message = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage(
    "test.All",
  );
  if (message === undefined) throw new Error("the test's own message does not compile");
  return message;
}

const Singular = compile("OPTIONAL");
const Packed = compile("REPEATED");
const Expanded = compile("REPEATED", false);

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, -(2 ** 31), 2 ** 31 - 1));
const uint32 = fc.oneof(fc.nat(), fc.constantFrom(2 ** 32 - 1));
const int64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.constantFrom(-1n, 0n, 1n));
const uint64 = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.constantFrom(0n));
const text = fc.string({ unit: "grapheme" }).filter((value) => !value.startsWith("\ufeff"));
const values: Record<(typeof types)[number], fc.Arbitrary<unknown>> = {
  DOUBLE: fc.double({ noNaN: true }),
  FLOAT: fc.float({ noNaN: true }),
  INT64: int64,
  UINT64: uint64,
  INT32: int32,
  FIXED64: uint64,
  FIXED32: uint32,
  BOOL: fc.boolean(),
  STRING: text,
  BYTES: fc.uint8Array({ maxLength: 10 }),
  UINT32: uint32,
  SFIXED32: int32,
  SFIXED64: int64,
  SINT32: int32,
  SINT64: int64,
};

function written(schema: DescMessage, init: Record<string, unknown>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

it("the inspector decodes every scalar type like protobuf-es", () => {
  const init = fc.record(Object.fromEntries(types.map((type) => [`f${camel(type)}`, values[type]])), {
    requiredKeys: [],
  });
  fc.assert(
    fc.property(init, (fields) => {
      const bytes = written(Singular, fields);
      const tree = inspectMessage(Singular, bytes);
      expectCovered(tree);
      expect(problemsOf(tree)).toEqual([]);
      const decoded = reflect(Singular, fromBinary(Singular, bytes));
      const expected = Singular.fields.filter((field) => decoded.isSet(field));
      expect(tree.children.map(({ field }) => field?.number)).toEqual(expected.map(({ number }) => number));
      for (const [i, field] of expected.entries()) {
        expect(tree.children[i]?.value).toEqual(decoded.get(field));
        expect(tree.children[i]?.field?.localName).toBe(field.localName);
      }
    }),
    runs(1000),
  );
});

it("the inspector returns values for existing fields only", () => {
  expect(types.map((type) => `f${camel(type)}`)).toEqual(Singular.fields.map(({ localName }) => localName));
});

it.each([
  ["packed", Packed],
  ["unpacked", Expanded],
])("the inspector decodes lists, %s", (_how, schema) => {
  const lists = types.map((type) => [`f${camel(type)}`, fc.array(values[type], { maxLength: 4 })] as const);
  fc.assert(
    fc.property(fc.record(Object.fromEntries(lists), { requiredKeys: [] }), (fields) => {
      const tree = inspectMessage(schema, written(schema, fields));
      expectCovered(tree);
      expect(problemsOf(tree)).toEqual([]);
      for (const field of schema.fields) {
        const list = (fields[field.localName] ?? []) as unknown[];
        for (const [i, value] of list.entries()) expect(at(tree, `${field.name}[${i}]`).value).toEqual(value);
      }
    }),
    runs(500),
  );
});

function camel(type: string): string {
  return type.charAt(0) + type.slice(1).toLowerCase();
}

describe("the inspector describes a value of each type", () => {
  it.each([
    ["double", "09000000000000f03f", "8-byte little-endian double: 1.0"],
    ["double of a fraction", "099a9999999999b93f", "8-byte little-endian double: 0.1"],
    ["double that is NaN", "09000000000000f87f", "8-byte little-endian double: NaN"],
    ["infinite double", "09000000000000f0ff", "8-byte little-endian double: -Infinity"],
    ["negative zero", "090000000000000080", "8-byte little-endian double: -0.0"],
    ["large double", "095bc0748936699944", "8-byte little-endian double: 3e+22"],
    ["float", "150000c03f", "4-byte little-endian float: 1.5"],
    ["int64", "18ffffffffffffffffff01", "varint: -1"],
    ["uint64", "20ffffffffffffffffff01", "varint: 18446744073709551615"],
    ["int32", "28feffffffffffffffff01", "varint: -2"],
    ["fixed64", "31ffffffffffffffff", "8-byte little-endian unsigned integer: 18446744073709551615"],
    ["fixed32", "3dffffffff", "4-byte little-endian unsigned integer: 4294967295"],
    ["bool", "4001", "varint: true"],
    ["string", "4a0161", '1 byte of UTF-8 text: "a"'],
    ["bytes", "52021234", "2 bytes"],
    ["uint32", "58ac02", "varint: 300"],
    ["sfixed32", "65ffffffff", "4-byte little-endian signed integer: -1"],
    ["sfixed64", "69ffffffffffffffff", "8-byte little-endian signed integer: -1"],
    ["sint32", "7003", "zigzag varint: -2"],
    ["sint64", "7803", "zigzag varint: -2"],
  ])("%s", (_type, text, meaning) => {
    const tree = inspectHex(Singular, text);
    expect(tree.children[0]?.meaning).toBe(meaning);
    expect(problemsOf(tree)).toEqual([]);
  });
});

it("the inspector keeps a byte order mark", () => {
  const tree = inspectHex(Singular, "4a04efbbbf61");
  expect(tree.children[0]).toMatchObject({
    value: "\ufeffa",
    meaning: '4 bytes of UTF-8 text: "\\u{feff}a"',
  });
});

describe("packed lists in the inspector", () => {
  it("have an element for each value", () => {
    const tree = inspectHex(Packed, "5a03 01ac02");
    expect(tree.children[0]).toMatchObject({ path: "f_uint32", meaning: "2 values" });
    expect(at(tree, "f_uint32[1]")).toMatchObject({ kind: "element", offset: 3, length: 2, value: 300 });
  });

  it.each([
    ["unpacked instead of packed", Packed, "5801", ["packing@0 in f_uint32[0]"]],
    ["packed instead of unpacked", Expanded, "5a0101", ["packing@0 in f_uint32"]],
    ["in two pieces", Packed, "5a0101 5a0102", ["packing@3 in f_uint32"]],
    ["without a value", Packed, "5a00", ["explicit_default@0 in f_uint32"]],
    ["with a truncated value", Packed, "0a03000000", ["truncated@5 in f_double[0]"]],
    ["with an unterminated varint", Packed, "5a0201ff", ["truncated@4 in f_uint32[1]"]],
    [
      "with a varint that is too long",
      Packed,
      `5a0c${"ff".repeat(11)}01`,
      ["varint_too_long@11 in f_uint32[0]"],
    ],
    ["with a varint longer than necessary", Packed, "5a028100", ["non_minimal_varint@2 in f_uint32[0]"]],
    ["truncated", Packed, "5a0501ac", ["length_beyond_end@1 in f_uint32"]],
  ])("%s", (_what, schema, text, problems) => {
    expect(problemsOf(inspectHex(schema, text))).toEqual(problems);
  });
});

it("the inspector reads the entries of a map", () => {
  const bytes = toBinary(
    StructSchema,
    create(StructSchema, { fields: { a: { kind: { case: "numberValue", value: 1 } } } }),
  );
  const tree = inspectMessage(StructSchema, bytes);
  expectCovered(tree);
  expect(tree.problems).toEqual([]);
  expect(at(tree, "fields[0].key").value).toBe("a");
  expect(at(tree, "fields[0].value.number_value").value).toBe(1);
});
