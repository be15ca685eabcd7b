import { base58 } from "@scure/base";
import { describe, expect, it } from "vitest";
import { explain } from "../../src/inspect/index.js";
import { hex, unhex, vectors } from "../support/vectors.js";
import { expectCovered } from "./support.js";

/** Encodes a field with a one-byte tag, and a length in as many bytes as it needs. */
const field = (number: number, body: string): string => {
  const size = body.length / 2;
  const length = size < 128 ? [size] : [(size & 127) | 128, size >> 7];
  return hex(Uint8Array.from([number * 8 + 2, ...length])) + body;
};
const text = (value: string): string => Buffer.from(value).toString("hex");

// A key whose bytes are not text, and a key of zeros.
const key = "c3280567845247aecb1b8cd601e8b15c8afc704dc1a2494b6b8b0c6f04777d4c";
const zeros = "00".repeat(32);
const partial = field(3, `${field(1, text("usd"))}110000000000000440`);
const message = (...fields: string[]): string => field(5, fields.join(""));
const account = field(1, field(1, key));
const good = message(account, partial);

const MESSAGE = "code.messaging.v1.Message";
const REQUEST = "code.messaging.v1.RequestToReceiveBill";
const path = "request_to_receive_bill";

function explained(input: string, as?: string): ReturnType<typeof explain> {
  const explanation = explain(input, { as });
  for (const { tree } of explanation.sections) expectCovered(tree);
  return explanation;
}

describe("explain reports a tag of another field", () => {
  it.each([
    [
      "the account as field 2",
      message(field(2, field(1, key)), partial),
      2,
      "0a, the tag of requestor_account (field 1)",
      "12, which is field 2",
    ],
    [
      "an account of zeros as field 2",
      message(field(2, field(1, zeros)), partial),
      2,
      "0a, the tag of requestor_account (field 1)",
      "12, which is field 2",
    ],
    [
      "the amount as field 4",
      message(account, `22${partial.slice(2)}`),
      38,
      "1a, the tag of partial (field 3)",
      "22, which is field 4",
    ],
    [
      "the currency as field 3",
      message(account, partial.replace(/^1a0e0a/, "1a0e1a")),
      40,
      "0a, the tag of currency (field 1)",
      "1a, which is field 3",
    ],
  ])("at its byte: %s", (_what, input, offset, expected, found) => {
    for (const as of [undefined, "Message"]) {
      const { type, problems, verdict } = explained(input, as);
      expect([type, problems[0]?.code, problems[0]?.offset]).toEqual([MESSAGE, "wrong_field", offset]);
      expect(verdict).toContain(
        `expected ${expected}; found ${found}. The sequencer expects the value in another field`,
      );
    }
  });

  it("without a guess if two fields are possible, or if a client may not send the field", () => {
    // The field of a login as a rejection or a submission: both contain an intent id.
    const { problems } = explained(field(8, field(1, field(1, key))), "Message");
    expect(problems).toEqual([]);
    const send =
      field(1, field(9, "0a020801")) + field(2, field(1, key)) + field(3, field(1, "11".repeat(64)));
    expect(explained(send).problems.map(({ code }) => code)).toEqual(["not_for_clients"]);
  });
});

describe("explain reports a key of another length", () => {
  it.each([
    ["with the private half", message(field(1, field(1, `${key}${zeros}`)), partial), "64 bytes"],
    [
      "as hex text",
      message(field(1, field(1, text(key))), partial),
      "64 bytes, which are hex text: decode it first",
    ],
    ["half a key", message(field(1, field(1, key.slice(0, 32))), partial), "16 bytes"],
  ])("without changing the type of the message: %s", (_what, input, found) => {
    const { type, problems } = explained(input);
    expect(type).toBe(MESSAGE);
    expect(problems[0]).toMatchObject({
      code: "wrong_length",
      offset: 5,
      path: `${path}.requestor_account.value`,
      expected: "32 bytes for a public key or account",
      found,
    });
  });
});

describe("explain reports a separate key or signature with an extra or missing byte", () => {
  it.each([
    ["31 bytes", key.slice(2), "public-key", 31, "32 bytes for a public key"],
    ["33 bytes", `${key}00`, "public-key", 32, "32 bytes for a public key"],
    ["63 bytes", `${key}${key.slice(2)}`, "signature", 63, "64 bytes for a signature"],
    ["65 bytes", `${key}${key}00`, "signature", 64, "64 bytes for a signature"],
    ["base58 of 31 bytes", base58.encode(unhex(key.slice(2))), "public-key", 31, "32 bytes for a public key"],
  ])("as a key or signature: %s", (_what, input, type, offset, expected) => {
    const { problems, summary, type: taken } = explained(input);
    expect([taken, problems.length]).toEqual([type, 1]);
    expect(problems[0]).toMatchObject({ code: "wrong_length", offset, expected });
    expect(summary).toMatch(/because it has the right length, except for one byte\.$/);
  });
});

