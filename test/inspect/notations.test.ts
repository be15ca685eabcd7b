import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InspectNotation } from "../../src/inspect/index.js";
import { explain } from "../../src/inspect/index.js";
import { runs } from "../support/property.js";
import { hex, unhex, vectors } from "../support/vectors.js";

const seed = `2a340a220a20${"00".repeat(32)}1a0e0a03757364110000000000002440`;
const bytes = unhex(seed);
const pairs = seed.match(/../g) ?? [];

// The output of `xxd` and `hexdump -C` for these bytes. The latter omits repeated lines.
const xxd = `
00000000: 2a34 0a22 0a20 0000 0000 0000 0000 0000  *4.". ..........
00000010: 0000 0000 0000 0000 0000 0000 0000 0000  ................
00000020: 0000 0000 0000 1a0e 0a03 7573 6411 0000  ..........usd...
00000030: 0000 0000 2440                           ....$@
`;
const hexdump = `
00000000  2a 34 0a 22 0a 20 00 00  00 00 00 00 00 00 00 00  |*4.". ..........|
00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
00000020  00 00 00 00 00 00 1a 0e  0a 03 75 73 64 11 00 00  |..........usd...|
00000030  00 00 00 00 24 40                                 |....$@|
00000036
`;

const notations: [what: string, notation: InspectNotation, text: string][] = [
  ["hex", "hex", seed],
  ["uppercase hex", "hex", seed.toUpperCase()],
  ["hex with spaces", "hex", pairs.join(" ")],
  ["hex over several lines", "hex", ` ${seed.slice(0, 40)}\n\t${seed.slice(40)}\r\n`],
  ["hex with colons", "hex", pairs.join(":")],
  ["hex with one 0x", "hex", `0x${seed}`],
  [
    "the notation of the protocol's documentation",
    "hex",
    pairs.map((pair) => `0x${pair.toUpperCase()}`).join(", "),
  ],
  ["0x without commas", "hex", pairs.map((pair) => `0x${pair}`).join(" ")],
  [
    "0x with single digits",
    "hex",
    pairs.map((pair) => `0x${Number.parseInt(pair, 16).toString(16)}`).join(","),
  ],
  [
    "C",
    "hex",
    `static const unsigned char message[54] = {\n${pairs.map((pair) => `  0x${pair}`).join(",\n")},\n};`,
  ],
  [
    "C with comments",
    "hex",
    `{ 0x2a, 0x34, // field 5\n /* and on */ ${pairs
      .slice(2)
      .map((pair) => `0x${pair}`)
      .join(", ")} }`,
  ],
  ["Java", "hex", `new byte[] {${pairs.map((pair) => `(byte) 0x${pair}`).join(", ")}};`],
  ["Go", "hex", `[]byte{${pairs.map((pair) => `0x${pair}`).join(", ")}}`],
  ["Rust", "hex", `[${pairs.map((pair) => `0x${pair}`).join(", ")}]`],
  ["a quoted string", "hex", `"${seed}"`],
  ["a Buffer as Node prints it", "hex", `<Buffer ${pairs.join(" ")}>`],
  ["escapes throughout", "hex", pairs.map((pair) => `\\x${pair}`).join("")],
  [
    "bytes as Python prints them",
    "escaped text",
    `b'*4\\n"\\n ${"\\x00".repeat(32)}\\x1a\\x0e\\n\\x03usd\\x11${"\\x00".repeat(6)}$@'`,
  ],
  [
    "octal escapes as protobuf prints them",
    "escaped text",
    `"*4\\n\\"\\n ${"\\000".repeat(32)}\\032\\016\\n\\003usd\\021${"\\000".repeat(6)}$@"`,
  ],
  [
    "a bytearray of Python",
    "escaped text",
    `bytearray(b'*4\\n"\\n ${"\\x00".repeat(32)}\\x1a\\x0e\\n\\x03usd\\x11${"\\x00".repeat(6)}$@')`,
  ],
  ["numbers of JavaScript", "numbers", `Uint8Array(54) [\n  ${[...bytes].join(", ")}\n]`],
  ["numbers of Go", "numbers", `[${[...bytes].join(" ")}]`],
  ["signed numbers of Java", "numbers", `[${[...new Int8Array(bytes.buffer)].join(", ")}]`],
  [
    "wrapped base64",
    "base64url",
    `${Buffer.from(bytes).toString("base64").slice(0, 40)}\n${Buffer.from(bytes).toString("base64").slice(40)}`,
  ],
  ["base64url", "base64url", Buffer.from(bytes).toString("base64url")],
  ["xxd", "hex dump", xxd],
  ["hexdump -C", "hex dump", hexdump],
];

it.each(notations)("explain reads %s", (_what, notation, text) => {
  const explanation = explain(text);
  expect(explanation.notation).toBe(notation);
  expect(hex(explanation.sections[0]?.tree.bytes ?? new Uint8Array())).toBe(seed);
  expect(explanation.type).toBe("code.messaging.v1.Message");
});

it.each(notations)("explain reads %s from the bytes of a file", (_what, notation, text) => {
  const explanation = explain(new TextEncoder().encode(text));
  expect([explanation.notation, explanation.type]).toEqual([notation, "code.messaging.v1.Message"]);
});

it("explain reads base64 with padding", () => {
  const inner = bytes.subarray(2);
  const padded = Buffer.from(inner).toString("base64");
  expect(padded).toMatch(/==$/);
  expect(explain(padded)).toMatchObject({
    notation: "base64",
    type: "code.messaging.v1.RequestToReceiveBill",
  });
});

