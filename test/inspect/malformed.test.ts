import type { DescMessage } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { inspectMessage, renderText } from "../../src/inspect/index.js";
import { DomainSchema, RequestSchema, ResponseSchema } from "../../src/proto/common.js";
import { MessageSchema, RequestToReceiveBillSchema } from "../../src/proto/messaging.js";
import { ExchangeDataWithoutRateSchema } from "../../src/proto/transaction.js";
import { allNodes, at, inspectHex, kindsOf, problemsOf } from "./support.js";

const account = `0a20${"11".repeat(32)}`;
const message = `2a34 0a22 ${account} 1a0e 0a03757364 110000000000002440`;

function unreadable(hex: string, schema: DescMessage = MessageSchema): string[] {
  return allNodes(inspectHex(schema, hex))
    .filter(({ kind }) => kind === "unreadable")
    .map(({ offset, length, path }) => `${offset}+${length} in ${path}`);
}

describe("the inspector reports truncated input", () => {
  it("within a tag", () => {
    const tree = inspectHex(ResponseSchema, "0801 8a");
    expect(problemsOf(tree)).toEqual(["truncated@3"]);
    expect(tree.problems[0]).toMatchObject({
      kind: "malformed",
      expected: "the rest of a tag",
      found: "the end",
    });
    expect(at(tree, "result").value).toBe("ERROR");
    expect(unreadable("0801 8a")).toEqual(["2+1 in "]);
  });

  it("within a length", () => {
    expect(problemsOf(inspectHex(RequestSchema, "0a83"))).toEqual(["truncated@2 in version"]);
    expect(problemsOf(inspectHex(RequestSchema, "0a"))).toEqual(["truncated@1 in version"]);
  });

  it("within a varint", () => {
    const tree = inspectHex(ResponseSchema, "08ff");
    expect(problemsOf(tree)).toEqual(["truncated@2 in result"]);
    expect(at(tree, "result").value).toBeUndefined();
    expect(at(tree, "result").meaning).toBe("a truncated varint");
  });

  it("within a double", () => {
    const tree = inspectHex(ExchangeDataWithoutRateSchema, "0a03757364 11 00000000000024");
    expect(problemsOf(tree)).toEqual(["truncated@13 in native_amount"]);
    expect(at(tree, "native_amount").meaning).toBe("truncated after 7 bytes of 8");
    expect(at(tree, "currency").value).toBe("usd");
  });

  it("of a message: one problem, at the outermost length that is too large", () => {
    const bytes = Uint8Array.from(Buffer.from(message.replaceAll(" ", ""), "hex"));
    for (let length = 2; length < bytes.length; length++) {
      expect(problemsOf(inspectMessage(MessageSchema, bytes.subarray(0, length)))).toEqual([
        "length_beyond_end@1 in request_to_receive_bill",
      ]);
    }
    const tree = inspectMessage(MessageSchema, bytes.subarray(0, 50));
    expect(at(tree, "request_to_receive_bill.partial.currency").value).toBe("usd");
    expect(at(tree, "request_to_receive_bill.partial.native_amount").meaning).toBe(
      "truncated after 4 bytes of 8",
    );
    expect(at(tree, "request_to_receive_bill").meaning).toBe(
      "kind: a request to receive a bill, truncated after 48 bytes of 52",
    );
  });
});

describe("the inspector reports a length beyond the end", () => {
  it("of text", () => {
    const tree = inspectHex(DomainSchema, "0a05 6162");
    expect(problemsOf(tree)).toEqual(["length_beyond_end@1 in value"]);
    expect(tree.problems[0]).toMatchObject({ expected: "a length of at most 2", found: "5" });
    expect(at(tree, "value").meaning).toBe("UTF-8 text, truncated after 2 bytes of 5");
    expect(at(tree, "value").value).toBeUndefined();
    expect(at(tree, "value").lengthPrefix?.value).toBe(5);
  });

  it("of the message around it, even if the input continues", () => {
    // The account has length 34, but only 4 bytes of the request are left.
    const tree = inspectHex(MessageSchema, "2a06 0a22 0a020000 1a00");
    expect(problemsOf(tree)).toEqual([
      "length_beyond_end@3 in request_to_receive_bill.requestor_account",
      "field_order@8 in send_message_request_signature",
    ]);
    expect(at(tree, "send_message_request_signature")).toMatchObject({ offset: 8, length: 2 });
  });

  it("by 2^64 - 1", () => {
    const tree = inspectHex(DomainSchema, "0a ffffffffffffffffff01 61");
    expect(problemsOf(tree)).toEqual(["length_beyond_end@1 in value"]);
    expect(tree.problems[0]?.found).toBe("18446744073709551615");
  });
});