describe("explain reports the bytes that transports put before a message", () => {
  const send = vectors.intents.find(({ id }) => id === "seed-54-byte")?.sendMessageRequestHex ?? "";
  const grpc = (bytes: string): string => `00${(bytes.length / 2).toString(16).padStart(8, "0")}${bytes}`;

  it.each([
    [
      "a length",
      `36${good}`,
      1,
      "2a, the first byte of the message",
      "the length of 54 in 1 byte, as in a delimited message",
    ],
    [
      "a gRPC header",
      grpc(good),
      5,
      "2a, the first byte of the message",
      "the 5 bytes of a gRPC frame: 00 for no compression, and the length of 54",
    ],
    [
      "a length of two bytes",
      `${hex(Uint8Array.of(0xa0, 1))}${send}`,
      2,
      "0a, the first byte of the message",
      "the length of 160 in 2 bytes, as in a delimited message",
    ],
  ])("by name: %s", (_what, input, length, expected, found) => {
    const isSend = input.endsWith(send);
    for (const as of [undefined, isSend ? "SendMessageRequest" : "Message"]) {
      const { type, summary, problems, sections, checks } = explained(input, as);
      expect(type).toBe(isSend ? "code.messaging.v1.SendMessageRequest" : MESSAGE);
      expect(problems).toMatchObject([{ code: "unexpected_prefix", offset: 0, expected, found }]);
      expect(summary).toContain(`Before it: ${found}.`);
      // Offsets remain those of the pasted input.
      const { lengthPrefix, children } = sections[0]?.tree ?? { children: [] };
      expect([lengthPrefix?.offset, lengthPrefix?.length, children[0]?.offset]).toEqual([0, length, length]);
      expect(checks.map(({ outcome }) => outcome)).toEqual(isSend ? ["passed"] : []);
    }
  });

  it("only if their length matches and the message agrees", () => {
    expect(explained(`35${good}`).problems[0]?.code).not.toBe("unexpected_prefix");
    expect(explained(`36${"ff".repeat(54)}`).problems).toEqual([]);
    expect(explained(grpc(good).replace(/^00/, "01")).problems[0]?.code).not.toBe("unexpected_prefix");
  });

  it("separately from the Message that a request lacks", () => {
    expect(explained(grpc(good.slice(4))).summary).toContain(
      "the Message around it: 2a 34 and then these bytes.",
    );
  });
});

describe("explain reports a value without the message around it", () => {
  const { rendezvousPublicKeyHex = "", signatureHex = "" } =
    vectors.intents.find(({ id }) => id === "seed-54-byte") ?? {};
  const send = (publicKey: string, signature: string): string =>
    field(1, good) + field(2, publicKey) + field(3, signature);
  const whole = [field(1, rendezvousPublicKeyHex), field(1, signatureHex)] as const;

  it.each([
    [
      "the account",
      message(field(1, key), partial),
      MESSAGE,
      4,
      `${path}.requestor_account`,
      "0a 20 first, the tag and length of value in a SolanaAccountId",
      "only the 32 bytes of a public key or account",
    ],
    [
      "an account of zeros",
      message(field(1, zeros), partial),
      MESSAGE,
      4,
      `${path}.requestor_account`,
      "0a 20 first, the tag and length of value in a SolanaAccountId",
      "only the 32 bytes of a public key or account",
    ],
    [
      "the account of a request alone",
      message(field(1, key), partial).slice(4),
      REQUEST,
      2,
      "requestor_account",
      "0a 20 first, the tag and length of value in a SolanaAccountId",
      "only the 32 bytes of a public key or account",
    ],
    [
      "the domain",
      message(account, partial, field(4, text("example.com"))),
      MESSAGE,
      56,
      `${path}.domain`,
      "0a 0b first, the tag and length of value in a Domain",
      'only the domain "example.com"',
    ],
    [
      "the rendezvous key",
      send(rendezvousPublicKeyHex, whole[1]),
      "code.messaging.v1.SendMessageRequest",
      58,
      "rendezvous_key",
      "0a 20 first, the tag and length of value in a RendezvousKey",
      "only the 32 bytes of a rendezvous public key",
    ],
    [
      "the signature",
      send(whole[0], signatureHex),
      "code.messaging.v1.SendMessageRequest",
      94,
      "signature",
      "0a 40 first, the tag and length of value in a Signature",
      "only the 64 bytes of an Ed25519 signature",
    ],
  ])("at its byte: %s", (_what, input, type, offset, where, expected, found) => {
    const explanation = explained(input);
    expect(explanation.type).toBe(type);
    expect(explanation.problems).toMatchObject([
      { kind: "malformed", code: "missing_wrapper", offset, path: where, expected, found },
    ]);
    expect(explanation.verdict).toContain("add 2 to every length around them");
  });

  it("except in a key that is too short, and in a valid Domain", () => {
    expect(explained(message(field(1, field(1, key.slice(4))), partial)).problems[0]).toMatchObject({
      code: "wrong_length",
      found: "30 bytes",
    });
    expect(explained(message(account, partial, field(4, field(1, text("example.com"))))).problems).toEqual(
      [],
    );
  });
});