it("explain expands the line of a dump that stands for repeated lines", () => {
  const zeros = `00000000  ${"00 ".repeat(16)} |................|\n*\n00000030  00 00 00 00              |....|\n00000034\n`;
  const { sections, notation } = explain(zeros, { as: "bytes" });
  expect(notation).toBe("hex dump");
  expect(sections[0]?.tree.bytes).toEqual(new Uint8Array(52));
});

it("explain rejects a dump with a gap", () => {
  expect(explain(xxd.replace("00000020", "00000030")).notation).not.toBe("hex dump");
  expect(explain("ffffff00: 00 00").notation).not.toBe("hex dump");
});

it("explain reads one byte per escape", () => {
  expect(explain(`"\\377${"\\000".repeat(12)}"`, { as: "bytes" }).sections[0]?.tree.bytes[0]).toBe(0xff);
  expect(explain(`"\\400${"\\000".repeat(12)}"`).notation).toBe("text");
});

describe("base58 in explain", () => {
  const [intent] = vectors.intents;
  it.each([
    ["a client secret", intent?.clientSecret ?? "", "nonce", 11],
    ["an intent id", intent?.rendezvousPublicKey ?? "", "public-key", 32],
    ["a signature", intent?.signatureBase58 ?? "", "signature", 64],
  ])("is read as %s", (_what, text, type, length) => {
    const { notation, type: taken, sections } = explain(text);
    expect([notation, taken, sections[0]?.tree.length]).toEqual(["base58", type, length]);
  });

  it.each(
    vectors.intents
      .filter(({ clientSecret }) => clientSecret !== null)
      .map(({ id, ...vector }) => [id, vector] as const),
  )("is read as the secret and the id of %s", (_id, { clientSecret, nonceHex, rendezvousPublicKey }) => {
    const nonce = explain(clientSecret ?? "");
    expect(hex(nonce.sections[0]?.tree.bytes ?? new Uint8Array())).toBe(nonceHex);
    expect(explain(rendezvousPublicKey)).toMatchObject({ type: "public-key", notation: "base58" });
  });
});

it("explain reads the same bytes from every notation", () => {
  const write: ((input: Uint8Array) => string)[] = [
    (input) => hex(input),
    (input) => Array.from(input, (byte) => `0x${byte.toString(16)}`).join(", "),
    (input) => Array.from(input, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
    (input) => `[${[...input].join(", ")}]`,
    (input) => Buffer.from(input).toString("base64url"),
    (input) => Buffer.from(input).toString("base64"),
  ];
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 9, maxLength: 60 }),
      fc.constantFrom(...write),
      (input, notation) => {
        const text = notation(input);
        // Digits alone are hex to any reader, and so are numbers of two digits each.
        fc.pre(notation === write[0] || !/^[[\]\s,]*(?:[0-9a-fA-F]{2}[[\]\s,]*)+$/.test(text));
        // The type is fixed, so that random bytes are read as a message.
        const { sections } = explain(text, { as: "Message" });
        expect(hex(sections[0]?.tree.bytes ?? new Uint8Array())).toBe(hex(input));
      },
    ),
    runs(500),
  );
});

describe("explain reports unreadable text", () => {
  it.each([
    [
      "a letter that is not a hex digit",
      `${seed.slice(0, 40)}g${seed.slice(41)}`,
      40,
      "a hex digit",
      '"g00000000000"',
    ],
    ["the letter O", `${seed.slice(0, 41)}O${seed.slice(42)}`, 41, "a hex digit", '"O00000000000"'],
    ["an odd number of digits", "0x2a, 0x34, 0x0a, 0x22, 0x0a2, 0x00", 29, "a hex digit", '", 0x00"'],
    ["a wrong letter within braces", `{ 2a 34 0a 22 0a zz }`, 17, "a hex digit", '"zz }"'],
    [
      "words",
      "not bytes at all",
      0,
      "hex, base64, base58, the JSON of a REST body or a webhook token",
      '"not bytes at"',
    ],
  ])("with its position: %s", (_what, text, offset, expected, found) => {
    const { problems, type, sections } = explain(text);
    expect(type).toBe("bytes");
    expect(problems.map(({ code }) => code)).toEqual(["unreadable_text"]);
    expect(problems[0]).toMatchObject({ offset, expected, found });
    expect(sections[0]?.tree.length).toBe(text.length);
  });

  it("and reads a byte with a missing digit as far as possible", () => {
    const { type, problems, sections, verdict } = explain(seed.slice(0, -1));
    expect(type).toBe("code.messaging.v1.Message");
    expect(sections[0]?.tree.length).toBe(53);
    expect(problems.map(({ code, offset }) => `${code}@${offset}`)).toEqual(["truncated@53", "truncated@53"]);
    expect(verdict).toMatch(
      /^First wrong: byte 53: expected the second hex digit of the last byte; found the end\. .* The number of hex digits is odd/,
    );
  });

  it("with a missing digit, even after an earlier error", () => {
    const { verdict } = explain(`${seed.replace("757364", "555344")}0`);
    expect(verdict).toMatch(
      /^First wrong: byte 42 .* The number of hex digits is odd, so one is missing or extra, here or earlier\. 1 more/,
    );
  });

  it.each(["", "  \n ", "0x"])("without bytes: %j", (text) => {
    const { summary, problems } = explain(text === "0x" ? new Uint8Array() : text);
    expect(summary).toMatch(/^The input is empty\. As a protobuf message it has only default values/);
    expect(problems).toEqual([]);
  });
});
