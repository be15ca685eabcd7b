import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  type InputErrorCode,
  LoginIntent,
  type LoginIntentOptions,
  PaymentIntent,
  type PaymentIntentOptions,
  TipIntent,
  type TipIntentOptions,
} from "../../src/index.js";
import { account } from "../support/payment.js";
import { expectRefusal } from "../support/refusal.js";
import { hex, unhex } from "../support/vectors.js";
import { type AnyOptions, officialKeypair, officialRequest, officialTip } from "./packages.js";

const verifierKey = officialKeypair(new Uint8Array(32).fill(8));
const verifier = verifierKey.getPublicKey().toBase58();
const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const taker = "GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN";
const takers = [taker, account(1), account(2), account(3)];

const payment = { mode: "payment", destination, amount: 1, currency: "usd", clientSecret: "uqM86tVJL9rhqS" };
const login = {
  mode: "login",
  login: { domain: "example.com", verifier },
  signers: [verifierKey],
  clientSecret: "uqM86tVJL9rhqS",
};
const tip = { mode: "tip", platform: { name: "x", username: "getcode" } };
const { clientSecret: _, ...paymentWithoutNonce } = payment;

const at = (domain: string): AnyOptions => ({ ...login, login: { domain, verifier } });
const shared = (...basisPoints: readonly unknown[]): AnyOptions => ({
  ...payment,
  fees: basisPoints.map((share, index) => ({ destination: takers[index], basisPoints: share })),
});
const named = (name: unknown, username: unknown): AnyOptions => ({ ...tip, platform: { name, username } });

interface Built {
  readonly payload: string;
  readonly message: string;
}

function official(options: AnyOptions): Built {
  if (options.mode === "tip")
    return { payload: hex(officialTip(options).rendezvousPayload.toBinary()), message: "" };
  const intent = officialRequest(options);
  const { envelope } = intent.sign();
  return { payload: hex(intent.rendezvousPayload.toBinary()), message: hex(envelope.toBinary()) };
}

function ours(options: AnyOptions): Built {
  if (options.mode === "tip")
    return { payload: hex(TipIntent.from(options as unknown as TipIntentOptions).payload), message: "" };
  const intent =
    options.mode === "login"
      ? LoginIntent.from(options as unknown as LoginIntentOptions)
      : PaymentIntent.from(options as unknown as PaymentIntentOptions);
  return { payload: hex(intent.payload), message: hex(intent.sign().message) };
}

interface Rule {
  readonly rule: string;
  readonly code: InputErrorCode;
  readonly field: string;
  /** Options that violate the rule, by description. */
  readonly inputs: Readonly<Record<string, AnyOptions>>;
}

const amount = (amount: number): AnyOptions => ({ ...payment, amount });
const key = (idempotencyKey: unknown): AnyOptions => ({ ...paymentWithoutNonce, idempotencyKey });
const webhook = (webhook: unknown): AnyOptions => ({ ...payment, webhook });

