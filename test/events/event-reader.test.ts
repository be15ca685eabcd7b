import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainSchema } from "../../gen/code/common/v1/model_pb.js";
import { type Message, MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { EventReader } from "../../src/events/event-reader.js";
import { PaymentIntent, type PaymentIntentOptions } from "../../src/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { messageBytes } from "../../src/sequencer/message-bytes.js";
import { account } from "../support/payment.js";
import { runs, scaled } from "../support/property.js";
import { codeScanned, filled, type Kind, lengthDelimited, login, newKey } from "../support/sequencer.js";

const order = {
  destination: account(7),
  amount: "2.50",
  currency: "usd",
  clientSecret: "2".repeat(15),
} as const;
const intent = intentOf();
const key = rendezvousKey(intent.payload);

function intentOf(more: Partial<PaymentIntentOptions> = {}): PaymentIntent {
  return PaymentIntent.from({ ...order, ...more } as PaymentIntentOptions);
}

let lastId = 0;
function newId(): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, ++lastId);
  return id;
}

/** Builds a message as a sequencer delivers it, signed by `signer` unless that is `null`. */
function message(
  kind: Kind,
  { signer = key, id = newId() }: { signer?: SigningKey | null; id?: Uint8Array } = {},
): Message {
  const sent = create(MessageSchema, { kind });
  const signature = signer === null ? undefined : { value: signer.sign(toBinary(MessageSchema, sent)) };
  return create(MessageSchema, {
    id: { value: id },
    kind: sent.kind,
    ...(signature === undefined ? {} : { sendMessageRequestSignature: signature }),
  } as MessageInitShape<typeof MessageSchema>);
}

/** Builds the request of an intent, by default ours, signed with our key. */
function requestOf(other: PaymentIntent, options?: Parameters<typeof message>[1]): Message {
  return message(fromBinary(MessageSchema, other.toBinary()).kind as Kind, options);
}

interface Paid {
  readonly intentId?: Uint8Array;
  readonly destination?: Uint8Array;
  readonly currency?: string;
  readonly nativeAmount?: number;
}

function submitted(paid: Paid | undefined = {}, options: Parameters<typeof message>[1] = {}): Message {
  const { destination = filled(7), currency = "usd", nativeAmount = 2.5 } = paid;
  const exchangeData = { currency, nativeAmount, exchangeRate: 0.01, quarks: 25_000_000n };
  const metadata = {
    type: {
      case: "sendPrivatePayment" as const,
      value: { destination: { value: destination }, exchangeData, isWithdrawal: true },
    },
  };
  const intentId = { value: paid.intentId ?? key.publicKey };
  return message({ case: "intentSubmitted", value: { intentId, metadata } }, { signer: null, ...options });
}

function submittedWithout(value: Partial<Extract<Kind, { case: "intentSubmitted" }>["value"]> = {}): Message {
  return message(
    { case: "intentSubmitted", value: { intentId: { value: key.publicKey }, ...value } } as Kind,
    { signer: null },
  );
}

const rejected: Kind = { case: "clientRejectedPayment", value: { intentId: { value: key.publicKey } } };
const scannedAt = (seconds: bigint): Kind => ({ case: "codeScanned", value: { timestamp: { seconds } } });
const webhookCalled: Kind = { case: "webhookCalled", value: { timestamp: { seconds: 2n } } };
const clientKinds: readonly (readonly [string, Kind])[] = [
  ["codeScanned", codeScanned],
  ["clientRejectedPayment", rejected],
  ["requestToReceiveBill", fromBinary(MessageSchema, intent.toBinary()).kind as Kind],
  ["requestToLogin", { case: "requestToLogin", value: login(key, newKey(), "example.com") }],
  ["clientRejectedLogin", { case: "clientRejectedLogin", value: { timestamp: { seconds: 1n } } }],
];

const hear = (heard: Message, listener = new EventReader(intent)) =>
  listener.readMessage(heard, "stream", messageBytes);

