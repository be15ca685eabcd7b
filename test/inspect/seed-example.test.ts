import { describe, expect, it } from "vitest";
import { explain, inspectMessage, renderText } from "../../src/inspect/index.js";
import { MessageSchema } from "../../src/proto/messaging.js";
import { unhex } from "../support/vectors.js";
import { allNodes, at, expectCovered } from "./support.js";

// The first message in the protocol's documentation: 10 usd to the account of 32 zero bytes.
const bytes = unhex(`2a340a220a20${"00".repeat(32)}1a0e0a03757364110000000000002440`);
const tree = inspectMessage(MessageSchema, bytes);
const fields = allNodes(tree).filter(({ kind }) => kind === "field");

it("the documented example has its field numbers, wire types and lengths in order", () => {
  expect(fields.map(({ field }) => field?.number)).toEqual([5, 1, 1, 3, 1, 2]);
  expect(fields.map(({ wireType }) => wireType?.name)).toEqual(["LEN", "LEN", "LEN", "LEN", "LEN", "I64"]);
  expect(fields.flatMap(({ lengthPrefix }) => lengthPrefix?.value ?? [])).toEqual([52, 34, 32, 14, 3]);
  expect(fields.flatMap(({ body }) => body?.length ?? [])).toEqual([52, 34, 32, 14, 3, 8]);
});

it("the documented example has a path and a JSON name for every field", () => {
  expect(fields.map(({ path }) => path)).toEqual([
    "request_to_receive_bill",
    "request_to_receive_bill.requestor_account",
    "request_to_receive_bill.requestor_account.value",
    "request_to_receive_bill.partial",
    "request_to_receive_bill.partial.currency",
    "request_to_receive_bill.partial.native_amount",
  ]);
  expect(at(tree, "request_to_receive_bill.partial.native_amount").field).toEqual({
    number: 2,
    known: true,
    name: "native_amount",
    jsonName: "nativeAmount",
    localName: "nativeAmount",
    type: "double",
    repeated: false,
  });
  expect(at(tree, "request_to_receive_bill.partial")).toMatchObject({
    typeName: "code.transaction.v2.ExchangeDataWithoutRate",
    field: { oneof: "exchange_data", type: "code.transaction.v2.ExchangeDataWithoutRate" },
  });
});

it("the documented example has decoded values with their meaning", () => {
  const meanings = Object.fromEntries(fields.map(({ path, meaning }) => [path.split(".").at(-1), meaning]));
  expect(meanings).toEqual({
    request_to_receive_bill: "kind: a request to receive a bill",
    requestor_account: "a public key or account",
    value: `32-byte public key or account: base58 ${"1".repeat(32)}`,
    partial: "exchange_data: an amount without an exchange rate",
    currency: '3 bytes of UTF-8 text: "usd"',
    native_amount: "8-byte little-endian double: 10.0",
  });
  expect(at(tree, "request_to_receive_bill.requestor_account.value").value).toEqual(new Uint8Array(32));
  expect(at(tree, "request_to_receive_bill.partial.currency").value).toBe("usd");
  expect(at(tree, "request_to_receive_bill.partial.native_amount").value).toBe(10);
});

it("the documented example has the offset of every field", () => {
  const currency = at(tree, "request_to_receive_bill.partial.currency");
  expect(currency).toMatchObject({
    offset: 40,
    length: 5,
    tag: { offset: 40, length: 1, bytes: unhex("0a") },
    lengthPrefix: { offset: 41, length: 1, bytes: unhex("03"), value: 3 },
    body: { offset: 42, length: 3, bytes: unhex("757364") },
    bytes: unhex("0a03757364"),
  });
  expect(at(tree, "request_to_receive_bill.partial.native_amount")).toMatchObject({
    offset: 45,
    length: 9,
    tag: { offset: 45, length: 1 },
    body: { offset: 46, length: 8 },
  });
  expect(at(tree, "request_to_receive_bill.partial.native_amount").lengthPrefix).toBeUndefined();
});

