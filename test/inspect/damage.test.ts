import { describe, expect, it } from "vitest";
import { explain } from "../../src/inspect/index.js";
import { hex, unhex, vectors } from "../support/vectors.js";

const vector = vectors.intents.find(({ id }) => id === "seed-54-byte");
const seed = vector?.messageHex ?? "";
const kin = vectors.intents.find(({ id }) => id === "kin-min")?.messageHex ?? "";

/** Encodes a field with one-byte tag and length. */
const field = (number: number, body: string): string =>
  (number * 8 + 2).toString(16).padStart(2, "0") + (body.length / 2).toString(16).padStart(2, "0") + body;
const double = (value: number): string => hex(new Uint8Array(new Float64Array([value]).buffer));
const text = (value: string): string => Buffer.from(value).toString("hex");

const account = field(1, field(1, "00".repeat(32)));
const partial = (currency: string, amount: string): string => field(3, field(1, text(currency)) + amount);
const amount = `11${double(10)}`;
const message = (...fields: string[]): string => field(5, fields.join(""));

/** Returns the seed's message with one byte changed. */
const changed = (at: number, byte: string): string => seed.slice(0, 2 * at) + byte + seed.slice(2 * at + 2);

// Offsets: 0 tag, 1 length, 2 account, 38 partial, 39 its length, 40 currency, 41 its length, 42 "usd", 45 amount, 46 its value.
const path = "request_to_receive_bill";

