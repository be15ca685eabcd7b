import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RequestToReceiveBill } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import {
  Emulator,
  type LimitsTable,
  memoryStore,
  SEQUENCER_LIMITS,
  type Store,
  type WellKnownAnswer,
} from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { Agreement } from "../contract/agreement.js";
import { runs } from "../support/property.js";
import {
  denied,
  fee,
  fiat,
  filled,
  invalid,
  kin,
  login,
  newKey,
  type PaymentFields,
  payment,
  poll,
  type Refusal,
  refusalOf,
  sendLogin,
  sendPayment,
  statusOf,
  unauthenticated,
  verifiedPayment,
} from "../support/sequencer.js";
import { submit } from "../support/stores.js";
import { vectors } from "../support/vectors.js";

const verifier = newKey();
const unlisted = newKey();
const listed = JSON.stringify({
  public_keys: ["11111111111111111111111111111111", toBase58(verifier.publicKey)],
});

/** The response to each well-known file, by URL. Every other file lists the verifier. */
const wellKnown = new Map<string, () => Promise<WellKnownAnswer>>();
const fetched: string[] = [];

let store: Store;
const agreement = new Agreement();
afterAll(() => expect(agreement.disagreements.join("\n")).toBe(""));
let emulator: Emulator;
beforeAll(async () => {
  store = memoryStore();
  emulator = agreement.of(
    await Emulator.start({
      store,
      fetchWellKnown: async (url) => {
        fetched.push(url);
        return (await wellKnown.get(url)?.()) ?? { status: 200, body: listed };
      },
    }),
  );
});
afterAll(async () => {
  await emulator.close();
  await store.close();
});

const refused = (fields: PaymentFields, key: SigningKey = newKey()): Promise<Refusal> =>
  refusalOf(sendPayment(emulator, key, payment(fields)));

async function accept(request: RequestToReceiveBill, key: SigningKey = newKey()): Promise<SigningKey> {
  expect((await sendPayment(emulator, key, request)).messageId?.value).toHaveLength(16);
  return key;
}

/** The next larger or smaller double. */
function nextTo(value: number, step: 1n | -1n): number {
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0] = (bits[0] ?? 0n) + step;
  return new Float64Array(bits.buffer)[0] ?? Number.NaN;
}

const signature = { value: filled(1, 64) };
const domain = { value: "example.com" };

describe("a new payment request", () => {
  it("checks the rules in the order of the protocol for kin: each request violates one rule and many after it", async () => {
    fetched.length = 0;
    const [submitted, key] = [newKey(), newKey()];
    await submit(store, submitted);
    let fields: PaymentFields = {
      exchangeData: kin({ currency: "usd", exchangeRate: 2, nativeAmount: 300_000.5, quarks: 150_001n }),
      domain: { value: "Example.com" },
      signature,
      rendezvousKey: { value: filled(1) },
      additionalFees: [fee(1, 5000), fee(1, 5000), fee(2, 5000)],
    };
    const step = async (change: PaymentFields, expected: string, at = key) => {
      fields = { ...fields, ...change };
      expect(await refused(fields, at)).toEqual(invalid(expected));
    };
    await step({}, "exact exchange data is reserved for kin only", submitted);
    await step(
      { exchangeData: kin({ exchangeRate: 2, nativeAmount: 300_000.5, quarks: 150_001n }) },
      "native amount can't include fractional kin",
      submitted,
    );
    await step(
      { exchangeData: kin({ exchangeRate: 2, nativeAmount: 300_000, quarks: 150_001n }) },
      "quark amount can't include fractional kin",
      submitted,
    );
    const tooMuch = kin({ exchangeRate: 2, nativeAmount: 300_000, quarks: 100_000n });
    await step({ exchangeData: tooMuch }, "client submitted intent", submitted);
    await step({}, "domain is invalid: domain name is invalid: idna: disallowed rune U+0045");
    await step({ domain }, "kin currency has a maximum amount of 250000.00");
    await step(
      { exchangeData: kin({ exchangeRate: 2, nativeAmount: 2499, quarks: 100_000n }) },
      "kin currency has a minimum amount of 2500.00",
    );
    await step({ exchangeData: kin({ exchangeRate: 2, quarks: 100_000n }) }, "kin exchange rate must be 1");
    await step({ exchangeData: kin({ quarks: 100_000n }) }, "payment native amount and quark value mismatch");
    await step(
      { exchangeData: kin() },
      "fee taker at index 0 is the payment destination and should be omitted",
    );
    await step(
      { additionalFees: [fee(2, 5000), fee(2, 5000), fee(1, 5000)] },
      "fee taker at index 1 appears multiple times and should be merged",
    );
    await step(
      { additionalFees: [fee(2, 5000), fee(3, 5000), fee(4, 5000)] },
      "total fee percentage cannot exceed 5000 basis points",
    );
    await step({ additionalFees: [] }, "signature can only be set when verifying domain");
    await step({ signature: undefined }, "rendezvous key can only be set when verifying domain");
    await accept(payment({ ...fields, rendezvousKey: undefined }), key);
    expect(fetched).toEqual([]);
  });

  it("checks the rules in the order of the protocol for fiat", async () => {
    const submitted = newKey();
    await submit(store, submitted);
    const fields: PaymentFields = { exchangeData: fiat("kin", 2500), domain: { value: "EXAMPLE.com" } };
    expect(await refused(fields, submitted)).toEqual(
      invalid("partial exchange data is reserved for fiat currencies"),
    );
    const notSupported: PaymentFields = { ...fields, exchangeData: fiat("xxx", 1) };
    expect(await refused(notSupported, submitted)).toEqual(invalid("client submitted intent"));
    expect(await refused({ ...notSupported, domain: undefined, verifier: { value: filled(1) } })).toEqual(
      invalid("xxx currency is not currently supported"),
    );
  });

  it("rejects every request after an intent was submitted, even a revoked one", async () => {
    for (const state of ["submitted", "revoked"] as const) {
      const key = await accept(payment());
      await submit(store, key, state);
      expect(await refused({}, key)).toEqual(invalid("client submitted intent"));
      expect((await statusOf(emulator, key)).intentSubmitted).toBe(state === "submitted");
    }
  });

  it("accepts any 32 bytes as the destination", async () => {
    for (const byte of [0, 255]) await accept(payment({ requestorAccount: { value: filled(byte) } }));
  });
});

