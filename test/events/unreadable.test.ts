import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Message, MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { decode, rawMessageBytes } from "../../src/browser/decode.js";
import { message as messageShape } from "../../src/browser/shapes.js";
import { EventReader } from "../../src/events/event-reader.js";
import { type Intent, LoginIntent, PaymentIntent } from "../../src/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { messageBytes } from "../../src/sequencer/message-bytes.js";
import type { MessageBytes } from "../../src/sequencer/port.js";
import { order } from "../support/outcomes.js";
import { account } from "../support/payment.js";
import { runs, scaled } from "../support/property.js";
import { codeScanned, filled, type Kind, login, newKey } from "../support/sequencer.js";

const verifier = newKey();
const asksFor = {
  domain: "example.com",
  verifier: { publicKey: verifier.publicKey, sign: (bytes: Uint8Array) => verifier.sign(bytes) },
};
const intents: readonly (PaymentIntent | LoginIntent)[] = [
  PaymentIntent.from(order),
  PaymentIntent.from({ ...order, fees: [{ destination: account(9), basisPoints: 100 }] }),
  PaymentIntent.from({ ...order, login: asksFor }),
  LoginIntent.from({ login: asksFor }),
];

/** Decoders of Node and of a page. */
const decoders: readonly (readonly [string, (bytes: Uint8Array) => Message, MessageBytes])[] = [
  ["on Node", (bytes) => fromBinary(MessageSchema, bytes), messageBytes],
  ["in a page", (bytes) => decode(messageShape, bytes), rawMessageBytes],
];

/** Returns serialized messages of every kind, as a sequencer delivers them. */
function messagesFor(intent: Intent): Uint8Array[] {
  const key = rendezvousKey(intent.payload);
  const kinds: Kind[] = [
    fromBinary(MessageSchema, intent.toBinary()).kind as Kind,
    { case: "requestToLogin", value: login(key, verifier, "example.com") },
    codeScanned,
    { case: "clientRejectedPayment", value: { intentId: { value: key.publicKey } } },
    { case: "clientRejectedLogin", value: { timestamp: { seconds: 1n } } },
    { case: "intentSubmitted", value: { intentId: { value: key.publicKey }, metadata: {} } },
    { case: "webhookCalled", value: { timestamp: { seconds: 2n } } },
  ];
  return kinds.map((kind) => {
    const sent = create(MessageSchema, { kind });
    const init: MessageInitShape<typeof MessageSchema> = {
      id: { value: filled(3, 16) },
      kind: sent.kind as Kind,
    };
    if (kind.case !== "intentSubmitted" && kind.case !== "webhookCalled")
      init.sendMessageRequestSignature = { value: key.sign(toBinary(MessageSchema, sent)) };
    return toBinary(MessageSchema, create(MessageSchema, init));
  });
}

describe.each(decoders)("a damaged message, %s", (_, read, bytesOf) => {
  it("does not throw, and does not hide the message after it", () => {
    const samples = intents.flatMap((intent) => messagesFor(intent).map((bytes) => ({ intent, bytes })));
    const edit = fc.record({ at: fc.nat(400), cut: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) });
    let decoded = 0;
    fc.assert(
      fc.property(
        fc.nat(samples.length - 1),
        fc.array(edit, { minLength: 1, maxLength: 3 }),
        (which, edits) => {
          const sample = samples[which] as (typeof samples)[number];
          let bytes: Uint8Array = sample.bytes;
          for (const { at, cut, put } of edits) {
            const from = at % bytes.length;
            bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)]);
          }
          let heard: Message;
          try {
            heard = read(bytes);
          } catch {
            return;
          }
          decoded++;
          const reader = new EventReader(sample.intent);
          reader.readMessage(heard, "stream", bytesOf);
          const scanned = messagesFor(sample.intent)[2] as Uint8Array;
          expect(reader.readMessage(read(scanned), "stream", bytesOf)?.type ?? "scanned").toBe("scanned");
        },
      ),
      runs(5_000),
    );
    expect(decoded).toBeGreaterThan(scaled(100));
  });
});

it("reports a page's message once as forged if a field has another wire type", () => {
  const [intent] = intents as [PaymentIntent];
  const scanned = messagesFor(intent)[2] as Uint8Array;
  // Field 6, `code_scanned`, with the tag of a varint: the page decodes it but cannot split it.
  const bytes = Uint8Array.from(scanned);
  const at = bytes.indexOf((6 << 3) | 2, 20);
  bytes[at] = 6 << 3;
  const reader = new EventReader(intent);
  const read = () => reader.readMessage(decode(messageShape, bytes), "poll", rawMessageBytes);
  expect(read()).toEqual({
    type: "forged",
    kind: "codeScanned",
    problem: "wrong signature",
    messageId: expect.any(String),
  });
  expect(read()).toBeUndefined();
  expect(reader.readMessage(decode(messageShape, scanned), "poll", rawMessageBytes)?.type).toBe("scanned");
});

it("never throws for messages of a custom transport", () => {
  for (const kind of [
    { case: "codeScanned", value: undefined },
    { case: "intentSubmitted", value: null },
    { case: "requestToReceiveBill", value: { requestorAccount: { value: "text" } } },
    { case: "webhookCalled", value: { timestamp: { seconds: "soon", nanos: {} } } },
  ]) {
    const heard = { $typeName: "code.messaging.v1.Message", kind } as unknown as Message;
    for (const intent of intents) {
      const reader = new EventReader(intent);
      expect(reader.readMessage(heard, "stream", messageBytes)?.type ?? "forged").toBe("forged");
      expect(reader.readStatus(true)).toEqual({ type: "submitted", heardFrom: "status" });
    }
  }
});
