import { describe, expect, it } from "vitest";
import { LoginIntent, PaymentIntent, TipIntent } from "../../src/index.js";
import { type DiffInput, diff, explain, renderDifference } from "../../src/inspect/index.js";
import { fromBase58, toBase58 } from "../../src/lib/bytes.js";
import { encodeScanCode } from "../../src/scan-code/index.js";
import { hex, vectors } from "../support/vectors.js";

const account = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const other = "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz";
const order = { destination: account, amount: "2.50", currency: "usd", idempotencyKey: "a" } as const;
const here = PaymentIntent.from(order);

function intent(changes: object): PaymentIntent {
  return PaymentIntent.from({ ...order, ...changes });
}

/** Compares messages, so that offsets are those of the message. */
function messages(changes: object): ReturnType<typeof diff> {
  return diff(here.toBinary(), hex(intent(changes).toBinary()));
}

describe("diff of two messages", () => {
  it("reports that they are the same", () => {
    expect(messages({ idempotencyKey: "b" })).toEqual({
      equal: true,
      summary: "The same: 54 bytes.",
      fields: [],
      consequences: [],
      faults: [],
    });
  });

  it("reports the letter of the currency that differs", () => {
    expect(messages({ currency: "eur" })).toEqual({
      equal: false,
      summary:
        'Byte 42: 75 ("u") here, 65 ("e") there: the first letter of currency (request_to_receive_bill.partial.currency), "usd" here and "eur" there.',
      offset: 42,
      piece: "input",
      fields: [
        {
          piece: "input",
          path: "request_to_receive_bill.partial.currency",
          here: '3 bytes of UTF-8 text: "usd"',
          there: '3 bytes of UTF-8 text: "eur"',
        },
      ],
      consequences: [
        "The currency and the amount are part of the payload, so the keys and the intent ids differ too.",
      ],
      faults: [],
    });
  });

  it.each<[string, object, string]>([
    [
      "an amount",
      { amount: 3 },
      "Byte 52: 04 here, 08 there: byte 7 of 8 of native_amount (request_to_receive_bill.partial.native_amount), 2.5 here and 3 there.",
    ],
    [
      "an account",
      { destination: other },
      "Byte 6: c3 here, 83 there: byte 1 of 32 of requestor_account (request_to_receive_bill.requestor_account.value).",
    ],
    [
      "a length, and the field that makes it longer",
      { fees: [{ destination: other, basisPoints: 100 }] },
      `Byte 1: 34 here, 5c there: the length of request_to_receive_bill, 52 here and 92 there; the first field that differs is request_to_receive_bill.additional_fees[0].destination.value: absent here, 32-byte public key or account: base58 ${other} there.`,
    ],
    [
      "another field",
      { currency: "kin" },
      'Byte 1: 34 here, 41 there: the length of request_to_receive_bill, 52 here and 65 there; the first field that differs is request_to_receive_bill.partial.currency: 3 bytes of UTF-8 text: "usd" here, absent there.',
    ],
  ])("reports %s", (_what, changes, summary) => {
    expect(messages(changes).summary).toBe(summary);
  });

  it("reports both fields if a tag differs", () => {
    const seed = vectors.intents[0]?.messageHex ?? "";
    const renamed = seed.replace("1a0e0a03", "220e0a03");
    expect(diff(seed, renamed).summary).toMatch(
      /^Byte 38: 1a here, 22 there: the tag of partial \(request_to_receive_bill\.partial\) here, the tag of domain \(request_to_receive_bill\.domain\) there; the first field that differs is /,
    );
  });

  it("reports the end of the shorter one", () => {
    const seed = vectors.intents[0]?.messageHex ?? "";
    const { summary, offset } = diff(seed, seed.slice(0, -4));
    expect(offset).toBe(52);
    expect(summary).toBe(
      "Byte 52: the input ends there, and continues here with native_amount (request_to_receive_bill.partial.native_amount).",
    );
    expect(diff(seed.slice(0, -4), seed).summary).toMatch(
      /^Byte 52: the input ends here, and continues there with /,
    );
  });

  it("reports that only the form differs", () => {
    const seed = vectors.intents[0]?.messageHex ?? "";
    const { consequences, fields, equal, faults } = diff(seed, `2ab400${seed.slice(4)}`);
    expect(equal).toBe(false);
    expect(fields).toEqual([]);
    expect(consequences).toEqual([
      "Both have the same values in another form: the sequencer reads the message and encodes it again before it verifies the signature.",
    ]);
    expect(faults).toEqual([
      {
        side: "there",
        text: expect.stringMatching(
          /^First wrong: byte 1 \(request_to_receive_bill\): expected 1 byte for this varint; found 2 bytes\./,
        ),
      },
    ]);
  });

  it("reports how account and fees affect the id", () => {
    expect(messages({ destination: other }).consequences).toEqual([
      "Account, domain and fees are not part of the payload: with the same client secret the intent id is the same, and the sequencer rejects the second request.",
    ]);
    expect(messages({ fees: [{ destination: other, basisPoints: 100 }] }).consequences.at(-1)).toBe(
      "The payload encodes in its kind whether there are fees.",
    );
  });
});