const ourRules: readonly Rule[] = [
  {
    rule: "an amount is positive",
    code: "invalid_option",
    field: "amount",
    inputs: { "-1": amount(-1), "-0.01": amount(-0.01), "-1 beside fees": { ...shared(1), amount: -1 } },
  },
  {
    rule: "an amount is not rounded by default",
    code: "invalid_option",
    field: "amount",
    inputs: { "0.005": amount(0.005), "0.125, a tie": amount(0.125), "1.005": amount(1.005) },
  },
  {
    rule: "an amount is at most 2^53 - 1 hundredths, so it cannot wrap",
    code: "invalid_option",
    field: "amount",
    inputs: {
      "2^53 hundredths": amount(90071992547409.92),
      "2^56 hundredths, which is 0": amount(720575940379279.4),
      "1e15, which wraps": amount(1e15),
      "1e21, which is 0.01": amount(1e21),
    },
  },
  {
    rule: "an empty list of fees is invalid; `kind` selects its key",
    code: "invalid_option",
    field: "fees",
    inputs: { "[]": { ...payment, fees: [] }, null: { ...payment, fees: null } },
  },
  {
    rule: "a fee is 1 to 10000 basis points",
    code: "invalid_option",
    field: "fees[0].basisPoints",
    inputs: { "0": shared(0), "10001": shared(10_001), "2^32 - 1": shared(2 ** 32 - 1) },
  },
  {
    rule: "a fee has a share",
    code: "missing_option",
    field: "fees[0].basisPoints",
    inputs: { "no share": shared(undefined) },
  },
  {
    rule: "a fee goes to another account than the destination",
    code: "invalid_option",
    field: "fees[0].destination",
    inputs: { "a fee to it": { ...payment, fees: [{ destination, basisPoints: 1 }] } },
  },
  {
    rule: "two fees to one account are one fee",
    code: "invalid_option",
    field: "fees[1].destination",
    inputs: {
      "1 and 2": { ...payment, fees: [1, 2].map((basisPoints) => ({ destination: taker, basisPoints })) },
    },
  },
  {
    rule: "there are at most three fees",
    code: "invalid_option",
    field: "fees",
    inputs: { four: shared(1, 2, 3, 4) },
  },
  {
    rule: "an idempotency key is not empty; the official client treats an empty one as absent",
    code: "missing_option",
    field: "idempotencyKey",
    inputs: { empty: key(""), null: key(null) },
  },
  {
    rule: "an idempotency key is well-formed Unicode; otherwise different keys would be equal",
    code: "invalid_option",
    field: "idempotencyKey",
    inputs: { "a lone surrogate": key("\ud800") },
  },
  {
    rule: "a client secret is not empty",
    code: "missing_option",
    field: "clientSecret",
    inputs: { empty: { ...payment, clientSecret: "" } },
  },
  {
    rule: "a webhook is an absolute http or https URL",
    code: "invalid_option",
    field: "webhook.url",
    inputs: { ftp: webhook({ url: "ftp://example.com" }), "a path": webhook({ url: "/paid" }) },
  },
  {
    rule: "a webhook has a URL",
    code: "missing_option",
    field: "webhook.url",
    inputs: { none: webhook({}), empty: webhook({ url: "" }) },
  },
  {
    rule: "a webhook is an object",
    code: "invalid_option",
    field: "webhook",
    inputs: { text: webhook("https://example.com"), null: webhook(null) },
  },
  {
    rule: "a domain is a base domain that the sequencer accepts: two labels of lower-case ASCII, not an address",
    code: "invalid_option",
    field: "login.domain",
    inputs: {
      "upper case": at("Example.com"),
      "one label": at("example"),
      Unicode: at("bücher.de"),
      "an IPv6 address": at("[::1]"),
      "an underscore": at("exa_mple.com"),
      "a leading hyphen": at("-a.com"),
      "a label of 64 characters": at(`${"a".repeat(64)}.com`),
      "a user": at("user@example.com"),
      "a query": at("example.com?x"),
      "invalid punycode": at("ab--cd.com"),
    },
  },
  {
    rule: "the platform is x or twitter",
    code: "invalid_option",
    field: "platform.name",
    inputs: { another: named("facebook", "bob"), "upper case": named("X", "bob") },
  },
  {
    rule: "a user's name is text",
    code: "invalid_option",
    field: "platform.username",
    inputs: { "a number": named("x", 5) },
  },
  {
    rule: "a user's name is well-formed Unicode; otherwise different names would be equal",
    code: "invalid_option",
    field: "platform.username",
    inputs: { "a lone surrogate": named("x", "\ud800") },
  },
  {
    rule: "the mode matches the class",
    code: "invalid_option",
    field: "mode",
    inputs: { another: { ...payment, mode: "pay" } },
  },
  {
    rule: "a login requests no payment",
    code: "unknown_option",
    field: "amount",
    inputs: { "an amount": { ...login, amount: 1 } },
  },
  {
    rule: "a tip has no nonce",
    code: "unknown_option",
    field: "idempotencyKey",
    inputs: { "a key": { ...tip, idempotencyKey: "order" } },
  },
  ...["confirmParams", "locale", "appearance", "endpoint", "fetch", "platform", "idempotencyKye"].map(
    (field): Rule => ({
      rule: "an option without effect is rejected",
      code: "unknown_option",
      field,
      inputs: { [field]: { ...payment, [field]: {} } },
    }),
  ),
  {
    rule: "an option without effect is rejected",
    code: "unknown_option",
    field: "fees[0].bps",
    inputs: {
      "an unknown option in a fee": { ...payment, fees: [{ destination: taker, basisPoints: 1, bps: 1 }] },
    },
  },
  {
    rule: "an option without effect is rejected",
    code: "unknown_option",
    field: "login.url",
    inputs: {
      "an unknown option in a login": { ...login, login: { domain: "example.com", verifier, url: "" } },
    },
  },
];