describe("explain reports the first wrong byte", () => {
  it.each<
    [what: string, hex: string, code: string, offset: number, where: string, expected: string, found: string]
  >([
    [
      "truncated within the amount",
      seed.slice(0, 102),
      "truncated",
      51,
      path,
      "3 more bytes, since the length at byte 1 is 52",
      "the end",
    ],
    [
      "truncated after the currency",
      seed.slice(0, 90),
      "truncated",
      45,
      path,
      "9 more bytes, since the length at byte 1 is 52",
      "the end",
    ],
    [
      "the outer length one too short",
      changed(1, "33"),
      "wrong_length_prefix",
      1,
      path,
      "a length of 52",
      "51",
    ],
    [
      "the outer length one too long",
      changed(1, "35"),
      "wrong_length_prefix",
      1,
      path,
      "a length of 52",
      "53",
    ],
    [
      "an inner length one too short",
      changed(39, "0d"),
      "wrong_length_prefix",
      39,
      `${path}.partial`,
      "a length of 14",
      "13",
    ],
    [
      "the length of the currency too short",
      changed(41, "02"),
      "wrong_length_prefix",
      41,
      `${path}.partial.currency`,
      "a length of 3",
      "2",
    ],
    [
      "the length of the account too long",
      changed(3, "23"),
      "wrong_length_prefix",
      3,
      `${path}.requestor_account`,
      "a length of 34",
      "35",
    ],
    [
      "a wrong first tag",
      changed(0, "22"),
      "wrong_field",
      0,
      "",
      "2a, the tag of request_to_receive_bill (field 5)",
      "22, which is field 4",
    ],
    [
      "a field with a reserved number",
      `${seed}${field(11, "00")}`,
      "reserved_field",
      54,
      "#11",
      "a field of Message: 1, 3, 2, 4, 5, 6, 7, 8, 9, 10, 12",
      "field 11, which is reserved",
    ],
    [
      "an unknown field",
      message(account, partial("usd", amount), "7801"),
      "unknown_field",
      54,
      `${path}.#15`,
      "a field of RequestToReceiveBill: 1, 2, 3, 4, 5, 6, 7, 8",
      "field 15",
    ],
    [
      "a float for the double",
      message(account, partial("usd", "1500002041")),
      "wrong_wire_type",
      45,
      `${path}.partial.native_amount`,
      "wire type I64 for native_amount",
      "I32",
    ],
    [
      "a varint for the double",
      message(account, partial("usd", "100a")),
      "wrong_wire_type",
      45,
      `${path}.partial.native_amount`,
      "wire type I64 for native_amount",
      "VARINT",
    ],
    [
      "a length in two bytes instead of one",
      `2ab400${seed.slice(4)}`,
      "non_minimal_varint",
      1,
      path,
      "1 byte for this varint",
      "2 bytes",
    ],
    [
      "a tag in two bytes instead of one",
      `aa8000${seed.slice(2)}`,
      "non_minimal_varint",
      0,
      path,
      "1 byte for this varint",
      "3 bytes",
    ],
    [
      "the amount before the account",
      message(partial("usd", amount), account),
      "field_order",
      18,
      `${path}.requestor_account`,
      "field 1 before field 3",
      "it after that field",
    ],
    [
      "the amount before the currency",
      message(account, field(3, amount + field(1, text("usd")))),
      "field_order",
      49,
      `${path}.partial.currency`,
      "field 1 before field 2",
      "it after that field",
    ],
    [
      "the same amount twice",
      message(account, partial("usd", amount), partial("usd", amount)),
      "repeated_singular",
      54,
      `${path}.partial`,
      "partial once",
      "a second one",
    ],
    [
      "both kinds of amount",
      message(account, field(2, kin.slice(80)), partial("usd", amount)),
      "second_of_oneof",
      68,
      `${path}.partial`,
      "one field of exchange_data",
      "partial as well as exact",
    ],
    [
      "an empty domain",
      message(account, partial("usd", amount), "22020a00"),
      "explicit_default",
      56,
      `${path}.domain.value`,
      "nothing for a default value",
      "a tag",
    ],
    [
      "an amount of zero",
      message(account, partial("usd", `11${double(0)}`)),
      "explicit_default",
      45,
      `${path}.partial.native_amount`,
      "nothing for a default value",
      "a tag",
    ],
    [
      "no amount",
      message(account, field(3, field(1, text("usd")))),
      "missing_field",
      45,
      `${path}.partial`,
      "native_amount, field 2",
      "none",
    ],
    [
      "no currency",
      message(account, field(3, amount)),
      "missing_field",
      40,
      `${path}.partial`,
      "currency, field 1",
      "none",
    ],
    [
      "no account",
      message(partial("usd", amount)),
      "missing_field",
      2,
      path,
      "requestor_account, field 1",
      "none",
    ],
    [
      "no exchange data",
      message(account),
      "missing_field",
      38,
      path,
      "one of exact (2), partial (3)",
      "none",
    ],
    [
      "a negative amount",
      message(account, partial("usd", `11${double(-10)}`)),
      "invalid_value",
      46,
      `${path}.partial.native_amount`,
      "a finite number greater than 0",
      "-10.0",
    ],
    [
      "an amount of NaN",
      message(account, partial("usd", `11${double(Number.NaN)}`)),
      "invalid_value",
      46,
      `${path}.partial.native_amount`,
      "a finite number greater than 0",
      "NaN",
    ],
    [
      "an infinite amount",
      message(account, partial("usd", `11${double(Number.POSITIVE_INFINITY)}`)),
      "invalid_value",
      46,
      `${path}.partial.native_amount`,
      "a finite number greater than 0",
      "Infinity",
    ],
    [
      "a big-endian double",
      message(account, partial("usd", "114024000000000000")),
      "invalid_value",
      46,
      `${path}.partial.native_amount`,
      "a finite number greater than 0",
      "4.585e-320, but 10.0 with the eight bytes reversed: the least significant byte comes first",
    ],
    [
      "upper case",
      message(account, partial("uSD", amount)),
      "invalid_value",
      43,
      `${path}.partial.currency`,
      "three lowercase letters, such as usd",
      '"uSD"',
    ],
    [
      "a currency of four letters",
      message(account, partial("usdc", amount)),
      "wrong_length",
      41,
      `${path}.partial.currency`,
      "three lowercase letters, such as usd",
      '"usdc"',
    ],
    [
      "an unknown currency",
      message(account, partial("xyz", amount)),
      "invalid_value",
      42,
      `${path}.partial.currency`,
      "one of the 154 known currencies",
      '"xyz"',
    ],
    [
      "kin without its rate",
      message(account, partial("kin", amount)),
      "invalid_value",
      38,
      `${path}.partial`,
      "exact, field 2: kin requires the rate and quarks",
      'partial with "kin"',
    ],
    [
      "usd with a rate",
      kin.replace(text("kin"), text("usd")),
      "invalid_value",
      38,
      `${path}.exact`,
      "partial, field 3: exact is only for kin",
      'exact with "usd"',
    ],
    [
      "kin at another rate",
      kin.replace(double(1), double(2)),
      "invalid_value",
      45,
      `${path}.exact.exchange_rate`,
      "a rate of 1.0 for kin",
      "2.0",
    ],
    [
      "quarks that are kin",
      message(account, field(2, `${field(1, text("kin"))}11${double(1)}19${double(2500)}20c413`)),
      "invalid_value",
      63,
      `${path}.exact.quarks`,
      "250000000, which is 2500.0 kin",
      "2500",
    ],
    [
      "an account of 31 bytes",
      message(field(1, field(1, "00".repeat(31))), partial("usd", amount)),
      "wrong_length",
      5,
      `${path}.requestor_account.value`,
      "32 bytes for a public key or account",
      "31 bytes",
    ],
    [
      "an account as base58 text",
      message(
        field(1, field(1, text("E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR"))),
        partial("usd", amount),
      ),
      "wrong_length",
      5,
      `${path}.requestor_account.value`,
      "32 bytes for a public key or account",
      "44 bytes, which are base58 text: decode it first",
    ],
    [
      "a fee of zero",
      message(account, partial("usd", amount), field(8, `${field(1, field(1, "11".repeat(32)))}1000`)),
      "explicit_default",
      92,
      `${path}.additional_fees[0].fee_bps`,
      "nothing for a default value",
      "a tag",
    ],
    [
      "a fee above 100%",
      message(account, partial("usd", amount), field(8, `${field(1, field(1, "11".repeat(32)))}10914e`)),
      "invalid_value",
      93,
      `${path}.additional_fees[0].fee_bps`,
      "1 to 10000 basis points",
      "10001",
    ],
    [
      "a fee to the destination",
      message(account, partial("usd", amount), field(8, `${account}1064`)),
      "invalid_value",
      54,
      `${path}.additional_fees[0]`,
      "an account other than the requestor's",
      "the requestor's",
    ],
    [
      "a signature without a domain",
      message(account, partial("usd", amount), field(6, field(1, "11".repeat(64)))),
      "invalid_value",
      54,
      `${path}.signature`,
      "a domain in addition to signature",
      "none",
    ],
    [
      "a domain in upper case",
      message(account, partial("usd", amount), field(4, field(1, text("Example.com")))),
      "invalid_value",
      58,
      `${path}.domain.value`,
      "a domain such as example.com: lowercase letters, digits, hyphens and dots",
      '"Example.com"',
    ],
    [
      "text that is not UTF-8",
      message(account, partial("usd", amount), field(4, field(1, "61ff"))),
      "invalid_utf8",
      59,
      `${path}.domain.value`,
      "UTF-8 text",
      "ff",
    ],
  ])("%s", (_what, damaged, code, offset, where, expected, found) => {
    const { type, problems, verdict } = explain(damaged);
    expect(type).toBe("code.messaging.v1.Message");
    expect(problems[0]).toMatchObject({ code, offset, path: where, expected, found });
    expect(verdict).toContain(
      `byte ${offset}${where === "" ? "" : ` (${where})`}: expected ${expected}; found ${found}`,
    );
    expect(problems[0]?.why).toMatch(/^[A-Z].*\.$/);
  });
});

