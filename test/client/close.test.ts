import { afterAll, beforeAll, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { CodeClient } from "../../src/index.js";
import { destination } from "../support/outcomes.js";

let emulator: Emulator;
const unhandled: unknown[] = [];
const record = (reason: unknown) => void unhandled.push(reason);

beforeAll(async () => {
  emulator = await Emulator.start({ port: 0 });
  process.on("unhandledRejection", record);
});
afterAll(async () => {
  process.off("unhandledRejection", record);
  await emulator.close();
});

const protocols = ["connect", "grpc", "grpc-web", "rest", "envelope"] as const;

it.each(protocols)("closing a client over %s leaves no unhandled rejection", async (protocol) => {
  for (const delayMs of [0, 1, 5, 20]) {
    const code = new CodeClient({ baseUrl: emulator.url, protocol, logger: { warn() {} } });
    const intent = code.paymentIntents.build({ destination, amount: 1, currency: "usd" });
    const returned = code.paymentIntents.watch(intent, { intervalMs: 5, soleListener: true });
    const disposed = code.paymentIntents.watch(intent, { intervalMs: 5 });
    const outcomes = Promise.allSettled([
      code.paymentIntents.create(intent),
      code.paymentIntents.getStatus(intent),
      code.paymentIntents.waitForPayment(intent, { intervalMs: 5 }),
      returned.next(),
      returned.next(),
      returned.return(),
      disposed.next(),
      disposed[Symbol.asyncDispose](),
    ]);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await code.close();
    expect((await outcomes)[2]).toMatchObject({ status: "rejected", reason: { code: "client_closed" } });
  }
  // A rejection is reported as unhandled after the microtasks of its turn.
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(unhandled).toEqual([]);
});
