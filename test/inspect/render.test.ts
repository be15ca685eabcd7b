import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectMessage, inspectPayload, renderText } from "../../src/inspect/index.js";
import { DomainSchema, RequestSchema } from "../../src/proto/common.js";
import { MessageSchema } from "../../src/proto/messaging.js";
import { runs } from "../support/property.js";
import { unhex, vectors } from "../support/vectors.js";
import { at, inspectHex, schemas } from "./support.js";

const login = vectors.intents.find(({ id }) => id === "usd-with-login");
const message = inspectHex(MessageSchema, login?.messageHex ?? "");

// biome-ignore lint/suspicious/noControlCharactersInRegex: the test searches for these escapes
const escapes = /\u001b\[\d*m/g;

describe("the text of a tree", () => {
  it.each([
    ["a message", message],
    ["a payload", inspectPayload(unhex(login?.payloadHex ?? ""))],
    ["a broken message", inspectMessage(MessageSchema, message.bytes.subarray(0, 100))],
    ["an empty message", inspectMessage(MessageSchema, new Uint8Array())],
  ])("stays within its width, and has no trailing spaces: %s", (_what, tree) => {
    for (const width of [60, 61, 79, 80, 100, 110, 139, 140, 200, 500]) {
      const lines = renderText(tree, { width }).split("\n");
      for (const line of lines) {
        expect(line.length).toBeLessThanOrEqual(width);
        expect(line).toBe(line.trimEnd());
      }
    }
  });

  it("contains every byte in hex, in order", () => {
    for (const width of [60, 110, 140]) {
      const hexWidth = { 60: 11, 110: 23, 140: 47 }[width] ?? 0;
      const cells = renderText(message, { width })
        .split("\n")
        .slice(1)
        .map((line) => line.slice(8, 8 + hexWidth));
      expect(cells.join(" ").replaceAll(/\s/g, "")).toBe(login?.messageHex);
    }
  });

  it("is the same in color, apart from the escapes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...schemas.values()),
        fc.uint8Array({ maxLength: 60 }),
        fc.integer({ min: 0, max: 150 }),
        (schema, bytes, width) => {
          const tree = inspectMessage(schema, bytes);
          const plain = renderText(tree, { width });
          expect(renderText(tree, { width, color: true }).replaceAll(escapes, "")).toBe(plain);
          expect(plain).not.toMatch(escapes);
          expect(plain).not.toMatch(/ $/m);
        },
      ),
      runs(1000),
    );
  });

  it.each([0, -1, 12, Number.NaN])("has the minimum width for a width of %s", (width) => {
    expect(renderText(message, { width })).toBe(renderText(message, { width: 60 }));
  });
});

it("renderText colors tags, lengths, values, names and problems", () => {
  const text = renderText(inspectHex(RequestSchema, "0a00 1203616263"), { color: true });
  expect(text).toContain("\u001b[36m12\u001b[0m");
  expect(text).toContain("\u001b[33m03\u001b[0m");
  expect(text).toContain("\u001b[32m61 62 63\u001b[0m");
  expect(text).toContain("\u001b[1mservice\u001b[0m");
  expect(text).toContain("\u001b[31m! explicit_default\u001b[0m");
});

it("renderText shows problems in place, and counts them at the top", () => {
  expect(
    renderText(inspectHex(RequestSchema, "0a00 1283006162632206"), { width: 100 }),
  ).toMatchInlineSnapshot(`
    "offset  bytes                    what                      meaning
         0                           code.common.v1.Request    a call in an envelope, 10 bytes; 3
                                                               problems
         0  0a                         version                 field 1, LEN, string; 0 bytes of UTF-8
                                                               text: ""
         1  00                           length                0 bytes
         0                               ! explicit_default    expected nothing for a default value;
                                                               found a tag
         2  12                         service                 field 2, LEN, string
         3  83 00                        length                3 bytes
         5  61 62 63                     value                 3 bytes of UTF-8 text: "abc"
         3                               ! non_minimal_varint  expected 1 byte for this varint; found 2
                                                               bytes
         8  22                         body                    field 4, LEN; bytes, truncated after 0
                                                               bytes of 6
         9  06                           length                6 bytes
         9                               ! length_beyond_end   expected a length of at most 0; found 6"
  `);
});

it("renderText shows groups, unknown fields and ambiguous parts", () => {
  expect(
    renderText(inspectHex(RequestSchema, "7b 0805 7c 82010161 06 ffff"), { width: 100 }),
  ).toMatchInlineSnapshot(`
    "offset  bytes                    what                     meaning
         0                           code.common.v1.Request   a call in an envelope, 11 bytes; 3
                                                              problems
         0  7b                         #15                    field 15, SGROUP; a group, which has
                                                              fields but no length
         0                               ! group              expected wire type VARINT, I64, LEN or I32
                                                              (the protocol has no groups); found SGROUP
         1  08                           #1                   field 1, VARINT
         2  05                             value              unknown field 1, varint: 5
         3  7c                         end                    end of the group
         4  82 01                      #16                    field 16, LEN
         6  01                           length               1 byte
         7  61                           value                unknown field 16: 1 byte
         8  06                         #0                     field 0, wire type 6; a tag that no value
                                                              can follow
         8                               ! field_number_zero  expected a field number of at least 1;
                                                              found 0
         8                               ! invalid_wire_type  expected wire type VARINT, I64, LEN or
                                                              I32; found 6
         9  ff ff                      unreadable             2 bytes that cannot be parsed"
  `);
});

it("renderText shows a part of a tree", () => {
  const part = at(message, "request_to_receive_bill.domain");
  expect(renderText(part).split("\n")[1]).toMatch(/^ +\d+ {2}22 +domain +field 4, LEN; a domain$/);
});

it("renderText lets no input control the terminal", () => {
  const hostile = '\u001b[31m red \u202e back \u0007 \u009b1m " \\ \u2028 \u200b é 日本 \n';
  const tree = inspectMessage(DomainSchema, toBinary(DomainSchema, create(DomainSchema, { value: hostile })));
  expect(tree.children[0]?.value).toBe(hostile);
  expect(tree.children[0]?.meaning).toBe(
    '49 bytes of UTF-8 text: "\\u{1b}[31m red \\u{202e} back \\u{7} \\u{9b}1m \\" \\\\ \\u{2028} \\u{200b} é 日本 \\u{a}"',
  );
  expect(renderText(tree, { width: 500 })).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

it("renderText wraps a million characters quickly", () => {
  const tree = inspectMessage(
    DomainSchema,
    toBinary(DomainSchema, create(DomainSchema, { value: "ab ".repeat(350_000) })),
  );
  const started = performance.now();
  expect(renderText(tree).length).toBeGreaterThan(1_000_000);
  expect(performance.now() - started).toBeLessThan(60_000);
});
