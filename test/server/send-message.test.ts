import { create, equals, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  MessageSchema,
  RequestToReceiveBillSchema,
  SendMessageRequestSchema,
  SendMessageResponse_Result,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { Emulator, MovableClock } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { Agreement } from "../contract/agreement.js";
import {
  codeScanned,
  filled,
  invalid,
  type Kind,
  kin,
  lengthDelimited,
  type MessageInit,
  messagingOf,
  newKey,
  payment,
  poll,
  postSendMessage,
  refusalOf,
  send,
  sendKind,
  sendPayment,
  statusOf,
  unauthenticated,
  varint,
  verifiedPayment,
  withoutServerFields,
} from "../support/sequencer.js";
import { storeWith } from "../support/stores.js";

const timestamp = { seconds: 1_700_000_000n, nanos: 5 };
const account = { value: filled(1) };
const temporaryAccount = filled(9);

const agreement = new Agreement();
afterAll(() => expect(agreement.disagreements.join("\n")).toBe(""));
let emulator: Emulator;
beforeAll(async () => {
  emulator = agreement.of(
    await Emulator.start({
      isTemporaryIncomingAccount: async (address) => address === toBase58(temporaryAccount),
      fetchWellKnown: async () => ({ status: 404, body: "" }),
    }),
  );
});
afterAll(() => emulator.close());

const grab = (value: Uint8Array): Kind => ({
  case: "requestToGrabBill",
  value: { requestorAccount: { value } },
});
const rejected = (value: Uint8Array): Kind => ({
  case: "clientRejectedPayment",
  value: { intentId: { value } },
});

const serverKinds: readonly [string, Kind][] = [
  ["intent_submitted", { case: "intentSubmitted", value: { intentId: account } }],
  ["webhook_called", { case: "webhookCalled", value: { timestamp } }],
  [
    "airdrop_received",
    { case: "airdropReceived", value: { airdropType: 1, exchangeData: kin().value, timestamp } },
  ],
];

describe("the checks of every message", () => {
  const id = { value: filled(1, 16) };
  const sendMessageRequestSignature = { value: filled(1, 64) };
  const wrongSignature = filled(1, 64);

  it("run in the order of the protocol: each request violates one rule and all after it", async () => {
    const key = newKey();
    const [name, kind] = serverKinds[0] ?? [];
    const message: MessageInit = { id, sendMessageRequestSignature, ...(kind === undefined ? {} : { kind }) };
    expect(await refusalOf(send(emulator, key, message, filled(1, 63)))).toEqual(
      invalid(
        "invalid SendMessageRequest.Signature: embedded message failed validation | caused by: invalid Signature.Value: value length must be 64 bytes",
      ),
    );
    expect(await refusalOf(send(emulator, key, message, wrongSignature))).toEqual(
      invalid("message.id cannot be set by clients"),
    );
    const { id: _, ...withoutId } = message;
    expect(await refusalOf(send(emulator, key, withoutId, wrongSignature))).toEqual(
      invalid("message.send_message_request_signature cannot be set by clients"),
    );
    expect(await refusalOf(send(emulator, key, kind === undefined ? {} : { kind }, wrongSignature))).toEqual(
      invalid(`message.kind cannot be ${name}`),
    );
    expect(await refusalOf(send(emulator, key, { kind: rejected(filled(7)) }, wrongSignature))).toEqual(
      unauthenticated(),
    );
    expect(await refusalOf(send(emulator, key, { kind: rejected(filled(7)) }))).toEqual(
      invalid(`intent id must be ${toBase58(key.publicKey)}`),
    );
    expect(await poll(emulator, key)).toEqual([]);
  });

  it.each(serverKinds)("reject %s from a client", async (name, kind) => {
    expect(await refusalOf(sendKind(emulator, newKey(), kind))).toEqual(
      invalid(`message.kind cannot be ${name}`),
    );
  });

  it("reject an id and a server signature from a client, even if the message is signed with them", async () => {
    expect(await refusalOf(send(emulator, newKey(), { id, kind: codeScanned }))).toEqual(
      invalid("message.id cannot be set by clients"),
    );
    expect(
      await refusalOf(send(emulator, newKey(), { sendMessageRequestSignature, kind: codeScanned })),
    ).toEqual(invalid("message.send_message_request_signature cannot be set by clients"));
  });

  it("reject a signature by another key, over other bytes, or by a key that is not on the curve", async () => {
    const key = newKey();
    const message = create(MessageSchema, { kind: codeScanned });
    const bytes = toBinary(MessageSchema, message);
    const inner = key.sign(bytes.subarray(2));
    const flipped = key.sign(bytes);
    flipped[10] = (flipped[10] ?? 0) ^ 1;
    for (const signature of [newKey().sign(bytes), inner, key.sign(new Uint8Array()), flipped])
      expect(await refusalOf(send(emulator, key, message, signature))).toEqual(unauthenticated());
    const offCurve = { ...key, publicKey: filled(2), sign: (text: Uint8Array) => key.sign(text) };
    expect(await refusalOf(send(emulator, offCurve, message))).toEqual(unauthenticated());
    expect(await poll(emulator, key)).toEqual([]);
  });
});

describe("an accepted message", () => {
  const kinds = (key: { readonly publicKey: Uint8Array }): [string, Kind][] => [
    ["requestToReceiveBill", { case: "requestToReceiveBill", value: payment() }],
    ["codeScanned", codeScanned],
    ["clientRejectedPayment", rejected(key.publicKey)],
    ["clientRejectedLogin", { case: "clientRejectedLogin", value: { timestamp } }],
    ["requestToGrabBill", grab(temporaryAccount)],
  ];

  it("is stored as sent, with its id and the signature of the request", async () => {
    const key = newKey();
    for (const [, kind] of kinds(key)) {
      const message = create(MessageSchema, { kind });
      const signature = key.sign(toBinary(MessageSchema, message));
      const { result, messageId } = await send(emulator, key, message, signature);
      expect(result).toBe(SendMessageResponse_Result.OK);
      const stored = (await poll(emulator, key)).at(-1);
      if (stored === undefined) throw new Error("nothing is stored");
      expect(stored.id).toEqual(messageId);
      expect(stored.sendMessageRequestSignature?.value).toEqual(signature);
      expect(equals(MessageSchema, withoutServerFields(stored), message)).toBe(true);
      // A receiver verifies this.
      expect(toBinary(MessageSchema, withoutServerFields(stored))).toEqual(toBinary(MessageSchema, message));
    }
    expect((await poll(emulator, key)).map(({ kind }) => kind.case)).toEqual(
      kinds(key).map(([name]) => name),
    );
  });

  it("gets a new version 4 UUID of 16 raw bytes each time", async () => {
    const key = newKey();
    const seen = new Set<string>();
    for (let i = 0; i < 64; i++) {
      const { messageId } = await sendKind(emulator, key, codeScanned);
      const id = messageId?.value ?? filled(0, 0);
      expect(id).toHaveLength(16);
      expect((id[6] ?? 0) >> 4).toBe(4);
      expect((id[8] ?? 0) >> 6).toBe(2);
      seen.add(toBase58(id));
    }
    expect(seen.size).toBe(64);
  });

  it("can be a scan or a rejection before any request, and creates no request", async () => {
    const key = newKey();
    await sendKind(emulator, key, codeScanned);
    await sendKind(emulator, key, rejected(key.publicKey));
    await sendKind(emulator, key, { case: "clientRejectedLogin", value: { timestamp } });
    expect(await statusOf(emulator, key)).toMatchObject({ exists: false, codeScanned: false });
    expect(await poll(emulator, key)).toHaveLength(3);
    await sendPayment(emulator, key, payment());
    expect(await statusOf(emulator, key)).toMatchObject({ exists: true, codeScanned: true });
  });

  it("leaves the request unchanged if it is a rejection", async () => {
    const key = newKey();
    await sendPayment(emulator, key, payment());
    await sendKind(emulator, key, rejected(key.publicKey));
    expect((await sendPayment(emulator, key, payment())).result).toBe(SendMessageResponse_Result.OK);
    expect(await statusOf(emulator, key)).toMatchObject({ exists: true, intentSubmitted: false });
  });

  it("keeps its unknown fields, which are signed after the known ones", async () => {
    const key = newKey();
    const known = toBinary(MessageSchema, create(MessageSchema, { kind: codeScanned }));
    const unknown = lengthDelimited(200, filled(7, 3));
    const bytes = Buffer.concat([known, unknown]);
    const message = fromBinary(MessageSchema, bytes);
    expect(await refusalOf(send(emulator, key, message, key.sign(known)))).toEqual(unauthenticated());
    await send(emulator, key, message, key.sign(bytes));
    const [stored] = await poll(emulator, key);
    if (stored === undefined) throw new Error("nothing is stored");
    expect(Buffer.from(toBinary(MessageSchema, withoutServerFields(stored)))).toEqual(bytes);
    // The same bytes, with the unknown field first on the wire.
    const reordered = Buffer.concat([unknown, known]);
    expect((await postSendMessage(emulator, key, reordered, key.sign(bytes))).status).toBe(200);
    expect((await postSendMessage(emulator, key, reordered, key.sign(reordered))).status).toBe(401);
  });
});

describe("a message in a form that is not canonical", () => {
  const request = toBinary(RequestToReceiveBillSchema, payment());
  const requestor = request.subarray(0, 36);
  const amount = request.subarray(36);
  const asMessage = (...parts: readonly Uint8Array[]) => lengthDelimited(5, ...parts);
  const asScan = (...timestampFields: readonly number[]) =>
    lengthDelimited(6, lengthDelimited(1, Uint8Array.from(timestampFields)));

  it.each<[string, Uint8Array, Uint8Array]>([
    ["fields out of order", asMessage(amount, requestor), asMessage(request)],
    ["an explicit default", asScan(0x08, 0x01, 0x10, 0x00), asScan(0x08, 0x01)],
    ["a value of more bytes than needed", asScan(0x08, 0x81, 0x00), asScan(0x08, 0x01)],
    [
      "a length of more bytes than needed",
      Buffer.concat([varint(42), varint(request.length, 3), request]),
      asMessage(request),
    ],
    [
      "a tag of more bytes than needed",
      Buffer.concat([varint(42, 2), varint(request.length), request]),
      asMessage(request),
    ],
    [
      "a field twice, of which the last counts",
      asMessage(lengthDelimited(1, lengthDelimited(1, filled(9))), request),
      asMessage(request),
    ],
    [
      "a message in two halves, which are one",
      Buffer.concat([asMessage(requestor), asMessage(amount)]),
      asMessage(request),
    ],
    [
      "two kinds, of which the last counts",
      Buffer.concat([asScan(0x08, 0x01), asMessage(request)]),
      asMessage(request),
    ],
  ])("is verified by its canonical form only: %s", async (_, sent, canonical) => {
    const key = newKey();
    expect(Buffer.from(sent)).not.toEqual(Buffer.from(canonical));
    expect(await postSendMessage(emulator, key, sent, key.sign(sent))).toEqual({
      status: 401,
      code: "unauthenticated",
    });
    expect(await poll(emulator, key)).toEqual([]);
    expect(await postSendMessage(emulator, key, sent, key.sign(canonical))).toEqual({ status: 200 });
    const [stored] = await poll(emulator, key);
    if (stored === undefined) throw new Error("nothing is stored");
    expect(Buffer.from(toBinary(MessageSchema, withoutServerFields(stored)))).toEqual(Buffer.from(canonical));
  });

  it("is accepted as JSON, with the signature over the binary form", async () => {
    const key = newKey();
    const message = create(MessageSchema, {
      kind: { case: "requestToReceiveBill", value: payment({ exchangeData: kin() }) },
    });
    const response = await fetch(`${emulator.url}/code.messaging.v1.Messaging/SendMessage`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: toJsonString(
        SendMessageRequestSchema,
        create(SendMessageRequestSchema, {
          message,
          rendezvousKey: { value: key.publicKey },
          signature: { value: key.sign(toBinary(MessageSchema, message)) },
        }),
      ),
    });
    expect(response.status).toBe(200);
    expect(await poll(emulator, key)).toHaveLength(1);
  });
});

