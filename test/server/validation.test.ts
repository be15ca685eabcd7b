import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  AckMessagesRequestSchema,
  PollMessagesRequestSchema,
  SendMessageRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type {
  GetStatusRequestSchema,
  RegisterWebhookRequestSchema,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { Emulator } from "../../src/emulator/index.js";
import { Agreement } from "../contract/agreement.js";
import {
  fee,
  fiat,
  filled,
  invalid,
  type Kind,
  kin,
  messagingOf,
  microPaymentOf,
  type PaymentFields,
  payment,
  type Refusal,
  refusalOf,
} from "../support/sequencer.js";

type SendInit = MessageInitShape<typeof SendMessageRequestSchema>;
type PollInit = MessageInitShape<typeof PollMessagesRequestSchema>;
type AckInit = MessageInitShape<typeof AckMessagesRequestSchema>;
type StatusInit = MessageInitShape<typeof GetStatusRequestSchema>;
type WebhookInit = MessageInitShape<typeof RegisterWebhookRequestSchema>;

const agreement = new Agreement({ allowLocalWebhooks: true });
afterAll(() => expect(agreement.disagreements.join("\n")).toBe(""));
let emulator: Emulator;
beforeAll(async () => {
  emulator = agreement.of(await Emulator.start());
});
afterAll(() => emulator.close());

const key = { value: filled(2) };
const signature = { value: filled(3, 64) };
const account = { value: filled(1) };
const timestamp = { seconds: 1n };
const scanned: Kind = { case: "codeScanned", value: { timestamp } };

const required = "value is required";
const currencyPattern = 'value does not match regex pattern "^[a-z]{3}$"';
const positive = "value must be greater than 0";
const bytes = (count: number) => `value length must be ${count} bytes`;

/** The text of a reason below a path of `Message.Field`. */
function text(path: readonly string[], reason: string): string {
  return path
    .map(
      (step, i) => `invalid ${step}: ${i < path.length - 1 ? "embedded message failed validation" : reason}`,
    )
    .join(" | caused by: ");
}

const sendMessage = (request: SendInit): Promise<Refusal> =>
  refusalOf(messagingOf(emulator).sendMessage(request));
const sendKind = (kind: Kind): Promise<Refusal> =>
  sendMessage({ message: { kind }, rendezvousKey: key, signature });
const sendPayment = (fields: PaymentFields): Promise<Refusal> =>
  sendKind({ case: "requestToReceiveBill", value: payment(fields) });

/** The validation error of a payment request with only these fields. */
const requestPath = ["SendMessageRequest.Message", "Message.RequestToReceiveBill"];
const expectPayment = async (fields: PaymentFields, path: readonly string[], reason: string) =>
  expect(await sendPayment(fields)).toEqual(invalid(text([...requestPath, ...path], reason)));

describe("SendMessageRequest", () => {
  it.each<[string, SendInit, string[], string]>([
    ["message", { rendezvousKey: key, signature }, ["Message"], required],
    ["rendezvous_key", { message: { kind: scanned }, signature }, ["RendezvousKey"], required],
    ["signature", { message: { kind: scanned }, rendezvousKey: key }, ["Signature"], required],
    [
      "a rendezvous_key of 31 bytes",
      { message: { kind: scanned }, rendezvousKey: { value: filled(2, 31) }, signature },
      ["RendezvousKey", "RendezvousKey.Value"],
      bytes(32),
    ],
    [
      "an empty signature",
      { message: { kind: scanned }, rendezvousKey: key, signature: {} },
      ["Signature", "Signature.Value"],
      bytes(64),
    ],
    [
      "a signature of 65 bytes",
      { message: { kind: scanned }, rendezvousKey: key, signature: { value: filled(3, 65) } },
      ["Signature", "Signature.Value"],
      bytes(64),
    ],
  ])("rejects a missing or wrong field: %s", async (_, request, [field, ...path], reason) => {
    expect(await sendMessage(request)).toEqual(
      invalid(text([`SendMessageRequest.${field}`, ...path], reason)),
    );
  });

  it("checks message, rendezvous_key and signature in this order", async () => {
    expect(await sendMessage({})).toEqual(invalid("invalid SendMessageRequest.Message: value is required"));
    expect(await sendMessage({ message: { kind: scanned } })).toEqual(
      invalid("invalid SendMessageRequest.RendezvousKey: value is required"),
    );
    // The inside of a field is checked before the fields after it.
    expect(await sendMessage({ message: {} })).toEqual(
      invalid(text(["SendMessageRequest.Message", "Message.Kind"], required)),
    );
    expect(
      await sendMessage({ message: { kind: scanned }, rendezvousKey: { value: filled(2, 33) } }),
    ).toEqual(invalid(text(["SendMessageRequest.RendezvousKey", "RendezvousKey.Value"], bytes(32))));
  });
});

describe("Message", () => {
  const path = (...rest: string[]) => ["SendMessageRequest.Message", ...rest];

  it("rejects a message without a kind", async () => {
    expect(await sendMessage({ message: {}, rendezvousKey: key, signature })).toEqual(
      invalid(
        "invalid SendMessageRequest.Message: embedded message failed validation | caused by: invalid Message.Kind: value is required",
      ),
    );
  });

  it("checks the lengths of its id and signature, in this order, before its kind", async () => {
    const id = { value: filled(1, 15) };
    const sendMessageRequestSignature = { value: filled(1, 63) };
    const send = (message: NonNullable<SendInit["message"]>) =>
      sendMessage({ message, rendezvousKey: key, signature });
    expect(await send({ id, sendMessageRequestSignature })).toEqual(
      invalid(text(path("Message.Id", "MessageId.Value"), bytes(16))),
    );
    expect(await send({ id: { value: filled(1, 16) }, sendMessageRequestSignature })).toEqual(
      invalid(text(path("Message.SendMessageRequestSignature", "Signature.Value"), bytes(64))),
    );
    expect(await send({ id: { value: filled(1, 16) } })).toEqual(
      invalid(text(path("Message.Kind"), required)),
    );
  });

  const badAccount = { value: filled(1, 33) };
  const airdrop = { airdropType: 1, exchangeData: kin().value, timestamp };
  const sent = { destination: account, exchangeData: kin().value };
  const metadata = (value: object) => ({ type: { case: "sendPrivatePayment" as const, value } });

  it.each<[string, Kind, string[], string]>([
    [
      "a bill grabbed without an account",
      { case: "requestToGrabBill", value: {} },
      ["RequestToGrabBill", "RequestToGrabBill.RequestorAccount"],
      required,
    ],
    [
      "a bill grabbed for an account of 33 bytes",
      { case: "requestToGrabBill", value: { requestorAccount: badAccount } },
      ["RequestToGrabBill", "RequestToGrabBill.RequestorAccount", "SolanaAccountId.Value"],
      bytes(32),
    ],
    [
      "a scan without a time",
      { case: "codeScanned", value: {} },
      ["CodeScanned", "CodeScanned.Timestamp"],
      required,
    ],
    [
      "a rejected payment without an intent",
      { case: "clientRejectedPayment", value: {} },
      ["ClientRejectedPayment", "ClientRejectedPayment.IntentId"],
      required,
    ],
    [
      "a rejected payment of an intent of 31 bytes",
      { case: "clientRejectedPayment", value: { intentId: { value: filled(1, 31) } } },
      ["ClientRejectedPayment", "ClientRejectedPayment.IntentId", "IntentId.Value"],
      bytes(32),
    ],
    [
      "a rejected login without a time",
      { case: "clientRejectedLogin", value: {} },
      ["ClientRejectedLogin", "ClientRejectedLogin.Timestamp"],
      required,
    ],
    [
      "a submitted intent without an id",
      { case: "intentSubmitted", value: {} },
      ["IntentSubmitted", "IntentSubmitted.IntentId"],
      required,
    ],
    [
      "a submitted intent with metadata of no type",
      { case: "intentSubmitted", value: { intentId: account, metadata: {} } },
      ["IntentSubmitted", "IntentSubmitted.Metadata", "Metadata.Type"],
      required,
    ],
    [
      "a submitted payment without a destination",
      { case: "intentSubmitted", value: { intentId: account, metadata: metadata({}) } },
      [
        "IntentSubmitted",
        "IntentSubmitted.Metadata",
        "Metadata.SendPrivatePayment",
        "SendPrivatePaymentMetadata.Destination",
      ],
      required,
    ],
    [
      "a submitted payment without an amount",
      {
        case: "intentSubmitted",
        value: { intentId: account, metadata: metadata({ destination: account }) },
      },
      [
        "IntentSubmitted",
        "IntentSubmitted.Metadata",
        "Metadata.SendPrivatePayment",
        "SendPrivatePaymentMetadata.ExchangeData",
      ],
      required,
    ],
    [
      "a submitted payment of no quarks",
      {
        case: "intentSubmitted",
        value: {
          intentId: account,
          metadata: metadata({ ...sent, exchangeData: kin({ quarks: 0n }).value }),
        },
      },
      [
        "IntentSubmitted",
        "IntentSubmitted.Metadata",
        "Metadata.SendPrivatePayment",
        "SendPrivatePaymentMetadata.ExchangeData",
        "ExchangeData.Quarks",
      ],
      positive,
    ],
    [
      "a called webhook without a time",
      { case: "webhookCalled", value: {} },
      ["WebhookCalled", "WebhookCalled.Timestamp"],
      required,
    ],
    [
      "an airdrop of no type",
      { case: "airdropReceived", value: { ...airdrop, airdropType: 0 } },
      ["AirdropReceived", "AirdropReceived.AirdropType"],
      "value must not be in list [0]",
    ],
    [
      "an airdrop without an amount",
      { case: "airdropReceived", value: { airdropType: 1, timestamp } },
      ["AirdropReceived", "AirdropReceived.ExchangeData"],
      required,
    ],
    [
      "an airdrop without a time",
      { case: "airdropReceived", value: { airdropType: 1, exchangeData: kin().value } },
      ["AirdropReceived", "AirdropReceived.Timestamp"],
      required,
    ],
  ])("rejects %s", async (_, kind, [field, ...rest], reason) => {
    expect(await sendKind(kind)).toEqual(invalid(text(path(`Message.${field}`, ...rest), reason)));
  });

  it("accepts a rejection and a scan in validation", async () => {
    const accepted: Kind[] = [
      scanned,
      { case: "codeScanned", value: { timestamp: {} } },
      { case: "clientRejectedPayment", value: { intentId: account } },
      { case: "clientRejectedLogin", value: { timestamp } },
      { case: "requestToGrabBill", value: { requestorAccount: account } },
    ];
    for (const kind of accepted) expect(await sendKind(kind)).toEqual({ code: "Unauthenticated", text: "" });
  });
});

describe("RequestToReceiveBill", () => {
  it("rejects a missing amount with the text that the protocol documents", async () => {
    expect(await sendPayment({ exchangeData: { case: "partial", value: { currency: "usd" } } })).toEqual(
      invalid(
        "invalid SendMessageRequest.Message: embedded message failed validation | caused by: invalid Message.RequestToReceiveBill: embedded message failed validation | caused by: invalid RequestToReceiveBill.Partial: embedded message failed validation | caused by: invalid ExchangeDataWithoutRate.NativeAmount: value must be greater than 0",
      ),
    );
  });

  const own = (field: string) => `RequestToReceiveBill.${field}`;
  it.each<[string, PaymentFields, string[], string]>([
    ["no destination", { requestorAccount: undefined }, [own("RequestorAccount")], required],
    [
      "an empty destination",
      { requestorAccount: { value: filled(0, 0) } },
      [own("RequestorAccount"), "SolanaAccountId.Value"],
      bytes(32),
    ],
    ["no amount", { exchangeData: undefined }, [own("ExchangeData")], required],
    [
      "an empty fiat amount",
      { exchangeData: { case: "partial", value: {} } },
      [own("Partial"), "ExchangeDataWithoutRate.Currency"],
      currencyPattern,
    ],
    [
      "a currency in upper case",
      { exchangeData: fiat("USD", 1) },
      [own("Partial"), "ExchangeDataWithoutRate.Currency"],
      currencyPattern,
    ],
    [
      "a currency of four letters",
      { exchangeData: fiat("usdc", 1) },
      [own("Partial"), "ExchangeDataWithoutRate.Currency"],
      currencyPattern,
    ],
    [
      "a currency and a line break",
      { exchangeData: fiat("usd\n", 1) },
      [own("Partial"), "ExchangeDataWithoutRate.Currency"],
      currencyPattern,
    ],
    [
      "a currency with a digit",
      { exchangeData: fiat("us1", 1) },
      [own("Partial"), "ExchangeDataWithoutRate.Currency"],
      currencyPattern,
    ],
    [
      "a negative fiat amount",
      { exchangeData: fiat("usd", -0.01) },
      [own("Partial"), "ExchangeDataWithoutRate.NativeAmount"],
      positive,
    ],
    [
      "minus infinity",
      { exchangeData: fiat("usd", Number.NEGATIVE_INFINITY) },
      [own("Partial"), "ExchangeDataWithoutRate.NativeAmount"],
      positive,
    ],
    [
      "a kin currency that is none",
      { exchangeData: kin({ currency: "Kin" }) },
      [own("Exact"), "ExchangeData.Currency"],
      currencyPattern,
    ],
    [
      "no kin rate",
      { exchangeData: kin({ exchangeRate: 0 }) },
      [own("Exact"), "ExchangeData.ExchangeRate"],
      positive,
    ],
    [
      "no kin amount",
      { exchangeData: kin({ nativeAmount: 0, quarks: 1n }) },
      [own("Exact"), "ExchangeData.NativeAmount"],
      positive,
    ],
    ["no quarks", { exchangeData: kin({ quarks: 0n }) }, [own("Exact"), "ExchangeData.Quarks"], positive],
    [
      "a verifier of 31 bytes",
      { verifier: { value: filled(1, 31) } },
      [own("Verifier"), "SolanaAccountId.Value"],
      bytes(32),
    ],
    [
      "a verifier's signature of 63 bytes",
      { signature: { value: filled(1, 63) } },
      [own("Signature"), "Signature.Value"],
      bytes(64),
    ],
    [
      "a rendezvous key of 33 bytes",
      { rendezvousKey: { value: filled(1, 33) } },
      [own("RendezvousKey"), "RendezvousKey.Value"],
      bytes(32),
    ],
    [
      "four fees",
      { additionalFees: [fee(2, 1), fee(3, 1), fee(4, 1), fee(5, 1)] },
      [own("AdditionalFees")],
      "value must contain no more than 3 item(s)",
    ],
    [
      "a fee without a taker",
      { additionalFees: [{ feeBps: 1 }] },
      [own("AdditionalFees[0]"), "AdditionalFeePayment.Destination"],
      required,
    ],
    [
      "a second fee for a taker of 5 bytes",
      { additionalFees: [fee(2, 1), { destination: { value: filled(3, 5) }, feeBps: 1 }] },
      [own("AdditionalFees[1]"), "AdditionalFeePayment.Destination", "SolanaAccountId.Value"],
      bytes(32),
    ],
    [
      "a third fee of nothing",
      { additionalFees: [fee(2, 1), fee(3, 10_000), fee(4, 0)] },
      [own("AdditionalFees[2]"), "AdditionalFeePayment.FeeBps"],
      "value must be inside range (0, 10000]",
    ],
    [
      "a fee of more than everything",
      { additionalFees: [fee(2, 10_001)] },
      [own("AdditionalFees[0]"), "AdditionalFeePayment.FeeBps"],
      "value must be inside range (0, 10000]",
    ],
    [
      "the largest fee that a field can hold",
      { additionalFees: [fee(2, 0xffff_ffff)] },
      [own("AdditionalFees[0]"), "AdditionalFeePayment.FeeBps"],
      "value must be inside range (0, 10000]",
    ],
  ])("rejects %s", async (_, fields, path, reason) => {
    await expectPayment(fields, path, reason);
  });

  it("checks plain fields in declaration order, and the amount last", async () => {
    const short = { value: filled(1, 1) };
    const steps: [string, PaymentFields, string[], string][] = [
      [
        "requestorAccount",
        { requestorAccount: short },
        [own("RequestorAccount"), "SolanaAccountId.Value"],
        bytes(32),
      ],
      [
        "domain",
        { domain: { value: "-" } },
        [own("Domain"), "Domain.Value"],
        "value must be a valid hostname | caused by: hostname parts cannot begin with hyphens",
      ],
      ["verifier", { verifier: short }, [own("Verifier"), "SolanaAccountId.Value"], bytes(32)],
      ["signature", { signature: short }, [own("Signature"), "Signature.Value"], bytes(64)],
      ["rendezvousKey", { rendezvousKey: short }, [own("RendezvousKey"), "RendezvousKey.Value"], bytes(32)],
      [
        "additionalFees",
        { additionalFees: [fee(2, 0)] },
        [own("AdditionalFees[0]"), "AdditionalFeePayment.FeeBps"],
        "value must be inside range (0, 10000]",
      ],
      ["exchangeData", { exchangeData: undefined }, [own("ExchangeData")], required],
    ];
    // Each request violates this rule and all later ones.
    for (const [i, [, , path, reason]] of steps.entries()) {
      const fields = Object.assign({}, ...steps.slice(i).map(([, violation]) => violation));
      await expectPayment(fields, path, reason);
    }
  });

  it("checks the fields of an amount in order, and those of a fee", async () => {
    const exact = (value: object): PaymentFields => ({ exchangeData: { case: "exact", value } });
    await expectPayment(exact({}), [own("Exact"), "ExchangeData.Currency"], currencyPattern);
    await expectPayment(exact({ currency: "kin" }), [own("Exact"), "ExchangeData.ExchangeRate"], positive);
    await expectPayment(
      exact({ currency: "kin", exchangeRate: 1 }),
      [own("Exact"), "ExchangeData.NativeAmount"],
      positive,
    );
    await expectPayment(
      exact({ currency: "kin", exchangeRate: 1, nativeAmount: 1 }),
      [own("Exact"), "ExchangeData.Quarks"],
      positive,
    );
    await expectPayment(
      { additionalFees: [{ feeBps: 0 }] },
      [own("AdditionalFees[0]"), "AdditionalFeePayment.Destination"],
      required,
    );
  });

  it("accepts three fees of up to 10,000 basis points each in validation", async () => {
    const additionalFees = [fee(2, 1), fee(3, 10_000), fee(4, 5000)];
    expect(await sendPayment({ additionalFees })).toEqual({ code: "Unauthenticated", text: "" });
  });
});

describe("Domain", () => {
  const path = ["RequestToReceiveBill.Domain", "Domain.Value"];
  const label63 = "a".repeat(63);
  const badLength = "hostname part must be non-empty and cannot exceed 63 characters";
  const badCharacter = "hostname parts can only contain alphanumeric characters or hyphens, got";
  const name253 = `${label63}.${label63}.${label63}.${"a".repeat(61)}`;

  it.each([
    ["an empty name", ""],
    ["254 characters", `${name253}a`],
    ["254 characters with the root dot", `${name253}.`],
  ])("rejects %s by its length", async (_, value) => {
    const reason = "value length must be between 1 and 253 runes, inclusive";
    await expectPayment({ domain: { value } }, path, reason);
    await expectPayment({ domain: {} as { value: string } }, path, reason);
  });

  it.each([
    ["a label of 64 characters", `${label63}a.com`, badLength],
    ["an empty label", "example..com", badLength],
    ["an empty label in front", ".example.com", badLength],
    ["only a dot", ".", badLength],
    ["two root dots", "example.com..", badLength],
    ["a hyphen in front", "-example.com", "hostname parts cannot begin with hyphens"],
    ["a hyphen at the end of a label", "example-.com", "hostname parts cannot end with hyphens"],
    ["an underscore", "my_shop.com", `${badCharacter} "_"`],
    ["a colon", "example.com:443", `${badCharacter} ":"`],
    ["a path", "example.com/", `${badCharacter} "/"`],
    ["a space", "exam ple.com", `${badCharacter} " "`],
    ["a line break", "example.com\n", `${badCharacter} "\\n"`],
    ["letters that want punycode", "bücher.de", `${badCharacter} "ü"`],
    ["an emoji", "☃.net", `${badCharacter} "☃"`],
  ])("rejects %s as a hostname, and says why", async (_, value, cause) => {
    await expectPayment({ domain: { value } }, path, `value must be a valid hostname | caused by: ${cause}`);
  });

  it.each([
    ["253 characters", name253],
    ["252 characters and the root dot", `${name253.slice(0, -1)}.`],
    ["a label of one character", "a.b"],
    ["a single label", "localhost"],
    ["upper case, which other rules refuse", "EXAMPLE.com"],
    ["punycode", "xn--bcher-kva.de"],
    ["digits and hyphens", "1-2.3-4"],
  ])("accepts %s", async (_, value) => {
    expect(await sendPayment({ domain: { value } })).toEqual({ code: "Unauthenticated", text: "" });
  });
});

describe("RequestToLogin", () => {
  const complete = { domain: { value: "example.com" }, verifier: account, signature, rendezvousKey: key };
  const path = ["SendMessageRequest.Message", "Message.RequestToLogin"];
  const sendLogin = (value: Partial<typeof complete>) => sendKind({ case: "requestToLogin", value });

  it("requires domain, verifier, signature and rendezvous_key, and checks them in this order", async () => {
    const fields = [
      ["domain", "Domain"],
      ["verifier", "Verifier"],
      ["signature", "Signature"],
      ["rendezvousKey", "RendezvousKey"],
    ] as const;
    let present: Partial<typeof complete> = {};
    for (const [field, name] of fields) {
      const { [field]: _, ...others } = complete;
      for (const request of [present, others])
        expect(await sendLogin(request)).toEqual(
          invalid(text([...path, `RequestToLogin.${name}`], required)),
        );
      present = { ...present, [field]: complete[field] };
    }
    expect(await sendLogin(present)).toEqual({ code: "Unauthenticated", text: "" });
  });

  it("checks the inside of its fields", async () => {
    const inside: [Partial<typeof complete>, string[], string][] = [
      [
        { domain: { value: "a_b.com" } },
        ["RequestToLogin.Domain", "Domain.Value"],
        'value must be a valid hostname | caused by: hostname parts can only contain alphanumeric characters or hyphens, got "_"',
      ],
      [
        { verifier: { value: filled(1, 1) } },
        ["RequestToLogin.Verifier", "SolanaAccountId.Value"],
        bytes(32),
      ],
      [{ signature: { value: filled(1, 1) } }, ["RequestToLogin.Signature", "Signature.Value"], bytes(64)],
      [
        { rendezvousKey: { value: filled(1, 1) } },
        ["RequestToLogin.RendezvousKey", "RendezvousKey.Value"],
        bytes(32),
      ],
    ];
    for (const [fields, rest, reason] of inside)
      expect(await sendLogin({ ...complete, ...fields })).toEqual(invalid(text([...path, ...rest], reason)));
  });
});

describe("PollMessagesRequest", () => {
  it.each<[string, PollInit, string[], string]>([
    ["nothing", {}, ["RendezvousKey"], required],
    ["no key", { signature }, ["RendezvousKey"], required],
    ["no signature", { rendezvousKey: key }, ["Signature"], required],
    [
      "a key of 31 bytes before a short signature",
      { rendezvousKey: { value: filled(1, 31) }, signature: {} },
      ["RendezvousKey", "RendezvousKey.Value"],
      bytes(32),
    ],
    [
      "an empty signature",
      { rendezvousKey: key, signature: {} },
      ["Signature", "Signature.Value"],
      bytes(64),
    ],
  ])("rejects %s", async (_, request, [field, ...path], reason) => {
    expect(await refusalOf(messagingOf(emulator).pollMessages(request))).toEqual(
      invalid(text([`PollMessagesRequest.${field}`, ...path], reason)),
    );
  });
});

describe("AckMessagesRequest", () => {
  const id = { value: filled(1, 16) };
  const count = "value must contain between 1 and 1024 items, inclusive";

  it.each<[string, AckInit, string[], string]>([
    ["nothing", {}, ["RendezvousKey"], required],
    ["no key", { messageIds: [id] }, ["RendezvousKey"], required],
    ["no ids", { rendezvousKey: key }, ["MessageIds"], count],
    ["1025 ids", { rendezvousKey: key, messageIds: Array(1025).fill(id) }, ["MessageIds"], count],
    [
      "1025 wrong ids by their count",
      { rendezvousKey: key, messageIds: Array(1025).fill({}) },
      ["MessageIds"],
      count,
    ],
    [
      "a second id of 15 bytes",
      { rendezvousKey: key, messageIds: [id, { value: filled(1, 15) }, {}] },
      ["MessageIds[1]", "MessageId.Value"],
      bytes(16),
    ],
    [
      "an empty last id of 1024",
      { rendezvousKey: key, messageIds: [...Array(1023).fill(id), {}] },
      ["MessageIds[1023]", "MessageId.Value"],
      bytes(16),
    ],
  ])("rejects %s", async (_, request, [field, ...path], reason) => {
    expect(await refusalOf(messagingOf(emulator).ackMessages(request))).toEqual(
      invalid(text([`AckMessagesRequest.${field}`, ...path], reason)),
    );
  });

  it("accepts 1 and 1024 ids", async () => {
    for (const length of [1, 1024]) {
      const messageIds = Array(length).fill(id);
      expect((await messagingOf(emulator).ackMessages({ rendezvousKey: key, messageIds })).result).toBe(0);
    }
  });
});

describe("GetStatusRequest", () => {
  it.each<[string, StatusInit, string[], string]>([
    ["nothing", {}, ["IntentId"], required],
    ["an empty id", { intentId: {} }, ["IntentId", "IntentId.Value"], bytes(32)],
    ["an id of 33 bytes", { intentId: { value: filled(1, 33) } }, ["IntentId", "IntentId.Value"], bytes(32)],
  ])("rejects %s", async (_, request, [field, ...path], reason) => {
    expect(await refusalOf(microPaymentOf(emulator).getStatus(request))).toEqual(
      invalid(text([`GetStatusRequest.${field}`, ...path], reason)),
    );
  });
});

describe("RegisterWebhookRequest", () => {
  const intentId = account;
  const length = "value length must be between 1 and 1024 runes, inclusive";
  const notUri = (cause: string): string => `value must be a valid URI | caused by: ${cause}`;
  const https = "https://example.com/";

  it.each<[string, WebhookInit, string[], string]>([
    ["nothing", {}, ["IntentId"], required],
    ["an id of 31 bytes", { intentId: { value: filled(1, 31) } }, ["IntentId", "IntentId.Value"], bytes(32)],
    ["no url", { intentId }, ["Url"], length],
    ["1025 characters", { intentId, url: https.padEnd(1025, "a") }, ["Url"], length],
    ["1025 characters without http", { intentId, url: "a".repeat(1025) }, ["Url"], length],
    ["another scheme", { intentId, url: "ftp://example.com/" }, ["Url"], 'value does not have prefix "http"'],
    [
      "a scheme in upper case",
      { intentId, url: "HTTPS://a.com/" },
      ["Url"],
      'value does not have prefix "http"',
    ],
    ["a leading space", { intentId, url: ` ${https}` }, ["Url"], 'value does not have prefix "http"'],
    [
      "a line break",
      { intentId, url: `${https}\n` },
      ["Url"],
      notUri(`parse "https://example.com/\\n": net/url: invalid control character in URL`),
    ],
    [
      "a NUL in the query",
      { intentId, url: `${https}?\0` },
      ["Url"],
      notUri(`parse "https://example.com/?\\x00": net/url: invalid control character in URL`),
    ],
    [
      "a DEL",
      { intentId, url: `${https}\u007f` },
      ["Url"],
      notUri(`parse "https://example.com/\\x7f": net/url: invalid control character in URL`),
    ],
    [
      "a bare percent sign in the path",
      { intentId, url: `${https}50%/` },
      ["Url"],
      notUri(`parse "https://example.com/50%!/(MISSING)": invalid URL escape "%!/(MISSING)"`),
    ],
    [
      "a bare percent sign in the fragment",
      { intentId, url: `${https}#50%` },
      ["Url"],
      notUri(`parse "https://example.com/#50%!"(MISSING): invalid URL escape "%!"(MISSING)`),
    ],
    [
      "a space in the host",
      { intentId, url: "https://exam ple.com/" },
      ["Url"],
      notUri(`parse "https://exam ple.com/": invalid character " " in host name`),
    ],
    [
      "a backslash in the host",
      { intentId, url: "https://a\\example.com/" },
      ["Url"],
      notUri(`parse "https://a\\\\example.com/": invalid character "\\\\" in host name`),
    ],
    [
      "a port that is no number",
      { intentId, url: "https://example.com:https/" },
      ["Url"],
      notUri(`parse "https://example.com:https/": invalid port ":https" after host`),
    ],
    [
      "an address that does not end",
      { intentId, url: "https://[::1/" },
      ["Url"],
      notUri(`parse "https://[::1/": missing ']' in host`),
    ],
    [
      "an escaped letter in the host",
      { intentId, url: "https://%65xample.com/" },
      ["Url"],
      notUri(`parse "https://%!x(MISSING)ample.com/": invalid URL escape "%!"(MISSING)`),
    ],
    [
      "a space in the user name",
      { intentId, url: "https://a b@example.com/" },
      ["Url"],
      notUri(`parse "https://a b@example.com/": net/url: invalid userinfo`),
    ],
    [
      "a colon in the first segment",
      { intentId, url: "http_s://example.com/" },
      ["Url"],
      notUri(`parse "http_s://example.com/": first path segment in URL cannot contain colon`),
    ],
    ["no scheme", { intentId, url: "http.example.com/" }, ["Url"], "value must be absolute"],
    [
      "a scheme without its colon",
      { intentId, url: "https//example.com/" },
      ["Url"],
      "value must be absolute",
    ],
  ])("rejects %s", async (_, request, [field, ...path], reason) => {
    expect(await refusalOf(microPaymentOf(emulator).registerWebhook(request))).toEqual(
      invalid(text([`RegisterWebhookRequest.${field}`, ...path], reason)),
    );
  });

  it.each([
    ["1024 characters", "http://localhost/".padEnd(1024, "a")],
    ["1024 characters of two UTF-16 units each", `http://localhost/${"😀".repeat(1024 - 17)}`],
    ["a bare percent sign in the query", "http://localhost/paid?discount=50%"],
    ["a space in the path", "http://localhost/a b"],
    ["escapes, a user, a port and a fragment", "http://me:pw@localhost:3000/%20?%41#%42"],
  ])("accepts %s", async (_, url) => {
    // The request does not exist, which is checked after the URL.
    expect((await microPaymentOf(emulator).registerWebhook({ intentId, url })).result).toBe(2);
  });
});
