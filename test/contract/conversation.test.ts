import { create as createMessage, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { Emulator, type MessageRecord, memoryStore } from "../../src/emulator/index.js";
import type { CodeClient, PaymentEvent, PaymentIntent, WatchOptions } from "../../src/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { clientOf, ways } from "../support/protocols.js";
import {
  codeScanned,
  filled,
  type MessageInit,
  messagingOf,
  newKey,
  payment,
  poll,
  send,
  sendKind,
} from "../support/sequencer.js";

const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const order = { destination, amount: "2.50", currency: "usd" } as const;

describe.each(ways)("a watch over $name", (way) => {
  let emulator: Emulator;
  let code: CodeClient;
  const store = memoryStore();
  beforeAll(async () => {
    emulator = await Emulator.start({ store, deliverWebhook: async () => ({ status: 200 }) });
    code = clientOf(emulator, way);
  });
  afterAll(async () => {
    await code.close();
    await emulator.close();
  });

  const create = () => code.paymentIntents.create(order);

  async function hear(
    intent: PaymentIntent,
    options: WatchOptions,
    onEvent: (event: PaymentEvent) => Promise<unknown>,
  ) {
    const events: PaymentEvent[] = [];
    for await (const event of code.paymentIntents.watch(intent, {
      intervalMs: 100,
      timeoutMs: 110_000,
      ...options,
    })) {
      events.push(event);
      await onEvent(event);
    }
    return events;
  }

  it("reports a payment", async () => {
    const intent = await create();
    const paying = way.capabilities.messages ? undefined : emulator.wallet.pay(intent);
    const events = await hear(intent, {}, async (event) => {
      if (event.type === "requested") await emulator.wallet.scan(intent);
      if (event.type === "scanned") await emulator.wallet.pay(intent);
    });
    await paying;
    const types = events.map(({ type }) => type);
    expect(types).toEqual(way.capabilities.messages ? ["requested", "scanned", "submitted"] : ["submitted"]);
    const last = events.at(-1);
    if (last?.type !== "submitted") throw new Error("not submitted");
    if (way.capabilities.messages) {
      expect(last.heardFrom).toBe("stream");
      expect(last.payment).toMatchObject({ destination, currency: "usd", nativeAmount: 2.5 });
    } else {
      expect(last).toEqual({ type: "submitted", heardFrom: "status" });
    }
  });

  it("reports a payment after a rejection", async () => {
    if (!way.capabilities.messages)
      return expect(() =>
        code.paymentIntents.watch(code.paymentIntents.build({ destination, amount: 1, currency: "usd" }), {
          until: "rejected",
        }),
      ).toThrow("REST does not support");
    const intent = await create();
    const events = await hear(intent, {}, async (event) => {
      if (event.type === "requested") await emulator.wallet.reject(intent);
      if (event.type === "rejected") await emulator.wallet.pay(intent);
    });
    expect(events.map(({ type }) => type)).toEqual(["requested", "rejected", "submitted"]);
  });

  it("times out without a payment, and states that the intent stays payable", async () => {
    const intent = await create();
    await expect(
      code.paymentIntents.waitForPayment(intent, { timeoutMs: 200, intervalMs: 50 }),
    ).rejects.toMatchObject({
      code: "payment_timeout",
      message: expect.stringContaining("stays payable"),
    });
    const waiting = code.paymentIntents.waitForPayment(intent, { timeoutMs: 110_000, intervalMs: 100 });
    await emulator.wallet.pay(intent.id);
    expect((await waiting).type).toBe("submitted");
  });

  it("ends at once on break, and releases the key", async () => {
    const intent = await create();
    if (!way.capabilities.messages) await emulator.wallet.pay(intent);
    for (let round = 0; round < 3; round++) {
      for await (const event of code.paymentIntents.watch(intent, { intervalMs: 50 })) {
        expect(event.type).toBe(way.capabilities.messages ? "requested" : "submitted");
        break;
      }
    }
  });

  it("reports that the webhook was called", async () => {
    const build = () =>
      code.paymentIntents.build({ ...order, webhook: { url: "http://localhost:3000/paid" } });
    if (!way.capabilities.messages) {
      expect(() => code.paymentIntents.watch(build(), { until: "webhook" })).toThrow("REST does not support");
      return;
    }
    const intent = await code.paymentIntents.create(build());
    const events = await hear(intent, { until: "webhook" }, async ({ type }) => {
      if (type === "requested") await emulator.wallet.pay(intent);
    });
    expect(events.map(({ type }) => type)).toEqual(["requested", "submitted", "webhookCalled"]);
  });

  it("reports nothing after the payer leaves, and states that the intent stays payable", async () => {
    const intent = await create();
    await emulator.wallet.scan(intent);
    await emulator.wallet.vanish(intent);
    await expect(hear(intent, { timeoutMs: 300 }, async () => {})).rejects.toMatchObject({
      code: "payment_timeout",
      message: expect.stringContaining("stays payable"),
    });
  });

  it("recognizes forged, conflicting and repeated messages in any order", async () => {
    const intent = await create();
    const key = rendezvousKey(intent.payload);
    const scanned = { kind: codeScanned };
    await send(emulator, key, scanned);
    await send(emulator, key, scanned); // the same bytes and signature under a new id
    const elsewhere = payment({ requestorAccount: { value: filled(9) } });
    await store.transaction(intent.id, async (transaction) => {
      // Messages that no honest sequencer stores, so they are written directly to the store.
      await transaction.addMessage(
        signedRecord(key, { kind: { case: "requestToReceiveBill", value: elsewhere } }),
      );
      await transaction.addMessage(signedRecord(newKey(), scanned));
    });
    await emulator.wallet.pay(intent);
    const types = (await hear(intent, {}, async () => {})).map(({ type }) => type);
    const told = way.capabilities.messages
      ? ["conflicting", "forged", "requested", "scanned", "submitted"]
      : ["submitted"];
    expect(types.sort()).toEqual(told);
  });

  it("reports a payment after 300 messages of another party", async () => {
    const intent = await create();
    const key = rendezvousKey(intent.payload);
    for (let i = 0; i < 300; i++) {
      await sendKind(emulator, key, { case: "codeScanned", value: { timestamp: { seconds: BigInt(i) } } });
    }
    await emulator.wallet.pay(intent);
    const events = await hear(intent, {}, async () => {});
    expect(events.at(-1)?.type).toBe("submitted");
    expect(events.filter(({ type }) => type === "submitted")).toHaveLength(1);
  });

  it("reports a payment whose messages another party deletes at once", async () => {
    const intent = await create();
    const key = rendezvousKey(intent.payload);
    await emulator.wallet.pay(intent);
    const messageIds = (await poll(emulator, key)).flatMap(({ id }) => (id === undefined ? [] : [id]));
    await messagingOf(emulator).ackMessages({ rendezvousKey: { value: key.publicKey }, messageIds });
    expect(await hear(intent, {}, async () => {})).toEqual([{ type: "submitted", heardFrom: "status" }]);
  });

  it("reports the payment once to each of three listeners at one key", async () => {
    const intent = await create();
    const others = [clientOf(emulator, way), clientOf(emulator, way)];
    const waiting = [code, ...others].map(async ({ paymentIntents }) => {
      const types: string[] = [];
      for await (const { type } of paymentIntents.watch(intent, { intervalMs: 100, timeoutMs: 110_000 }))
        types.push(type);
      return types;
    });
    await emulator.wallet.pay(intent);
    for (const types of await Promise.all(waiting)) {
      expect(types.filter((type) => type === "submitted")).toHaveLength(1);
      expect(types.at(-1)).toBe("submitted");
    }
    for (const other of others) await other.close();
  });
});

/** Builds a message as a sequencer stores it, signed with any key. */
function signedRecord(key: SigningKey, fields: MessageInit): MessageRecord {
  const message = createMessage(MessageSchema, fields);
  const signature = { value: key.sign(toBinary(MessageSchema, message)) };
  const id = globalThis.crypto.getRandomValues(new Uint8Array(16));
  const stored = createMessage(MessageSchema, {
    kind: message.kind,
    id: { value: id },
    sendMessageRequestSignature: signature,
  });
  return {
    messageId: toBase58(id),
    kind: message.kind.case ?? "",
    bytes: toBinary(MessageSchema, stored),
    createdAt: 1,
  };
}