describe("a request to grab a bill", () => {
  it("is rejected for an account that is not a temporary incoming account, which is every account by default", async () => {
    const text = "requestor account must be a temporary incoming account";
    expect(await refusalOf(sendKind(emulator, newKey(), grab(filled(8))))).toEqual(invalid(text));
    await using plain = await Emulator.start();
    expect(await refusalOf(sendKind(plain, newKey(), grab(temporaryAccount)))).toEqual(invalid(text));
  });

  const frozen = () => new MovableClock({ frozen: true, startAt: 1_000_000 });
  const start = (clock: MovableClock) =>
    Emulator.start({
      clock,
      isTemporaryIncomingAccount: (address) => address === toBase58(temporaryAccount),
    });
  const outcome = async (at: Emulator, key: SigningKey) => {
    const { result, messageId } = await sendKind(at, key, grab(temporaryAccount));
    return [SendMessageResponse_Result[result], messageId !== undefined];
  };

  it("requires an open stream from one minute after the key was first seen", async () => {
    const clock = frozen();
    await using timed = await start(clock);
    const [early, late] = [newKey(), newKey()];
    expect(await outcome(timed, early)).toEqual(["OK", true]);
    await clock.advance(60_000);
    expect(await outcome(timed, early)).toEqual(["OK", true]);
    expect(await outcome(timed, late)).toEqual(["OK", true]);
    await clock.advance(1);
    expect(await outcome(timed, early)).toEqual(["NO_ACTIVE_STREAM", false]);
    expect(await outcome(timed, late)).toEqual(["OK", true]);
    // The message was not stored, and other kinds do not require a stream.
    expect(await poll(timed, early)).toHaveLength(2);
    await sendKind(timed, early, codeScanned);
    expect(await poll(timed, early)).toHaveLength(3);
    // Acknowledging the messages does not make the key new.
    const messageIds = (await poll(timed, early)).flatMap(({ id }) => (id === undefined ? [] : [id]));
    await messagingOf(timed).ackMessages({ rendezvousKey: { value: early.publicKey }, messageIds });
    expect(await poll(timed, early)).toEqual([]);
    expect(await outcome(timed, early)).toEqual(["NO_ACTIVE_STREAM", false]);
  });

  it("is delivered to an open stream at any time", async () => {
    const clock = frozen();
    await using timed = await start(clock);
    const key = newKey();
    await sendKind(timed, key, codeScanned);
    await clock.advance(3_600_000);
    expect(await outcome(timed, key)).toEqual(["NO_ACTIVE_STREAM", false]);
    const stream = messagingOf(timed).openMessageStream({ rendezvousKey: { value: key.publicKey } });
    const received = stream[Symbol.asyncIterator]();
    const kindOfNext = async () => (await received.next()).value?.messages[0]?.kind.case;
    expect(await kindOfNext()).toBe("codeScanned");
    expect(await outcome(timed, key)).toEqual(["OK", true]);
    expect(await kindOfNext()).toBe("requestToGrabBill");
    await received.return?.();
  });

  it("is rejected for its account before the stream is checked", async () => {
    const clock = frozen();
    await using timed = await start(clock);
    const key = newKey();
    await sendKind(timed, key, codeScanned);
    await clock.advance(60_001);
    expect(await refusalOf(sendKind(timed, key, grab(filled(1))))).toEqual(
      invalid("requestor account must be a temporary incoming account"),
    );
  });
});