it("explain reports only the truncation of truncated input", () => {
  for (const length of [20, 40, 45, 53]) {
    expect(explain(seed.slice(0, 2 * length)).problems.map(({ code }) => code)).toEqual(["truncated"]);
  }
});

describe("explain applies rules about several fields", () => {
  const fee = (byte: string): string => field(8, `${field(1, field(1, byte.repeat(32)))}1064`);
  const long = (...fields: string[]): string => {
    const body = fields.join("");
    const length = body.length / 2;
    return `2a${(128 + (length % 128)).toString(16)}0${length >> 7}${body}`;
  };
  const domain = field(4, field(1, text("example.com")));
  const verifier = field(5, field(1, "22".repeat(32)));

  it.each([
    [
      "a fourth fee",
      long(account, partial("usd", amount), ...["11", "22", "33", "44"].map(fee)),
      [["too_many", 175, `${path}.additional_fees[3]`, "at most 3 additional_fees"]],
    ],
    [
      "two fees for one account",
      long(account, partial("usd", amount), fee("11"), fee("11")),
      [["invalid_value", 95, `${path}.additional_fees[1]`, "each account once"]],
    ],
    [
      "a verifier without a signature",
      message(account, partial("usd", amount), domain, verifier),
      [
        ["missing_field", 69, `${path}.verifier`, "signature in addition to domain and verifier"],
        ["missing_field", 69, `${path}.verifier`, "rendezvous_key in addition to domain and verifier"],
      ],
    ],
    [
      "a signature with a domain alone",
      message(account, partial("usd", amount), domain, field(6, field(1, "11".repeat(64)))).replace(
        /^2a(..)/,
        "2a$101",
      ),
      [["invalid_value", 70, `${path}.signature`, "a verifier in addition to signature"]],
    ],
  ])("%s", (_what, damaged, expected) => {
    const { problems } = explain(damaged, { as: "Message" });
    expect(
      problems.map(({ code, offset, path: where, expected: wanted }) => [code, offset, where, wanted]),
    ).toEqual(expected);
  });
});

