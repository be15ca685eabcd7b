import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageSchema, SendMessageRequestSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { Emulator } from "../../src/emulator/index.js";
import { explain } from "../../src/inspect/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { CURRENCIES } from "../../src/money/currency.js";
import { webhookUrlProblem } from "../../src/server/rules/webhook-url.js";
import { runs } from "../support/property.js";
import {
  type ExchangeData,
  fee,
  fiat,
  filled,
  type Kind,
  kin,
  type LoginFields,
  login,
  messagingOf,
  microPaymentOf,
  newKey,
  type PaymentFields,
  payment,
  verifiedPayment,
} from "../support/sequencer.js";

const verifier = newKey();
let emulator: Emulator;
beforeAll(async () => {
  const body = JSON.stringify({ public_keys: [toBase58(verifier.publicKey)] });
  emulator = await Emulator.start({ fetchWellKnown: async () => ({ status: 200, body }) });
});
afterAll(() => emulator.close());

/** The outcome of a message: in its explanation, and when it is sent. */
async function judged(kindFor: (key: ReturnType<typeof newKey>) => Kind): Promise<{
  readonly problems: readonly string[];
  readonly doubtful: boolean;
  readonly refusal: string | undefined;
}> {
  const key = newKey();
  const message = create(MessageSchema, { kind: kindFor(key) } as MessageInitShape<typeof MessageSchema>);
  const request = create(SendMessageRequestSchema, {
    message,
    rendezvousKey: { value: key.publicKey },
    signature: { value: key.sign(toBinary(MessageSchema, message)) },
  });
  const { problems, checks } = explain(toBinary(SendMessageRequestSchema, request), {
    as: "SendMessageRequest",
  });
  const failed = checks.filter(({ outcome }) => outcome === "failed").map(({ text }) => text);
  const refusal = await messagingOf(emulator)
    .sendMessage(request)
    .then(
      () => undefined,
      (error: Error) => error.message,
    );
  const wrong = problems.filter(({ kind }) => kind === "malformed" || kind === "broken_rule");
  return {
    problems: [...wrong.map(({ expected, found }) => `${expected}; ${found}`), ...failed],
    doubtful: problems.some(({ kind }) => kind === "doubtful"),
    refusal,
  };
}

const paid = (fields: PaymentFields) => () => ({
  case: "requestToReceiveBill" as const,
  value: payment(fields),
});
const domain = { value: "example.com" };
const signature = { value: filled(1, 64) };

