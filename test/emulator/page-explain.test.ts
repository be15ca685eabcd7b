import { createClient } from "@connectrpc/connect";
import { base58, base64, hex } from "@scure/base";
import { afterEach, describe, expect, it } from "vitest";
import { CheckOutcome, EmulatorService } from "../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { WalletService } from "../../gen/codeintents/emulator/v1/wallet_service_pb.js";
import { type Emulator, type MessageRecord, memoryStore } from "../../src/emulator/index.js";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { clientSecretOf, randomNonce } from "../../src/rendezvous/nonce.js";
import { encodePayload } from "../../src/rendezvous/payload.js";
import { encodeScanCode } from "../../src/scan-code/codec.js";
import { cleanUp, emulated, intentOf, register } from "../support/emulated.js";
import { listing } from "../support/identity.js";
import { account } from "../support/payment.js";
import {
  fee,
  lengthDelimited,
  login,
  newKey,
  postSendMessage,
  refusalOf,
  sendLogin,
} from "../support/sequencer.js";

afterEach(cleanUp);

const controlOf = ({ transport }: Emulator) => createClient(EmulatorService, transport);

/** Explains the message at this index. */
async function explained(emulator: Emulator, intentId: string, at = 0) {
  const { intent } = await controlOf(emulator).getIntent({ intentId });
  const { messageId = "", message = new Uint8Array() } = intent?.messages.at(at) ?? {};
  return { message, ...(await controlOf(emulator).explainMessage({ intentId, messageId })) };
}

describe("the explanation of a message", () => {
  it("gives the meaning of every byte, and verifies the signature", async () => {
    const { emulator } = await emulated();
    const intent = intentOf();
    await register(emulator, intent);
    const { message, summary, verdict, wrong, sections, checks } = await explained(emulator, intent.id);
    expect(summary).toBe(`A message at a rendezvous key, ${message.length} bytes.`);
    expect([verdict, wrong]).toEqual(["No byte is wrong.", false]);
    expect(checks).toMatchObject([
      { outcome: CheckOutcome.PASSED, text: expect.stringContaining("signature") },
    ]);
    const [section] = sections;
    expect(section).toMatchObject({ type: "code.messaging.v1.Message", omittedLines: 0 });
    expect(Buffer.from(section?.data ?? [])).toEqual(Buffer.from(message));
    const currency = section?.lines.find(({ name }) => name === "currency");
    expect(currency).toMatchObject({
      path: "request_to_receive_bill.partial.currency",
      meaning: 'field 1: 3 bytes of UTF-8 text: "usd"',
      length: 5,
      tagLength: 1,
      prefixLength: 1,
      problem: false,
    });
    const at = (currency?.offset ?? 0) + 2;
    expect(Buffer.from(message.subarray(at, at + 3)).toString()).toBe("usd");
  });

  it("covers every byte of any message by a line at the right depth", async () => {
    const { emulator } = await emulated({ deliverWebhook: async () => ({ status: 200 }) });
    const intent = intentOf();
    await register(emulator, intent, { additionalFees: [fee(2, 500), fee(3, 1)] });
    await emulator.wallet.scan(intent);
    await emulator.wallet.reject(intent);
    await emulator.wallet.pay(intent);
    for (const at of [0, 1, 2, 3]) {
      const { wrong, sections, message } = await explained(emulator, intent.id, at);
      expect(wrong).toBe(false);
      const leaves = (sections[0]?.lines ?? []).filter(
        ({ offset, length, depth }, _, lines) =>
          length > 0 && !lines.some((line) => line.depth > depth && within(line, { offset, length })),
      );
      const covered = new Set(leaves.flatMap(({ offset, length }) => range(offset, length)));
      const heads = (sections[0]?.lines ?? []).flatMap(({ offset, tagLength, prefixLength }) =>
        range(offset, tagLength + prefixLength),
      );
      expect(new Set([...covered, ...heads]).size).toBe(message.length);
    }
  });

  it("names the doubtful byte and the problem", async () => {
    const { emulator } = await emulated();
    const intent = intentOf();
    const key = rendezvousKey(intent.payload);
    const text = Buffer.from("<img src=x onerror=alert(1)>");
    const unknown = lengthDelimited(500, text);
    const message = Buffer.concat([intent.toBinary(), unknown]);
    expect((await postSendMessage(emulator, key, message, key.sign(message))).status).toBe(200);
    const { wrong, verdict, sections } = await explained(emulator, intent.id);
    expect(wrong).toBe(false);
    expect(verdict).toMatch(/^Accepted but doubtful: byte \d+ /);
    const problem = sections[0]?.lines.find(({ problem }) => problem);
    expect(problem).toMatchObject({ name: "unknown_field", length: 1 });
    expect(verdict).toContain(`byte ${problem?.offset} `);
  });

  it("is limited in lines, text and bytes", async () => {
    const store = memoryStore();
    const { emulator } = await emulated({ store });
    const put = async (bytes: Uint8Array): Promise<string> => {
      const intent = intentOf();
      const record: MessageRecord = {
        messageId: base58.encode(new Uint8Array(16)),
        kind: "x",
        bytes,
        createdAt: 0,
      };
      await store.transaction(intent.id, (transaction) => transaction.addMessage(record));
      return intent.id;
    };
    const many = Buffer.concat(Array.from({ length: 3_000 }, () => lengthDelimited(500, new Uint8Array())));
    const [section] = (await explained(emulator, await put(many))).sections;
    expect(section?.lines).toHaveLength(1_000);
    expect(section?.omittedLines).toBeGreaterThan(2_000);

    const long = lengthDelimited(500, Buffer.from("😀".repeat(3_000)));
    const { sections } = await explained(emulator, await put(long));
    const texts = sections.flatMap(({ lines }) => lines.map(({ meaning }) => meaning));
    for (const text of texts) {
      expect(text.length).toBeLessThanOrEqual(400);
      expect(text).not.toMatch(/\p{Surrogate}/u);
    }

    const huge = await explained(emulator, await put(new Uint8Array(20_000)));
    expect(huge).toMatchObject({ wrong: true, verdict: expect.stringContaining("16384") });
    expect(huge.sections[0]?.data).toHaveLength(16_384);
  });

  it("is rejected for a message that is not stored", async () => {
    const { emulator } = await emulated();
    const intent = intentOf();
    const control = controlOf(emulator);
    const messageId = base58.encode(new Uint8Array(16));
    const refused = (intentId: string) => refusalOf(control.explainMessage({ intentId, messageId }));
    expect(await refused(intent.id)).toEqual({ code: "NotFound", text: "nothing is stored for this intent" });
    await register(emulator, intent);
    expect(await refused(intent.id)).toEqual({ code: "NotFound", text: "no such message is stored" });
    expect((await refused("x")).code).toBe("InvalidArgument");
  });
});