describe("an amount that the sequencer accepts but is probably a mistake", () => {
  it.each([
    [
      "a float converted to a double",
      Math.fround(2.55),
      46,
      "66 66 66 66 66 66 04 40, the double that is nearest to 2.55",
      "2.549999952316284, which is 2.55 as a 4-byte float converted to a double",
      /differs from the double of every client that writes 2\.55: a second request/,
    ],
    [
      "the rounding error of an addition",
      0.1 + 0.2,
      46,
      "33 33 33 33 33 33 d3 3f, the double that is nearest to 0.3",
      "0.30000000000000004, which is 0.3 with a floating-point rounding error",
      /a second request of the same intent by such a client does not match this one, and is rejected\.$/,
    ],
    [
      "three decimals",
      2.505,
      46,
      "at most two decimals, such as 2.5 or 2.51",
      "2.505",
      /^The sequencer accepts it, but the payload counts hundredths, and official clients round/,
    ],
    [
      "NaN",
      Number.NaN,
      46,
      "a finite number greater than 0",
      "NaN",
      /no payment equals it, so the request cannot be paid\.$/,
    ],
  ])("is doubtful: %s", (_what, value, offset, expected, found, why) => {
    const explanation = explain(message(account, partial("usd", `11${double(value)}`)));
    expect(explanation.problems).toMatchObject([{ kind: "doubtful", offset, expected, found }]);
    expect(explanation.problems[0]?.why).toMatch(why);
    expect(explanation.verdict).toMatch(/^Accepted but doubtful: byte 46 \(/);
    expect(explanation.canonical).toBeUndefined();
  });

  it("is doubtful, like an account that is the characters of a base58 text", () => {
    const letters = Buffer.from("E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J").toString("hex");
    const explanation = explain(message(field(1, field(1, letters)), partial("usd", amount)));
    expect(explanation.problems).toMatchObject([
      { kind: "doubtful", code: "invalid_value", offset: 6, found: expect.stringContaining("base58 text") },
    ]);
    expect(explanation.verdict).toMatch(/^Accepted but doubtful: .* decode the base58 first\.$/);
  });

  it("is reported after errors, and does not hide a failed signature", () => {
    const both = explain(message(account, partial("USD", `11${double(2.505)}`)));
    expect(both.verdict).toMatch(/^First wrong: byte 42 .*"USD"\. .* 1 more problem follows\.$/);
    const unsigned = field(1, message(account, partial("usd", `11${double(2.505)}`)));
    const key = field(1, vector?.rendezvousPublicKeyHex ?? "");
    const sent = `${unsigned}${field(2, key)}${field(3, field(1, "11".repeat(64)))}`;
    expect(explain(sent).verdict).toMatch(
      /^Every byte is valid, but the rendezvous signature does not verify/,
    );
  });

  it("is never one with two decimals", () => {
    for (let hundredths = 1; hundredths < 20_000; hundredths += 7) {
      const { problems } = explain(message(account, partial("usd", `11${double(hundredths / 100)}`)));
      expect(problems, `${hundredths}`).toEqual([]);
    }
  });
});

describe("explain reports a fault in the request around the message", () => {
  const {
    sendMessageRequestHex = "",
    innerSignedBytesHex = "",
    rendezvousPublicKeyHex = "",
    signatureHex = "",
  } = vector ?? {};
  const request = (inner: string): string =>
    field(1, inner) + field(2, field(1, rendezvousPublicKeyHex)) + field(3, field(1, signatureHex));

  it.each([
    ["the request instead of the Message", request(innerSignedBytesHex), "missing_wrapper", 2, "message"],
    [
      "an id, which only the sequencer sets",
      request(`${field(1, field(1, "00".repeat(16)))}${seed}`),
      "not_for_clients",
      2,
      "message.id",
    ],
    [
      "a kind that only the sequencer sends",
      request(field(9, field(1, "0801"))),
      "not_for_clients",
      2,
      "message.webhook_called",
    ],
    ["no signature", sendMessageRequestHex.slice(0, -136), "missing_field", 92, ""],
    [
      "a signature of 63 bytes",
      sendMessageRequestHex.slice(0, -2).replace("1a420a40", "1a410a3f"),
      "wrong_length",
      95,
      "signature.value",
    ],
  ])("%s", (_what, damaged, code, offset, where) => {
    const { type, problems } = explain(damaged);
    expect(type).toBe("code.messaging.v1.SendMessageRequest");
    expect(problems[0]).toMatchObject({ code, offset, path: where });
    const isSignature = problems[0]?.expected.includes("signature, field 3") || where === "signature.value";
    expect(problems[0]?.why.startsWith("Without a signature of 64 bytes")).toBe(isSignature);
  });

  it("explain reports every change of a single byte", () => {
    const bytes = unhex(sendMessageRequestHex);
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0x88]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        const { problems, checks } = explain(damaged, { as: "SendMessageRequest" });
        const noticed = problems.length > 0 || checks.some(({ outcome }) => outcome === "failed");
        expect(noticed, `byte ${at}, bits ${flip}`).toBe(true);
      }
    }
  });

  it("explain reports a method that the sequencer does not have", () => {
    const envelope = field(2, text("Messaging")) + field(3, text("createIntent")) + field(4, "00");
    expect(explain(envelope, { as: "Request" }).problems[0]).toMatchObject({
      code: "invalid_value",
      offset: 13,
      path: "method",
      found: '"Messaging" and "createIntent"',
    });
  });
});

