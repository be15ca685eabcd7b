import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  type Emulator,
  memoryStore,
  type Payment,
  type RatesTable,
  type StoreTransaction,
} from "../../src/emulator/index.js";
import { InputError } from "../../src/errors.js";
import type { PaymentIntent } from "../../src/intents/payment-intent.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { checkPayment } from "../../src/server/rules/payment.js";
import type { RequestedPayment } from "../../src/server/store/store.js";
import { cleanUp, emulated, intentOf, isStreamOpen, register } from "../support/emulated.js";
import { account } from "../support/payment.js";
import { reading } from "../support/reading.js";
import {
  fee,
  fiat,
  filled,
  invalid,
  kin,
  messagingOf,
  microPaymentOf,
  newKey,
  type PaymentFields,
  payment,
  poll,
  refusalOf,
  sendPayment,
  statusOf,
  unauthenticated,
} from "../support/sequencer.js";
import { storeWith } from "../support/stores.js";
import { turns, until } from "../support/turns.js";

afterEach(cleanUp);

const keyOf = (intent: PaymentIntent) => rendezvousKey(intent.payload);
const kindsAt = async (emulator: Emulator, intent: PaymentIntent) =>
  (await poll(emulator, keyOf(intent))).map(({ kind }) => kind.case);

async function ordered(emulator: Emulator, fields: PaymentFields = {}): Promise<PaymentIntent> {
  const intent = intentOf();
  await register(emulator, intent, fields);
  return intent;
}

/** The field that a call is rejected for. */
async function refusedField(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InputError)) throw new Error(`not refused as input: ${String(error)}`);
  return error.field;
}