describe("diff of a value in another form", () => {
  const field = (number: number, body: string): string =>
    `${(number * 8 + 2).toString(16).padStart(2, "0")}${(body.length / 2).toString(16).padStart(2, "0")}${body}`;
  const account = `0a220a20${"22".repeat(32)}`;
  const taken = `0a220a20${"11".repeat(32)}`;
  const message = (share: string): string => {
    const body = `${account}1a0e0a03757364110000000000002440${field(8, `${taken}10${share}`)}`;
    return field(5, body);
  };

  it("reports no difference of the field, and a broken signature", () => {
    const { equal, fields, summary, consequences, faults } = diff(message("9601"), message("968100"));
    expect([equal, fields]).toEqual([false, []]);
    expect(summary).toBe(
      "Byte 1: 5d here, 5e there: the length of request_to_receive_bill, 93 here and 94 there; the values are the same, but the form there is wrong at byte 94 (request_to_receive_bill.additional_fees[0].fee_bps): expected 2 bytes for this varint; found 3 bytes.",
    );
    expect(consequences).toEqual([
      "Both have the same values in another form: the sequencer reads the message and encodes it again before it verifies the signature.",
    ]);
    expect(faults.map(({ side }) => side)).toEqual(["there"]);
  });

  it("reports a difference if the values differ as well", () => {
    const { fields, consequences } = diff(message("9601"), message("978100"));
    expect(fields.map(({ path, here, there }) => [path, here, there])).toEqual([
      ["request_to_receive_bill.additional_fees[0].fee_bps", "varint: 150", "varint: 151"],
    ]);
    expect(consequences).toEqual([
      "Account, domain and fees are not part of the payload: with the same client secret the intent id is the same, and the sequencer rejects the second request.",
    ]);
  });

  it("reports a difference if only the bytes of an unknown field differ", () => {
    expect(diff("f2ff030401020304", "f2ff030401020305", { as: "protobuf" }).fields).toHaveLength(1);
  });
});

it("diff draws no conclusions from unreadable bytes, and reports the fault", () => {
  const seed = vectors.intents[0]?.messageHex ?? "";
  const truncated = diff(seed, seed.slice(0, -4));
  expect(truncated.consequences).toEqual([]);
  expect(truncated.faults).toEqual([
    {
      side: "there",
      text: expect.stringMatching(
        /^First wrong: byte 52 \(request_to_receive_bill\): expected 2 more bytes, since the length at byte 1 is 52; found the end\./,
      ),
    },
  ]);
  const unwrapped = diff(seed.replace("2a340a220a20", "2a320a20"), seed);
  expect(unwrapped.consequences).toEqual([]);
  expect(unwrapped.faults).toEqual([
    {
      side: "here",
      text: expect.stringMatching(
        /^First wrong: byte 4 \(request_to_receive_bill\.requestor_account\): expected 0a 20 first, the tag and length of value in a SolanaAccountId; found only the 32 bytes of a public key or account\./,
      ),
    },
  ]);
});