describe("explain reports a payload", () => {
  const payload = vector?.payloadHex ?? "";
  it.each([
    ["one byte short", payload.slice(0, -2), "truncated", 19],
    ["one byte long", `${payload}00`, "trailing_bytes", 20],
    ["of an unknown kind", `07${payload.slice(2)}`, "unknown_payload_kind", 0],
    ["in an unknown currency", `${payload.slice(0, 2)}ff${payload.slice(4)}`, "unknown_currency_index", 1],
  ])("%s", (_what, damaged, code, offset) => {
    const { type, problems } = explain(damaged);
    expect(type).toBe("payload");
    expect(problems[0]).toMatchObject({ code, offset });
  });
});

describe("explain reports a scan code", () => {
  const whole = vectors.intents[0] as unknown as { kikcodeHex: string };
  const at = (offset: number, byte: string): string =>
    whole.kikcodeHex.slice(0, 2 * offset) + byte + whole.kikcodeHex.slice(2 * offset + 2);

  it.each([
    ["in the parity", at(3, "ff"), 3, "15"],
    ["in the header", at(13, "07"), 13, "02"],
    ["in the payload", at(20, "99"), 20, "00"],
  ])("with the byte that a scanner corrects: %s", (_what, damaged, offset, expected) => {
    const { type, problems, sections } = explain(damaged);
    expect(type).toBe("scan-code");
    const found = `${damaged.slice(2 * offset, 2 * offset + 2)}, which a scanner corrects`;
    expect(problems[0]).toMatchObject({ code: "parity", offset, expected, found });
    // The id is that of the corrected code.
    expect(sections[0]?.tree.meaning).toContain(`intent id ${vectors.intents[0]?.rendezvousPublicKey}`);
  });

  it("with the first differing byte of parity computed by another algorithm", () => {
    const { problems } = explain(`${"00".repeat(13)}${whole.kikcodeHex.slice(26)}`);
    expect(problems[0]).toMatchObject({ code: "parity", offset: 0, expected: "11 for this payload" });
  });
});

describe("the canonical form in an explanation", () => {
  it.each([
    ["fields in another order", message(partial("usd", amount), account), seed, 2],
    ["a long varint", `2ab400${seed.slice(4)}`, seed, 1],
    ["a repeated field", message(account, partial("eur", amount), partial("usd", amount)), seed, 1],
    [
      "an explicit default",
      message(account, partial("usd", `${amount}`), "22020a00"),
      message(account, partial("usd", amount), "2200"),
      1,
    ],
  ])("is shown for %s", (_what, damaged, canonical, firstDifference) => {
    const explanation = explain(damaged);
    expect(hex(explanation.canonical?.bytes ?? new Uint8Array())).toBe(canonical);
    expect(explanation.canonical).toMatchObject({
      type: "code.messaging.v1.Message",
      section: 0,
      offset: 0,
      firstDifference,
    });
  });

  it("is that of the message within an envelope", () => {
    const request = field(1, message(partial("usd", amount), account));
    const envelope = field(2, text("Messaging")) + field(3, text("sendMessage")) + field(4, request);
    const { canonical } = explain(envelope);
    expect(hex(canonical?.bytes ?? new Uint8Array())).toBe(field(1, seed));
    expect(canonical).toMatchObject({
      type: "code.messaging.v1.SendMessageRequest",
      offset: 26,
      firstDifference: 30,
    });
  });

  it.each([
    ["canonical input", seed],
    ["unreadable input", seed.slice(0, -2)],
    ["input that only violates a rule", message(account, partial("USD", amount))],
  ])("is not shown for %s", (_what, input) => {
    expect(explain(input).canonical).toBeUndefined();
  });
});