describe.each([
  ["an intent", (intent: PaymentIntent) => intent],
  ["the 20 bytes of its scan code", (intent: PaymentIntent) => intent.payload],
] as const)("given %s, the wallet", (_, target) => {
  it("scans: it returns the request, and sends CodeScanned", async () => {
    const { emulator, clock } = await emulated();
    const intent = await ordered(emulator, { additionalFees: [fee(2, 500)] });
    await clock.advance(7_000);
    expect(await emulator.wallet.scan(target(intent))).toEqual({
      kind: "payment",
      intentId: intent.id,
      domain: undefined,
      payment: {
        destination: account(1),
        currency: "usd",
        nativeAmount: 1,
        exchangeRate: undefined,
        quarks: undefined,
        fees: [{ destination: account(2), basisPoints: 500 }],
      },
    });
    const [, scanned] = await poll(emulator, keyOf(intent));
    expect(scanned?.kind).toMatchObject({
      case: "codeScanned",
      value: { timestamp: { seconds: BigInt(clock.now() / 1000) } },
    });
    expect(await statusOf(emulator, keyOf(intent))).toMatchObject({
      codeScanned: true,
      intentSubmitted: false,
    });
  });

  it("can scan any number of times", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    await emulator.wallet.scan(target(intent));
    await emulator.wallet.scan(target(intent));
    expect(await kindsAt(emulator, intent)).toEqual(["requestToReceiveBill", "codeScanned", "codeScanned"]);
  });

  it("pays: it submits the intent, and the message states what was paid", async () => {
    const { emulator, clock } = await emulated();
    const intent = await ordered(emulator);
    await clock.advance(3);
    const paid = await emulator.wallet.pay(target(intent));
    expect(paid).toEqual({
      intentId: intent.id,
      payment: {
        destination: account(1),
        currency: "usd",
        nativeAmount: 1,
        exchangeRate: 0.00002,
        quarks: 5_000_000_000n,
        feeQuarks: 50_000_000n,
      },
    });
    const [, submitted] = await poll(emulator, keyOf(intent));
    expect(submitted?.sendMessageRequestSignature).toBeUndefined();
    expect(submitted?.id?.value.length).toBe(16);
    expect(submitted?.kind).toMatchObject({
      case: "intentSubmitted",
      value: {
        intentId: { value: keyOf(intent).publicKey },
        metadata: {
          type: {
            case: "sendPrivatePayment",
            value: {
              destination: { value: filled(1) },
              exchangeData: {
                currency: "usd",
                exchangeRate: 0.00002,
                nativeAmount: 1,
                quarks: 5_000_000_000n,
              },
              isWithdrawal: true,
              isRemoteSend: false,
            },
          },
        },
      },
    });
    expect(await statusOf(emulator, keyOf(intent))).toMatchObject({ exists: true, intentSubmitted: true });
    expect(await refusalOf(sendPayment(emulator, keyOf(intent), payment()))).toEqual(
      invalid("client submitted intent"),
    );
  });

  it("declines, and can still pay", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    expect(await emulator.wallet.reject(target(intent))).toEqual({ intentId: intent.id });
    expect((await poll(emulator, keyOf(intent)))[1]?.kind).toMatchObject({
      case: "clientRejectedPayment",
      value: { intentId: { value: keyOf(intent).publicKey } },
    });
    await emulator.wallet.pay(target(intent));
    expect(await kindsAt(emulator, intent)).toEqual([
      "requestToReceiveBill",
      "clientRejectedPayment",
      "intentSubmitted",
    ]);
  });

  it("leaves silently, and must scan again before it pays or declines", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    await emulator.wallet.scan(target(intent));
    expect(await emulator.wallet.vanish(target(intent))).toEqual({ intentId: intent.id });
    const left = invalid("the payer has left; scan again first");
    expect(await refusalOf(emulator.wallet.pay(target(intent)))).toEqual(left);
    expect(await refusalOf(emulator.wallet.reject(intent))).toEqual(left);
    expect(await kindsAt(emulator, intent)).toEqual(["requestToReceiveBill", "codeScanned"]);
    await emulator.wallet.scan(intent);
    await emulator.wallet.pay(target(intent));
    expect(await statusOf(emulator, keyOf(intent))).toMatchObject({ intentSubmitted: true });
  });

  it("pays once", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    await emulator.wallet.pay(target(intent));
    expect(await refusalOf(emulator.wallet.pay(target(intent)))).toEqual(invalid("client submitted intent"));
    expect(await kindsAt(emulator, intent)).toEqual(["requestToReceiveBill", "intentSubmitted"]);
  });

  it("fails to scan or pay if no request exists", async () => {
    const { emulator } = await emulated();
    const none = invalid("no request exists for this intent");
    expect(await refusalOf(emulator.wallet.scan(target(intentOf())))).toEqual(none);
    expect(await refusalOf(emulator.wallet.pay(target(intentOf())))).toEqual(none);
  });

  it("rejects a request that its key did not sign", async () => {
    const store = memoryStore();
    const { emulator } = await emulated({ store });
    const intent = intentOf();
    for (const signature of [undefined, { value: newKey().sign(filled(1)) }]) {
      await emulator.reset();
      const message = create(MessageSchema, {
        id: { value: filled(5, 16) },
        ...(signature === undefined ? {} : { sendMessageRequestSignature: signature }),
        kind: { case: "requestToReceiveBill", value: payment() },
      });
      await store.transaction(intent.id, async (transaction) => {
        const kind = "requestToReceiveBill";
        const bytes = toBinary(MessageSchema, message);
        await transaction.addMessage({ messageId: toBase58(filled(5, 16)), kind, bytes, createdAt: 0 });
      });
      expect(await refusalOf(emulator.wallet.scan(target(intent)))).toEqual(unauthenticated());
      expect(await refusalOf(emulator.wallet.pay(target(intent)))).toEqual(unauthenticated());
      expect(await kindsAt(emulator, intent)).toEqual(["requestToReceiveBill"]);
    }
  });
});