describe("amount limits", () => {
  const table = vectors.tables.microPaymentLimits213d06d;

  it("match the limits of the protocol", () => {
    expect(SEQUENCER_LIMITS).toEqual(table);
    expect(Object.keys(SEQUENCER_LIMITS)).toHaveLength(164);
  });

  it.each(Object.entries(table))(
    "accept the exact minimum and maximum of %s, to the last bit",
    async (currency, { min, max }) => {
      const amount = (nativeAmount: number) =>
        currency === "kin" ? kin({ nativeAmount }) : fiat(currency, nativeAmount);
      const step = (value: number, direction: 1n | -1n) =>
        currency === "kin" ? value + Number(direction) : nextTo(value, direction);
      await accept(payment({ exchangeData: amount(min) }));
      await accept(payment({ exchangeData: amount(max) }));
      expect(await refused({ exchangeData: amount(step(max, 1n)) })).toEqual(
        invalid(`${currency} currency has a maximum amount of ${max.toFixed(2)}`),
      );
      expect(await refused({ exchangeData: amount(step(min, -1n)) })).toEqual(
        invalid(`${currency} currency has a minimum amount of ${min.toFixed(2)}`),
      );
    },
  );

  it.each([
    ["usd", 5.01, "usd currency has a maximum amount of 5.00"],
    ["usd", 0.049, "usd currency has a minimum amount of 0.05"],
    ["usd", Number.POSITIVE_INFINITY, "usd currency has a maximum amount of 5.00"],
    ["usd", Number.MIN_VALUE, "usd currency has a minimum amount of 0.05"],
    ["clf", 1, "clf currency has a maximum amount of 0.15"],
    ["jpy", 501, "jpy currency has a maximum amount of 500.00"],
    ["idr", 1, "idr currency has a minimum amount of 300.00"],
    ["btc", 1, "btc currency is not currently supported"],
    // In the scan code's table, but not in the limits.
    ["ssp", 1, "ssp currency is not currently supported"],
    ["stn", 1, "stn currency is not currently supported"],
    ["ves", 1, "ves currency is not currently supported"],
  ])("reject %s %d", async (currency, amount, text) => {
    expect(await refused({ exchangeData: fiat(currency, amount) })).toEqual(invalid(text));
  });

  it("accept an amount with any number of decimals", async () => {
    await accept(payment({ exchangeData: fiat("usd", 1.0000001) }));
    await accept(payment({ exchangeData: fiat("jpy", 5.125) }));
  });

  it("support only the listed currencies if the table is replaced", async () => {
    const limits: LimitsTable = { usd: { min: 10, max: 250 }, xts: { min: 0, max: 1e6 } };
    await using other = await Emulator.start({ limits });
    const outcome = (exchangeData: ReturnType<typeof fiat>) =>
      refusalOf(sendPayment(other, newKey(), payment({ exchangeData })));
    await sendPayment(other, newKey(), payment({ exchangeData: fiat("usd", 250) }));
    await sendPayment(other, newKey(), payment({ exchangeData: fiat("xts", 1e-300) }));
    expect(await outcome(fiat("usd", 5))).toEqual(invalid("usd currency has a minimum amount of 10.00"));
    expect(await outcome(kin())).toEqual(invalid("kin currency is not currently supported"));
  });
});

