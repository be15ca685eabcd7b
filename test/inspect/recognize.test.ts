import { describe, expect, it } from "vitest";
import { EXPLAINED_AS, explain } from "../../src/inspect/index.js";
import { unhex, vectors } from "../support/vectors.js";
import { official, readAs, restBodies, writings } from "./official.js";
import { expectCovered, schemas } from "./support.js";

const webhookTokens = (
  vectors as unknown as { webhookJwt: { id: string; token: string; signerPublicKey: string }[] }
).webhookJwt;

describe.each(Object.keys(writings) as (keyof typeof writings)[])("explain, given %s,", (writing) => {
  // In base64, a nonce has fifteen characters, like its base58, which is the usual notation.
  const written = official.filter(({ type }) => type !== "nonce" || !writing.startsWith("base64"));

  it.each(written.map((vector) => [vector.name, vector] as const))("recognizes %s", (name, vector) => {
    const { type, hex } = vector;
    const explanation = explain(writings[writing](hex));
    // Some messages have the same bytes. Then the others are named.
    expect([explanation.type, ...explanation.alternatives]).toContain(type);
    expect(readAs[writing]).toContain(explanation.notation);
    expect(explanation.sections[0]?.tree.bytes).toEqual(unhex(hex));
    // The body in the documentation's example is not a message.
    if (!name.endsWith("http-envelope-version-1.0")) expect(explanation.problems).toEqual([]);
    expect(explanation.checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    for (const { tree } of explanation.sections) expectCovered(tree);
  });
});

it("the official vectors contain every recognizable type", () => {
  expect(official.length).toBeGreaterThan(150);
  expect(new Set(official.map(({ type }) => type)).size).toBeGreaterThan(15);
});

it("explain is uncertain only about messages with the same bytes", () => {
  const doubtful = official.filter(({ hex }) => explain(hex).alternatives.length > 0);
  expect(new Set(doubtful.map(({ name }) => name))).toEqual(
    new Set([
      "request of poll-messages",
      "request of open-message-stream-signed",
      "answer of send-message-response-no-active-stream",
      "request of get-status",
      // A SendPrivatePaymentMetadata begins the same way, with an account and an amount in kin.
      "request of kin-min",
      "request of kin-max",
    ]),
  );
  const { summary, alternatives } = explain(
    doubtful.find(({ name }) => name === "request of poll-messages")?.hex ?? "",
  );
  expect(alternatives).toEqual(["code.messaging.v1.OpenMessageStreamRequest"]);
  expect(summary).toMatch(
    /^104 bytes, read as hex: a request for the messages stored at a key \(code\.messaging\.v1\.PollMessagesRequest\), because every byte belongs to a field of this message, with a valid value\. It could also be OpenMessageStreamRequest\.$/,
  );
});

describe.each(restBodies)("explain of the REST body of $id", ({ id, text }) => {
  it.each(["text", "bytes"])("recognizes it from %s", (form) => {
    const explanation = explain(form === "text" ? text : new TextEncoder().encode(`${text}\n`));
    expect(explanation).toMatchObject({ type: "create-intent-body", notation: "JSON", problems: [] });
    const [body, message] = explanation.sections;
    expect(body?.tree.bytes).toEqual(new TextEncoder().encode(text));
    expect(message?.tree.bytes).toEqual(
      unhex(vectors.intents.find((intent) => intent.id === id)?.messageHex ?? ""),
    );
    for (const { tree } of explanation.sections) expectCovered(tree);
    expect(explanation.checks.map(({ outcome }) => outcome)).not.toContain("failed");
    expect(explanation.checks[0]?.text).toMatch(
      /^the rendezvous signature verifies over the \d+ bytes of the Message$/,
    );
  });
});

describe.each(webhookTokens)("explain of the webhook token $id", ({ token, signerPublicKey }) => {
  it.each(["text", "bytes"])("recognizes it from %s", (form) => {
    const explanation = explain(form === "text" ? token : new TextEncoder().encode(token), {
      publicKey: signerPublicKey,
    });
    expect(explanation).toMatchObject({ type: "webhook-token", notation: "JWT", problems: [] });
    expect(explanation.sections.map(({ title }) => title)).toEqual([
      "the token",
      "header, from base64url",
      "claims, from base64url",
    ]);
    for (const { tree } of explanation.sections) expectCovered(tree);
    expect(explanation.checks).toEqual([
      {
        outcome: "passed",
        name: "signature",
        text: "the signature verifies with the given key, over the header and claims as written",
        path: "signature",
      },
    ]);
  });
});

describe("the option `as`", () => {
  it.each([
    ...EXPLAINED_AS,
    "Message",
    "SendMessageRequest",
    "code.common.v1.Request",
    "message",
    ...schemas.keys(),
  ])("makes explain read any input as %s", (as) => {
    for (const input of ["2a340a22", "", "028ce803000000000003ac674216f3e15c761ee1", "{}", "a.b.c"]) {
      const explanation = explain(input, { as });
      for (const { tree } of explanation.sections) expectCovered(tree);
      const [, name = ""] = /([^.]+)$/.exec(as) ?? [];
      // Text that is not bytes in any notation stays text.
      if (input === "2a340a22") expect(explanation.type.toLowerCase()).toContain(name.toLowerCase());
    }
  });

  it("decides between messages with the same bytes", () => {
    const poll = official.find(({ name }) => name === "request of poll-messages")?.hex ?? "";
    const explanation = explain(poll, { as: "OpenMessageStreamRequest" });
    expect(explanation).toMatchObject({
      type: "code.messaging.v1.OpenMessageStreamRequest",
      alternatives: [],
    });
    expect(explanation.summary).toContain("as requested");
  });

  it.each(["Massage", "", "payloads", 7])("rejects %j", (as) => {
    expect(() => explain("00", { as: as as string })).toThrow(
      /^as: must be the name of a message, such as Message, or one of payload, scan-code, public-key,/,
    );
  });
});

it.each(["message", "SendMessageRequest"])("explain recognizes a %s by its beginning", (what) => {
  const { type = "", hex = "" } = official.find(({ name }) => name === `${what} of usd-with-login`) ?? {};
  for (let length = 12; length < hex.length / 2; length += 3) {
    const { type: taken, alternatives, problems } = explain(hex.slice(0, 2 * length));
    // Between two fields a message may be complete, and another one.
    if (problems[0]?.code !== "truncated") continue;
    expect([taken, ...alternatives], `${length} bytes`).toContain(type);
  }
});

it("explain recognizes the body of a response by its fields", () => {
  const message = official.find(({ name }) => name === "message of server-webhook-called")?.hex ?? "";
  const list = `0a${(message.length / 2).toString(16)}${message}`;
  const { type, sections, problems } = explain(`12${(list.length / 2).toString(16)}${list}`);
  expect([type, problems]).toEqual(["code.common.v1.Response", []]);
  expect(sections[0]?.tree.children[0]).toMatchObject({
    path: "body",
    typeName: "code.messaging.v1.PollMessagesResponse",
    meaning: "holds the messages stored at a key (code.messaging.v1.PollMessagesResponse)",
  });
  expect(sections[0]?.tree.parts.at(-1)?.path).toBe("body.messages[0].webhook_called.timestamp.nanos");
});

describe("explain of an unknown type", () => {
  it("shows fields without names if the bytes are fields", () => {
    const { type, summary, sections } = explain("f2ff03 04 01020304 f8ff03 05");
    expect(type).toBe("protobuf");
    expect(summary).toBe(
      "12 bytes, read as hex: a message of unknown type: no known message, key or body fits.",
    );
    expect(sections[0]?.tree.children.map(({ meaning }) => meaning)).toEqual([
      "unknown field 8190: 4 bytes",
      "unknown field 8191, varint: 5",
    ]);
  });

  it("shows bytes if they are not", () => {
    const { type, sections, verdict } = explain("ffffffffffffffffffffffff");
    expect(type).toBe("bytes");
    expect(verdict).toBe("There is nothing to compare it with; pass `as` to name its type.");
    expect(sections[0]?.tree.parts).toMatchObject([{ what: "unreadable", length: 12 }]);
  });

  it("shows a JSON object", () => {
    const { type, sections } = explain('{"success":true,"status":"PENDING"}');
    expect(type).toBe("json-object");
    expect(sections[0]?.tree.children.map(({ label, value }) => [label, value])).toEqual([
      ["success", true],
      ["status", "PENDING"],
      ["end", undefined],
    ]);
  });
});

it("explain of a request alone names the signed bytes", () => {
  const inner = official.find(({ name }) => name === "request of seed-54-byte")?.hex ?? "";
  expect(explain(inner).summary).toMatch(
    /The signed bytes are the Message around it: 2a 34 and then these bytes\.$/,
  );
  const login = official.find(({ name }) => name === "request of login-client-secret")?.hex ?? "";
  expect(explain(login).summary).toMatch(
    /The signed bytes are the Message around it: 52 9b 01 and then these bytes\.$/,
  );
});

describe("options of explain", () => {
  it.each([
    [{ publicKey: "abc" }, "publicKey: is 3 bytes; must be 32"],
    [{ publicKey: new Uint8Array(31) }, "publicKey: is 31 bytes; must be 32"],
    [{ maxBytes: 0 }, "maxBytes: must be a whole number of bytes, greater than 0"],
    [{ maxBytes: 1.5 }, "maxBytes: must be a whole number of bytes, greater than 0"],
    [{ format: "hex" }, "format: unknown option; the options are as, publicKey, maxBytes"],
  ])("are rejected if they are invalid: %j", (options, message) => {
    expect(() => explain("00", options as object)).toThrow(message);
  });

  it.each([undefined, null, 7, {}, [1]])("reject input that is neither text nor bytes: %j", (input) => {
    expect(() => explain(input as unknown as string)).toThrow("input: must be text or a Uint8Array");
  });
});

describe("long input of explain", () => {
  it.each([
    ["bytes", new Uint8Array(65_537)],
    ["hex", "00".repeat(65_537)],
    ["base64", "AAAz".repeat(30_000)],
    ["text", "x ".repeat(300_000)],
  ])("is not read: %s", (_what, input) => {
    const { problems, sections, verdict } = explain(input);
    expect(problems).toMatchObject([{ code: "too_large", offset: 65_536, expected: "at most 65536 bytes" }]);
    expect(verdict).toMatch(/No message of this protocol is nearly that long\.$/);
    for (const { tree } of sections) expect(tree.parts).toHaveLength(1);
  });

  it("has the limit that the caller sets", () => {
    const [seed] = official;
    expect(explain(seed?.hex ?? "", { maxBytes: 54 }).problems).toEqual([]);
    expect(explain(seed?.hex ?? "", { maxBytes: 53 }).problems.map(({ code }) => code)).toEqual([
      "too_large",
    ]);
  });
});
