import { base58 } from "@scure/base";
import { describe, expect, it } from "vitest";
import * as crypto from "#crypto";
import { explain } from "../../src/inspect/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { unhex, vectors } from "../support/vectors.js";
import { expectCovered } from "./support.js";

const seed = vectors.intents.find(({ id }) => id === "seed-54-byte");
const body = seed?.restBody ?? {};
const key = rendezvousKey(unhex(seed?.payloadHex ?? ""));
const verifier = crypto.keyFromSeed(new Uint8Array(32).fill(8));

function explained(members: Record<string, unknown>): ReturnType<typeof explain> {
  const explanation = explain(JSON.stringify({ ...body, ...members }));
  for (const { tree } of explanation.sections) expectCovered(tree);
  return explanation;
}

describe("a body of createIntent", () => {
  it("is explained member by member, and its message as the signed bytes", () => {
    const { sections, checks } = explained({ webhook: "https://example.com/paid" });
    expect(sections[0]?.tree.children.map(({ label, meaning }) => `${label}: ${meaning}`)).toEqual([
      "intent: the intent id, which is the rendezvous public key, base58 of 32 bytes",
      "message: the request without the tag and length of the Message, base64url of 52 bytes",
      "signature: the rendezvous signature, over the complete Message, base58 of 64 bytes",
      "webhook: the URL to which the sequencer reports the payment; not signed, and not part of the id",
      "end: the end of the object",
    ]);
    expect(sections[1]?.title).toBe(
      "message, from base64url, after the 2 bytes of tag and length that wrap it in a Message, the signed bytes",
    );
    expect(checks.map(({ outcome }) => outcome)).toEqual(["passed"]);
  });

  const standard = Buffer.from(body.message ?? "", "base64url").toString("base64");
  it.each<[string, Record<string, unknown>, string, string]>([
    ["padding", { message: standard }, "message", "base64url without padding"],
    ["a message that is not text", { message: 7 }, "message", "base64url without padding"],
    ["hex instead of base58", { signature: seed?.signatureHex }, "signature", "base58 of 64 bytes"],
    ["a short id", { intent: "abc" }, "intent", "base58 of 32 bytes"],
    ["a webhook without TLS", { webhook: "http://example.com" }, "webhook", "an https URL"],
    [
      "the complete Message",
      { message: Buffer.from(seed?.messageHex ?? "", "hex").toString("base64url") },
      "message",
      "the RequestToReceiveBill alone",
    ],
  ])("is reported with its fault: %s", (_what, members, path, expected) => {
    const { problems, type } = explained(members);
    expect(type).toBe("create-intent-body");
    expect(problems[0]).toMatchObject({ code: "invalid_member", path, expected, section: 0 });
    expect(problems[0]?.why).toBe("The sequencer responds with 400.");
  });

  it("is reported with the offset of the wrong value", () => {
    const text = `{ "intent" :  "abc", "message": "${body.message}", "signature": "${body.signature}" }`;
    expect(explain(text).problems[0]).toMatchObject({ code: "invalid_member", offset: 14, found: '"abc"' });
  });

  const inner = Buffer.from(body.message ?? "", "base64url").toString("hex");
  it.each([
    ["hex", inner],
    ["hex in capitals", inner.toUpperCase()],
    ["hex with 0x", `0x${inner}`],
  ])("is read with its message in %s, and the notation is reported", (_what, message) => {
    const { type, problems, sections, checks } = explained({ message });
    expect(type).toBe("create-intent-body");
    expect(problems).toMatchObject([
      {
        code: "invalid_member",
        path: "message",
        expected: "base64url without padding",
        found: "hex of 52 bytes",
      },
    ]);
    expect(problems[0]?.why).toMatch(/the sequencer responds with 400\.$/);
    const member = sections[0]?.tree.children.find(({ label }) => label === "message");
    expect(member?.meaning).toBe("the request without the tag and length of the Message, hex of 52 bytes");
    expect(sections[1]?.title).toMatch(/^message, from hex, after the 2 bytes of tag and length/);
    expect(sections[1]?.tree.bytes).toEqual(unhex(seed?.messageHex ?? ""));
    expect(checks.map(({ outcome }) => outcome)).toEqual(["passed"]);
  });

  it.each([
    [
      "https://example.com:8443/paid",
      "a host of lowercase letters, digits, hyphens and dots, without a port",
    ],
    ["https://Example.com", "a host of lowercase letters, digits, hyphens and dots, without a port"],
    ["https://example.com/paid", undefined],
  ])("has the host of its webhook checked: %s", (webhook, expected) => {
    expect(explained({ webhook }).problems.map((problem) => problem.expected)).toEqual(
      expected === undefined ? [] : [expected],
    );
  });

  it("is reported without a guess about the signed bytes if its signature is missing or short", () => {
    const { signature = "", ...rest } = body;
    expect(explain(JSON.stringify(rest)).verdict).toMatch(
      /expected a member signature; found none\. The author of the request cannot be verified: the sequencer responds with 400\.$/,
    );
    expect(explained({ signature: signature.slice(0, -3) }).verdict).toMatch(
      /expected base58 of 64 bytes; found .* The sequencer responds with 400\.$/,
    );
  });

  it("is reported with the missing member", () => {
    const { signature, ...rest } = body;
    expect(signature).toBeDefined();
    const { problems, checks } = explain(JSON.stringify(rest));
    expect(problems).toMatchObject([{ code: "missing_field", expected: "a member signature" }]);
    expect(checks).toEqual([]);
  });

  it("is reported if its signature covers only the request, the most common mistake", () => {
    const inner = unhex(seed?.innerSignedBytesHex ?? "");
    const { checks, verdict } = explained({ signature: base58.encode(key.sign(inner)) });
    expect(checks.map(({ outcome }) => outcome)).toEqual(["failed"]);
    expect(verdict).toBe(
      "Every byte is valid, but the rendezvous signature does not verify over the 54 bytes of the Message. It verifies " +
        "over the RequestToReceiveBill alone, without the tag and length of the Message before it: sign the Message with " +
        "the rendezvous key instead.",
    );
  });

  it("is reported if its id is another key", () => {
    const [, another] = vectors.intents;
    expect(explained({ intent: another?.rendezvousPublicKey }).checks[0]?.text).toMatch(
      /The key or the bytes are different/,
    );
  });

  it("is reported with problems of its message in a separate section", () => {
    const wrong = Buffer.from((seed?.innerSignedBytesHex ?? "").replace("757364", "555344"), "hex");
    const { problems, verdict } = explained({ message: wrong.toString("base64url") });
    expect(problems[0]).toMatchObject({ section: 1, offset: 42, code: "invalid_value", found: '"USD"' });
    expect(verdict).toContain("First wrong: in message, from base64url, after the 2 bytes");
  });

  it("is checked for the key of its login and the verifier's signature", () => {
    const login = vectors.intents.find(({ id }) => id === "usd-with-login");
    const { checks } = explain(JSON.stringify(login?.restBody));
    expect(checks.map(({ outcome, name }) => [outcome, name])).toEqual([
      ["passed", "signature"],
      ["passed", "key"],
      ["passed", "signature"],
    ]);
  });
});