/** Requests, and whether the sequencer accepts them. Refusals for limits and accounts are omitted. */
const requests: readonly (readonly [what: string, kind: (key: ReturnType<typeof newKey>) => Kind])[] = [
  ["1 usd", paid({})],
  ["no account", paid({ requestorAccount: undefined })],
  ["an account of 31 bytes", paid({ requestorAccount: { value: filled(1, 31) } })],
  ["no exchange data", paid({ exchangeData: undefined })],
  ["NaN usd", paid({ exchangeData: fiat("usd", Number.NaN) })],
  ["an infinite amount", paid({ exchangeData: fiat("usd", Number.POSITIVE_INFINITY) })],
  ["a negative amount", paid({ exchangeData: fiat("usd", -1) })],
  ["2.505 usd", paid({ exchangeData: fiat("usd", 2.505) })],
  ["a float of 2.55 usd", paid({ exchangeData: fiat("usd", Math.fround(2.55)) })],
  ["an uppercase currency", paid({ exchangeData: fiat("USD", 1) })],
  ["an unknown currency", paid({ exchangeData: fiat("xyz", 1) })],
  ["a currency without limits", paid({ exchangeData: fiat("ssp", 1) })],
  ["a currency without an index", paid({ exchangeData: fiat("ggp", 1) })],
  ["kin without its rate", paid({ exchangeData: fiat("kin", 2500) })],
  ["2500 kin", paid({ exchangeData: kin() })],
  ["NaN kin", paid({ exchangeData: kin({ nativeAmount: Number.NaN, quarks: 250_000_000n }) })],
  ["a fraction of a kin", paid({ exchangeData: kin({ nativeAmount: 2500.5, quarks: 250_000_000n }) })],
  ["a fraction in quarks", paid({ exchangeData: kin({ quarks: 250_050_000n }) })],
  ["one kin too many in quarks", paid({ exchangeData: kin({ quarks: 250_100_000n }) })],
  ["two kin too many in quarks", paid({ exchangeData: kin({ quarks: 250_200_000n }) })],
  ["another rate of kin", paid({ exchangeData: kin({ exchangeRate: 2 }) })],
  ["usd with a rate", paid({ exchangeData: kin({ currency: "usd", nativeAmount: 1, quarks: 100_000n }) })],
  ["fees with a sum of 5000", paid({ additionalFees: [fee(2, 2999), fee(3, 2001)] })],
  ["fees with a sum of 5001", paid({ additionalFees: [fee(2, 3000), fee(3, 2001)] })],
  ["a fee of zero", paid({ additionalFees: [fee(2, 0)] })],
  ["a fee of 10001", paid({ additionalFees: [fee(2, 10_001)] })],
  ["four fees", paid({ additionalFees: [2, 3, 4, 5].map((byte) => fee(byte, 1)) })],
  ["a fee to the destination", paid({ additionalFees: [fee(1, 1)] })],
  ["two fees to one account", paid({ additionalFees: [fee(2, 1), fee(2, 1)] })],
  ["an unverified domain", paid({ domain })],
  ["an unverified subdomain", paid({ domain: { value: "shop.example.com" } })],
  ["a domain of one label", paid({ domain: { value: "localhost" } })],
  ["a domain in upper case", paid({ domain: { value: "Example.com" } })],
  ["a domain with an underscore", paid({ domain: { value: "ex_ample.com" } })],
  ["a domain with two hyphens after two letters", paid({ domain: { value: "ab--cd.com" } })],
  ["a domain with a trailing dot", paid({ domain: { value: "example.com." } })],
  ["a signature without a domain", paid({ signature })],
  ["a verifier without a domain", paid({ verifier: { value: verifier.publicKey } })],
  ["a rendezvous key without a domain", paid({ rendezvousKey: { value: filled(1) } })],
  ["a signature with an unverified domain", paid({ domain, signature })],
  [
    "a verified domain",
    (key) => ({ case: "requestToReceiveBill", value: verifiedPayment(key, verifier, "example.com") }),
  ],
  [
    "a verified subdomain",
    (key) => ({ case: "requestToReceiveBill", value: verifiedPayment(key, verifier, "shop.example.com") }),
  ],
  [
    "the one subdomain that can be verified",
    (key) => ({ case: "requestToReceiveBill", value: verifiedPayment(key, verifier, "app.getcode.com") }),
  ],
  [
    "another rendezvous key in the request",
    (key) => ({
      case: "requestToReceiveBill",
      value: verifiedPayment(key, verifier, "example.com", { rendezvousKey: { value: filled(1) } }),
    }),
  ],
  [
    "a verifier that did not sign",
    (key) => ({
      case: "requestToReceiveBill",
      value: verifiedPayment(key, verifier, "example.com", { signature }),
    }),
  ],
  ["a login", (key) => ({ case: "requestToLogin", value: login(key, verifier, "example.com") })],
  [
    "a login at a subdomain",
    (key) => ({ case: "requestToLogin", value: login(key, verifier, "a.example.com") }),
  ],
  ["a login at one label", (key) => ({ case: "requestToLogin", value: login(key, verifier, "localhost") })],
  [
    "an unsigned login",
    (key) => ({
      case: "requestToLogin",
      value: login(key, verifier, "example.com", { signature: undefined } as LoginFields),
    }),
  ],
  [
    "a rejection of this intent",
    (key) => ({ case: "clientRejectedPayment", value: { intentId: { value: key.publicKey } } }),
  ],
  [
    "a rejection of another intent",
    () => ({ case: "clientRejectedPayment", value: { intentId: { value: filled(1) } } }),
  ],
  ["a scan", () => ({ case: "codeScanned", value: { timestamp: { seconds: 1n } } })],
  [
    "a kind that only the sequencer sends",
    () => ({ case: "webhookCalled", value: { timestamp: { seconds: 1n } } }),
  ],
];