it("the documented example has parts without a gap, and no problem", () => {
  expectCovered(tree);
  expect(tree.problems).toEqual([]);
  expect(tree.parts.map(({ what, length }) => `${what} ${length}`)).toEqual([
    "tag 1",
    "length 1",
    "tag 1",
    "length 1",
    "tag 1",
    "length 1",
    "value 32",
    "tag 1",
    "length 1",
    "tag 1",
    "length 1",
    "value 3",
    "tag 1",
    "value 8",
  ]);
  expect(tree.parts[13]).toEqual({
    offset: 46,
    length: 8,
    bytes: unhex("0000000000002440"),
    what: "value",
    path: "request_to_receive_bill.partial.native_amount",
  });
});

it("the documented example is explained as text", () => {
  expect(renderText(tree)).toMatchInlineSnapshot(`
    "offset  bytes                    what                       meaning
         0                           code.messaging.v1.Message  a message at a rendezvous key, 54 bytes
         0  2a                         request_to_receive_bill  field 5, LEN; kind: a request to receive a bill
         1  34                           length                 52 bytes
         2  0a                           requestor_account      field 1, LEN; a public key or account
         3  22                             length               34 bytes
         4  0a                             value                field 1, LEN, bytes
         5  20                               length             32 bytes
         6  00 00 00 00 00 00 00 00          value              32-byte public key or account: base58
        14  00 00 00 00 00 00 00 00                             11111111111111111111111111111111
        22  00 00 00 00 00 00 00 00
        30  00 00 00 00 00 00 00 00
        38  1a                           partial                field 3, LEN; exchange_data: an amount without an
                                                                exchange rate
        39  0e                             length               14 bytes
        40  0a                             currency             field 1, LEN, string
        41  03                               length             3 bytes
        42  75 73 64                         value              3 bytes of UTF-8 text: "usd"
        45  11                             native_amount        field 2, I64, double
        46  00 00 00 00 00 00 24 40          value              8-byte little-endian double: 10.0"
  `);
});

// The walk through these bytes in the documentation, line by line, in its notation.
const walk: [bytes: string, offset: number, says: string][] = [
  ["0x2A", 0, "field 5, LEN"],
  ["0x34", 1, "52 bytes"],
  ["0x0A", 2, "field 1, LEN"],
  ["0x22", 3, "34 bytes"],
  ["0x0A", 4, "field 1, LEN"],
  ["0x20", 5, "32 bytes"],
  [Array(32).fill("0x00").join(", "), 6, `base58 ${"1".repeat(32)}`],
  ["0x1A", 38, "field 3, LEN"],
  ["0x0E", 39, "14 bytes"],
  ["0x0A", 40, "field 1, LEN"],
  ["0x03", 41, "3 bytes"],
  ["0x75, 0x73, 0x64", 42, '"usd"'],
  ["0x11", 45, "field 2, I64"],
  ["0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x24, 0x40", 46, "8-byte little-endian double: 10.0"],
];
const notation = walk.map(([text]) => text).join(", ");

describe("the documented walk-through", () => {
  const explanation = explain(notation);
  const [section] = explanation.sections;

  it("is read as a Message without a wrong byte", () => {
    expect(notation).toMatch(/^0x2A, 0x34, 0x0A, 0x22, 0x0A, 0x20, 0x00, /);
    expect(explanation).toMatchObject({
      type: "code.messaging.v1.Message",
      notation: "hex",
      verdict: "No byte is wrong.",
      alternatives: [],
      problems: [],
      checks: [],
    });
    expect(section?.tree).toEqual(tree);
  });

  it.each(walk.map((line, index) => [index + 1, ...line] as const))(
    "has in line %i: %s at byte %i means %s",
    (number, text, offset, says) => {
      const part = section?.tree.parts[number - 1];
      expect(part?.bytes).toEqual(Uint8Array.from(text.split(", ").map(Number)));
      expect(part?.offset).toBe(offset);
      // A row of the rendered tree starts with the offset of its part.
      const row = renderText(tree, { width: 200 })
        .split("\n")
        .filter((line) => line.trimStart().startsWith(`${offset} `))
        .at(-1);
      expect(row).toContain(says);
    },
  );

  it("has as many lines as parts", () => {
    expect(section?.tree.parts).toHaveLength(walk.length);
  });
});

it("the inspector returns plain Uint8Arrays for a Buffer", () => {
  const fromBuffer = inspectMessage(MessageSchema, Buffer.from(bytes));
  expect(fromBuffer.parts[0]?.bytes.constructor).toBe(Uint8Array);
  expect(fromBuffer).toEqual(tree);
});