describe("diff of a request without its Message", () => {
  const { requestToReceiveBill: alone } = here.sign();

  it("reports that the signed bytes are missing, on either side", () => {
    const lacks = diff(here.toBinary(), alone);
    expect(lacks).toMatchObject({ equal: false, offset: 0, piece: "message", fields: [] });
    expect(lacks.summary).toBe(
      "Byte 0: the request has no Message around it there, but has one here: the tag and length 2a 34 are missing. The requests are equal.",
    );
    expect(lacks.consequences).toEqual([
      "The Message is what is signed: a signature over the bytes there does not verify. Only a REST body contains the request alone.",
    ]);
    expect(diff(alone, here).summary).toMatch(
      /^Byte 0: the request has no Message around it here, but has one there: the tag and length 2a 34 are missing\./,
    );
  });

  it("compares the request anyway", () => {
    const { summary, fields } = diff(intent({ currency: "eur" }), alone);
    expect(summary).toMatch(
      /the tag and length 2a 34 are missing\. Also, byte 42 of the message: 65 \("e"\) here, 75 \("u"\) there: the first letter of currency/,
    );
    expect(fields.map(({ path }) => path)).toEqual(["request_to_receive_bill.partial.currency"]);
  });

  it("reports equality with the same request, and with a REST body", () => {
    expect(diff(alone, hex(alone)).equal).toBe(true);
    expect(diff(alone, JSON.stringify(here.toRestBody())).equal).toBe(true);
  });
});

describe("diff of two payloads", () => {
  const payloads = (changes: object): ReturnType<typeof diff> => diff(here.payload, intent(changes).payload);
  const ids = (changes: object): string =>
    `So the keys and the intent ids differ: ${here.id} here, ${intent(changes).id} there.`;

  it.each<[string, object, string, string]>([
    [
      "kind",
      { kind: "payment-with-fees" },
      'Byte 0: 02 here, 04 there: kind, "payment" here and "payment-with-fees" there.',
      "The kinds differ: one was built with fees (an empty list of fees is enough), or one is a login.",
    ],
    [
      "currency",
      { currency: "eur" },
      'Byte 1: 8c here, 2b there: currency, "usd" here and "eur" there.',
      "The currencies differ. The currency is part of the payload.",
    ],
    [
      "units",
      { amount: "2.51" },
      "Byte 2: fa here, fb there: byte 1 of 7 of units, 250 here and 251 there.",
      "The amounts differ. The amount is part of the payload, and clients round to hundredths differently.",
    ],
    [
      "nonce",
      { idempotencyKey: "b" },
      "Byte 9: ca here, 3e there: byte 1 of 11 of nonce.",
      "The nonces differ: the client secret, the idempotency key or the idempotency secret is different.",
    ],
  ])("reports the different %s, and the different ids", (area, changes, summary, consequence) => {
    const difference = payloads(changes);
    expect(difference.summary).toBe(summary);
    expect(difference.fields.map(({ path }) => path)).toEqual([area]);
    expect(difference.consequences).toEqual([consequence, ids(changes)]);
  });

  it("accepts a scan code for a payload", () => {
    expect(diff(here.payload, encodeScanCode(here.payload))).toMatchObject({
      equal: true,
      summary: "The same: the payload.",
    });
    expect(diff(encodeScanCode(intent({ amount: 3 }).payload), here).piece).toBe("payload");
  });
});