describe("the explorer's verdict on a request", () => {
  it.each(requests)("agrees with the emulator: %s", async (_what, kind) => {
    const { problems, refusal } = await judged(kind);
    expect({ refused: problems.length > 0, problems }).toEqual({ refused: refusal !== undefined, problems });
  });

  it("includes both refused and accepted requests", async () => {
    const outcomes = await Promise.all(requests.map(([, kind]) => judged(kind)));
    expect(outcomes.filter(({ refusal }) => refusal !== undefined).length).toBeGreaterThan(30);
    expect(outcomes.filter(({ refusal }) => refusal === undefined).length).toBeGreaterThan(10);
  });

  it("agrees with the emulator for every combination of faults", async () => {
    const any = fc.record({
      exchangeData: fc.constantFrom<(ExchangeData | undefined)[]>(
        fiat("usd", 1),
        fiat("usd", 2.505),
        fiat("usd", Number.NaN),
        fiat("kin", 2500),
        fiat("ssp", 1),
        kin(),
        kin({ quarks: 250_050_000n }),
        undefined,
      ),
      domain: fc.constantFrom(undefined, domain, { value: "shop.example.com" }, { value: "localhost" }),
      signature: fc.constantFrom(undefined, undefined, signature),
      additionalFees: fc.array(
        fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 2000, 5000, 10_001)),
        {
          maxLength: 4,
        },
      ),
    });
    await fc.assert(
      fc.asyncProperty(any, async ({ additionalFees, ...fields }) => {
        const fees = additionalFees.map(([byte, share]) => fee(byte, share));
        const { problems, refusal } = await judged(paid({ ...fields, additionalFees: fees }));
        expect({ refused: problems.length > 0, problems }).toEqual({
          refused: refusal !== undefined,
          problems,
        });
      }),
      runs(200),
    );
  });
});

describe("a doubtful request", () => {
  it.each(["NaN usd", "2.505 usd", "a float of 2.55 usd", "a currency without an index"])(
    "is accepted anyway: %s",
    async (what) => {
      const [, kind] = requests.find(([name]) => name === what) ?? [];
      const { doubtful, refusal } = await judged(kind ?? paid({}));
      expect([doubtful, refusal]).toEqual([true, undefined]);
    },
  );

  it("has a currency or an amount that official clients never send", async () => {
    const supported = CURRENCIES.filter((currency) => !["ssp", "stn", "ves", "kin"].includes(currency));
    for (const currency of supported) {
      const message = create(MessageSchema, {
        kind: paid({ exchangeData: fiat(currency, 1) })(),
      } as MessageInitShape<typeof MessageSchema>);
      expect(explain(toBinary(MessageSchema, message)).problems).toEqual([]);
    }
  });
});

describe("a webhook URL in an explanation", () => {
  const resolveHost = async (): Promise<void> => {};
  const rules = { resolveHost, isLocalHost: () => false };

  const urls = [
    "https://example.com/paid",
    "http://example.com/paid?a=b#c",
    "https://127.0.0.1/paid",
    "https://example.com:8443/paid",
    "http://localhost:3000",
    "https://Example.com/paid",
    "https://ex_ample.com/paid",
    "HTTPS://example.com",
    "example.com/paid",
    "ftp://example.com",
    "http:///paid",
    "https://\u00e9xample.com/\u00e9",
    `https://example.com/${"\u00e9".repeat(1010)}`,
    `https://example.com/${"a".repeat(1010)}`,
  ];
  it.each(urls.map((url) => [url.slice(0, 40), url]))(
    "is reported as refused exactly if the sequencer refuses it: %s",
    async (_start, url) => {
      const request = { intentId: { value: filled(1) }, url };
      const call = microPaymentOf(emulator).registerWebhook(request);
      const valid = await call.then(
        () => true,
        () => false,
      );
      const refused = !valid || (await webhookUrlProblem(url, rules, false)) !== undefined;
      const body = Buffer.from(url);
      const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
      const bytes = Buffer.concat([
        Buffer.from(`0a220a20${"01".repeat(32)}12`, "hex"),
        Buffer.from(length),
        body,
      ]);
      const { problems } = explain(new Uint8Array(bytes), { as: "RegisterWebhookRequest" });
      expect([problems.length > 0, problems]).toEqual([refused, problems]);
    },
  );
});