describe("given a bare intent id, the wallet", () => {
  it("pays", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    expect((await emulator.wallet.pay(intent.id)).intentId).toBe(intent.id);
    expect(await refusalOf(emulator.wallet.pay(intent.id))).toEqual(invalid("client submitted intent"));
    expect(await refusalOf(emulator.wallet.pay(intentOf().id))).toEqual(
      invalid("no request exists for this intent"),
    );
  });

  it("does not scan, decline or leave, since these calls are signed", async () => {
    const { emulator } = await emulated();
    const target = intentOf().id as unknown as Uint8Array;
    for (const act of ["scan", "reject", "vanish"] as const) {
      expect(await refusedField(emulator.wallet[act](target))).toBe("intent");
    }
  });
});

describe("an invalid target", () => {
  it("is rejected with its field named", async () => {
    const { emulator } = await emulated();
    const { wallet } = emulator;
    expect(await refusedField(wallet.pay("0OIl"))).toBe("intent");
    expect(await refusedField(wallet.pay(""))).toBe("intent");
    expect(await refusedField(wallet.pay(filled(1, 19)))).toBe("payload");
    expect(await refusedField(wallet.scan({} as Uint8Array))).toBe("intent");
    expect(await refusedField(wallet.scan(undefined as unknown as Uint8Array))).toBe("intent");
    expect(await refusedField(wallet.pay(intentOf().id, { amount: 1 } as Partial<Payment>))).toBe("amount");
  });
});

describe("a payment of something else", () => {
  const wrong: readonly [string, Partial<Payment>, string][] = [
    ["currency", { currency: "eur" }, "payment has a request for usd currency"],
    ["currency in capitals", { currency: "USD" }, "payment has a request for usd currency"],
    ["amount, above", { nativeAmount: 1.00011 }, "payment has a request for 1.00 native amount"],
    ["amount, below", { nativeAmount: 0.99989 }, "payment has a request for 1.00 native amount"],
    [
      "amount that is not a number",
      { nativeAmount: Number.NaN },
      "payment has a request for 1.00 native amount",
    ],
    [
      "infinite amount",
      { nativeAmount: Number.POSITIVE_INFINITY },
      "payment has a request for 1.00 native amount",
    ],
    ["destination", { destination: account(9) }, `payment has a request to destination ${account(1)}`],
    [
      "currency, amount and destination",
      { currency: "eur", nativeAmount: 2, destination: account(9) },
      "payment has a request for usd currency",
    ],
    [
      "amount and destination",
      { nativeAmount: 2, destination: account(9) },
      "payment has a request for 1.00 native amount",
    ],
  ];

  it.each(wrong)("is rejected: another %s", async (_, changes, text) => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    for (const target of [intent, intent.id]) {
      expect(await refusalOf(emulator.wallet.pay(target, changes))).toEqual(invalid(text));
    }
    expect(await kindsAt(emulator, intent)).toEqual(["requestToReceiveBill"]);
    expect(await statusOf(emulator, keyOf(intent))).toMatchObject({ intentSubmitted: false });
  });

  it.each([1.00009999, 0.9999, 1.00005, 1])(
    "passes within 0.0001 of the requested amount: %s",
    async (nativeAmount) => {
      const { emulator } = await emulated();
      const intent = await ordered(emulator);
      const { payment } = await emulator.wallet.pay(intent, { nativeAmount });
      expect(payment.nativeAmount).toBe(nativeAmount);
      expect(payment.quarks).toBe(BigInt(Math.round((nativeAmount / 0.00002) * 100_000)));
    },
  );

  it("is the requested payment if nothing is changed", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    const { payment } = await emulator.wallet.pay(intent, {
      currency: undefined,
    } as unknown as Partial<Payment>);
    expect(payment.currency).toBe("usd");
  });
});