describe("diff of different forms of an intent", () => {
  const forms: [string, (of: PaymentIntent) => DiffInput][] = [
    ["the intent", (of) => of],
    ["its message", (of) => of.toBinary()],
    ["its request alone", (of) => of.sign().requestToReceiveBill],
    ["its SendMessageRequest", (of) => Buffer.from(of.toSendMessageRequest()).toString("base64")],
    ["its REST body", (of) => JSON.stringify(of.toRestBody())],
    ["its REST body, laid out", (of) => JSON.stringify(of.toRestBody(), null, 2)],
  ];

  it.each(forms.flatMap(([one, a]) => forms.map(([two, b]) => [one, two, a, b] as const)))(
    "compares the common parts of %s and %s",
    (one, two, a, b) => {
      // Only the Message is signed, which the request alone lacks. A REST body contains the request alone
      // too.
      const lacks = [one, two].filter((form) => form === "its request alone").length === 1;
      const isBody = [one, two].some((form) => form.startsWith("its REST body"));
      expect(diff(a(here), b(here)).equal).toBe(!lacks || isBody);
      const difference = diff(a(here), b(intent({ currency: "eur" })));
      expect(difference.equal).toBe(false);
      expect(difference.fields.map(({ path }) => path).some((path) => path.endsWith("currency"))).toBe(true);
    },
  );

  it("has a part for the payload and the message of two intents", () => {
    const { fields } = diff(here, intent({ amount: 3 }));
    expect(fields.map(({ piece, path }) => `${piece}: ${path}`)).toEqual([
      "payload: units",
      "message: request_to_receive_bill.partial.native_amount",
    ]);
  });

  it("reports that key and signature differ as a consequence", () => {
    const { fields, consequences } = diff(
      JSON.stringify(here.toRestBody()),
      intent({ amount: 3 }).toSendMessageRequest(),
    );
    expect(fields.map(({ piece }) => piece)).toEqual(["message", "key", "signature"]);
    expect(consequences.at(-1)).toBe(
      "The rendezvous keys differ, so the payloads differ too: in kind, currency, amount or nonce.",
    );
  });

  it("reports that a signature covers something else if only it differs", () => {
    const signature = intent({ amount: 3 }).toRestBody().signature;
    const { summary, consequences } = diff(
      here.toSendMessageRequest(),
      JSON.stringify({ ...here.toRestBody(), signature }),
    );
    expect(summary).toMatch(/^Byte 0 of the signature: /);
    expect(consequences).toEqual([
      "The message and the key are equal, and Ed25519 signatures of equal bytes are equal, so one signature covers other bytes.",
    ]);
  });

  it("reports that payloads are equal if only the account differs", () => {
    expect(diff(here, intent({ destination: other })).consequences).toEqual([
      "The payloads are equal, so the keys and the intent ids are equal.",
      "Account, domain and fees are not part of the payload: with the same client secret the intent id is the same, and the sequencer rejects the second request.",
    ]);
  });

  it("compares a tip, and a login that cannot be signed here, by their payloads", () => {
    const tip = (username: string): TipIntent => TipIntent.from({ platform: "x", username });
    expect(diff(tip("a"), tip("b")).piece).toBe("payload");
    const login = LoginIntent.from({
      login: { domain: "example.com", verifier: "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1" },
      clientSecret: here.clientSecret,
    });
    expect(diff(login, login).summary).toBe("The same: the payload.");
    expect(diff(login, here).summary).toMatch(/^Byte 0 of the payload: 03 here, 02 there: kind/);
  });
});

it("diff compares client secrets", () => {
  const { summary, consequences } = diff(here.clientSecret, intent({ idempotencyKey: "b" }).clientSecret);
  expect(summary).toMatch(/^Byte 0: .* byte 1 of 11 of nonce\.$/);
  expect(consequences).toEqual([
    "The nonces differ: the client secret, the idempotency key or the idempotency secret is different. So the keys differ.",
  ]);
});

