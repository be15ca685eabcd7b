import { sha512 } from "@noble/hashes/sha2.js";
import { base58, base64, base64nopad, base64urlnopad } from "@scure/base";
import { describe, expect, it } from "vitest";
import * as crypto from "#crypto";
import { explain, type InspectCheck } from "../../src/inspect/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { hex, unhex, vectors } from "../support/vectors.js";

const vector = vectors.intents.find(({ id }) => id === "usd-with-login");
const seed = vectors.intents.find(({ id }) => id === "seed-54-byte");
const key = rendezvousKey(unhex(seed?.payloadHex ?? ""));
const other = crypto.keyFromSeed(new Uint8Array(32).fill(9));
const verifier = crypto.keyFromSeed(new Uint8Array(32).fill(8));
const message = unhex(seed?.messageHex ?? "");

/** Encodes a length-delimited field of any length. */
function field(number: number, ...bodies: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(bodies);
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Uint8Array.from([number * 8 + 2, ...length, ...body]);
}

const wrap = (number: number, bytes: Uint8Array): Uint8Array => field(number, field(1, bytes));

function send(sent: Uint8Array, signature: Uint8Array, publicKey = key.publicKey): Uint8Array {
  return Uint8Array.from(Buffer.concat([field(1, sent), wrap(2, publicKey), wrap(3, signature)]));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function checks(input: Uint8Array | string, options = {}): string[] {
  return explain(input, options).checks.map(({ outcome, text }) => `${outcome}: ${text}`);
}

describe("the rendezvous signature", () => {
  it("passes over the Message", () => {
    const { checks, verdict } = explain(send(message, key.sign(message)));
    expect(checks).toEqual<InspectCheck[]>([
      {
        outcome: "passed",
        name: "signature",
        text: "the rendezvous signature verifies over the 54 bytes of the Message",
        path: "message",
      },
    ]);
    expect(verdict).toBe("No byte is wrong.");
  });

  const inner = message.subarray(2);
  const fails = "the rendezvous signature does not verify over the 54 bytes of the Message. ";
  it.each([
    [
      "over the request alone",
      key.sign(inner),
      "It verifies over the RequestToReceiveBill alone, without the tag and length of the Message before it: sign the Message with the rendezvous key instead",
    ],
    [
      "over its SHA-256",
      key.sign(crypto.sha256(message)),
      "It verifies over their SHA-256, which is not part of the protocol: sign the Message with the rendezvous key instead",
    ],
    [
      "over its hex text",
      key.sign(new TextEncoder().encode(hex(message))),
      "It verifies over their hex text: sign the Message with the rendezvous key instead",
    ],
    [
      "over the base64url text of the request",
      key.sign(new TextEncoder().encode(Buffer.from(inner).toString("base64url"))),
      "It verifies over the base64url text of the request: sign the Message with the rendezvous key instead",
    ],
    [
      "over the request around it",
      key.sign(Uint8Array.from(Buffer.concat([field(1, message), wrap(2, key.publicKey)]))),
      "It verifies over the SendMessageRequest without its signature: sign the Message with the rendezvous key instead",
    ],
    ...(
      [
        ["over its SHA-512", sha512, "over their SHA-512, which Ed25519 already computes"],
        [
          "over its uppercase hex text",
          (bytes) => text(hex(bytes).toUpperCase()),
          "over their uppercase hex text",
        ],
        ["over its base64 text", (bytes) => text(base64.encode(bytes)), "over their base64 text"],
      ] as [string, (bytes: Uint8Array) => Uint8Array, string][]
    ).flatMap(([what, make, how]): [string, Uint8Array, string][] => [
      [what, key.sign(make(message)), `It verifies ${how}: sign the Message with the rendezvous key instead`],
      [
        `${what}, of the request alone`,
        key.sign(make(inner)),
        `It verifies ${how.replace("their", "the RequestToReceiveBill's")}: sign the Message with the rendezvous key instead`,
      ],
    ]),
    ["by another key", other.sign(message), "The key or the bytes are different"],
    ["over other bytes", key.sign(message.subarray(1)), "The key or the bytes are different"],
  ])("fails with the bytes that it covers instead: %s", (_what, signature, instead) => {
    const { checks, problems, verdict } = explain(send(message, signature));
    expect(problems).toEqual([]);
    expect(checks).toEqual([
      { outcome: "failed", name: "signature", text: `${fails}${instead}`, path: "message" },
    ]);
    expect(verdict).toBe(`Every byte is valid, but ${fails}${instead}.`);
  });

  it.each([
    ["base64url text", base64urlnopad],
    ["base64 text without padding", base64nopad],
  ])("fails if it covers the %s", (what, coder) => {
    // The texts of these bytes differ.
    const rest = [Buffer.alloc(32, 0xff), message.subarray(38), field(4)];
    const sent = Uint8Array.from(Buffer.concat([message.subarray(0, 6), ...rest]));
    sent[1] = sent.length - 2;
    expect(checks(send(sent, key.sign(text(coder.encode(sent)))))[0]).toContain(
      `It verifies over their ${what}: `,
    );
  });

  const reordered = Uint8Array.from(Buffer.concat([field(5, message.subarray(38), message.subarray(2, 38))]));

  it("passes over the canonical form of a message in another form, and the result states so", () => {
    expect(checks(send(reordered, key.sign(message)))).toEqual([
      "passed: the rendezvous signature verifies over the Message in canonical form, 54 bytes, but not over the 54 bytes as " +
        "given; the sequencer accepts it",
    ]);
  });

  it("fails over the given bytes if these are not canonical, and the result states so", () => {
    expect(checks(send(reordered, key.sign(reordered)))).toEqual([
      "failed: the rendezvous signature verifies over the 54 bytes as given, but the sequencer encodes the Message again " +
        "as 54 bytes, over which it does not verify",
    ]);
  });

  it("fails over the canonical form of the request alone", () => {
    expect(checks(send(reordered, key.sign(inner)))[0]).toContain(
      "It verifies over the canonical form of the RequestToReceiveBill alone",
    );
  });

  it("is recognized over the Message that should have been sent", () => {
    const { checks, problems } = explain(send(inner, key.sign(message)));
    expect(problems[0]?.code).toBe("missing_wrapper");
    expect(checks[0]?.text).toMatch(
      /It verifies over the Message that belongs here, with its tag and length: put the signed Message into message$/,
    );
  });

  it("is skipped without a complete key or signature", () => {
    const cut = send(message, key.sign(message)).subarray(0, -1);
    expect(checks(cut)).toEqual([
      "skipped: the rendezvous signature cannot be verified without a complete signature",
    ]);
  });
});

describe("keys within a request", () => {
  it("must equal the key to which the message is sent", () => {
    const foreign = send(field(7, wrap(1, other.publicKey)), key.sign(field(7, wrap(1, other.publicKey))));
    expect(explain(foreign).checks[1]).toEqual({
      outcome: "failed",
      name: "key",
      text: `the intent_id in the request is ${base58.encode(other.publicKey)}, but the message is sent to the key ${base58.encode(key.publicKey)}`,
      path: "message.client_rejected_payment.intent_id",
    });
  });
});

describe("the verifier's signature", () => {
  it("passes in a payment with a login, after the message's own", () => {
    expect(checks(vector?.sendMessageRequestHex ?? "")).toEqual([
      "passed: the rendezvous signature verifies over the 210 bytes of the Message",
      "passed: the rendezvous_key in the request equals the key that the message is sent to",
      "passed: the verifier signature verifies over the 139 bytes of the RequestToReceiveBill without its signature",
    ]);
  });

  it("is checked once, even if the rendezvous key is passed too", () => {
    const { checks } = explain(vector?.sendMessageRequestHex ?? "", { publicKey: other.publicKey });
    expect(checks.map(({ outcome }) => outcome)).toEqual(["passed", "passed", "passed"]);
  });

  it("passes in a login without a payment", () => {
    const login = vectors.intents.find(({ id }) => id === "login-client-secret");
    expect(checks(login?.innerSignedBytesHex ?? "")).toEqual([
      "passed: the verifier signature verifies over the 87 bytes of the RequestToLogin without its signature",
    ]);
  });

  const unsigned = Uint8Array.from(
    Buffer.concat([
      field(1, field(1, new TextEncoder().encode("example.com"))),
      wrap(4, verifier.publicKey),
      wrap(6, key.publicKey),
    ]),
  );
  const login = (signature: Uint8Array): Uint8Array =>
    Uint8Array.from(Buffer.concat([unsigned.subarray(0, 51), wrap(5, signature), unsigned.subarray(51)]));

  it.each([
    [
      "over the request with an empty signature",
      verifier.sign(
        Uint8Array.from(
          Buffer.concat([unsigned.subarray(0, 51), Uint8Array.of(0x2a, 0), unsigned.subarray(51)]),
        ),
      ),
      "It verifies over the message with an empty signature in it",
    ],
    [
      "by the rendezvous key",
      key.sign(unsigned),
      "It verifies with the rendezvous key: sign the RequestToLogin without its signature with the verifier key instead",
    ],
    ["over unrelated bytes", verifier.sign(message), "The key or the bytes are different"],
  ])("fails: %s", (_what, signature, instead) => {
    expect(checks(login(verifier.sign(unsigned)))[0]).toMatch(/^passed/);
    expect(checks(login(signature))[0]).toContain(
      `failed: the verifier signature does not verify over the 87 bytes of the RequestToLogin without its signature. ${instead}`,
    );
  });

  it("passes in a request for the user who logged in", () => {
    const question = Uint8Array.from(Buffer.concat([wrap(1, key.publicKey), wrap(2, verifier.publicKey)]));
    const signed = Uint8Array.from(Buffer.concat([question, wrap(3, verifier.sign(question))]));
    expect(explain(signed, { as: "GetLoginForThirdPartyAppRequest" }).checks).toMatchObject([
      { outcome: "passed" },
    ]);
    expect(explain(signed, { as: "LoginToThirdPartyAppRequest" }).checks).toMatchObject([
      { outcome: "passed" },
    ]);
  });
});

describe("a delivered message", () => {
  const id = wrap(1, new Uint8Array(16).fill(7));
  const delivered = (signature: Uint8Array, body = message): Uint8Array =>
    Uint8Array.from(Buffer.concat([id, wrap(3, signature), body]));

  it("is skipped without the rendezvous key", () => {
    expect(checks(delivered(key.sign(message)))).toEqual([
      "skipped: the sender's signature needs the rendezvous public key, which the message does not contain: pass publicKey",
    ]);
    const passed = [
      "passed: the rendezvous signature verifies over the 54 bytes of the Message without id and send_message_request_signature",
    ];
    expect(checks(delivered(key.sign(message)), { publicKey: key.publicKey })).toEqual(passed);
    expect(checks(delivered(key.sign(message)), { publicKey: seed?.rendezvousPublicKey })).toEqual(passed);
  });

  it("fails with another key, and the result states if the signature covers the id too", () => {
    expect(checks(delivered(key.sign(message)), { publicKey: other.publicKey })[0]).toMatch(
      /^failed: .*The key or the bytes are different/,
    );
    const overId = key.sign(Uint8Array.from(Buffer.concat([id, message])));
    expect(checks(delivered(overId), { publicKey: key.publicKey })[0]).toContain(
      "It verifies over the Message with its id",
    );
  });

  it("is checked with the passed key, not with the key within", () => {
    const bytes = unhex(vector?.messageHex ?? "");
    const own = rendezvousKey(unhex(vector?.payloadHex ?? ""));
    const outcomes = (publicKey?: Uint8Array): string[] =>
      explain(delivered(own.sign(bytes), bytes), { publicKey }).checks.map(({ outcome }) => outcome);
    expect(outcomes()).toEqual(["passed", "passed", "passed"]);
    expect(outcomes(own.publicKey)).toEqual(["passed", "passed", "passed"]);
    expect(outcomes(other.publicKey)).toEqual(["failed", "failed", "passed"]);
  });

  it("is checked with the key within if it rejects a payment", () => {
    const rejected = field(7, wrap(1, key.publicKey));
    expect(checks(delivered(key.sign(rejected), rejected)).map((text) => text.split(":")[0])).toEqual([
      "passed",
      "passed",
    ]);
  });

  it("is checked in a list, up to the first twenty", () => {
    const list = (count: number): Uint8Array =>
      Uint8Array.from(
        Buffer.concat(Array.from({ length: count }, () => field(1, delivered(key.sign(message))))),
      );
    const options = { as: "PollMessagesResponse", publicKey: key.publicKey };
    expect(explain(list(3), options).checks.map(({ path }) => path)).toEqual([
      "messages[0]",
      "messages[1]",
      "messages[2]",
    ]);
    expect(explain(list(40), options).checks).toHaveLength(20);
  });
});