describe("the arithmetic of a payment", () => {
  const asked = (fields: Partial<RequestedPayment> = {}): RequestedPayment => ({
    destination: account(1),
    currency: "usd",
    nativeAmount: 1,
    exchangeRate: undefined,
    quarks: undefined,
    fees: [],
    ...fields,
  });
  const rates: RatesTable = { usd: 0.00002, eur: 0.000016, kin: 1, jpy: 0.003 };
  const paid = (request: RequestedPayment, table = rates) => checkPayment(request, request, table);

  it("takes the sequencer's fee, worth one cent", () => {
    expect(paid(asked())).toMatchObject({ quarks: 5_000_000_000n, feeQuarks: 50_000_000n });
    expect(paid(asked({ currency: "eur", nativeAmount: 0.8 }))).toMatchObject({
      exchangeRate: 0.000016,
      quarks: 5_000_000_000n,
      feeQuarks: 50_000_000n,
    });
  });

  it("takes each extra fee from the total, each rounded down", () => {
    const fees = [
      { destination: account(2), basisPoints: 1 },
      { destination: account(3), basisPoints: 3333 },
      { destination: account(4), basisPoints: 7 },
    ];
    const quarks = 250_000_099_999n;
    const request = asked({ currency: "kin", nativeAmount: 2_500_000, exchangeRate: 1, quarks, fees });
    const floors = fees.map(({ basisPoints }) => (BigInt(basisPoints) * quarks) / 10_000n);
    expect(floors).toEqual([25_000_009n, 83_325_033_329n, 175_000_069n]);
    expect(paid(request).feeQuarks).toBe(50_000_000n + 25_000_009n + 83_325_033_329n + 175_000_069n);
  });

  it("pays kin by the quarks of the request, at a rate of one", () => {
    const request = asked({ currency: "kin", nativeAmount: 2500, exchangeRate: 1, quarks: 250_100_000n });
    expect(paid(request)).toMatchObject({ exchangeRate: 1, quarks: 250_100_000n, feeQuarks: 50_000_000n });
    expect(paid(request, { usd: 0.00002 })).toMatchObject({ exchangeRate: 1 });
  });

  it("keeps amounts exact beyond the precision of a double", () => {
    const quarks = 2n ** 63n + 1n;
    const fees = [{ destination: account(2), basisPoints: 5_000 }];
    const request = asked({
      currency: "kin",
      nativeAmount: 92_233_720_368_548,
      exchangeRate: 1,
      quarks,
      fees,
    });
    expect(paid(request)).toMatchObject({ quarks, feeQuarks: 50_000_000n + 2n ** 62n });
  });

  it.each([
    ["no rate", { usd: 1 }, "jpy"],
    ["a rate of 0", { usd: 1, jpy: 0 }, "jpy"],
    ["a rate below 0", { usd: 1, jpy: -1 }, "jpy"],
    ["a rate that is no number", { usd: 1, jpy: Number.NaN }, "jpy"],
    ["a rate without end", { usd: 1, jpy: Number.POSITIVE_INFINITY }, "jpy"],
    ["no rate for the sequencer's own fee", { jpy: 0.003 }, "usd"],
  ])("rejects a currency with %s", (_, table, currency) => {
    const request = asked({ currency: "jpy", nativeAmount: 100 });
    expect(() => paid(request, table as RatesTable)).toThrow(`no exchange rate for ${currency}`);
  });

  it("rejects a currency named like an inherited property", () => {
    expect(() => paid(asked({ currency: "constructor" }))).toThrow("no exchange rate for constructor");
  });

  it("uses the rates that the emulator was started with", async () => {
    const { emulator } = await emulated({ rates: { usd: 0.00001, eur: 0.00005 } });
    const intent = intentOf({ currency: "eur" });
    await register(emulator, intent, { exchangeData: fiat("eur", 1) });
    expect((await emulator.wallet.pay(intent)).payment).toMatchObject({
      exchangeRate: 0.00005,
      quarks: 2_000_000_000n,
      feeQuarks: 100_000_000n,
    });
  });

  it("pays kin from end to end", async () => {
    const { emulator } = await emulated();
    const intent = intentOf({ currency: "kin", amount: "2500" });
    await register(emulator, intent, { exchangeData: kin(), additionalFees: [fee(2, 1000)] });
    expect((await emulator.wallet.pay(intent)).payment).toEqual({
      destination: account(1),
      currency: "kin",
      nativeAmount: 2500,
      exchangeRate: 1,
      quarks: 250_000_000n,
      feeQuarks: 50_000_000n + 25_000_000n,
    });
  });
});

