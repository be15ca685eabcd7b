import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import {
  DEFAULT_STATE_LIMITS,
  Emulator,
  type EmulatorOptions,
  memoryStore,
  type StateLimits,
} from "../../src/emulator/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { cleanUp, emulated, intentOf, register } from "../support/emulated.js";
import {
  codeScanned,
  lengthDelimited,
  messagingOf,
  microPaymentOf,
  newKey,
  payment,
  poll,
  refusalOf,
  sendKind,
  statusOf,
} from "../support/sequencer.js";

afterEach(cleanUp);

/** Sends a message with unknown fields that make it `length` bytes long when it is stored. */
async function sendOf(emulator: Emulator, key: SigningKey, length: number): Promise<void> {
  const padded = (size: number) => {
    const message = create(MessageSchema, { kind: codeScanned });
    message.$unknown = [
      { no: 1000, wireType: 2, data: lengthDelimited(1, new Uint8Array(size)).subarray(1) },
    ];
    return message;
  };
  // The id adds 20 bytes, the signature 68.
  const base = toBinary(MessageSchema, padded(length - 200)).length;
  const message = padded(length - 200 + (length - 88 - base));
  const bytes = toBinary(MessageSchema, message);
  expect(bytes.length).toBe(length - 88);
  await messagingOf(emulator).sendMessage({
    message,
    rendezvousKey: { value: key.publicKey },
    signature: { value: key.sign(bytes) },
  });
}

const limited = async (stateLimits: Partial<StateLimits>, options: EmulatorOptions = {}) =>
  (await emulated({ stateLimits, ...options })).emulator;
const exhausted = (text: string) => ({ code: "ResourceExhausted", text });

async function idsOf(emulator: Emulator, key: SigningKey) {
  return (await poll(emulator, key)).map(({ id }) => ({ value: id?.value ?? new Uint8Array() }));
}

async function acknowledge(emulator: Emulator, key: SigningKey): Promise<void> {
  const messageIds = await idsOf(emulator, key);
  await messagingOf(emulator).ackMessages({ rendezvousKey: { value: key.publicKey }, messageIds });
}

