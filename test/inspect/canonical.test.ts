import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectMessage } from "../../src/inspect/index.js";
import { RequestSchema, ResponseSchema } from "../../src/proto/common.js";
import { MessageSchema, RequestToReceiveBillSchema } from "../../src/proto/messaging.js";
import { GetStatusResponseSchema } from "../../src/proto/micropayment.js";
import {
  AdditionalFeePaymentSchema,
  ExchangeDataSchema,
  ExchangeDataWithoutRateSchema,
} from "../../src/proto/transaction.js";
import { runs, scaled } from "../support/property.js";
import { hex } from "../support/vectors.js";
import { anyMessage } from "./random-message.js";
import { at, expectCovered, inspectHex, kindsOf, problemsOf } from "./support.js";

// Input that readers accept but would encode differently, so a signature over it does not verify at the peer.
describe("the inspector reports a form that is not canonical", () => {
  it.each([
    ["a value", ExchangeDataSchema, "208100", ["non_minimal_varint@1 in quarks"]],
    [
      "a value of ten bytes",
      ExchangeDataSchema,
      "2081808080808080808000",
      ["non_minimal_varint@1 in quarks"],
    ],
    [
      "a value, from its third byte on",
      ExchangeDataSchema,
      "20ff81828000",
      ["non_minimal_varint@3 in quarks"],
    ],
    ["a tag", ExchangeDataSchema, "a00001", ["non_minimal_varint@0 in quarks"]],
    ["a length", ExchangeDataSchema, "0a8300757364", ["non_minimal_varint@1 in currency"]],
    ["a value of an unknown field", ExchangeDataSchema, "788100", ["non_minimal_varint@1 in #15"]],
  ])("of a varint longer than necessary: %s", (_what, schema, text, problems) => {
    const tree = inspectHex(schema, text);
    expect(problemsOf(tree)).toEqual(problems);
    expect(kindsOf(tree)).toEqual(new Set(["not_canonical"]));
  });

  it("of fields out of ascending order", () => {
    const tree = inspectHex(ExchangeDataWithoutRateSchema, "110000000000002440 0a03757364");
    expect(problemsOf(tree)).toEqual(["field_order@9 in currency"]);
    expect(tree.problems[0]?.expected).toBe("field 1 before field 2");
    expect(at(tree, "native_amount").value).toBe(10);
  });

  it("of a known field after an unknown one, even with a lower number", () => {
    expect(problemsOf(inspectHex(MessageSchema, "5a00 6200"))).toEqual([
      "field_order@2 in client_rejected_login",
    ]);
    expect(problemsOf(inspectHex(MessageSchema, "6200 5a00"))).toEqual([]);
  });

  it.each([
    [
      "a double",
      ExchangeDataWithoutRateSchema,
      "110000000000000000",
      ["explicit_default@0 in native_amount"],
    ],
    ["text", ExchangeDataWithoutRateSchema, "0a00", ["explicit_default@0 in currency"]],
    ["bytes", RequestSchema, "2200", ["explicit_default@0 in body"]],
    ["an integer", ExchangeDataSchema, "2000", ["explicit_default@0 in quarks"]],
    ["a small integer", AdditionalFeePaymentSchema, "1000", ["explicit_default@0 in fee_bps"]],
    ["a boolean", GetStatusResponseSchema, "0800", ["explicit_default@0 in exists"]],
    ["an enum", ResponseSchema, "0800", ["explicit_default@0 in result"]],
    ["minus zero, which is not a default", ExchangeDataWithoutRateSchema, "110000000000000080", []],
    ["an empty message, which is not a default", MessageSchema, "3200", []],
  ])("of an explicit default: %s", (_what, schema, text, problems) => {
    expect(problemsOf(inspectHex(schema, text))).toEqual(problems);
  });

  it("of a singular field that occurs twice", () => {
    const tree = inspectHex(ExchangeDataWithoutRateSchema, "0a03757364 0a03657572");
    expect(problemsOf(tree)).toEqual(["repeated_singular@5 in currency"]);
  });

  it("of a message that occurs twice", () => {
    const tree = inspectHex(RequestToReceiveBillSchema, "0a00 0a00");
    expect(problemsOf(tree)).toEqual(["repeated_singular@2 in requestor_account"]);
  });

  it("of two fields of a oneof", () => {
    const tree = inspectHex(RequestToReceiveBillSchema, "1200 1a00");
    expect(problemsOf(tree)).toEqual(["second_of_oneof@2 in partial"]);
    expect(tree.problems[0]).toMatchObject({
      expected: "one field of exchange_data",
      found: "partial as well as exact",
    });
  });

  it("but allows any number of repeated fields", () => {
    const tree = inspectHex(RequestToReceiveBillSchema, "4200 4200 4200");
    expect(problemsOf(tree)).toEqual([]);
    expect(tree.children.map(({ path }) => path)).toEqual([0, 1, 2].map((i) => `additional_fees[${i}]`));
  });

  it.each([
    ["a boolean of 2", GetStatusResponseSchema, "0802", ["varint_out_of_range@1 in exists"], true],
    [
      "33 bits in a uint32",
      AdditionalFeePaymentSchema,
      "108180808010",
      ["varint_out_of_range@1 in fee_bps"],
      1,
    ],
    ["an enum of -1 in five bytes", ResponseSchema, "08ffffffff0f", ["varint_out_of_range@1 in result"], -1],
    ["an enum of -1 in ten bytes, which is valid", ResponseSchema, "08ffffffffffffffffff01", [], -1],
    ["an unknown enum value, which is kept", ResponseSchema, "0807", [], 7],
  ])("of bits that are ignored: %s", (_what, schema, text, problems, value) => {
    const tree = inspectHex(schema, text);
    expect(problemsOf(tree)).toEqual(problems);
    expect(tree.children[0]?.value).toBe(value);
  });
});

it("the inspector reports no problem exactly if protobuf-es encodes the same bytes again", () => {
  const outcomes = { clean: 0, notCanonical: 0 };
  fc.assert(
    fc.property(anyMessage, ([schema, bytes]) => {
      const tree = inspectMessage(schema, bytes);
      expectCovered(tree);
      const decoded = fromBinary(schema, bytes);
      const again = hex(toBinary(schema, decoded));
      expect(kindsOf(tree).has("malformed")).toBe(false);
      expect(tree.problems.length === 0, problemsOf(tree).join()).toBe(again === hex(bytes));
      if (tree.problems.length > 0) outcomes.notCanonical++;
      else if (bytes.length > 0) outcomes.clean++;
    }),
    runs(6_000),
  );
  for (const times of Object.values(outcomes)) expect(times).toBeGreaterThan(scaled(1000));
});
