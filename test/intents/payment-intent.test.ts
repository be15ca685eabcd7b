import { fromBinary } from "@bufbuild/protobuf";
import { base58 } from "@scure/base";
import { describe, expect, it } from "vitest";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { IntentMismatchError } from "../../src/errors.js";
import { PaymentIntent, type PaymentIntentOptions } from "../../src/intents/payment-intent.js";
import { account, build, order, rebuild } from "../support/payment.js";
import { expectRefusal } from "../support/refusal.js";
import { hex } from "../support/vectors.js";

const bytesOf = (length: number) => base58.encode(new Uint8Array(length).fill(7));
const fee = (byte: number, basisPoints: unknown = 100) => ({ destination: account(byte), basisPoints });

describe("the protocol's example request", () => {
  const intent = PaymentIntent.from({
    destination: "11111111111111111111111111111111",
    amount: 10,
    currency: "usd",
    idempotencyKey: "1234",
  });

  it("is encoded as its 54 bytes", () => {
    const bytes = intent.toBinary();
    expect(bytes).toHaveLength(54);
    expect(hex(bytes)).toBe(`2a340a220a20${"00".repeat(32)}1a0e0a03757364110000000000002440`);
  });

  it("is decoded to its fields", () => {
    const message = fromBinary(MessageSchema, intent.toBinary());
    expect(message.id).toBeUndefined();
    expect(message.sendMessageRequestSignature).toBeUndefined();
    expect(message.$unknown).toBeUndefined();
    expect(message.kind.case).toBe("requestToReceiveBill");
    if (message.kind.case !== "requestToReceiveBill") return;
    const { value } = message.kind;
    expect(value.requestorAccount?.value).toEqual(new Uint8Array(32));
    expect(value.exchangeData).toMatchObject({
      case: "partial",
      value: { currency: "usd", nativeAmount: 10 },
    });
    expect(value.additionalFees).toEqual([]);
    for (const absent of ["domain", "verifier", "signature", "rendezvousKey"] as const) {
      expect(value[absent]).toBeUndefined();
    }
  });

  it("has the published id, client secret and payload", () => {
    expect(intent.id).toBe("GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN");
    expect(intent.clientSecret).toBe("uqM86tVJL9rhqS");
    expect(hex(intent.payload)).toBe("028ce803000000000003ac674216f3e15c761ee1");
  });
});