describe("a valid message", () => {
  it("yields the event of its kind with its details", () => {
    const listener = new EventReader(intent);
    const id = newId();
    const messageId = toBase58(id);
    expect(hear(requestOf(intent, { id }), listener)).toEqual({ type: "requested", messageId });
    expect(hear(message(scannedAt(7n), { id }), listener)).toEqual({
      type: "scanned",
      at: new Date(7_000),
      messageId,
    });
    expect(hear(message(rejected, { id }), listener)).toEqual({ type: "rejected", messageId });
    expect(listener.readMessage(submitted(), "poll", messageBytes)).toEqual({
      type: "submitted",
      heardFrom: "poll",
      payment: {
        destination: order.destination,
        currency: "usd",
        nativeAmount: 2.5,
        exchangeRate: 0.01,
        quarks: 25_000_000n,
      },
    });
    expect(hear(message(webhookCalled, { signer: null, id }), listener)).toEqual({
      type: "webhookCalled",
      at: new Date(2_000),
      messageId,
    });
  });

  it("yields no event if it does not concern the payment", () => {
    expect(hear(create(MessageSchema, { id: { value: newId() } }))).toBeUndefined();
    expect(hear(message({ case: "airdropReceived", value: {} }, { signer: null }))).toBeUndefined();
    expect(
      hear(message({ case: "requestToGrabBill", value: { requestorAccount: { value: filled(1) } } })),
    ).toBeUndefined();
  });

  it("is verified over its canonical bytes, unknown fields included", () => {
    const unknown = lengthDelimited(14, new Uint8Array([1, 2, 3]));
    const sent = Buffer.concat([
      toBinary(MessageSchema, create(MessageSchema, { kind: codeScanned })),
      unknown,
    ]);
    const id = lengthDelimited(1, lengthDelimited(1, newId()));
    const signature = lengthDelimited(3, lengthDelimited(1, key.sign(sent)));
    const heard = fromBinary(MessageSchema, Buffer.concat([id, signature, sent]));
    expect(hear(heard)).toMatchObject({ type: "scanned" });
    heard.$unknown = [];
    expect(hear(heard)).toMatchObject({ type: "forged", problem: "wrong signature" });
  });

  it("is verified if its fields arrive in another order", () => {
    const scanned = message(codeScanned);
    const bytes = Buffer.from(toBinary(MessageSchema, scanned));
    // Move field 1, the id, to the end.
    const idField = 2 + 18;
    const moved = Buffer.concat([bytes.subarray(idField), bytes.subarray(0, idField)]);
    expect(hear(fromBinary(MessageSchema, moved))).toMatchObject({ type: "scanned" });
  });

  it("has a printable date for any timestamp", () => {
    for (const seconds of [10n ** 15n, -(10n ** 15n), 2n ** 63n - 1n, -(2n ** 63n)]) {
      const event = hear(message(scannedAt(seconds)));
      if (event?.type !== "scanned") throw new Error("not scanned");
      expect(event.at.toISOString()).toMatch(/Z$/);
    }
    const event = hear(message({ case: "webhookCalled", value: {} }, { signer: null }));
    expect(event).toMatchObject({ type: "webhookCalled", at: new Date(0) });
  });
});

describe("a forged message", () => {
  it.each(clientKinds)("is reported if %s has no signature", (kind, value) => {
    expect(hear(message(value, { signer: null }))).toMatchObject({
      type: "forged",
      kind,
      problem: "unsigned",
    });
  });

  it.each(clientKinds)("is reported if %s is signed with another key", (kind, value) => {
    const forged = { type: "forged", kind, problem: "wrong signature" };
    expect(hear(message(value, { signer: newKey() }))).toMatchObject(forged);
    for (const length of [0, 1, 63, 65, 1_000]) {
      const heard = message(value);
      if (heard.sendMessageRequestSignature) heard.sendMessageRequestSignature.value = filled(1, length);
      expect(hear(heard)).toMatchObject(forged);
    }
  });

  it("is reported if its signature is over other bytes", () => {
    const heard = message(scannedAt(1n));
    heard.kind = create(MessageSchema, { kind: scannedAt(2n) }).kind;
    expect(hear(heard)).toMatchObject({ type: "forged", problem: "wrong signature" });
    const declined = message(codeScanned);
    declined.kind = create(MessageSchema, { kind: rejected }).kind;
    expect(hear(declined)).toMatchObject({ type: "forged", problem: "wrong signature" });
  });

  it("is reported if a client signs a kind that only the sequencer sends", () => {
    const listener = new EventReader(intent);
    for (const signer of [key, newKey()]) {
      for (const [kind, value] of [
        ["intentSubmitted", submitted().kind as Kind],
        ["webhookCalled", webhookCalled],
        ["airdropReceived", { case: "airdropReceived", value: {} } as Kind],
      ] as const) {
        const forged = { type: "forged", kind, problem: "signed by a client" };
        expect(hear(message(value, { signer }), listener)).toMatchObject(forged);
      }
    }
    expect(hear(submitted(), listener)).toMatchObject({ type: "submitted" });
  });
});

