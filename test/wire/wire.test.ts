import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { hex } from "@scure/base";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  MessageSchema,
  RequestToReceiveBillSchema,
  SendMessageRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { GetStatusRequestSchema } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { equalBytes } from "../../src/lib/bytes.js";
import { shapeOf } from "../../src/wire/descriptors.js";
import { asGo, someEncoding } from "../../src/wire/encodings.js";
import { inOrder } from "../../src/wire/field-order.js";
import { carried, released } from "../../src/wire/known-fields.js";
import { fieldsOf, varint, WireError } from "../../src/wire/reader.js";
import { runs } from "../support/property.js";

const bytesOf = (text: string) => hex.decode(text.replaceAll(" ", ""));
const read = (text: string) => [...fieldsOf(bytesOf(text))];
const groups = (depth: number) => "0b".repeat(depth) + "0c".repeat(depth);

describe("the wire reader", () => {
  it.each([
    ["a varint of 64 bits", "08 ffffffffffffffffff01", 1, 0],
    ["a varint of 10 bytes with a small value", "08 80808080808080808000", 1, 0],
    ["a tag of 10 bytes", "88808080808080808000 01", 1, 0],
    ["the largest field number", "f8ffffff0f 00", 2 ** 29 - 1, 0],
    ["eight bytes", "09 0000000000000000", 1, 1],
    ["four bytes", "0d 00000000", 1, 5],
    ["no bytes", "0a 00", 1, 2],
    ["a length of 10 bytes", "0a 81808080808080808000 ff", 1, 2],
    ["groups 10,000 deep", groups(10_000), 1, 3],
  ])("reads a field of %s", (_, text, number, wireType) => {
    expect(read(text)).toMatchObject([{ number, wireType, start: 0, end: bytesOf(text).length }]);
  });

  it.each([
    ["a varint of 11 bytes", "08 8080808080808080808000"],
    ["a varint over 64 bits", "08 ffffffffffffffffff02"],
    ["a varint without an end", "08 ff"],
    ["a tag alone", "08"],
    ["a tag of 11 bytes", "8880808080808080808000 01"],
    ["field number 0", "00 01"],
    ["a field number that is too large", "8080808010 00"],
    ["wire type 6", "0e 01"],
    ["wire type 7", "0f 01"],
    ["a length beyond the end", "0a 02 00"],
    ["a length of 2^53", "0a 8080808080808010"],
    ["seven of eight bytes", "09 00000000000000"],
    ["three of four bytes", "0d 000000"],
    ["the end of a group that is not open", "0c"],
    ["the end of another group", "0b 14"],
    ["a group without an end", "0b 0801"],
    ["groups 10,001 deep", groups(10_001)],
  ])("rejects %s", (_, text) => {
    expect(() => read(text)).toThrow(WireError);
  });

  it("reads back every varint below 2^53", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const field = Uint8Array.of(0x08, ...varint(value));
        expect([...fieldsOf(field)]).toMatchObject([{ end: field.length }]);
      }),
      runs(1_000),
    );
  });
});

describe("a known field with another wire type", () => {
  const status = shapeOf(GetStatusRequestSchema);
  const decode = (text: string) => fromBinary(GetStatusRequestSchema, carried(status, bytesOf(text)));
  const id = `0a22 0a20 ${"05".repeat(32)}`;

  it.each([
    ["a varint", "0801"],
    ["eight bytes", "09 0a20050505050505"],
    ["four bytes", "0d 0a200505"],
    ["a group", "0b 0a00 0c"],
    ["a varint, with a tag of 10 bytes", "88808080808080808000 01"],
  ])("is unknown, stays among the unknown ones, and the field itself is read: %s", (_, other) => {
    const message = decode(`${other}${id}`);
    expect(message.intentId?.value).toEqual(new Uint8Array(32).fill(5));
    // Go keeps it, after the known fields, with the shortest tag.
    const shortest = other.replace("88808080808080808000 01", "0801");
    expect(hex.encode(released(status, toBinary(GetStatusRequestSchema, message)))).toBe(
      hex.encode(bytesOf(`${id}${shortest}`)),
    );
  });

  it("is unknown inside an embedded message too", () => {
    const message = decode("0a04 0801 0801");
    expect(message.intentId?.value).toHaveLength(0);
    expect(hex.encode(released(status, toBinary(GetStatusRequestSchema, message)))).toBe("0a0408010801");
  });

  it("cannot be forged with the number of the field that carries it", () => {
    // Field 536870910, which holds a known field, as a sender writes it.
    const forged = `f2ffffff0f 24 ${id}`;
    const message = decode(forged);
    expect(message.intentId).toBeUndefined();
    expect(hex.encode(released(status, toBinary(GetStatusRequestSchema, message)))).toBe(
      hex.encode(bytesOf(forged)),
    );
  });

  it("leaves other bytes as they are, without a copy", () => {
    for (const text of [id, `${id}a2060100`, "", "a306 0801 a406"]) {
      const bytes = bytesOf(text);
      expect(carried(status, bytes)).toBe(bytes);
      expect(released(status, bytes)).toBe(bytes);
    }
  });
});