describe("a payment intent", () => {
  it("has the options from which it was built, normalized", () => {
    const intent = PaymentIntent.from({
      destination: account(7),
      amount: 2.5,
      currency: "USD",
      fees: [{ destination: account(8), basisPoints: 250 }],
      webhook: { url: "https://example.com/hook" },
    });
    expect(intent.destination).toBe(account(7));
    expect(intent.amount).toBe("2.50");
    expect(intent.currency).toBe("usd");
    expect(intent.fees).toEqual([{ destination: account(8), basisPoints: 250 }]);
    expect(intent.kind).toBe("payment-with-fees");
    expect(intent.webhook).toEqual({ url: "https://example.com/hook" });
    expect(base58.decode(intent.id)).toEqual(intent.sign().publicKey);
    expect(base58.decode(intent.clientSecret)).toEqual(intent.payload.subarray(9));
  });

  it("has another nonce each time without key and secret", () => {
    const intents = Array.from({ length: 100 }, () => build());
    expect(new Set(intents.map(({ id }) => id)).size).toBe(100);
    expect(new Set(intents.map(({ clientSecret }) => clientSecret)).size).toBe(100);
    expect(new Set(intents.map((intent) => hex(intent.toBinary()))).size).toBe(1);
  });

  it("has another nonce each time without a key, even with an idempotency secret", () => {
    const idempotencySecret = new Uint8Array(32).fill(1);
    expect(build({ idempotencySecret }).clientSecret).not.toBe(build({ idempotencySecret }).clientSecret);
  });

  it("is the same for the same key and amount, with any destination, fees and webhook", () => {
    const { id } = build({ idempotencyKey: "k" });
    expect(build({ idempotencyKey: "k" }).id).toBe(id);
    expect(build({ idempotencyKey: "k", destination: account(9) }).id).toBe(id);
    expect(build({ idempotencyKey: "k", webhook: { url: "https://example.com" } }).id).toBe(id);
    expect(build({ idempotencyKey: "k", amount: 10, currency: "Usd" }).id).toBe(id);
    const withFee = build({ idempotencyKey: "k", fees: [fee(1)] }).id;
    expect(build({ idempotencyKey: "k", fees: [fee(2, 5), fee(3, 7)] }).id).toBe(withFee);
    expect(new Set([id, withFee]).size).toBe(2);
  });

  it("differs for the same key with another amount, currency or secret", () => {
    const idempotencySecret = "x".repeat(32);
    const ids = [
      build({ idempotencyKey: "k" }),
      build({ idempotencyKey: "k", amount: "10.01" }),
      build({ idempotencyKey: "k", currency: "eur" }),
      build({ idempotencyKey: "k", idempotencySecret }),
      build({ idempotencyKey: "k", idempotencySecret: "y".repeat(32) }),
      build({ idempotencyKey: "k", idempotencySecret, amount: "10.01" }),
    ].map((intent) => intent.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("has another nonce for another amount with a secret, and the same without one", () => {
    const idempotencySecret = "x".repeat(32);
    const keyed = ["10", "10.01"].map(
      (amount) => build({ idempotencyKey: "k", idempotencySecret, amount }).clientSecret,
    );
    const plain = ["10", "10.01"].map((amount) => build({ idempotencyKey: "k", amount }).clientSecret);
    expect(keyed[0]).not.toBe(keyed[1]);
    expect(plain[0]).toBe(plain[1]);
  });

  it("ignores an idempotency secret if a client secret is passed", () => {
    const clientSecret = "uqM86tVJL9rhqS";
    expect(build({ clientSecret, idempotencySecret: "x".repeat(32) }).id).toBe(build({ clientSecret }).id);
  });

  it("always returns the same signature, over the bytes of toBinary", () => {
    const intent = build({ fees: [fee(1), fee(2), fee(3)] });
    const [one, two] = [intent.sign(), intent.sign()];
    expect(one).toEqual(two);
    expect(one.message).toEqual(intent.toBinary());
    expect(one.requestToReceiveBill).toEqual(
      one.message.subarray(one.message.length - one.requestToReceiveBill.length),
    );
  });

  it("contains the webhook only in the REST body", () => {
    const webhook = { url: "https://example.com/hook?order=1" };
    const [without, withHook] = [build({ idempotencyKey: "k" }), build({ idempotencyKey: "k", webhook })];
    expect(hex(withHook.toBinary())).toBe(hex(without.toBinary()));
    expect(withHook.toRestBody()).toEqual({ ...without.toRestBody(), webhook: webhook.url });
    expect(Object.keys(without.toRestBody())).toEqual(["intent", "message", "signature"]);
  });

  it("has a different key and the same message with kind payment-with-fees and no fees", () => {
    const [plain, other] = [
      build({ idempotencyKey: "k" }),
      build({ idempotencyKey: "k", kind: "payment-with-fees" }),
    ];
    expect(other.id).not.toBe(plain.id);
    expect(other.payload[0]).toBe(4);
    expect(hex(other.toBinary())).toBe(hex(plain.toBinary()));
    expect(build({ idempotencyKey: "k", kind: "payment" }).id).toBe(plain.id);
    expect(build({ idempotencyKey: "k", kind: "payment-with-fees", fees: [fee(1)] }).id).toBe(other.id);
  });

  it("treats undefined options as absent", () => {
    const options = {
      fees: undefined,
      kind: undefined,
      rounding: undefined,
      webhook: undefined,
      idempotencySecret: undefined,
      clientSecret: undefined,
      idempotencyKey: "k",
    };
    expect(build(options).id).toBe(build({ idempotencyKey: "k" }).id);
    expect(build({ idempotencyKey: undefined, clientSecret: "uqM86tVJL9rhqS" }).clientSecret).toBe(
      "uqM86tVJL9rhqS",
    );
  });

  it("has the id of 2.50 for an amount with zeros at the end, and rejects 2.5001", () => {
    const key = { idempotencyKey: "k" };
    for (const amount of ["2.5", "2.500", "2.5000"]) {
      const { id, amount: shown } = build({ ...key, amount });
      expect([id, shown]).toEqual([build({ ...key, amount: "2.50" }).id, "2.50"]);
    }
    expectRefusal(() => build({ ...key, amount: "2.5001" }), "invalid_option", "amount");
  });

  it("rejects an idempotency key or a client secret that is undefined, instead of a random key", () => {
    for (const undefinedOption of ["idempotencyKey", "clientSecret"] as const) {
      const error = expectRefusal(
        () => build({ [undefinedOption]: undefined }),
        "missing_option",
        undefinedOption,
      );
      expect(error.message).toContain("omit the option for a random key");
    }
    expectRefusal(
      () => build({ clientSecret: undefined, idempotencyKey: undefined }),
      "missing_option",
      "idempotencyKey",
    );
    expect(build({}).id).not.toBe(build({}).id);
  });

  it("rounds only with the rounding option", () => {
    expectRefusal(() => build({ amount: 2.675 }), "invalid_option", "amount");
    expectRefusal(() => build({ amount: 2.675, rounding: "refuse" }), "invalid_option", "amount");
    expect(build({ amount: 2.675, rounding: "nearest" }).amount).toBe("2.67");
  });
});

describe("the destination", () => {
  it.each([undefined, null, ""])("is missing if it is %j", (destination) => {
    expectRefusal(() => build({ destination }), "missing_option", "destination");
    expectRefusal(
      () => rebuild({ destination, clientSecret: "uqM86tVJL9rhqS" }),
      "missing_option",
      "destination",
    );
  });

  it.each([
    "0OIl",
    `${account(7).slice(0, -1)}0`,
    ` ${account(7)}`,
    `${account(7)}\n`,
    "0x0707070707070707070707070707070707070707070707070707070707070707",
    "usdc:abc",
    "é".repeat(32),
    "z".repeat(1_000_000),
  ])("is rejected if it is not base58 (%#)", (destination) => {
    const { message } = expectRefusal(() => build({ destination }), "invalid_option", "destination");
    expect(message).not.toContain(destination);
  });

  it.each([1, 20, 31, 33, 64])("is rejected if it is %d bytes", (length) => {
    const { message } = expectRefusal(
      () => build({ destination: bytesOf(length) }),
      "invalid_option",
      "destination",
    );
    expect(message).toContain(`is ${length} bytes; must be 32`);
  });

  it("is rejected with one leading 1 more or less", () => {
    expectRefusal(() => build({ destination: "1".repeat(31) }), "invalid_option", "destination");
    expectRefusal(() => build({ destination: "1".repeat(33) }), "invalid_option", "destination");
    expect(build({ destination: "1".repeat(32) }).destination).toBe("1".repeat(32));
  });

  it.each([32, true, {}, [account(7)], new Uint8Array(32), Object(account(7))])(
    "is rejected if it is not a string (%#)",
    (destination) => {
      expectRefusal(() => build({ destination }), "invalid_option", "destination");
    },
  );
});

describe("the amount", () => {
  it.each([undefined, null, ""])("is missing if it is %j", (amount) => {
    expectRefusal(() => build({ amount }), "missing_option", "amount");
  });

  it.each(
    [
      ["0", "0.00", 0, -0, -1, "-1", 1.005, "1.005", 0.004, "0.001"],
      [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "NaN", "Infinity"],
      ["1e2", "+1", "1,000", " 1", ".5", "5.", "0x10", "٣", "ten"],
      [10n, true, false, {}, [], ["10"], () => 10],
      ["90071992547409.92", 1e15, 1e21, "9".repeat(100_000)],
    ].flat(),
  )("is rejected if it is not an exact positive amount (%#)", (amount) => {
    expectRefusal(() => build({ amount }), "invalid_option", "amount");
    expectRefusal(() => rebuild({ amount, clientSecret: "uqM86tVJL9rhqS" }), "invalid_option", "amount");
  });

  it.each(["kin", "jpy"])("is in hundredths in %s too", (currency) => {
    expect(hex(build({ currency, amount: "1.23" }).payload.subarray(2, 9))).toBe("7b000000000000");
    expectRefusal(() => build({ currency, amount: "1.234" }), "invalid_option", "amount");
  });

  it("may be the largest, which fills the payload as far as doubles are exact", () => {
    const intent = build({ amount: "90071992547409.91", currency: "kin" });
    expect(hex(intent.payload.subarray(2, 9))).toBe("ffffffffffff1f");
    expect(intent.amount).toBe("90071992547409.91");
  });
});

describe("the currency", () => {
  it.each([undefined, null, ""])("is missing if it is %j", (currency) => {
    expectRefusal(() => build({ currency }), "missing_option", "currency");
  });

  it.each(["xyz", "ggp", "usd ", "us", "constructor", 140, true, {}, ["usd"]])(
    "is rejected if it is unknown (%j)",
    (currency) => {
      expectRefusal(() => build({ currency }), "invalid_option", "currency");
    },
  );

  it("is accepted in upper case, with the same id", () => {
    for (const currency of ["USD", "Usd", "uSD"]) {
      const intent = build({ currency, idempotencyKey: "k" });
      expect(intent.currency).toBe("usd");
      expect(intent.id).toBe(build({ idempotencyKey: "k" }).id);
    }
    expect(build({ currency: "KIN" }).currency).toBe("kin");
  });
});

describe("the nonce", () => {
  const clientSecret = "uqM86tVJL9rhqS";

  it("is rejected if both a key and a client secret are passed, even if empty", () => {
    for (const options of [
      { idempotencyKey: "k", clientSecret },
      { idempotencyKey: "", clientSecret },
      { idempotencyKey: "k", clientSecret: "" },
      { idempotencyKey: "", clientSecret: "" },
    ]) {
      const { message } = expectRefusal(() => build(options), "conflicting_options", "clientSecret");
      expect(message).toContain("idempotencyKey");
    }
  });

  it.each(["", null])("is rejected for the idempotency key %j, and never random", (idempotencyKey) => {
    expectRefusal(() => build({ idempotencyKey }), "missing_option", "idempotencyKey");
    const idempotencySecret = "x".repeat(32);
    expectRefusal(() => build({ idempotencyKey, idempotencySecret }), "missing_option", "idempotencyKey");
  });

  it.each([1234, true, {}, ["k"]])(
    "is rejected for an idempotency key that is not a string (%j)",
    (idempotencyKey) => {
      expectRefusal(() => build({ idempotencyKey }), "invalid_option", "idempotencyKey");
    },
  );

  it("is rejected for an idempotency key with a lone surrogate", () => {
    expectRefusal(() => build({ idempotencyKey: "order \ud800" }), "invalid_option", "idempotencyKey");
  });

  it.each(["", null])("is rejected for the client secret %j, and never random", (empty) => {
    expectRefusal(() => build({ clientSecret: empty }), "missing_option", "clientSecret");
    expectRefusal(() => rebuild({ clientSecret: empty }), "missing_option", "clientSecret");
  });

  it("is rejected without a client secret when rebuilding", () => {
    expectRefusal(() => rebuild({}), "missing_option", "clientSecret");
    expectRefusal(() => rebuild({ clientSecret: undefined }), "missing_option", "clientSecret");
  });

  it.each([
    "uqM86tVJL9rh0S",
    "not base58!",
    bytesOf(10),
    bytesOf(12),
    bytesOf(32),
    "1",
    11,
    {},
    new Uint8Array(11),
  ])("is rejected for a client secret that is not base58 of 11 bytes (%#)", (wrong) => {
    expectRefusal(() => build({ clientSecret: wrong }), "invalid_option", "clientSecret");
    expectRefusal(() => rebuild({ clientSecret: wrong }), "invalid_option", "clientSecret");
  });

  it.each([
    ["31 bytes", new Uint8Array(31)],
    ["no bytes", new Uint8Array(0)],
    ["31 characters", "x".repeat(31)],
    ["an empty string", ""],
    ["null", null],
    ["a number", 32],
    ["a list", Array(32).fill(0)],
    ["an ArrayBuffer", new ArrayBuffer(32)],
    ["an object", {}],
  ])("is rejected for an idempotency secret that is %s, used or not", (_, idempotencySecret) => {
    for (const options of [{ idempotencyKey: "k" }, { clientSecret }, {}]) {
      expectRefusal(() => build({ ...options, idempotencySecret }), "invalid_option", "idempotencySecret");
    }
  });
});

describe("fees of a payment", () => {
  it("are encoded in order, up to three", () => {
    const fees = [fee(1, 1), fee(2, 10_000), fee(3, 42)];
    for (const count of [1, 2, 3])
      expect(build({ fees: fees.slice(0, count) }).fees).toEqual(fees.slice(0, count));
  });

  it("are rejected if there are four", () => {
    expectRefusal(() => build({ fees: [fee(1), fee(2), fee(3), fee(4)] }), "invalid_option", "fees");
  });

  it("are rejected as an empty list, and the error names how to get the official key", () => {
    const { message } = expectRefusal(() => build({ fees: [] }), "invalid_option", "fees");
    expect(message).toContain('kind: "payment-with-fees"');
    expect(build({ fees: [], kind: "payment-with-fees" }).kind).toBe("payment-with-fees");
  });

  it.each([null, {}, "", "fees", 1, true, { 0: fee(1), length: 1 }, new Set([fee(1)]), fee(1)])(
    "are rejected if they are not a list (%#)",
    (fees) => {
      expectRefusal(() => build({ fees }), "invalid_option", "fees");
    },
  );

  it.each([null, undefined, "x", 1, [], [fee(1)]])(
    "are rejected if they contain anything but fees (%#)",
    (entry) => {
      expectRefusal(() => build({ fees: [fee(1), entry] }), "invalid_option", "fees[1]");
    },
  );

  it("are rejected as a sparse list", () => {
    expectRefusal(() => build({ fees: Array(1) }), "invalid_option", "fees[0]");
  });

  it.each([
    0,
    -1,
    1.5,
    10_001,
    20_000,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "0",
    "05",
    "5.5",
    "2.505",
    "5.",
    " 5",
    "5e1",
    "10001.00",
    `5.${"0".repeat(33)}`,
    true,
    5n,
    {},
    [5],
    2 ** 32 + 1,
  ])("are rejected with %s basis points", (basisPoints) => {
    expectRefusal(() => build({ fees: [fee(1, basisPoints)] }), "invalid_option", "fees[0].basisPoints");
    expectRefusal(
      () => build({ fees: [fee(1), fee(2, basisPoints)] }),
      "invalid_option",
      "fees[1].basisPoints",
    );
  });

  it.each(["250", "250.0", "250.0000"])("have the same bytes with basis points as text: %s", (text) => {
    const key = { idempotencyKey: "k" };
    const built = build({ ...key, fees: [fee(1, text)] });
    expect(built.fees).toEqual([fee(1, 250)]);
    expect(built.toBinary()).toEqual(build({ ...key, fees: [fee(1, 250)] }).toBinary());
  });

  it.each([undefined, null, ""])("are rejected without basis points (%j)", (basisPoints) => {
    const fees = [fee(1), { destination: account(2), basisPoints }];
    expectRefusal(() => build({ fees }), "missing_option", "fees[1].basisPoints");
    expectRefusal(
      () => build({ fees: [{ destination: account(2) }] }),
      "missing_option",
      "fees[0].basisPoints",
    );
  });

  it.each([undefined, null, ""])("are rejected without a destination (%j)", (destination) => {
    expectRefusal(
      () => build({ fees: [{ destination, basisPoints: 1 }] }),
      "missing_option",
      "fees[0].destination",
    );
  });

  it.each(["abc", "0OIl", bytesOf(31), bytesOf(33), 1, {}])(
    "are rejected with an invalid destination (%j)",
    (destination) => {
      const fees = [fee(1), { destination, basisPoints: 1 }];
      expectRefusal(() => build({ fees }), "invalid_option", "fees[1].destination");
    },
  );

  it("are rejected for the payment's own destination", () => {
    expectRefusal(() => build({ fees: [fee(7)] }), "invalid_option", "fees[0].destination");
    expectRefusal(() => build({ fees: [fee(1), fee(7)] }), "invalid_option", "fees[1].destination");
  });

  it("are rejected for the same destination twice, and the error names both", () => {
    const { message } = expectRefusal(
      () => build({ fees: [fee(1), fee(2), fee(1, 5)] }),
      "invalid_option",
      "fees[2].destination",
    );
    expect(message).toContain("fees[0]");
  });

  it.each(["amount", "bps", "basispoints", "Destination", "toString"])(
    "are rejected with the unknown field %s",
    (name) => {
      expectRefusal(() => build({ fees: [{ ...fee(1), [name]: 1 }] }), "unknown_option", `fees[0].${name}`);
    },
  );
});

describe("the kind of a payment", () => {
  it('is rejected as "payment" with fees', () => {
    expectRefusal(() => build({ kind: "payment", fees: [fee(1)] }), "conflicting_options", "kind");
  });

  it.each(["", "Payment", "login", "tip", "cash", 2, 4, null, true, {}, ["payment"]])(
    "is rejected if it is %j",
    (kind) => {
      expectRefusal(() => build({ kind }), "invalid_option", "kind");
      expectRefusal(() => build({ kind, fees: [fee(1)] }), "invalid_option", "kind");
    },
  );
});

describe("rounding", () => {
  it.each(["", "Nearest", "up", "round", true, false, null, 2, {}])("is rejected if it is %j", (rounding) => {
    expectRefusal(() => build({ rounding }), "invalid_option", "rounding");
  });
});

describe("the webhook of a payment", () => {
  const hook = (url: unknown) => () => build({ webhook: { url } });
  const longest = `https://example.com/${"x".repeat(1024 - 20)}`;

  it.each([
    "https://example.com",
    "http://example.com/hook",
    "https://example.com:8443/x?a=b#c",
    "http://localhost:3000/",
    "http://127.0.0.1:3000/",
    "https://[::1]/",
    "https://xn--mnchen-3ya.de/",
    longest,
  ])("accepts %s unchanged", (url) => {
    expect(build({ webhook: { url } }).webhook).toEqual({ url });
    expect(build({ webhook: { url } }).toRestBody().webhook).toBe(url);
  });

  it.each([
    "ftp://example.com/",
    "mailto:a@example.com",
    "javascript:alert(1)",
    "data:text/plain,x",
    "file:///etc/passwd",
    "ws://example.com",
    "httpsx://example.com",
    "example.com",
    "example.com/hook",
    "www.example.com",
    "/hook",
    "//example.com/hook",
    "hook",
    "https:",
    "https://",
    "https:example.com",
    "https:/example.com",
    " https://example.com",
    "https://exa mple.com/",
    "https://example.com:99999/",
    "https://?x",
  ])("rejects %j, which is not an absolute http(s) URL", (url) => {
    expectRefusal(hook(url), "invalid_option", "webhook.url");
  });

  it.each([
    ["a line feed in the host", "https://exa\nmple.com/hook"],
    ["a carriage return", "https://example.com/hook\r"],
    ["a tab", "https://example.com/ho\tok"],
    ["a NUL", "https://example.com/\u0000"],
    ["a backslash instead of a slash", "https://\\example.com/hook"],
    ["too many slashes", "https:////example.com/hook"],
    ["no host", "https:///hook"],
    ["a lone surrogate", "https://example.com/\ud800"],
  ])("rejects %s, which a browser's parser repairs but the sequencer's does not", (_, url) => {
    expectRefusal(hook(url), "invalid_option", "webhook.url");
  });

  it.each(["https://user:pass@example.com/", "https://user@example.com/", "https://:pass@example.com/"])(
    "rejects the credentials in %s",
    (url) => {
      const { message } = expectRefusal(hook(url), "invalid_option", "webhook.url");
      expect(message).not.toContain("pass@");
    },
  );

  it("accepts 1024 characters and rejects more", () => {
    expect(longest).toHaveLength(1024);
    expectRefusal(hook(`${longest}x`), "invalid_option", "webhook.url");
    // The sequencer counts characters: 1024 of them in 2028 UTF-16 units.
    const astral = `https://example.com/${"🙂".repeat(1024 - 20)}`;
    expect(build({ webhook: { url: astral } }).webhook?.url).toBe(astral);
    expectRefusal(hook(`${astral}🙂`), "invalid_option", "webhook.url");
  });

  it.each([undefined, null, ""])("rejects a missing URL (%j)", (url) => {
    expectRefusal(hook(url), "missing_option", "webhook.url");
    expectRefusal(() => build({ webhook: {} }), "missing_option", "webhook.url");
  });

  it.each([1, true, {}, ["https://example.com"], new URL("https://example.com")])(
    "rejects a URL that is not a string (%#)",
    (url) => {
      expectRefusal(hook(url), "invalid_option", "webhook.url");
    },
  );

  it.each(["https://example.com", null, ["https://example.com"], 1, true])(
    "rejects %j, which is not an object with a url",
    (webhook) => {
      expectRefusal(() => build({ webhook }), "invalid_option", "webhook");
    },
  );

  it("rejects an unknown field", () => {
    const webhook = { url: "https://example.com", secret: "x" };
    expectRefusal(() => build({ webhook }), "unknown_option", "webhook.secret");
  });
});

describe("the options of a payment", () => {
  it.each([undefined, null, [], "options", 1, true, [order], () => order])(
    "are rejected if they are not an object (%#)",
    (options) => {
      expectRefusal(
        () => PaymentIntent.from(options as unknown as PaymentIntentOptions),
        "invalid_option",
        "options",
      );
      expectRefusal(() => PaymentIntent.fromClientSecret(options as never), "invalid_option", "options");
    },
  );

  it.each(
    [
      [
        "amout",
        "idempotencykey",
        "idempotency_key",
        "Destination",
        "curency",
        "fee",
        "webhookUrl",
        "clientsecret",
        "round",
      ],
      ["toString", "constructor", "hasOwnProperty", ""],
    ].flat(),
  )("are rejected with the unknown name %j, even if its value is undefined", (name) => {
    expectRefusal(() => build({ [name]: "x" }), "unknown_option", name);
    expectRefusal(() => build({ [name]: undefined }), "unknown_option", name);
    const clientSecret = "uqM86tVJL9rhqS";
    const { message } = expectRefusal(() => rebuild({ clientSecret, [name]: "x" }), "unknown_option", name);
    expect(message).toContain("the options are");
  });

  it.each([
    ["confirmParams", "let your page navigate"],
    ["locale", "belongs to the page"],
    ["appearance", "belongs to the page"],
    ["endpoint", "new CodeClient as baseUrl"],
    ["fetch", "new CodeClient"],
    ["platform", "use TipIntent"],
  ])("are rejected with the official client's %s, and the error names what to use", (name, mend) => {
    expect(expectRefusal(() => build({ [name]: "x" }), "unknown_option", name).message).toContain(mend);
    const again = () => rebuild({ clientSecret: "uqM86tVJL9rhqS", [name]: "x" });
    expect(expectRefusal(again, "unknown_option", name).message).toContain(mend);
  });

  it("are rejected with an own property named __proto__", () => {
    const options = JSON.parse(
      `{"__proto__": {"amount": "1"}, "destination": "${account(7)}", "currency": "usd"}`,
    );
    expectRefusal(() => PaymentIntent.from(options), "unknown_option", "__proto__");
  });

  it("are rejected if they belong to the other way of building", () => {
    expectRefusal(() => build({ expectedId: account(1) }), "unknown_option", "expectedId");
    const clientSecret = "uqM86tVJL9rhqS";
    const hinted = expectRefusal(
      () => rebuild({ clientSecret, idempotencyKey: "k" }),
      "unknown_option",
      "idempotencyKey",
    );
    expect(hinted.message).toContain("client secret");
    expectRefusal(
      () => rebuild({ clientSecret, idempotencySecret: "x".repeat(32) }),
      "unknown_option",
      "idempotencySecret",
    );
  });

  it("are listed in the error for an unknown one", () => {
    const { message } = expectRefusal(() => build({ amout: 1 }), "unknown_option", "amout");
    for (const name of ["destination", "amount", "currency", "fees", "kind", "rounding", "webhook"]) {
      expect(message).toContain(name);
    }
  });
});

describe("a payment rebuilt from its client secret", () => {
  const original = build({ idempotencyKey: "order-1", fees: [fee(1)] });
  const { clientSecret, id: expectedId } = original;
  const unchecked = { clientSecret, fees: [fee(1)] };
  const details = { ...unchecked, expectedId };

  const mismatch = (options: Record<string, unknown>): IntentMismatchError => {
    try {
      rebuild({ ...details, ...options });
    } catch (error) {
      if (error instanceof IntentMismatchError) return error;
      throw error;
    }
    throw new Error("was accepted");
  };

  it("is the same intent", () => {
    const rebuilt = rebuild(details);
    expect(rebuilt.id).toBe(expectedId);
    expect(rebuilt.sign()).toEqual(original.sign());
    expect(hex(rebuilt.payload)).toBe(hex(original.payload));
  });

  it.each([
    ["amount", { amount: "10.01" }],
    ["currency", { currency: "eur" }],
    ["presence of fees", { fees: undefined }],
    ["presence of fees, by kind", { fees: undefined, kind: "payment" }],
    ["client secret", { clientSecret: "3u6BsMecq8cofJN" }],
  ])("throws intent_mismatch with another %s", (_, options) => {
    const error = mismatch(options);
    expect(error.code).toBe("intent_mismatch");
    expect(error.expectedId).toBe(expectedId);
    expect(error.actualId).toBe(rebuild({ ...unchecked, ...options }).id);
    expect(error.actualId).not.toBe(expectedId);
    expect(error.message).toContain(error.actualId);
    expect(error.message).not.toContain(clientSecret);
    expect(error.retryable).toBe(false);
  });

  it("is not compared without an expected id", () => {
    expect(rebuild({ ...unchecked, amount: "10.01" }).id).not.toBe(expectedId);
  });

  it.each([
    ["destination", { destination: account(9) }],
    ["destination of the fees", { fees: [fee(3, 9000)] }],
    ["number of fees", { fees: [fee(1), fee(2)] }],
    ["webhook", { webhook: { url: "https://example.com" } }],
    [
      "list of fees, where the kind keeps saying that there are some",
      { fees: undefined, kind: "payment-with-fees" },
    ],
  ])("has the expected id with another %s, which the key does not cover", (_, options) => {
    expect(rebuild({ ...details, ...options }).id).toBe(expectedId);
  });

  it.each(["", null, undefined])("is rejected if the expected id is %j", (empty) => {
    expectRefusal(() => rebuild({ ...details, expectedId: empty }), "missing_option", "expectedId");
  });

  it.each(["abc", "0OIl", bytesOf(31), bytesOf(33), 1, {}, new Uint8Array(32)])(
    "is rejected if the expected id is invalid (%#)",
    (wrong) => {
      expectRefusal(() => rebuild({ ...details, expectedId: wrong }), "invalid_option", "expectedId");
    },
  );
});