describe("a request with other details, signed with the intent's own key", () => {
  it.each<[string, Partial<PaymentIntentOptions>]>([
    ["destination", { destination: account(8) }],
    ["amount", { amount: "2.51" }],
    ["currency", { currency: "eur" }],
    ["fees", { fees: [{ destination: account(9), basisPoints: 100 }] }],
  ])("is a conflict in its %s", (field, details) => {
    expect(hear(requestOf(intentOf(details)))).toMatchObject({
      type: "conflicting",
      subject: "request",
      field,
    });
  });

  it("is a conflict in its domain", () => {
    const kind = fromBinary(MessageSchema, intent.toBinary()).kind;
    if (kind.case !== "requestToReceiveBill") throw new Error("no request");
    kind.value.domain = create(DomainSchema, { value: "example.com" });
    expect(hear(message(kind))).toMatchObject({
      type: "conflicting",
      field: "domain",
    });
  });

  it("is a conflict in its kind if it is a login", () => {
    const value = login(key, newKey(), "example.com");
    expect(hear(message({ case: "requestToLogin", value }))).toMatchObject({
      type: "conflicting",
      subject: "request",
      field: "kind",
    });
  });

  it("is a conflict in its fees if they differ", () => {
    const ours = intentOf({ fees: [{ destination: account(9), basisPoints: 100 }] });
    const theirs = intentOf({ fees: [{ destination: account(9), basisPoints: 101 }] });
    const kind = fromBinary(MessageSchema, theirs.toBinary()).kind as Kind;
    const heard = message(kind, { signer: rendezvousKey(ours.payload) });
    expect(new EventReader(ours).readMessage(heard, "stream", messageBytes)).toMatchObject({
      type: "conflicting",
      field: "fees",
    });
  });

  it("makes a status without details doubtful until our request or a matching payment arrives", () => {
    const foreign = () => requestOf(intentOf({ destination: account(8) }));
    const submittedByStatus = { type: "submitted", heardFrom: "status" };
    const paid = new EventReader(intent);
    expect(hear(foreign(), paid)?.type).toBe("conflicting");
    expect(paid.readStatus(true)).toBeUndefined();
    // A message without details is as weak as a status.
    expect(hear(submittedWithout(), paid)).toBeUndefined();
    expect(paid.readStatus(true)).toBeUndefined();
    expect(hear(submitted(), paid)).toMatchObject({ type: "submitted", payment: { currency: "usd" } });

    const requested = new EventReader(intent);
    expect(hear(foreign(), requested)?.type).toBe("conflicting");
    expect(requested.readStatus(true)).toBeUndefined();
    expect(hear(requestOf(intent), requested)?.type).toBe("requested");
    expect(requested.readStatus(true)).toEqual(submittedByStatus);

    const ours = new EventReader(intent);
    expect(hear(requestOf(intent), ours)?.type).toBe("requested");
    expect(hear(foreign(), ours)?.type).toBe("conflicting");
    expect(ours.readStatus(true)).toEqual(submittedByStatus);
  });

  it("does not make a status doubtful if the request is forged", () => {
    const listener = new EventReader(intent);
    const forged = requestOf(intentOf({ destination: account(8) }), { signer: newKey() });
    expect(hear(forged, listener)?.type).toBe("forged");
    expect(listener.readStatus(true)).toEqual({ type: "submitted", heardFrom: "status" });
  });

  it("does not suppress our own request", () => {
    const listener = new EventReader(intent);
    expect(hear(requestOf(intentOf({ amount: "1" })), listener)?.type).toBe("conflicting");
    expect(hear(requestOf(intent), listener)?.type).toBe("requested");
  });
});