describe("the limits of the state", () => {
  it("accept a message of the maximum size, and reject one more byte", async () => {
    const emulator = await limited({ messageBytes: 1_000 });
    const key = newKey();
    await sendOf(emulator, key, 1_000);
    expect(await refusalOf(sendOf(emulator, key, 1_001))).toEqual(
      exhausted("a message can have at most 1000 bytes; raise stateLimits.messageBytes"),
    );
    expect(await poll(emulator, key)).toHaveLength(1);
    await sendOf(emulator, key, 1_000);
  });

  it("bound the messages of a key, and free them when they are acknowledged", async () => {
    const emulator = await limited({ messagesPerKey: 3 });
    const key = newKey();
    for (let i = 0; i < 3; i++) await sendKind(emulator, key, codeScanned);
    const text =
      "a rendezvous key can have at most 3 messages; acknowledge messages or raise stateLimits.messagesPerKey";
    expect(await refusalOf(sendKind(emulator, key, codeScanned))).toEqual(exhausted(text));
    await sendKind(emulator, newKey(), codeScanned);
    await acknowledge(emulator, key);
    await sendKind(emulator, key, codeScanned);
  });

  it("bound the bytes of a key, and free them when they are acknowledged", async () => {
    const emulator = await limited({ bytesPerKey: 3_000 });
    const key = newKey();
    for (let i = 0; i < 3; i++) await sendOf(emulator, key, 1_000);
    const text =
      "the messages of a rendezvous key can have at most 3000 bytes; acknowledge messages or raise stateLimits.bytesPerKey";
    expect(await refusalOf(sendKind(emulator, key, codeScanned))).toEqual(exhausted(text));
    await acknowledge(emulator, key);
    await sendOf(emulator, key, 1_000);
  });

  it("bound the keys, and leave the known ones open", async () => {
    const emulator = await limited({ keys: 2 });
    const keys = [newKey(), newKey()] as const;
    for (const key of keys) await sendKind(emulator, key, codeScanned);
    const text = "the state can have at most 2 rendezvous keys; reset the state or raise stateLimits.keys";
    expect(await refusalOf(sendKind(emulator, newKey(), codeScanned))).toEqual(exhausted(text));
    await sendKind(emulator, keys[0], codeScanned);
    await emulator.reset();
    await sendKind(emulator, newKey(), codeScanned);
  });

  it("bound the complete state, and free what is acknowledged or reset", async () => {
    const perKey = 2_048 + 256 + 1_000;
    const emulator = await limited({ bytes: 2 * perKey });
    const key = newKey();
    await sendOf(emulator, key, 1_000);
    await sendOf(emulator, newKey(), 1_000);
    const text = `the state can have at most ${2 * perKey} bytes; reset the state or raise stateLimits.bytes`;
    expect(await refusalOf(sendKind(emulator, key, codeScanned))).toEqual(exhausted(text));
    await acknowledge(emulator, key);
    await sendOf(emulator, key, 1_000);
    const state = await emulator.exportState();
    await emulator.reset();
    await emulator.importState(state);
    expect(await refusalOf(sendKind(emulator, key, codeScanned))).toEqual(exhausted(text));
  });

  it("hold for concurrent calls at many keys", async () => {
    const emulator = await limited({ keys: 5 });
    const calls = Array.from({ length: 40 }, () => sendKind(emulator, newKey(), codeScanned));
    const outcomes = (await Promise.allSettled(calls)).map(({ status }) => status);
    expect(outcomes.filter((status) => status === "fulfilled")).toHaveLength(5);
    expect(Object.keys(JSON.parse(await emulator.exportState()).intents)).toHaveLength(5);
  });

  it("change nothing if they reject a request", async () => {
    const emulator = await limited({ keys: 1 });
    await sendKind(emulator, newKey(), codeScanned);
    const before = await emulator.exportState();
    const key = newKey();
    const kind = { case: "requestToReceiveBill" as const, value: payment() };
    expect((await refusalOf(sendKind(emulator, key, kind))).code).toBe("ResourceExhausted");
    expect((await statusOf(emulator, key)).exists).toBe(false);
    expect(await emulator.exportState()).toBe(before);
  });

  it("never stop an accepted payment and its webhook", async () => {
    const emulator = await limited(
      { messagesPerKey: 1, bytesPerKey: 400, bytes: 3_000 },
      { deliverWebhook: async () => ({ status: 200 }) },
    );
    const intent = intentOf();
    await register(emulator, intent);
    await microPaymentOf(emulator).registerWebhook({
      intentId: { value: rendezvousKey(intent.payload).publicKey },
      url: "http://localhost/paid",
    });
    expect((await refusalOf(emulator.wallet.scan(intent))).code).toBe("ResourceExhausted");
    await emulator.wallet.pay(intent);
    await emulator.clock.advance(0);
    const state = JSON.parse(await emulator.exportState()).intents[intent.id];
    expect(state.webhook.state).toBe("confirmed");
    expect(state.messages.map(({ kind }: { kind: string }) => kind)).toEqual([
      "requestToReceiveBill",
      "intentSubmitted",
      "webhookCalled",
    ]);
  });

  it("are named over REST too", async () => {
    const emulator = await limited({ keys: 1 });
    await sendKind(emulator, newKey(), codeScanned);
    const body = JSON.stringify(intentOf().toRestBody());
    const response = await fetch(`${emulator.url}/v1/createIntent`, { method: "POST", body });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      success: false,
      error:
        "rpc error: code = ResourceExhausted desc = the state can have at most 1 rendezvous keys; reset the state or raise stateLimits.keys",
    });
  });

  it("accept an import beyond them, and then no further messages", async () => {
    const source = await limited({});
    for (let i = 0; i < 3; i++) await sendKind(source, newKey(), codeScanned);
    const state = await source.exportState();
    const emulator = await limited({ keys: 1 });
    await emulator.importState(state);
    expect(await emulator.exportState()).toBe(state);
    expect((await refusalOf(sendKind(emulator, newKey(), codeScanned))).code).toBe("ResourceExhausted");
  });

  it("are by default above the requests of the real sequencer's vectors", async () => {
    const { emulator } = await emulated();
    const key = newKey();
    for (let i = 0; i < 300; i++) await sendKind(emulator, key, codeScanned);
    await sendOf(emulator, key, DEFAULT_STATE_LIMITS.messageBytes);
    expect(await poll(emulator, key)).toHaveLength(257);
  });

  it.each([
    [{ keys: 0 }, "stateLimits.keys"],
    [{ keys: 1.5 }, "stateLimits.keys"],
    [{ messageBytes: -1 }, "stateLimits.messageBytes"],
    [{ bytes: 384 * 1024 * 1024 + 1 }, "stateLimits.bytes"],
    [{ bytesPerKey: "1" }, "stateLimits.bytesPerKey"],
    [{ messages: 1 }, "stateLimits.messages"],
    [null, "stateLimits"],
    [[], "stateLimits"],
  ])("are rejected as %j", async (given, field) => {
    const stateLimits = given as Partial<StateLimits>;
    await expect(Emulator.start({ stateLimits })).rejects.toMatchObject({ field });
    expect(() => memoryStore(stateLimits)).toThrow(expect.objectContaining({ field }));
  });

  it("cannot be combined with another store", async () => {
    const options = { store: memoryStore(), stateLimits: { keys: 1 } };
    await expect(Emulator.start(options)).rejects.toThrow(
      "stateLimits: must be absent if store is set; pass the limits to memoryStore()",
    );
  });
});

describe("a poll", () => {
  it("returns the messages that fit in a response, and the rest after an acknowledgement", async () => {
    const emulator = await limited({});
    const key = newKey();
    const size = 60_000;
    for (let i = 0; i < 12; i++) await sendOf(emulator, key, size);
    const [first, second] = [await pageOf(), await pageOf()];
    expect([first, second]).toEqual([8, 4]);

    async function pageOf(): Promise<number> {
      const { length } = await poll(emulator, key);
      await acknowledge(emulator, key);
      return length;
    }
  });

  it("returns a message that is larger than a page alone", async () => {
    const emulator = await limited({ messageBytes: 700_000 });
    const key = newKey();
    await sendKind(emulator, key, codeScanned);
    await sendOf(emulator, key, 700_000);
    await sendKind(emulator, key, codeScanned);
    for (const length of [1, 1, 1]) {
      expect(await poll(emulator, key)).toHaveLength(length);
      await acknowledge(emulator, key);
    }
  });
});