test("any bytes that the reader accepts survive the library, and any others are a WireError", () => {
  const shape = shapeOf(SendMessageRequestSchema);
  const field = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(0, 1, 2, 5), fc.uint8Array({ maxLength: 12 }))
    .map(([number, wireType, value]) => {
      const tag = varint(number * 8 + wireType);
      if (wireType === 0) return Uint8Array.of(...tag, ...varint(value.length * 1_000));
      if (wireType === 2) return Uint8Array.of(...tag, ...varint(value.length), ...value);
      return Uint8Array.of(...tag, ...new Uint8Array(wireType === 1 ? 8 : 4));
    });
  const bytes = fc.oneof(
    fc.array(field, { maxLength: 5 }).map((fields) => Uint8Array.from(fields.flatMap((each) => [...each]))),
    fc.uint8Array({ maxLength: 40 }),
  );
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(bytes, (sent) => {
      let form: Uint8Array;
      try {
        form = carried(shape, sent);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        seen.refused++;
        return;
      }
      seen.accepted++;
      const message = fromBinary(SendMessageRequestSchema, form);
      const written = released(shape, toBinary(SendMessageRequestSchema, message));
      // What was written is stable: the same message.
      const again = fromBinary(SendMessageRequestSchema, carried(shape, written));
      expect(released(shape, toBinary(SendMessageRequestSchema, again))).toEqual(written);
      expect(inOrder(shape, inOrder(shape, written, "go"), "number")).toEqual(
        inOrder(shape, written, "number"),
      );
    }),
    runs(5_000),
  );
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(10);
});

describe("the encodings of a payment request", () => {
  const account = { value: new Uint8Array(32).fill(1) };
  const request = create(RequestToReceiveBillSchema, {
    requestorAccount: account,
    exchangeData: { case: "partial", value: { currency: "usd", nativeAmount: 1 } },
    domain: { value: "example.com" },
    verifier: account,
  });
  const message = create(MessageSchema, { kind: { case: "requestToReceiveBill", value: request } });
  const numbers = (bytes: Uint8Array) => [...fieldsOf(bytes)].map(({ number }) => number);
  const byNumber = toBinary(RequestToReceiveBillSchema, request);
  const go = asGo(RequestToReceiveBillSchema, byNumber);

  it("differ in the place of the amount, at every depth", () => {
    expect(numbers(byNumber)).toEqual([1, 3, 4, 5]);
    expect(numbers(go)).toEqual([1, 4, 5, 3]);
    const outer = asGo(MessageSchema, toBinary(MessageSchema, message));
    const [kind] = [...fieldsOf(outer)];
    expect(outer.subarray(kind?.valueStart, kind?.end)).toEqual(go);
    expect(fromBinary(RequestToReceiveBillSchema, go)).toEqual(request);
  });

  it("are two: a third order does not count", () => {
    const checks: Uint8Array[] = [];
    someEncoding(RequestToReceiveBillSchema, request, (bytes) => {
      checks.push(bytes);
      return false;
    });
    expect(checks).toEqual([byNumber, go]);
    const counts = (signed: Uint8Array) =>
      someEncoding(RequestToReceiveBillSchema, request, (bytes) => equalBytes(bytes, signed));
    const [first, ...others] = [...fieldsOf(byNumber)].map(({ start, end }) => byNumber.subarray(start, end));
    const third = Uint8Array.from([...others, first ?? new Uint8Array()].flatMap((each) => [...each]));
    expect([counts(byNumber), counts(go), counts(third)]).toEqual([true, true, false]);
  });

  it("are one where the bytes are equal, so the check runs once", () => {
    let count = 0;
    const scan = create(MessageSchema, { kind: { case: "codeScanned", value: {} } });
    expect(someEncoding(MessageSchema, scan, () => ++count > 5)).toBe(false);
    expect(count).toBe(1);
  });
});