describe("a reported payment", () => {
  const kinIntent = intentOf({ currency: "kin", amount: "2500" });

  it.each<[string, Message]>([
    ["intent", submitted({ intentId: filled(1) })],
    ["intent", submitted({ intentId: new Uint8Array(0) })],
    ["destination", submitted({ destination: filled(8) })],
    ["destination", submitted({ destination: filled(7, 31) })],
    ["destination", submitted({ destination: new Uint8Array(0) })],
    ["currency", submitted({ currency: "eur" })],
    ["currency", submitted({ currency: "USD" })],
    ["currency", submitted({ currency: "" })],
    ["amount", submitted({ nativeAmount: 2.5002 })],
    ["amount", submitted({ nativeAmount: 2.4998 })],
    ["amount", submitted({ nativeAmount: 0 })],
    ["amount", submitted({ nativeAmount: -2.5 })],
    ["amount", submitted({ nativeAmount: Number.NaN })],
    ["amount", submitted({ nativeAmount: Number.POSITIVE_INFINITY })],
    ["kind", submittedWithout({ metadata: {} })],
    ["kind", submittedWithout({ metadata: { type: { case: "sendPrivatePayment", value: {} } } })],
  ])("is a conflict if its %s differs", (field, heard) => {
    const listener = new EventReader(intent);
    expect(hear(heard, listener)).toMatchObject({ type: "conflicting", subject: "payment", field });
    expect(listener.readStatus(true)).toBeUndefined();
  });

  it.each([2.49991, 2.49995, 2.5, 2.50005, 2.50009])("of %d matches 2.50", (nativeAmount) => {
    expect(hear(submitted({ nativeAmount }))).toMatchObject({ type: "submitted", payment: { nativeAmount } });
  });

  it("that contradicts the intent prevails over a later report without details", () => {
    const listener = new EventReader(intent);
    expect(hear(submitted({ destination: filled(8) }), listener)?.type).toBe("conflicting");
    expect(listener.readStatus(true)).toBeUndefined();
    expect(hear(submittedWithout(), listener)).toBeUndefined();
    expect(listener.readStatus(true)).toBeUndefined();
    expect(hear(submitted(), listener)).toMatchObject({ type: "submitted", heardFrom: "stream" });
    expect(listener.readStatus(true)).toBeUndefined();
  });

  it("without details is no stronger than a status", () => {
    const event = hear(submittedWithout());
    expect(event).toEqual({ type: "submitted", heardFrom: "stream" });
  });

  it("is emitted once, from stream, poll or status", () => {
    const listener = new EventReader(intent);
    expect(listener.readStatus(false)).toBeUndefined();
    expect(listener.readStatus(true)).toEqual({ type: "submitted", heardFrom: "status" });
    expect(hear(submitted(), listener)).toBeUndefined();
    expect(listener.readStatus(true)).toBeUndefined();
    expect(hear(submitted({ destination: filled(8) }), listener)?.type).toBe("conflicting");
  });

  it("in kin is compared in kin", () => {
    const listener = new EventReader(kinIntent);
    const intentId = rendezvousKey(kinIntent.payload).publicKey;
    expect(hear(submitted({ intentId, currency: "kin", nativeAmount: 2500 }), listener)?.type).toBe(
      "submitted",
    );
  });
});

describe("a repeated message", () => {
  it("is dropped by its id", () => {
    const listener = new EventReader(intent);
    for (const heard of [
      requestOf(intent),
      message(codeScanned),
      message(rejected),
      message(webhookCalled, { signer: null }),
      message(codeScanned, { signer: null }),
      submitted({ destination: filled(8) }),
    ]) {
      expect(hear(heard, listener)).toBeDefined();
      expect(hear(heard, listener)).toBeUndefined();
      expect(
        listener.readMessage(fromBinary(MessageSchema, toBinary(MessageSchema, heard)), "poll", messageBytes),
      ).toBeUndefined();
    }
  });

  it("is dropped by its signature if it is sent again under another id", () => {
    const listener = new EventReader(intent);
    for (const kind of [fromBinary(MessageSchema, intent.toBinary()).kind as Kind, codeScanned, rejected]) {
      expect(hear(message(kind), listener)).toBeDefined();
      expect(hear(message(kind), listener)).toBeUndefined();
    }
  });

  it("is emitted even if a forged copy arrived first", () => {
    const listener = new EventReader(intent);
    const id = newId();
    const original = message(rejected, { id });
    const forged = message(scannedAt(9n), { id });
    if (forged.sendMessageRequestSignature && original.sendMessageRequestSignature)
      forged.sendMessageRequestSignature.value = original.sendMessageRequestSignature.value;
    expect(hear(forged, listener)).toMatchObject({ type: "forged" });
    expect(hear(message(rejected, { id, signer: newKey() }), listener)).toMatchObject({ type: "forged" });
    expect(hear(original, listener)).toMatchObject({ type: "rejected" });
  });

  it("is recognized if the sequencer sends no ids, or the same id for all", () => {
    for (const id of [new Uint8Array(0), filled(1, 16)]) {
      const listener = new EventReader(intent);
      const told = [requestOf(intent, { id }), message(codeScanned, { id }), submitted({}, { id })].map(
        (heard) => hear(heard, listener),
      );
      expect(told.map((event) => event?.type)).toEqual(["requested", "scanned", "submitted"]);
    }
  });
});