describe("explain reports a request without its Message", () => {
  it("as bytes that are not signed, with the bytes to put before it", () => {
    expect(explained(good.slice(4)).verdict).toBe(
      "No byte is wrong, but these are not the bytes to sign: put 2a 34 before them, the tag and length that wrap the " +
        "request in a Message, and sign all of that. Only the `message` of a REST body is the request without the Message.",
    );
    expect(explained(good).verdict).toBe("No byte is wrong.");
  });
});

describe("explain of the same bytes", () => {
  const wrong = good.replace(/^2a/, "32");
  const bytes = unhex(wrong);
  const writings: [string, string][] = [
    ["hex", wrong],
    ["hex with 0x", Array.from(bytes, (byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(", ")],
    ["base64", Buffer.from(bytes).toString("base64")],
    ["an envelope's tag in hex", good.replace(/^2a/, "22")],
    ["a key in hex", key],
    ["a signature in hex", key + key],
    ["a Buffer as JSON", JSON.stringify(Buffer.from(good, "hex"))],
    ["text in no notation", "not bytes at all"],
    ["eleven letters", "hello world"],
    [
      "a REST body with other letters",
      '{"intent":"x","message":"","signature":"","webhook":"https://\u00e9xample.com"}',
    ],
  ];

  it.each(writings)("is the same for text and for a file with this text: %s", (_what, input) => {
    for (const as of [undefined, "Message", "json-object"]) {
      const { notation, ...given } = explain(input, { as });
      const { notation: read, ...held } = explain(new TextEncoder().encode(`\ufeff${input}\n`), { as });
      // Unreadable input is shown unchanged, including the line break.
      const isText = given.problems.some(({ code }) => code === "unreadable_text");
      expect([held.type, held.summary, held.verdict, held.problems, read]).toEqual([
        given.type,
        given.summary,
        given.verdict,
        given.problems,
        isText ? "text" : notation,
      ]);
    }
  });

  it("names the first byte of a Message", () => {
    for (const [, input] of writings.slice(0, 3)) {
      expect(explain(new TextEncoder().encode(input)).verdict).toMatch(
        /^First wrong: byte 0: expected 2a, the tag of request_to_receive_bill \(field 5\); found 32, which is field 6\./,
      );
    }
  });

  it("treats bytes that happen to be text as the message that they are", () => {
    // Its length byte is that of a vertical tab.
    const domain = unhex(field(1, text("example.com")));
    expect(explain(domain)).toMatchObject({ type: "code.common.v1.Domain", notation: "bytes", problems: [] });
  });
});

describe("bytes as written by JSON.stringify", () => {
  it.each([
    ["a Buffer", JSON.stringify(Buffer.from(good, "hex"))],
    ["a Buffer, laid out", JSON.stringify(Buffer.from(good, "hex"), null, 2)],
    ["a Uint8Array", JSON.stringify(unhex(good))],
    ["an array", JSON.stringify([...unhex(good)])],
  ])("are read as bytes: %s", (_what, input) => {
    const { type, notation, sections } = explained(input);
    expect([type, notation, hex(sections[0]?.tree.bytes ?? new Uint8Array())]).toEqual([
      MESSAGE,
      "numbers",
      good,
    ]);
  });

  it.each([
    '{"type":"Buffer","data":[42,256]}',
    '{"type":"Buffer","data":"KjQ="}',
    '{"0":42,"2":52}',
    '{"type":"Buffer"',
  ])("are distinguished from other JSON: %s", (input) => {
    expect(explained(input)).toMatchObject({ type: "json-object", notation: "JSON" });
  });
});

it("explain reports a JSON object without known members as unknown", () => {
  expect(explained('{"success":true}').verdict).toBe(
    "There is nothing to compare it with; pass `as` to name its type.",
  );
  expect(explained('{"success":true}', "json-object").verdict).toBe("No byte is wrong.");
});

describe("a missing end", () => {
  it.each([
    [1, "1 more byte, since the length at byte 1 is 52"],
    [9, "9 more bytes, since the length at byte 1 is 52"],
    [50, "50 more bytes, since the length at byte 1 is 52"],
  ])("of %i bytes is counted, and no length is blamed", (missing, expected) => {
    const { problems, verdict } = explained(good.slice(0, -2 * missing), "Message");
    const offset = 54 - missing;
    expect(problems).toMatchObject([
      { kind: "malformed", code: "truncated", offset, expected, found: "the end" },
    ]);
    expect(verdict).toBe(
      `First wrong: byte ${offset} (${path}): expected ${expected}; found the end. Bytes are missing at the end, so the rest cannot be read.`,
    );
  });

  it("is not assumed if a length is beyond all messages, or if the outer message is complete", () => {
    expect(explained(`2affffff7f${good.slice(4)}`, "Message").problems[0]?.code).toBe("length_beyond_end");
    expect(explained(message(account, "1a20"), "Message").problems[0]).toMatchObject({
      code: "length_beyond_end",
      offset: 39,
    });
  });
});