describe("a pasted scan code", () => {
  const read = async (emulator: Emulator, intentId: string, text: string) =>
    hex.encode(
      (await createClient(WalletService, emulator.transport).readPayload({ intentId, text })).payload,
    );
  const hexDump = (bytes: Uint8Array) => Array.from(bytes, (byte) => `0x${hex.encode(Uint8Array.of(byte))}`);

  const spellings: readonly [string, (intent: PaymentIntent) => string][] = [
    ["hex", ({ payload }) => hex.encode(payload)],
    ["hex with blanks around", ({ payload }) => `\n ${hex.encode(payload).toUpperCase()} \n`],
    ["an array literal", ({ payload }) => `[${hexDump(payload).join(", ")}]`],
    ["base64", ({ payload }) => base64.encode(payload)],
    ["base64 without padding", ({ payload }) => base64.encode(payload).replace(/=+$/, "")],
    ["base58", ({ payload }) => base58.encode(payload)],
    ["the 35 bytes of the code", ({ payload }) => hex.encode(encodeScanCode(payload))],
    ["the client secret", ({ clientSecret }) => clientSecret],
    ["JSON with the client secret", ({ clientSecret }) => JSON.stringify({ clientSecret, more: 1 }, null, 2)],
    ["JSON with the payload", ({ payload }) => JSON.stringify({ payload: base64.encode(payload) })],
  ];
  it.each(spellings)("is read as %s", async (_, spell) => {
    const { emulator } = await emulated();
    for (const fields of [{}, { additionalFees: [fee(2, 500)] }]) {
      const intent = PaymentIntent.from({
        destination: account(1),
        amount: "1",
        currency: "usd",
        ...("additionalFees" in fields ? { fees: [{ destination: account(2), basisPoints: 500 }] } : {}),
      });
      await register(emulator, intent, fields);
      expect(await read(emulator, intent.id, spell(intent))).toBe(hex.encode(intent.payload));
    }
  });

  it("is accepted for a login too", async () => {
    const verifier = newKey();
    const { emulator } = await emulated({ fetchWellKnown: async () => listing(verifier) });
    const nonce = randomNonce();
    const payload = encodePayload({ kind: "login", nonce });
    const key = rendezvousKey(payload);
    await sendLogin(emulator, key, login(key, verifier, "example.com"));
    for (const text of [hex.encode(payload), clientSecretOf(nonce)]) {
      expect(await read(emulator, base58.encode(key.publicKey), text)).toBe(hex.encode(payload));
    }
  });

  it.each([
    ["another intent's", () => hex.encode(intentOf().payload)],
    ["another intent's secret", () => intentOf().clientSecret],
    ["nothing", () => ""],
    ["words", () => "please pay"],
    ["the id", (intent: PaymentIntent) => intent.id],
    ["half of it", ({ payload }: PaymentIntent) => hex.encode(payload.subarray(10))],
    ["JSON without it", () => '{"payload":1,"clientSecret":null}'],
    ["null", () => "null"],
    ["too much", ({ payload }: PaymentIntent) => hex.encode(payload) + " ".repeat(5_000)],
  ])("is rejected if it is %s", async (_, spell) => {
    const { emulator } = await emulated();
    const intent = intentOf();
    await register(emulator, intent);
    const { code, text } = await refusalOf(read(emulator, intent.id, spell(intent)));
    expect(code).toBe("InvalidArgument");
    expect(text).toMatch(/^text: /);
    expect(text).not.toContain(hex.encode(intent.payload));
  });
});

const range = (offset: number, length: number) => Array.from({ length }, (_, i) => offset + i);

function within(
  inner: { offset: number; length: number },
  outer: { offset: number; length: number },
): boolean {
  return (
    inner.length > 0 &&
    inner.offset >= outer.offset &&
    inner.offset + inner.length <= outer.offset + outer.length
  );
}