describe("a kin payment request", () => {
  it("accepts quarks that are off by up to one kin", async () => {
    const outcome = (quarks: bigint) =>
      sendPayment(emulator, newKey(), payment({ exchangeData: kin({ quarks }) }));
    for (const quarks of [249_900_000n, 250_000_000n, 250_100_000n]) await outcome(quarks);
    for (const quarks of [249_800_000n, 250_200_000n, 100_000n, 2n ** 64n - (2n ** 64n % 100_000n)])
      expect(await refusalOf(outcome(quarks))).toEqual(
        invalid("payment native amount and quark value mismatch"),
      );
  });

  it.each([nextTo(1, 1n), nextTo(1, -1n), 1e-300, Number.POSITIVE_INFINITY, Number.NaN])(
    "rejects the rate %d; it must be 1",
    async (exchangeRate) => {
      expect(await refused({ exchangeData: kin({ exchangeRate }) })).toEqual(
        invalid("kin exchange rate must be 1"),
      );
    },
  );

  it.each([2500.5, nextTo(2500, 1n), Number.NaN])(
    "rejects the fractional kin amount %d",
    async (nativeAmount) => {
      const quarks = 250_000_000n;
      expect(await refused({ exchangeData: kin({ nativeAmount, quarks }) })).toEqual(
        invalid("native amount can't include fractional kin"),
      );
    },
  );

  it.each([1n, 250_000_001n, 249_999_999n, 250_050_000n])(
    "rejects the fractional quarks %d",
    async (quarks) => {
      expect(await refused({ exchangeData: kin({ quarks }) })).toEqual(
        invalid("quark amount can't include fractional kin"),
      );
    },
  );

  it.each(["usd", "eur", "xxx"])("rejects exact exchange data in %s", async (currency) => {
    expect(await refused({ exchangeData: kin({ currency }) })).toEqual(
      invalid("exact exchange data is reserved for kin only"),
    );
  });
});

describe("fees of a payment request", () => {
  it.each([
    [[fee(1, 1)], 0],
    [[fee(2, 1), fee(1, 1)], 1],
    [[fee(2, 1), fee(3, 1), fee(1, 1)], 2],
  ])("rejects a fee to the payment's own destination, %#", async (additionalFees, index) => {
    expect(await refused({ additionalFees })).toEqual(
      invalid(`fee taker at index ${index} is the payment destination and should be omitted`),
    );
  });

  it.each([
    [[fee(2, 1), fee(2, 1)], 1],
    [[fee(2, 1), fee(3, 1), fee(2, 2)], 2],
    [[fee(2, 1), fee(3, 1), fee(3, 1)], 2],
  ])("rejects a repeated fee taker, %#", async (additionalFees, index) => {
    expect(await refused({ additionalFees })).toEqual(
      invalid(`fee taker at index ${index} appears multiple times and should be merged`),
    );
  });

  it("reports the first of two fee violations", async () => {
    expect(await refused({ additionalFees: [fee(2, 1), fee(2, 1), fee(1, 1)] })).toEqual(
      invalid("fee taker at index 1 appears multiple times and should be merged"),
    );
    expect(await refused({ additionalFees: [fee(2, 1), fee(1, 1), fee(2, 1)] })).toEqual(
      invalid("fee taker at index 1 is the payment destination and should be omitted"),
    );
  });

  it("accepts fees of up to 5000 basis points in total", async () => {
    await accept(payment({ additionalFees: [fee(2, 5000)] }));
    await accept(payment({ additionalFees: [fee(2, 1), fee(3, 1), fee(4, 4998)] }));
    for (const additionalFees of [
      [fee(2, 5001)],
      [fee(2, 2500), fee(3, 2501)],
      [fee(2, 10_000), fee(3, 10_000)],
    ])
      expect(await refused({ additionalFees })).toEqual(
        invalid("total fee percentage cannot exceed 5000 basis points"),
      );
  });

  it("applies the maxFeeBasisPoints option", async () => {
    await using strict = await Emulator.start({ maxFeeBasisPoints: 10 });
    const outcome = (bps: number) =>
      sendPayment(strict, newKey(), payment({ additionalFees: [fee(2, bps)] }));
    await outcome(10);
    expect(await refusalOf(outcome(11))).toEqual(
      invalid("total fee percentage cannot exceed 10 basis points"),
    );
  });
});