describe("a body of getUserId", () => {
  const wrap = (number: number, bytes: Uint8Array): number[] => [
    number * 8 + 2,
    bytes.length + 2,
    10,
    bytes.length,
    ...bytes,
  ];
  const question = Uint8Array.from([...wrap(1, key.publicKey), ...wrap(2, verifier.publicKey)]);
  const signature = verifier.sign(question);
  const request = Uint8Array.from([...question, ...wrap(3, signature)]);
  const userId = {
    intent: base58.encode(key.publicKey),
    message: Buffer.from(request).toString("base64url"),
    signature: base58.encode(signature),
  };

  it("is recognized by its message, and checked", () => {
    const { type, problems, checks, sections } = explain(JSON.stringify(userId));
    expect([type, problems]).toEqual(["get-user-id-body", []]);
    expect(sections[1]?.type).toBe("code.user.v1.GetLoginForThirdPartyAppRequest");
    expect(checks.map(({ outcome, text }) => `${outcome}: ${text}`)).toEqual([
      "passed: intent equals the intent_id of the message",
      "passed: the verifier signature verifies over the 72 bytes of the GetLoginForThirdPartyAppRequest without its signature",
    ]);
  });

  it("is reported if body and message have different intents", () => {
    const [, another] = vectors.intents;
    const { checks } = explain(JSON.stringify({ ...userId, intent: another?.rendezvousPublicKey }));
    expect(checks[0]).toMatchObject({
      outcome: "failed",
      text: `intent is "${another?.rendezvousPublicKey}", but intent_id of the message is ${userId.intent}`,
    });
  });
});

it("a body of getUserId is reported if its signature differs from its message's", () => {
  const [, login] = [seed, vectors.intents.find(({ id }) => id === "usd-with-login")];
  const wrap = (number: number, bytes: Uint8Array): number[] => [
    number * 8 + 2,
    bytes.length + 2,
    10,
    bytes.length,
    ...bytes,
  ];
  const question = Uint8Array.from([...wrap(1, key.publicKey), ...wrap(2, verifier.publicKey)]);
  const request = Uint8Array.from([...question, ...wrap(3, verifier.sign(question))]);
  const { checks } = explain(
    JSON.stringify({
      intent: base58.encode(key.publicKey),
      message: Buffer.from(request).toString("base64url"),
      signature: login?.signatureBase58,
    }),
  );
  expect(checks.at(-1)).toMatchObject({
    outcome: "failed",
    text: "signature differs from the one in the message; the sequencer uses this one",
  });
});