describe("the inspector reports a bad varint", () => {
  const eleven = "ffffffffffffffffffff01";

  it("over 10 bytes in a value", () => {
    const tree = inspectHex(ResponseSchema, `08${eleven} 1200`);
    expect(problemsOf(tree)).toEqual(["varint_too_long@10 in result"]);
    expect(tree.problems[0]?.expected).toBe("at most 10 bytes for a varint");
    expect(unreadable(`08${eleven} 1200`, ResponseSchema)).toEqual(["11+3 in "]);
  });

  it("over 10 bytes in a tag", () => {
    expect(problemsOf(inspectHex(ResponseSchema, `0801 ${eleven}`))).toEqual(["varint_too_long@11"]);
  });

  it("over 10 bytes in a length", () => {
    expect(problemsOf(inspectHex(RequestSchema, `0a${eleven}`))).toEqual(["varint_too_long@10 in version"]);
  });

  it("of 10 bytes with more than 64 bits, and reads on", () => {
    const tree = inspectHex(ResponseSchema, "08ffffffffffffffffff02 1a0161");
    expect(problemsOf(tree)).toEqual(["varint_overflow@10 in result"]);
    expect(at(tree, "message").value).toBe("a");
  });
});

describe("the inspector reports a wrong wire type of a known field", () => {
  it.each([
    ["varint for text", "0805", 5n],
    ["eight bytes for text", `09${"00".repeat(8)}`, new Uint8Array(8)],
    ["four bytes for text", `0d${"00".repeat(4)}`, new Uint8Array(4)],
  ])("%s", (_what, hex, value) => {
    const tree = inspectHex(DomainSchema, hex);
    expect(problemsOf(tree)).toEqual(["wrong_wire_type@0 in value"]);
    expect(tree.problems[0]?.expected).toBe("wire type LEN for value");
    expect(at(tree, "value").value).toEqual(value);
    expect(at(tree, "value").meaning).toMatch(/^value with another wire type/);
  });

  it("of text for a double, and reads on", () => {
    const tree = inspectHex(ExchangeDataWithoutRateSchema, "1203313030 0a03757364");
    expect(problemsOf(tree)).toContain("wrong_wire_type@0 in native_amount");
    expect(at(tree, "currency").value).toBe("usd");
  });
});

describe("the inspector reports invalid UTF-8", () => {
  it.each([
    ["an invalid byte", "61ff62", 1],
    ["a truncated character", "61e282", 1],
    ["an overlong form", "c080", 0],
    ["an overlong form of three bytes", "e08080", 0],
    ["a surrogate", "6162eda080", 2],
    ["a code point above the last", "f4908080", 0],
    ["a lone continuation byte", "e282ac80", 3],
  ])("%s", (_what, text, index) => {
    const length = (text.length / 2).toString(16).padStart(2, "0");
    const tree = inspectHex(DomainSchema, `0a${length}${text}`);
    expect(problemsOf(tree)).toEqual([`invalid_utf8@${2 + index} in value`]);
    expect(at(tree, "value").value).toBeUndefined();
  });
});