describe("a payment request with a domain and no verifier", () => {
  const invalidDomain = (why: string) => invalid(`domain is invalid: ${why}`);
  const notHostname = (cause: string) =>
    invalid(
      `invalid SendMessageRequest.Message: embedded message failed validation | caused by: invalid Message.RequestToReceiveBill: embedded message failed validation | caused by: invalid RequestToReceiveBill.Domain: embedded message failed validation | caused by: invalid Domain.Value: value must be a valid hostname | caused by: ${cause}`,
    );
  const badCharacter = "hostname parts can only contain alphanumeric characters or hyphens, got";

  it.each([
    ["upper case", "Example.com", invalidDomain("domain name is invalid: idna: disallowed rune U+0045")],
    [
      "upper case further back",
      "example.cOm",
      invalidDomain("domain name is invalid: idna: disallowed rune U+004F"),
    ],
    ["a single label", "localhost", invalidDomain("value must have base domain and tld")],
    [
      "hyphens where punycode has them",
      "www.ab--cd.com",
      invalidDomain('domain name is invalid: idna: invalid label "ab--cd"'),
    ],
    [
      "punycode of a disallowed character",
      "xn--a.com",
      invalidDomain('domain name is invalid: idna: invalid label "\\u0080"'),
    ],
    ["an underscore, by validation", "my_shop.com", notHostname(`${badCharacter} "_"`)],
    ["a colon, by validation", "example.com:443", notHostname(`${badCharacter} ":"`)],
    [
      "an empty label, by validation",
      "example..com",
      notHostname("hostname part must be non-empty and cannot exceed 63 characters"),
    ],
    ["a letter beyond ASCII, by validation", "bücher.de", notHostname(`${badCharacter} "ü"`)],
  ])("rejects the domain for %s", async (_, value, refusal) => {
    expect(await refused({ domain: { value } })).toEqual(refusal);
  });

  it.each([
    ["example.com", "example.com"],
    ["shop.example.com", "example.com"],
    ["app.getcode.com", "getcode.com"],
    ["example.co.uk", "co.uk"],
    // The original counts the empty part after the root dot.
    ["example.com.", "com."],
    ["com.", "com."],
    ["xn--bcher-kva.de", "xn--bcher-kva.de"],
    ["127.0.0.1", "0.1"],
  ])("stores the base domain: %s as %s", async (value, base) => {
    const key = await accept(payment({ domain: { value } }));
    const record = await store.transaction(toBase58(key.publicKey), (transaction) =>
      transaction.getRequest(),
    );
    expect(record?.domain).toEqual({ base, verified: false });
  });

  it("rejects a signature or a rendezvous key", async () => {
    const rendezvousKey = { value: filled(1) };
    expect(await refused({ domain, signature, rendezvousKey })).toEqual(
      invalid("signature can only be set when verifying domain"),
    );
    expect(await refused({ domain, rendezvousKey })).toEqual(
      invalid("rendezvous key can only be set when verifying domain"),
    );
  });
});

describe("a payment request without a domain", () => {
  it("rejects a verifier, a signature and a rendezvous key, in this order", async () => {
    const rendezvousKey = { value: filled(1) };
    const key = { value: verifier.publicKey };
    expect(await refused({ verifier: key, signature, rendezvousKey })).toEqual(
      invalid("verifier cannot be set when domain not provided"),
    );
    expect(await refused({ signature, rendezvousKey })).toEqual(
      invalid("signature cannot be set when domain not provided"),
    );
    expect(await refused({ rendezvousKey })).toEqual(
      invalid("rendezvous key cannot be set when domain not provided"),
    );
  });
});