describe("options that the official packages sign and ours rejects, by rule:", () => {
  const rows = ourRules.flatMap(({ rule, code, field, inputs }) =>
    Object.entries(inputs).map(([input, options]) => [rule, input, { code, field, options }] as const),
  );

  it.each(rows)("%s (%s)", (_rule, _input, { options, code, field }) => {
    expect(official(options).payload).toHaveLength(40);
    expectRefusal(() => ours(options), code, field);
  });
});

const seedAndKey = Uint8Array.from([...new Uint8Array(32).fill(8), ...verifierKey.getPublicValue()]);
const loginBy = (verifier: unknown): AnyOptions => ({
  ...login,
  signers: undefined,
  login: { domain: "example.com", verifier },
});

describe("options that our package accepts and the official ones reject, by rule:", () => {
  it.each<readonly [string, string, AnyOptions, { official: string; same: AnyOptions }]>([
    [
      "an amount may be a decimal string, which is exact",
      '"2.50"',
      { ...payment, amount: "2.50" },
      { official: "this.options.amount.toFixed is not a function", same: { ...payment, amount: 2.5 } },
    ],
    [
      "a verifier that can sign needs no list of signers",
      "a secret key",
      loginBy(seedAndKey),
      { official: "base58.match is not a function", same: login },
    ],
    [
      "a verifier that can sign needs no list of signers",
      "an official keypair",
      loginBy(verifierKey),
      { official: "base58.match is not a function", same: login },
    ],
    [
      "a tip is a platform and a name",
      "side by side",
      { mode: "tip", platform: "x", username: "getcode" },
      { official: "expected platform name", same: tip },
    ],
  ])("%s (%s)", (_rule, _input, options, { official: words, same }) => {
    expect(() => official(options)).toThrow(words);
    expect(ours(options)).toEqual(official(same));
  });
});

describe("options that both accept with different results:", () => {
  it("an idempotency key with a secret, which the official packages ignore", () => {
    const options = { ...paymentWithoutNonce, idempotencyKey: "order-1042" };
    const secret = { ...options, idempotencySecret: "a secret of at least thirty-two bytes" };
    expect(official(secret)).toEqual(official(options));
    expect(ours(options)).toEqual(official(options));
    expect(ours(secret).payload).not.toBe(official(secret).payload);
  });

  it("fiat from 2^45 on: the official units can differ from the digits by one, and ours only with rounding", () => {
    const text = "35184450692290.84";
    const unitsOf = ({ payload }: Built) => Buffer.from(payload.slice(4, 18), "hex").readUIntLE(0, 6);
    const first = amount(Number(text));
    expect(unitsOf(official(first)) - unitsOf(ours(first))).toBe(1);
    expect(ours(first)).toEqual(ours({ ...first, amount: text }));
    expect(ours({ ...first, rounding: "nearest" })).toEqual(official(first));
  });

  it("fiat from 2^46 on: a number cannot hold every hundredth, and a string can", () => {
    const options = amount(90071992547409.91);
    expect(official(options).payload.slice(4, 18)).toBe("ffffffffffff1f");
    // The shortest JavaScript text of such a double has one decimal.
    expect(ours(options).payload.slice(4, 18)).toBe("feffffffffff1f");
    expect(ours({ ...options, amount: "90071992547409.91" })).toEqual(official(options));
    expect(ours({ ...options, rounding: "nearest" })).toEqual(official(options));
  });

  it("kin from 2^35 on: the official quarks can differ from the amount, by over 1,000, and ours are exact", () => {
    const options = { ...payment, currency: "kin", amount: 41781441856.05 };
    const quarksOf = ({ message }: Built) => {
      const { kind } = fromBinary(MessageSchema, unhex(message));
      const data = kind.case === "requestToReceiveBill" ? kind.value.exchangeData : undefined;
      return data?.case === "exact" ? data.value.quarks : undefined;
    };
    expect(ours(options).payload).toBe(official(options).payload);
    expect(quarksOf(official(options))).toBe(4_178_144_185_605_001n);
    expect(quarksOf(ours(options))).toBe(4_178_144_185_605_000n);
    expect(ours({ ...options, rounding: "nearest" })).toEqual(ours(options));
    const gapOf = (text: string) => {
      const kin = { ...payment, currency: "kin", amount: text };
      const quarks = quarksOf(official({ ...kin, amount: Number(text) }));
      return Number(quarks) - Number(quarksOf(ours(kin)));
    };
    expect(gapOf("34359860077.98")).toBe(1);
    expect(gapOf("87324421797290.57")).toBe(-1_024);
  });
});