describe("the inspector reports group wire types", () => {
  it("and shows a group and its fields, and reads on", () => {
    const tree = inspectHex(ResponseSchema, "0801 23 0805 1a0161 24 1a0162");
    expect(problemsOf(tree)).toEqual(["group@2 in #4", "field_order@9 in message"]);
    expect(at(tree, "#4.#1").value).toBe(5n);
    expect(at(tree, "#4").endTag).toMatchObject({ offset: 8, length: 1 });
    expect(at(tree, "message").value).toBe("b");
    expect(tree.parts.map(({ what }) => what)).toContain("end-group");
  });

  it("of a known field", () => {
    expect(problemsOf(inspectHex(DomainSchema, "0b0c"))).toEqual(["group@0 in value"]);
  });

  it("without an end", () => {
    expect(problemsOf(inspectHex(DomainSchema, "23 0805"))).toEqual(["group@0 in #4", "truncated@3 in #4"]);
  });

  it("with an end that belongs to another group", () => {
    expect(problemsOf(inspectHex(DomainSchema, "23 2c 24"))).toEqual(["group@0 in #4", "group@1 in #4.#5"]);
  });

  it("with an end that belongs to no group", () => {
    const tree = inspectHex(DomainSchema, "0c 0a0161");
    expect(problemsOf(tree)).toContain("group@0 in value");
  });

  it("with too deep nesting and no end", () => {
    const tree = inspectHex(DomainSchema, "23".repeat(5000));
    expect(problemsOf(tree).filter((problem) => !problem.startsWith("group"))).toHaveLength(1);
    expect(tree.problems.find(({ code }) => code === "too_deep")?.offset).toBe(100);
  });
});

describe("the inspector reports a bad tag", () => {
  it("with field number 0", () => {
    const tree = inspectHex(DomainSchema, "0005 0a0161");
    expect(problemsOf(tree)).toContain("field_number_zero@0 in #0");
    expect(at(tree, "value").value).toBe("a");
  });

  it.each(["06", "0f"])("with the wire type of tag %s", (tag) => {
    const tree = inspectHex(DomainSchema, `0a0161 ${tag} 0a0162`);
    expect(problemsOf(tree).some((problem) => problem.startsWith("invalid_wire_type@3"))).toBe(true);
    expect(unreadable(`0a0161 ${tag} 0a0162`, DomainSchema)).toEqual(["4+3 in "]);
  });

  it("with a field number above 2^29 - 1", () => {
    expect(problemsOf(inspectHex(DomainSchema, "f8ffffff0f 05"))).toEqual([]);
    expect(problemsOf(inspectHex(DomainSchema, "8080808010 05"))).toEqual([
      "field_number_out_of_range@0 in #536870912",
    ]);
  });
});

it("the inspector reports an unknown field, which is not a problem", () => {
  const tree = inspectHex(RequestToReceiveBillSchema, `0a22 ${account} 7a03616263 8001 05 8d01 01020304`);
  expect(problemsOf(tree)).toEqual([]);
  expect(at(tree, "#15")).toMatchObject({
    field: { number: 15, known: false },
    value: new Uint8Array([0x61, 0x62, 0x63]),
    meaning: "unknown field 15: 3 bytes",
  });
  expect(at(tree, "#16").meaning).toBe("unknown field 16, varint: 5");
  expect(at(tree, "#17").meaning).toBe("unknown field 17: 4 bytes");
});

it("the inspector reports a key of the wrong length", () => {
  const tree = inspectHex(RequestToReceiveBillSchema, "0a05 0a03010203");
  expect(at(tree, "requestor_account.value").meaning).toBe("3 bytes; public key or account has 32");
});

it("the inspector marks malformed input, and renders it as text", () => {
  const tree = inspectHex(DomainSchema, "0a05 6162");
  expect(kindsOf(tree)).toEqual(new Set(["malformed"]));
  expect(renderText(tree)).toMatchInlineSnapshot(`
    "offset  bytes                    what                     meaning
         0                           code.common.v1.Domain    a domain, 4 bytes; 1 problem
         0  0a                         value                  field 1, LEN
         1  05                           length               5 bytes
         2  61 62                        value                UTF-8 text, truncated after 2 bytes of 5
         1                               ! length_beyond_end  expected a length of at most 2; found 5"
  `);
});

it("the inspector reads empty input as the empty message", () => {
  const tree = inspectHex(MessageSchema, "");
  expect(tree).toMatchObject({ problems: [], parts: [], children: [], length: 0 });
});

it("the inspector rejects input that is not bytes", () => {
  expect(() => inspectMessage(MessageSchema, "2a34" as unknown as Uint8Array)).toThrow(
    "bytes: must be a Uint8Array",
  );
});