describe("a payment request with a domain and a verifier", () => {
  const outcome = (value: string, key = newKey()) =>
    refusalOf(sendPayment(emulator, key, verifiedPayment(key, verifier, value)));

  it("checks the rules in the order of the protocol", async () => {
    const url = "https://order.example/.well-known/code-payments.json";
    wellKnown.set(url, async () => ({ status: 500, body: "" }));
    const key = newKey();
    const send = (fields: PaymentFields, by = unlisted) =>
      refusalOf(sendPayment(emulator, key, verifiedPayment(key, by, "order.example", fields)));
    expect(await send({ signature: undefined, rendezvousKey: undefined })).toEqual(
      invalid("signature must be set for domain verification"),
    );
    expect(await send({ signature, rendezvousKey: undefined })).toEqual(
      invalid("rendezvous key must be set for domain verification"),
    );
    expect(await send({ signature, rendezvousKey: { value: newKey().publicKey } })).toEqual(
      invalid("rendezvous key mismatch"),
    );
    expect(await send({ signature })).toEqual(unauthenticated());
    expect(fetched).not.toContain(url);
    expect(await send({})).toEqual(
      unauthenticated("error veryfing domain ownership: http status 500 returned"),
    );
    wellKnown.delete(url);
    expect(await send({})).toEqual(
      denied(`${toBase58(unlisted.publicKey)} does not own domain order.example`),
    );
    expect((await statusOf(emulator, key)).exists).toBe(false);
    await accept(verifiedPayment(key, verifier, "order.example"), key);
    expect((await statusOf(emulator, key)).exists).toBe(true);
  });

  it("checks the domain after the amount and the fees", async () => {
    const key = newKey();
    const send = (fields: PaymentFields) =>
      refusalOf(
        sendPayment(emulator, key, verifiedPayment(key, verifier, "example.com", { signature, ...fields })),
      );
    expect(await send({ exchangeData: fiat("usd", 6) })).toEqual(
      invalid("usd currency has a maximum amount of 5.00"),
    );
    expect(await send({ additionalFees: [fee(1, 1)] })).toEqual(
      invalid("fee taker at index 0 is the payment destination and should be omitted"),
    );
    expect(await send({ domain: { value: "EXAMPLE.com" } })).toEqual(
      invalid("domain is invalid: domain name is invalid: idna: disallowed rune U+0045"),
    );
  });

  it("requires the verifier's signature over every field except the signature", async () => {
    const full: PaymentFields = { exchangeData: kin(), additionalFees: [fee(2, 10), fee(3, 20)] };
    const key = newKey();
    const request = verifiedPayment(key, verifier, "example.com", full);
    await accept(request, key);
    const changes: PaymentFields[] = [
      { requestorAccount: { value: filled(4) } },
      { exchangeData: kin({ nativeAmount: 2501 }) },
      { domain: { value: "www.example.com" } },
      { additionalFees: [fee(2, 10)] },
      { additionalFees: [fee(2, 10), fee(3, 21)] },
      { verifier: { value: unlisted.publicKey } },
    ];
    for (const change of changes) {
      const other = newKey();
      const own = verifiedPayment(other, verifier, "example.com", full);
      const changed = verifiedPayment(other, verifier, "example.com", {
        ...full,
        ...change,
        signature: own.signature,
      });
      expect(await refusalOf(sendPayment(emulator, other, changed))).toEqual(unauthenticated());
      await accept(own, other);
    }
  });

  it.each([
    ["example.com", "https://example.com/.well-known/code-payments.json"],
    ["com.", "https://com./.well-known/code-payments.json"],
    ["app.getcode.com", "https://app.getcode.com/.well-known/code-payments.json"],
    ["xn--bcher-kva.de", "https://xn--bcher-kva.de/.well-known/code-payments.json"],
  ])("verifies %s with the file of %s", async (value, url) => {
    fetched.length = 0;
    const key = newKey();
    await accept(verifiedPayment(key, verifier, value), key);
    expect(fetched).toEqual([url]);
    const record = await store.transaction(toBase58(key.publicKey), (transaction) =>
      transaction.getRequest(),
    );
    expect(record?.domain?.verified).toBe(true);
  });

  it.each([
    "shop.example.com",
    "example.co.uk",
    "www.app.getcode.com",
    "web.getcode.com",
    "a.b.c.d.com.",
    "example.com.",
  ])("rejects %s, which has more than two labels", async (value) => {
    fetched.length = 0;
    expect(await outcome(value)).toEqual(
      unauthenticated("error veryfing domain ownership: subdomains cannot be verified"),
    );
    expect(fetched).toEqual([]);
  });

  describe("the well-known file of a payment request", () => {
    const ownerError = (why: string) => unauthenticated(`error veryfing domain ownership: ${why}`);
    const notListed = (base: string) => denied(`${toBase58(verifier.publicKey)} does not own domain ${base}`);
    const own = toBase58(verifier.publicKey);
    const goType = "thirdparty.responseBody";
    const ok = (body: string) => async () => ({ status: 200, body });

    it.each<[string, () => Promise<WellKnownAnswer>, (base: string) => Refusal]>([
      [
        "is not there",
        async () => ({ status: 404, body: listed }),
        () => ownerError("http status 404 returned"),
      ],
      [
        "comes with status 201",
        async () => ({ status: 201, body: listed }),
        () => ownerError("http status 201 returned"),
      ],
      [
        "comes with status 304",
        async () => ({ status: 304, body: "" }),
        () => ownerError("http status 304 returned"),
      ],
      [
        "cannot be fetched",
        () => Promise.reject(new Error("connect refused")),
        () => ownerError("connect refused"),
      ],
      ["fails with text", () => Promise.reject("no route"), () => ownerError("no route")],
      [
        "is a list",
        ok("[]"),
        () => ownerError(`json: cannot unmarshal array into Go value of type ${goType}`),
      ],
      [
        "is text",
        ok('"x"'),
        () => ownerError(`json: cannot unmarshal string into Go value of type ${goType}`),
      ],
      [
        "has text for keys",
        ok('{"public_keys":"x"}'),
        () =>
          ownerError(
            "json: cannot unmarshal string into Go struct field responseBody.public_keys of type []string",
          ),
      ],
      [
        "has a number for a key",
        ok(`{"public_keys":[1,"${toBase58(verifier.publicKey)}"]}`),
        () =>
          ownerError(
            "json: cannot unmarshal number into Go struct field responseBody.public_keys of type string",
          ),
      ],
      ["has no keys", ok('{"public_keys":[]}'), notListed],
      ["has null for keys", ok('{"public_keys":null}'), notListed],
      ["is an empty object", ok("{}"), notListed],
      ["is null", ok("null"), notListed],
      ["lists the key before another list", ok(`{"public_keys":["${own}"],"PUBLIC_KEYS":["x"]}`), notListed],
      ["lists the key before null", ok(`{"public_keys":["${own}"],"public_keys":null}`), notListed],
      ["lists others", ok(`{"public_keys":["${toBase58(unlisted.publicKey)}"]}`), notListed],
      ["lists the key with a space", ok(`{"public_keys":["${toBase58(verifier.publicKey)} "]}`), notListed],
    ])("reads a file: %s", async (name, answer, refusal) => {
      const base = `${name.replaceAll(" ", "-")}.example`;
      wellKnown.set(`https://${base}/.well-known/code-payments.json`, answer);
      expect(await outcome(base)).toEqual(refusal(base));
    });

    it("rejects a file that is not JSON with the parser's message", async () => {
      wellKnown.set("https://html.example/.well-known/code-payments.json", ok("<html>"));
      const { code, text } = await outcome("html.example");
      expect(code).toBe("Unauthenticated");
      expect(text).toMatch(/^error veryfing domain ownership: .+/);
    });

    it.each([
      ["unknown fields", `{"x":1,"public_keys":["${toBase58(unlisted.publicKey)}","${own}"]}`],
      ["a name in another case", `{"Public_KEYS":["${own}"]}`],
      ["a name with a letter that folds to s", `{"public_key\u017f":["${own}"]}`],
      ["a null item", `{"public_keys":[null,"${own}"]}`],
      ["the list twice, of which the last counts", `{"public_keys":["x"],"public_keys":["${own}"]}`],
    ])("finds the key in a file with %s", async (name, body) => {
      const base = `${name.replace(/[^a-z]+/g, "-")}.example`;
      wellKnown.set(`https://${base}/.well-known/code-payments.json`, ok(body));
      const key = newKey();
      await accept(verifiedPayment(key, verifier, base), key);
    });
  });
});

