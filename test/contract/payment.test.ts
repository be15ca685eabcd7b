import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { type CodeClient, CodeIntentsError, PaymentIntent, SequencerError } from "../../src/index.js";
import { clientOf, ways } from "../support/protocols.js";

const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const other = "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz";

async function failure(call: Promise<unknown>): Promise<CodeIntentsError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CodeIntentsError)) throw new Error(`expected a typed error, got ${String(error)}`);
  return error;
}

describe.each(ways)("a payment over $name", (way) => {
  let emulator: Emulator;
  let code: CodeClient;
  beforeAll(async () => {
    emulator = await Emulator.start();
    code = clientOf(emulator, way);
  });
  afterAll(async () => {
    await code.close();
    await emulator.close();
  });

  it("registers an intent and reads its status", async () => {
    const intent = code.paymentIntents.build({ destination, amount: "2.50", currency: "usd" });
    const codeScanned = way.capabilities.codeScanned ? false : undefined;
    expect(await code.paymentIntents.getStatus(intent)).toEqual({
      state: "unknown",
      exists: false,
      codeScanned,
      intentSubmitted: false,
    });
    expect(await code.paymentIntents.create(intent)).toBe(intent);
    const pending = { state: "pending", exists: true, codeScanned, intentSubmitted: false };
    expect(await code.paymentIntents.getStatus(intent)).toEqual(pending);
    expect(await code.paymentIntents.getStatus(intent.id)).toEqual(pending);
    expect(await code.paymentIntents.getStatus({ intent: intent.id })).toEqual(pending);
  });

  it("is one intent if it is created twice", async () => {
    const options = { destination, amount: 1, currency: "eur", idempotencyKey: `twice-${way.name}` } as const;
    const first = await code.paymentIntents.create(options);
    const second = await code.paymentIntents.create(options);
    expect(second.id).toBe(first.id);
    expect((await code.paymentIntents.getStatus(first)).state).toBe("pending");
  });

  it("registers kin and fees", async () => {
    const kin = await code.paymentIntents.create({ destination, amount: 2500, currency: "kin" });
    const fees = await code.paymentIntents.create({
      destination,
      amount: "1.00",
      currency: "usd",
      fees: [{ destination: other, basisPoints: 500 }],
    });
    expect((await code.paymentIntents.getStatus(kin)).exists).toBe(true);
    expect((await code.paymentIntents.getStatus(fees)).exists).toBe(true);
  });

  it("conflicts with another destination at the same key, with the sequencer's text", async () => {
    const clientSecret = code.paymentIntents.build({ destination, amount: 1, currency: "usd" }).clientSecret;
    await code.paymentIntents.create({ destination, amount: 1, currency: "usd", clientSecret });
    const error = await failure(
      code.paymentIntents.create({ destination: other, amount: 1, currency: "usd", clientSecret }),
    );
    expect(error.code).toBe("intent_conflict");
    expect(error.retryable).toBe(false);
    expect((error as SequencerError).sequencerMessage).toBe("destination mismatches original request");
    expect((error as SequencerError).connectCode).toBe("invalid_argument");
  });

  it("is refused with the sequencer's text", async () => {
    const seed = { destination: "11111111111111111111111111111111", amount: 10, currency: "usd" } as const;
    const error = await failure(code.paymentIntents.create({ ...seed, idempotencyKey: "1234" }));
    expect(error).toBeInstanceOf(SequencerError);
    expect(error.code).toBe("request_refused");
    expect((error as SequencerError).sequencerMessage).toBe("usd currency has a maximum amount of 5.00");
    const { id } = PaymentIntent.from({ ...seed, idempotencyKey: "1234" });
    expect((await code.paymentIntents.getStatus(id)).exists).toBe(false);
  });

  it("registers a webhook with the intent", async () => {
    const webhook = { url: "http://localhost:3000/paid" };
    const intent = await code.paymentIntents.create({ destination, amount: 1, currency: "usd", webhook });
    await code.paymentIntents.create(intent);
    expect((await code.paymentIntents.getStatus(intent)).exists).toBe(true);
  });

  it("ends with client_closed after the client is closed", async () => {
    const closed = clientOf(emulator, way);
    await closed.paymentIntents.getStatus(destination);
    await closed.close();
    await closed.close();
    expect((await failure(closed.paymentIntents.getStatus(destination))).code).toBe("client_closed");
  });

  it("ends with aborted if the signal fires before or during the call", async () => {
    const before = await failure(
      code.paymentIntents.getStatus(destination, { signal: AbortSignal.abort("mine") }),
    );
    expect([before.code, before.cause]).toEqual(["aborted", "mine"]);
    const controller = new AbortController();
    const call = failure(code.paymentIntents.getStatus(destination, { signal: controller.signal }));
    controller.abort();
    expect((await call).code).toBe("aborted");
  });
});
