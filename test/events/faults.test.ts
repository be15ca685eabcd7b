import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Emulator } from "../../src/emulator/index.js";
import {
  CodeClient,
  CodeIntentsError,
  type ConnectingClientOptions,
  type PaymentEvent,
  type PaymentIntent,
} from "../../src/index.js";
import { type FaultKind, faultKinds, randomOf, startFaultProxy } from "../support/fault-proxy.js";
import { order } from "../support/outcomes.js";
import { fullRuns } from "../support/property.js";
import { recordingStore } from "../support/recording-store.js";

/** Number of runs. `FAULT_SEED` sets the first seed. */
const runs = Number(process.env.FAULT_RUNS ?? (fullRuns ? 100 : 40));
const firstSeed = Number(process.env.FAULT_SEED ?? 20_240_208);
const atOnce = 20;

const protocols: readonly ConnectingClientOptions[] = [
  { protocol: "connect" },
  { protocol: "connect", httpVersion: "1.1" },
  { protocol: "grpc" },
  { protocol: "grpc-web" },
  { protocol: "rest" },
  { protocol: "envelope" },
  { protocol: "envelope", fetch: globalThis.fetch, webSocket: WebSocket },
];

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("over a failing network", () => {
  const recording = recordingStore();
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => rejections.push(reason);
  let emulator: Emulator;
  beforeAll(() => {
    process.on("unhandledRejection", onRejection);
  });
  afterAll(() => {
    process.off("unhandledRejection", onRejection);
  });

  /** Creates, pays and watches over one failing network. Returns the outcome of its connections. */
  async function run(seed: number): Promise<readonly FaultKind[]> {
    const random = randomOf(seed ^ 0x5eed);
    await using proxy = await startFaultProxy(emulator.port, seed);
    const protocol = protocols[seed % protocols.length];
    await using code = new CodeClient({
      ...protocol,
      baseUrl: proxy.url,
      timeoutMs: 700,
      retry: { maxAttempts: 5, initialDelayMs: 5, maxDelayMs: 50 },
    });
    const intent = code.paymentIntents.build(order);
    await create(code, intent);
    const payer = (async () => {
      await pause(random() * 60);
      await emulator.wallet.scan(intent);
      await pause(random() * 120);
      await emulator.wallet.pay(intent);
    })();
    const events: PaymentEvent[] = [];
    try {
      for await (const event of code.paymentIntents.watch(intent, {
        intervalMs: 20 + Math.floor(random() * 60),
        timeoutMs: 110_000,
      }))
        events.push(event);
    } finally {
      await payer;
    }
    expect(recording.requests.get(intent.id)).toBe(1);
    const types = events.map(({ type }) => type);
    expect(types.at(-1)).toBe("submitted");
    expect(new Set(types).size).toBe(types.length);
    expect(types.filter((type) => !["requested", "scanned", "submitted"].includes(type))).toEqual([]);
    return proxy.faults;
  }

  async function create(code: CodeClient, intent: PaymentIntent): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        // The timeout grows, because the machine may be slower than the network's faults.
        await code.paymentIntents.create(intent, { timeoutMs: 700 * (tries + 1) });
        return;
      } catch (error) {
        if (!(error instanceof CodeIntentsError) || !error.retryable || tries > 50) throw error;
      }
    }
  }

  it(
    `reports every payment once in ${runs} runs`,
    async () => {
      const resources = () => process.getActiveResourcesInfo().filter((name) => /TCP|Pipe/.test(name));
      const before = resources();
      emulator = await Emulator.start({ store: recording.store });
      const seeds = Array.from({ length: runs }, (_, index) => firstSeed + index);
      const failed: string[] = [];
      const seen = new Set<FaultKind>();
      const work = async () => {
        for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
          try {
            for (const fault of await run(seed)) seen.add(fault);
          } catch (error) {
            failed.push(`FAULT_SEED=${seed} FAULT_RUNS=1: ${error instanceof Error ? error.stack : error}`);
          }
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      expect(failed.join("\n\n")).toBe("");
      expect(rejections).toEqual([]);
      // With the usual 40 seeds, the first connections include every kind of fault.
      if (runs >= 40 && process.env.FAULT_SEED === undefined)
        expect([...seen].sort()).toEqual([...faultKinds].sort());
      await emulator.close();
      // Sockets close shortly after they are destroyed.
      for (let tries = 0; resources().length > before.length && tries < 1_000; tries++) await pause(50);
      expect(resources()).toEqual(before);
    },
    60_000 + runs * 2_000,
  );
});