describe("a repeated payment request", () => {
  it("accepts repeats as new messages with new ids without changing the record", async () => {
    const key = newKey();
    const request = verifiedPayment(key, verifier, "example.com", {
      exchangeData: kin(),
      additionalFees: [fee(2, 100), fee(3, 200)],
    });
    const ids = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const { messageId } = await sendPayment(emulator, key, request);
      ids.add(toBase58(messageId?.value ?? filled(0, 0)));
    }
    expect(ids.size).toBe(5);
    const messages = await poll(emulator, key);
    expect(messages.map(({ id }) => toBase58(id?.value ?? filled(0, 0)))).toEqual([...ids]);
    expect(new Set(messages.map(({ kind }) => kind.case))).toEqual(new Set(["requestToReceiveBill"]));
  });

  it("accepts another verifier that owns the domain, and another subdomain", async () => {
    const url = "https://two.example/.well-known/code-payments.json";
    const keys = [verifier, unlisted].map(({ publicKey }) => toBase58(publicKey));
    wellKnown.set(url, async () => ({ status: 200, body: JSON.stringify({ public_keys: keys }) }));
    const key = newKey();
    await accept(verifiedPayment(key, verifier, "two.example"), key);
    await accept(verifiedPayment(key, unlisted, "two.example"), key);
    const unverified = await accept(payment({ domain: { value: "a.example.com" } }));
    await accept(payment({ domain: { value: "b.c.example.com" } }), unverified);
    expect(await refused({ domain: { value: "example.com." } }, unverified)).toEqual(
      invalid("domain mismatches original request"),
    );
  });

  it("compares fields in the order of the protocol for fiat", async () => {
    const original: PaymentFields = { domain, additionalFees: [fee(5, 10), fee(6, 20)] };
    const key = await accept(payment(original));
    let fields: PaymentFields = {
      requestorAccount: { value: filled(2) },
      exchangeData: fiat("eur", 2),
      domain: { value: "example.org" },
      verifier: { value: verifier.publicKey },
      additionalFees: [fee(7, 11)],
    };
    const step = async (change: PaymentFields, expected: string) => {
      fields = { ...fields, ...change };
      expect(await refused(fields, key)).toEqual(invalid(expected));
    };
    await step({}, "destination mismatches original request");
    await step({ requestorAccount: { value: filled(1) } }, "exchange currency mismatches original request");
    await step({ exchangeData: fiat("usd", nextTo(1, 1n)) }, "native amount mismatches original request");
    await step({ exchangeData: fiat("usd", 1) }, "domain mismatches original request");
    await step({ domain }, "original request isn't verified");
    await step({ verifier: undefined, signature }, "original request configured 2 fee takers");
    await step(
      { additionalFees: [fee(7, 11), fee(8, 21)] },
      "destination for fee at index 0 mismatches original request",
    );
    await step(
      { additionalFees: [fee(5, 11), fee(8, 21)] },
      "basis points for fee at index 0 mismatches original request",
    );
    await step(
      { additionalFees: [fee(5, 10), fee(8, 21)] },
      "destination for fee at index 1 mismatches original request",
    );
    await step(
      { additionalFees: [fee(5, 10), fee(6, 21)] },
      "basis points for fee at index 1 mismatches original request",
    );
    // The comparison is complete; the domain rules follow.
    await step(
      { additionalFees: [fee(5, 10), fee(6, 20)] },
      "signature can only be set when verifying domain",
    );
    await accept(payment(original), key);
  });

  it("compares fields in the order of the protocol for kin", async () => {
    const key = await accept(payment({ exchangeData: kin() }));
    const again = (exchangeData: ReturnType<typeof kin>, fields: PaymentFields = {}) =>
      refused({ exchangeData, domain, ...fields }, key);
    expect(await again(fiat("usd", 1))).toEqual(invalid("exchange currency mismatches original request"));
    expect(await again(kin({ nativeAmount: 2501, exchangeRate: 2 }))).toEqual(
      invalid("native amount mismatches original request"),
    );
    expect(await again(kin({ exchangeRate: 2, quarks: 100_000n }))).toEqual(
      invalid("exchange rate mismatches original request"),
    );
    // A new request can be off by one kin.
    expect(await again(kin({ quarks: 250_100_000n }))).toEqual(invalid("quarks mismatches original request"));
    expect(await again(kin())).toEqual(invalid("domain mismatches original request"));
  });

  it("rejects a domain that only one of the two requests has", async () => {
    const mismatch = invalid("domain mismatches original request");
    const without = await accept(payment());
    expect(await refused({ domain }, without)).toEqual(mismatch);
    const key = await accept(payment({ domain }));
    expect(await refused({}, key)).toEqual(mismatch);
    expect(await refused({ domain: { value: "example.org" } }, key)).toEqual(mismatch);
  });

  it("rejects a change of verification before it compares fees", async () => {
    const additionalFees = [fee(2, 1)];
    const verified = newKey();
    await accept(verifiedPayment(verified, verifier, "example.com"), verified);
    expect(await refused({ domain, additionalFees }, verified)).toEqual(
      invalid("original request is verified"),
    );
    const unverified = await accept(payment({ domain }));
    expect(
      await refusalOf(
        sendPayment(
          emulator,
          unverified,
          verifiedPayment(unverified, verifier, "example.com", { additionalFees }),
        ),
      ),
    ).toEqual(invalid("original request isn't verified"));
  });

  it("rejects another number of fees", async () => {
    const none = await accept(payment());
    expect(await refused({ additionalFees: [fee(2, 1)] }, none)).toEqual(
      invalid("original request configured 0 fee takers"),
    );
    const one = await accept(payment({ additionalFees: [fee(2, 1)] }));
    expect(await refused({}, one)).toEqual(invalid("original request configured 1 fee takers"));
    // The fee rules themselves are not applied again.
    expect(await refused({ additionalFees: [fee(2, 1), fee(2, 1)] }, one)).toEqual(
      invalid("original request configured 1 fee takers"),
    );
  });

  it("rejects a payment after a login request", async () => {
    const key = newKey();
    await sendLogin(emulator, key, login(key, verifier, "example.com"));
    expect(await refused({ requestorAccount: { value: filled(9) } }, key)).toEqual(
      invalid("original request doesn't require payment"),
    );
  });

  it("checks the kind of amount, the intent and the domain before it compares", async () => {
    const key = await accept(payment({ exchangeData: kin(), domain }));
    const other = { value: filled(2) };
    expect(
      await refused({ requestorAccount: other, exchangeData: kin({ nativeAmount: 0.5, quarks: 1n }) }, key),
    ).toEqual(invalid("native amount can't include fractional kin"));
    expect(await refused({ requestorAccount: other, exchangeData: fiat("kin", 1) }, key)).toEqual(
      invalid("partial exchange data is reserved for fiat currencies"),
    );
    expect(await refused({ requestorAccount: other, domain: { value: "localhost" } }, key)).toEqual(
      invalid("domain is invalid: value must have base domain and tld"),
    );
    await submit(store, key);
    expect(await refused({ requestorAccount: other, domain: { value: "localhost" } }, key)).toEqual(
      invalid("client submitted intent"),
    );
  });

  it("checks the verifier's signature and the owner of the domain again", async () => {
    const url = "https://moved.example/.well-known/code-payments.json";
    const key = newKey();
    const request = verifiedPayment(key, verifier, "moved.example");
    await accept(request, key);
    expect(
      await refusalOf(
        sendPayment(emulator, key, verifiedPayment(key, verifier, "moved.example", { signature })),
      ),
    ).toEqual(unauthenticated());
    wellKnown.set(url, async () => ({ status: 200, body: '{"public_keys":[]}' }));
    expect(await refusalOf(sendPayment(emulator, key, request))).toEqual(
      denied(`${toBase58(verifier.publicKey)} does not own domain moved.example`),
    );
    expect(await poll(emulator, key)).toHaveLength(1);
  });

  it("does not apply limits and fee rules again, which can have changed", async () => {
    const shared = memoryStore();
    const key = newKey();
    const request = payment({ exchangeData: fiat("usd", 250), additionalFees: [fee(2, 5000)] });
    const generous = await Emulator.start({ store: shared, limits: { usd: { min: 1, max: 250 } } });
    await sendPayment(generous, key, request);
    await generous.close();
    await using strict = await Emulator.start({ store: shared, limits: {}, maxFeeBasisPoints: 0 });
    await sendPayment(strict, key, request);
    expect(await poll(strict, key)).toHaveLength(2);
    expect(await refusalOf(sendPayment(strict, newKey(), request))).toEqual(
      invalid("usd currency is not currently supported"),
    );
  });

  it("stores one record for concurrent requests and rejects one of two different ones", async () => {
    const key = newKey();
    const requests = [1, 2].map((byte) => payment({ requestorAccount: { value: filled(byte) } }));
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        sendPayment(emulator, key, requests[i % 2] ?? payment()).then(
          () => "accepted",
          (error: Error) => error.message,
        ),
      ),
    );
    const mismatch = "[invalid_argument] destination mismatches original request";
    expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(10);
    expect(outcomes.filter((outcome) => outcome === mismatch)).toHaveLength(10);
    expect(await poll(emulator, key)).toHaveLength(10);
  });
});