describe("truncated or invalid JSON", () => {
  it.each([
    ['{"intent":"abc"', 15, "a comma or }", "the end"],
    ['{"intent" "abc"}', 10, "a colon", '"\\"abc\\"}"'],
    ['{"intent":}', 10, "a JSON value", '"}"'],
    ['{"intent":"abc",}', 16, "a name in quotes", '"}"'],
    ['{"intent":tru}', 10, "a JSON value", '"tru}"'],
    ['{"a":1 "b":2}', 7, "a comma or }", '"\\"b\\":2}"'],
    ['{"a":[1,{"b":"}"}],"c":"x', 23, "a JSON value", '"\\"x"'],
  ])("is reported: %s", (text, offset, expected, found) => {
    const explanation = explain(text, { as: "create-intent-body" });
    const problem = explanation.problems.find(({ code }) => code === "unreadable_text");
    expect(problem).toMatchObject({ offset, expected, found });
    for (const { tree } of explanation.sections) expectCovered(tree);
  });

  it("is measured correctly if a string contains quotes and backslashes", () => {
    const text = JSON.stringify({ a: 'x"}', b: "\\", c: [{ d: '"' }, "]"], e: 1 });
    const { sections, problems } = explain(text);
    expect(problems).toEqual([]);
    expect(sections[0]?.tree.children.map(({ label, value }) => [label, value])).toEqual([
      ["a", 'x"}'],
      ["b", "\\"],
      ["c", undefined],
      ["e", 1],
      ["end", undefined],
    ]);
  });

  it("is reported by bytes, not characters", () => {
    const explanation = explain('{"é":"ü", "intent":"abc"}');
    expect(
      explanation.sections[0]?.tree.children.map(({ label, offset, length }) => [label, offset, length]),
    ).toEqual([
      ["é", 0, 10],
      ["intent", 10, 16],
      ["end", 26, 1],
    ]);
  });

  it("is reported if something follows the object", () => {
    const { problems } = explain('{"a":1} x', { as: "json-object" });
    expect(problems).toMatchObject([{ code: "trailing_bytes", offset: 7, found: "2 bytes more" }]);
  });

  it("cannot control a terminal through a member's name", () => {
    const { sections } = explain('{"\\u001b[31m\\u202e":1}');
    expect(sections[0]?.tree.children[0]?.label).toBe("\\u{1b}[31m\\u{202e}");
  });
});

describe("a webhook token", () => {
  const { token, signerPublicKey } = (
    vectors as unknown as { webhookJwt: { token: string; signerPublicKey: string }[] }
  ).webhookJwt[0] ?? {
    token: "",
    signerPublicKey: "",
  };
  const [header = "", claims = "", signature = ""] = token.split(".");
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("is explained claim by claim", () => {
    const { sections } = explain(token);
    expect(sections[2]?.tree.children.map(({ meaning }) => meaning)).toEqual([
      "the amount paid, in the currency's main unit: 0.05",
      'the currency, in uppercase in this token: "USD"',
      "the account that was paid, base58 of 32 bytes",
      "the currency's main unit per kin: 0.00001",
      "quarks paid to accounts other than destination: 100000000",
      "the intent id, base58 of 32 bytes",
      "quarks paid; 100000 quarks are one kin: 500000000",
      'the state: "SUBMITTED"',
      "the end of the object",
    ]);
  });

  it("is verified with the sequencer's key, and fails with another", () => {
    expect(explain(token).checks).toMatchObject([{ outcome: "skipped" }]);
    expect(explain(token, { publicKey: signerPublicKey }).checks).toMatchObject([{ outcome: "passed" }]);
    expect(explain(token, { publicKey: key.publicKey }).checks).toMatchObject([{ outcome: "failed" }]);
    const changed = `${header}.${encode({ user: signerPublicKey })}.${signature}`;
    expect(explain(changed, { publicKey: signerPublicKey }).checks).toMatchObject([{ outcome: "failed" }]);
  });

  it.each([
    ["two parts", `${header}.${claims}`, { code: "truncated", found: "one dot" }],
    [
      "padding",
      `${header}.${claims}.${signature}==`,
      { code: "unreadable_text", path: "signature", offset: header.length + claims.length + 2 },
    ],
    [
      "another algorithm",
      `${encode({ alg: "HS256" })}.${claims}.${signature}`,
      { code: "invalid_member", path: "alg", section: 1 },
    ],
    [
      "a claim of another type",
      `${header}.${encode({ user: 7 })}.${signature}`,
      {
        code: "invalid_member",
        path: "user",
        section: 2,
        why: "The sequencer does not write such a token, so this one is not from it.",
      },
    ],
  ])("is reported with its fault: %s", (_what, text, problem) => {
    const explanation = explain(text);
    expect(explanation.type).toBe("webhook-token");
    expect(explanation.problems[0]).toMatchObject(problem);
    for (const { tree } of explanation.sections) expectCovered(tree);
  });
});