describe("a flood of messages", () => {
  it("evicts the oldest messages, but neither the request nor the payment", () => {
    const listener = new EventReader(intent);
    const first = message(scannedAt(0n), { signer: null });
    const recent: Message[] = [];
    const request = requestOf(intent);
    hear(request, listener);
    hear(submitted(), listener);
    expect(hear(first, listener)?.type).toBe("forged");
    for (let count = 0; count < 10_100; count++) {
      const heard = message(scannedAt(BigInt(count)), { signer: null });
      expect(hear(heard, listener)?.type).toBe("forged");
      recent.push(heard);
      if (recent.length > 9_900) recent.shift();
    }
    for (const heard of recent) expect(hear(heard, listener)).toBeUndefined();
    expect(hear(first, listener)?.type).toBe("forged");
    expect(hear(request, listener)).toBeUndefined();
    expect(hear(requestOf(intent), listener)).toBeUndefined();
    expect(hear(submitted(), listener)).toBeUndefined();
    expect(listener.readStatus(true)).toBeUndefined();
  });

  it("with giant fields is processed without parsing them", () => {
    const giant = filled(1, 900_000);
    const listener = new EventReader(intent);
    const scanned = hear(message(codeScanned, { id: giant }), listener);
    expect(scanned).toMatchObject({ type: "scanned", messageId: "" });
    if (scanned !== undefined) expect(listener.idOf(scanned)).toBeUndefined();
    expect(hear(submitted({ destination: giant }), listener)).toMatchObject({ field: "destination" });
    expect(hear(submitted({ intentId: giant }), listener)).toMatchObject({ field: "intent" });
    const value = { requestorAccount: { value: giant }, additionalFees: [{ destination: { value: giant } }] };
    expect(hear(message({ case: "requestToReceiveBill", value }), listener)).toMatchObject({
      type: "conflicting",
      field: "destination",
    });
  });
});

it("returns the id of the message that caused an event", () => {
  const listener = new EventReader(intent);
  const id = newId();
  const scanned = hear(message(codeScanned, { id }), listener);
  if (scanned === undefined) throw new Error("nothing heard");
  expect(listener.idOf(scanned)).toEqual(id);
  expect(listener.idOf({ type: "submitted", heardFrom: "status" })).toBeUndefined();
});

it("rejects every mutation of a valid message", () => {
  const valid = [requestOf(intent), message(codeScanned), message(rejected)].map((heard) => ({
    heard,
    bytes: toBinary(MessageSchema, heard),
    canonical: canonical(heard),
  }));
  const mutation = fc.record({
    which: fc.nat(valid.length - 1),
    edits: fc.array(
      fc.record({
        at: fc.nat(400),
        cut: fc.nat(3),
        put: fc.uint8Array({ maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });
  let decoded = 0;
  fc.assert(
    fc.property(mutation, ({ which, edits }) => {
      const original = valid[which];
      if (original === undefined) throw new Error("no such message");
      let bytes = Buffer.from(original.bytes);
      for (const { at, cut, put } of edits) {
        const from = at % bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)]);
      }
      let heard: Message;
      try {
        heard = fromBinary(MessageSchema, bytes);
      } catch {
        return;
      }
      decoded++;
      const event = hear(heard);
      if (event === undefined || !["requested", "scanned", "rejected"].includes(event.type)) return;
      expect(canonical(heard)).toEqual(original.canonical);
    }),
    runs(5_000),
  );
  expect(decoded).toBeGreaterThan(scaled(100));
});

/** Encodes a message without its id, which is not signed. */
function canonical(heard: Message): Uint8Array {
  const copy = fromBinary(MessageSchema, toBinary(MessageSchema, heard));
  delete copy.id;
  return toBinary(MessageSchema, copy);
}