describe("payment request properties", () => {
  interface Chosen {
    readonly destination: number;
    readonly amount: { readonly currency: string; readonly share: number };
    readonly fees: readonly number[];
    readonly host: string | undefined;
  }

  const chosen: fc.Arbitrary<Chosen> = fc.record({
    destination: fc.integer({ min: 0, max: 99 }),
    amount: fc.record({
      currency: fc.constantFrom(...Object.keys(SEQUENCER_LIMITS)),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fees: fc.array(fc.integer({ min: 1, max: 1666 }), { maxLength: 3 }),
    host: fc.option(fc.constantFrom("example.com", "shop.example.com", "xn--bcher-kva.de"), {
      nil: undefined,
    }),
  });

  function fieldsOf({ destination, amount: { currency, share }, fees, host }: Chosen): PaymentFields {
    const { min, max } = SEQUENCER_LIMITS[currency] ?? { min: 1, max: 1 };
    const amount = Math.min(max, min + (max - min) * share);
    return {
      requestorAccount: { value: filled(destination) },
      exchangeData: currency === "kin" ? kin({ nativeAmount: Math.round(amount) }) : fiat(currency, amount),
      additionalFees: fees.map((bps, i) => fee(100 + i, bps)),
      domain: host === undefined ? undefined : { value: host },
    };
  }

  it("stores one record for any valid request, however often it is sent", async () => {
    await fc.assert(
      fc.asyncProperty(chosen, async (choice) => {
        const request = payment(fieldsOf(choice));
        const key = await accept(request);
        const record = () =>
          store.transaction(toBase58(key.publicKey), (transaction) => transaction.getRequest());
        const first = await record();
        await accept(request, key);
        expect(await record()).toBe(first);
        expect(await poll(emulator, key)).toHaveLength(2);
      }),
      runs(150),
    );
  });

  it("rejects a repeat with any single difference and names it", async () => {
    type Change = (fields: PaymentFields, choice: Chosen) => [PaymentFields, string] | undefined;
    const mismatch = (what: string) => `${what} mismatches original request`;
    const changes: Readonly<Record<string, Change>> = {
      destination: (fields, { destination }) => [
        { ...fields, requestorAccount: { value: filled(destination + 100) } },
        mismatch("destination"),
      ],
      currency: (fields, { amount }) =>
        amount.currency === "kin"
          ? [{ ...fields, exchangeData: fiat("usd", 1) }, mismatch("exchange currency")]
          : [{ ...fields, exchangeData: kin() }, mismatch("exchange currency")],
      amount: (fields) => {
        const { exchangeData } = fields;
        if (exchangeData?.case === "exact") {
          const nativeAmount = (exchangeData.value.nativeAmount ?? 0) + 1;
          return [{ ...fields, exchangeData: kin({ nativeAmount }) }, mismatch("native amount")];
        }
        const { currency = "", nativeAmount = 0 } = exchangeData?.value ?? {};
        return [
          { ...fields, exchangeData: fiat(currency, nextTo(nativeAmount, 1n)) },
          mismatch("native amount"),
        ];
      },
      quarks: (fields) => {
        const { exchangeData } = fields;
        if (exchangeData?.case !== "exact") return undefined;
        const quarks = (exchangeData.value.quarks ?? 0n) + 100_000n;
        return [{ ...fields, exchangeData: kin({ ...exchangeData.value, quarks }) }, mismatch("quarks")];
      },
      rate: (fields) => {
        const { exchangeData } = fields;
        if (exchangeData?.case !== "exact") return undefined;
        return [
          { ...fields, exchangeData: kin({ ...exchangeData.value, exchangeRate: 1.5 }) },
          mismatch("exchange rate"),
        ];
      },
      domain: (fields, { host }) => [
        { ...fields, domain: host === undefined ? domain : undefined },
        mismatch("domain"),
      ],
      feeCount: (fields, { fees }) => [
        {
          ...fields,
          additionalFees: fees.length === 3 ? [fee(100, 1)] : [...(fields.additionalFees ?? []), fee(200, 1)],
        },
        `original request configured ${fees.length} fee takers`,
      ],
      feeTaker: (fields, { fees }) => {
        const last = fees.length - 1;
        if (last < 0) return undefined;
        const others = (fields.additionalFees ?? []).slice(0, last);
        return [
          { ...fields, additionalFees: [...others, fee(200, fees[last] ?? 0)] },
          mismatch(`destination for fee at index ${last}`),
        ];
      },
      feeShare: (fields, { fees }) => {
        const [first, ...others] = fields.additionalFees ?? [];
        if (first === undefined) return undefined;
        return [
          { ...fields, additionalFees: [fee(100, (fees[0] ?? 0) + 1), ...others] },
          mismatch("basis points for fee at index 0"),
        ];
      },
    };
    await fc.assert(
      fc.asyncProperty(chosen, fc.constantFrom(...Object.values(changes)), async (choice, change) => {
        const fields = fieldsOf(choice);
        const changed = change(fields, choice);
        if (changed === undefined) return;
        const key = await accept(payment(fields));
        expect(await refused(changed[0], key)).toEqual(invalid(changed[1]));
        await accept(payment(fields), key);
      }),
      runs(300),
    );
  });
});