describe("a payment is atomic", () => {
  it.each(["putIntent", "putWebhook", "addMessage"] as const)(
    "and has no effect if %s fails",
    async (method) => {
      let failing = false;
      const failure = new Error("no space left");
      const inner = memoryStore();
      const broken: Partial<StoreTransaction> = { [method]: () => Promise.reject(failure) };
      const store = {
        ...bound(inner),
        transaction: (intentId: string, work: (transaction: StoreTransaction) => Promise<unknown>) =>
          inner.transaction(intentId, (transaction) =>
            work(failing ? { ...bound(transaction), ...broken } : transaction),
          ),
      } as typeof inner;
      const sent: string[] = [];
      const deliverWebhook = async ({ url }: { url: string }) => {
        sent.push(url);
        return { status: 200 };
      };
      const { emulator, clock } = await emulated({ store, deliverWebhook });
      const intent = await ordered(emulator);
      await microPaymentOf(emulator).registerWebhook({
        intentId: { value: keyOf(intent).publicKey },
        url: "http://localhost/paid",
      });
      const stream = reading(
        messagingOf(emulator).openMessageStream({ rendezvousKey: { value: keyOf(intent).publicKey } }),
      );
      await until(() => stream.items.length === 1);
      const before = await inner.dump();
      const timers = clock.pending;
      failing = true;
      await expect(emulator.wallet.pay(intent)).rejects.toBe(failure);
      await expect(emulator.wallet.pay(intent.id)).rejects.toBe(failure);
      failing = false;
      expect(await inner.dump()).toEqual(before);
      expect(clock.pending).toBe(timers);
      await clock.advance(10_000);
      expect(sent).toEqual([]);
      expect(stream.items.length).toBe(1);
      await emulator.wallet.pay(intent);
      await until(() => stream.items.length === 2);
      await clock.advance(0);
      await until(() => sent.length === 1);
    },
  );

  it("and one of two concurrent payments is rejected", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => emulator.wallet.pay(i % 2 === 0 ? intent : intent.id)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(1);
    expect(await kindsAt(emulator, intent)).toEqual(["requestToReceiveBill", "intentSubmitted"]);
  });

  it("and does not wait for a listener that has left", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    const end = new AbortController();
    const stream = reading(
      messagingOf(emulator).openMessageStream(
        { rendezvousKey: { value: keyOf(intent).publicKey } },
        { signal: end.signal },
      ),
    );
    await until(() => stream.items.length === 1);
    end.abort();
    await stream.ending;
    await emulator.wallet.pay(intent);
    await turns();
    expect(await isStreamOpen(emulator, intent.id)).toBe(false);
  });
});

describe("a reset", () => {
  it("also clears which payers have left", async () => {
    const { emulator } = await emulated();
    const intent = await ordered(emulator);
    await emulator.wallet.vanish(intent);
    await emulator.reset();
    await register(emulator, intent);
    expect((await emulator.wallet.pay(intent)).intentId).toBe(intent.id);
  });
});

describe("a store that fails in a call of the sequencer", () => {
  it("makes the wallet's call fail", async () => {
    const { emulator, errors } = await emulated({
      store: storeWith({ listMessages: () => Promise.reject(new Error("broken")) }),
    });
    expect(await refusalOf(emulator.wallet.scan(intentOf()))).toEqual({ code: "Internal", text: "" });
    expect(errors.length).toBe(1);
  });
});

/** The methods of an object as separate functions. */
function bound<T extends object>(target: T): T {
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(target)).filter(
    (name) => name !== "constructor",
  );
  return Object.fromEntries(
    methods.map((name) => [
      name,
      (Reflect.get(target, name) as (...given: unknown[]) => unknown).bind(target),
    ]),
  ) as T;
}