describe("a rejected payment", () => {
  it("must name the key that it is sent to", async () => {
    const [key, other] = [newKey(), newKey()];
    expect(await refusalOf(sendKind(emulator, key, rejected(other.publicKey)))).toEqual(
      invalid(`intent id must be ${toBase58(key.publicKey)}`),
    );
    expect((await sendKind(emulator, key, rejected(key.publicKey))).result).toBe(
      SendMessageResponse_Result.OK,
    );
  });
});

describe("a rejected message", () => {
  it("leaves nothing behind", async () => {
    const [key, verifier] = [newKey(), newKey()];
    const refused = [
      payment({ exchangeData: { case: "partial", value: { currency: "usd", nativeAmount: 6 } } }),
      payment({ signature: { value: filled(1, 64) } }),
      // Rejected in the very last step.
      verifiedPayment(key, verifier, "example.com"),
    ];
    for (const request of refused) await refusalOf(sendPayment(emulator, key, request));
    expect(await poll(emulator, key)).toEqual([]);
    expect((await statusOf(emulator, key)).exists).toBe(false);
  });
});

describe("SendMessage with a failing store", () => {
  const failure = new Error("disk full: /var/lib/secret");
  const fail = () => Promise.reject(failure);

  it.each(["getIntent", "getRequest", "putRequest", "addMessage"] as const)(
    "returns Internal without text for a failure in %s, logs it and leaves nothing behind",
    async (name) => {
      const told: unknown[][] = [];
      const store = storeWith({ [name]: fail });
      await using broken = await Emulator.start({ store, logger: { error: (...data) => told.push(data) } });
      const key = newKey();
      expect(await refusalOf(sendPayment(broken, key, payment()))).toEqual({ code: "Internal", text: "" });
      expect(told).toEqual([["code-intents emulator:", failure]]);
      expect(await poll(broken, key)).toEqual([]);
    },
  );

  it("returns Internal for a failure of the caller's functions", async () => {
    const told: unknown[] = [];
    await using broken = await Emulator.start({
      isTemporaryIncomingAccount: fail,
      logger: { error: (_, error) => told.push(error) },
    });
    expect(await refusalOf(sendKind(broken, newKey(), grab(filled(1))))).toEqual({
      code: "Internal",
      text: "",
    });
    expect(told).toEqual([failure]);
  });

  it("sends no text of the failure over HTTP either", async () => {
    await using broken = await Emulator.start({
      store: storeWith({ addMessage: fail }),
      logger: { error() {} },
    });
    const key = newKey();
    const bytes = toBinary(MessageSchema, create(MessageSchema, { kind: codeScanned }));
    expect(await postSendMessage(broken, key, bytes, key.sign(bytes))).toEqual({
      status: 500,
      code: "internal",
    });
  });
});