describe("diff of an input that the sequencer refuses", () => {
  const { id } = here;
  const { signature } = here.sign();
  const message = here.toBinary();
  const request = message.subarray(2);
  const base64url = Buffer.from(request).toString("base64url");
  const body = (changes: object = {}): string =>
    JSON.stringify({ intent: id, message: base64url, signature: toBase58(signature), ...changes });
  const block = (number: number, bytes: Uint8Array): Uint8Array =>
    Buffer.concat([Uint8Array.of(number * 8 + 2, bytes.length), bytes]);
  const call = (sent: Uint8Array, by?: Uint8Array): Uint8Array =>
    Buffer.concat([
      block(1, sent),
      block(2, block(1, fromBase58(id) ?? new Uint8Array())),
      ...(by === undefined ? [] : [block(3, block(1, by))]),
    ]);

  it.each([
    [
      "padded base64",
      { message: `${base64url}==`.slice(0, Math.ceil(base64url.length / 4) * 4) },
      "(message)",
    ],
    [
      "base64 with other letters",
      { message: Buffer.from(request).toString("base64").replace("=", "") },
      "(message)",
    ],
    ["a base64 signature", { signature: Buffer.from(signature).toString("base64") }, "(signature)"],
    ["a hex signature", { signature: hex(signature) }, "(signature)"],
    ["the outer Message", { message: Buffer.from(message).toString("base64url") }, "(message)"],
    ["no signature", { signature: undefined }, "a member signature"],
  ])("reports %s in a REST body as a difference", (_name, changes, place) => {
    const { equal, faults, summary } = diff(body(), body(changes));
    expect({ equal, faults }).toEqual({
      equal: false,
      faults: [{ side: "there", text: expect.stringContaining(place) }],
    });
    expect(summary).toMatch(/, but not all of it is valid\.$/);
    expect(diff(body(changes), body()).faults).toEqual([{ side: "here", text: faults[0]?.text }]);
  });

  it("names it even if the other input is the same", () => {
    const wrong = body({ signature: hex(signature) });
    const { equal, faults } = diff(wrong, wrong);
    expect(equal).toBe(true);
    expect(faults.map(({ side }) => side)).toEqual(["here", "there"]);
  });

  it("reports no fault for a valid body", () => {
    expect(diff(body(), body({ webhook: "https://example.com/hook" }))).toMatchObject({
      equal: true,
      faults: [],
    });
    expect(diff(body(), here)).toMatchObject({ equal: true, faults: [] });
  });

  it("reports fields out of order, and not the signature over them", () => {
    const [account, rest] = [request.subarray(0, 36), request.subarray(36)];
    const turned = block(5, Buffer.concat([rest, account]));
    const { summary, faults } = diff(call(message, signature), call(turned, new Uint8Array(64).fill(7)));
    expect(summary).toMatch(
      /the values are the same, but the form there is wrong at byte 20 .* field 1 before field 3/,
    );
    expect(summary).not.toContain("signature");
    expect(faults).toEqual([
      { side: "there", text: expect.stringContaining("expected field 1 before field 3") },
    ]);
  });

  it("reports a missing signature of an unsigned call", () => {
    const { faults } = diff(call(message, signature), call(message, new Uint8Array(64)));
    expect(faults).toEqual([
      {
        side: "there",
        text: "Every byte is valid, but the Message is not signed: the rendezvous signature is 64 zero bytes.",
      },
    ]);
    expect(diff(call(message), call(message)).faults[0]?.text).toContain(
      "expected signature, field 3; found none",
    );
  });
});

it("diff reports that two inputs have nothing to compare", () => {
  expect(diff(here.payload, here.toBinary())).toEqual({
    equal: false,
    summary:
      "One is payload and the other is code.messaging.v1.Message: they have nothing that can be compared.",
    fields: [],
    consequences: [],
    faults: [],
  });
});

it("diff reads both inputs as the type in the options", () => {
  const poll = vectors.otherMessages.find(({ id }) => id === "poll-messages")?.requestHex ?? "";
  expect(diff(poll, poll, { as: "OpenMessageStreamRequest" }).equal).toBe(true);
  expect(() => diff(poll, poll, { as: "nothing" })).toThrow("as: must be the name of a message");
  expect(() => diff(poll, poll, { width: 3 } as object)).toThrow("width: unknown option; the options are as");
});

it.each([undefined, null, 7, {}])(
  "diff rejects an input that is neither text, bytes nor an intent: %j",
  (input) => {
    expect(() => diff(here, input as unknown as DiffInput)).toThrow(
      "input: must be text, a Uint8Array or an intent",
    );
  },
);

it("diff is rendered as text within its width", () => {
  for (const width of [60, 80, 110]) {
    const text = renderDifference(diff(here, intent({ amount: 3, destination: other })), { width });
    expect(text.split("\n").every((line) => line.length <= width && line === line.trimEnd())).toBe(true);
  }
  const styled = renderDifference(diff(here, intent({ amount: 3 })), {
    style: (text, style) => `<${style}>${text}`,
  });
  expect(styled).toContain("<name>payload: units");
  expect(styled).toContain("<problem>Byte 2 of the payload");
});

it("diff finds a difference exactly if the bytes differ", () => {
  for (const { sendMessageRequestHex = "" } of vectors.intents.slice(0, 3)) {
    expect(diff(sendMessageRequestHex, sendMessageRequestHex).equal).toBe(true);
    const { length } = explain(sendMessageRequestHex).sections[0]?.tree ?? { length: 0 };
    for (let at = 0; at < length; at += 7) {
      const changed = `${sendMessageRequestHex.slice(0, 2 * at)}${sendMessageRequestHex.slice(2 * at, 2 * at + 2) === "00" ? "01" : "00"}${sendMessageRequestHex.slice(2 * at + 2)}`;
      const difference = diff(sendMessageRequestHex, changed, { as: "SendMessageRequest" });
      expect([difference.equal, difference.offset]).toEqual([false, at]);
    }
  }
});
