/** Emulators on a frozen clock, and raw clients for every transport. Call `cleanUp` after each test. */
import { createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { vi } from "vitest";
import { EmulatorService } from "../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { Emulator, type EmulatorOptions, MovableClock } from "../../src/emulator/index.js";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { realTime } from "../../src/server/clock.js";
import { account } from "./payment.js";
import { type PaymentFields, payment, sendPayment } from "./sequencer.js";

const cleanUps: (() => unknown)[] = [];

/** Cleanups to run after the test, latest first. */
export function later(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

export async function cleanUp(): Promise<void> {
  for (const run of cleanUps.splice(0).reverse()) await run();
}

/** A frozen clock that lists its timers. */
export class WatchedClock extends MovableClock {
  readonly #pending = new Set<object>();
  /** Whether a move goes on while work that a timer has started is under way, as time does on a running clock. */
  overlapping = false;

  constructor(startAt = 1_700_000_000_000) {
    super({ frozen: true, startAt });
  }

  /** Timers that are still pending. */
  get pending(): number {
    return this.#pending.size;
  }

  override after(delayMs: number, callback: () => unknown): () => void {
    const entry = {};
    this.#pending.add(entry);
    const cancel = super.after(delayMs, () => {
      this.#pending.delete(entry);
      const work = callback();
      return this.overlapping ? undefined : work;
    });
    return () => {
      this.#pending.delete(entry);
      cancel();
    };
  }
}

/**
 * Stops the real time of calls and webhooks until `cleanUp`. Returns the clock that moves it and lists its
 * timers.
 */
export function stoppedRealTime(): WatchedClock {
  const stopped = new WatchedClock();
  const spy = vi.spyOn(realTime, "after").mockImplementation((ms, callback) => stopped.after(ms, callback));
  later(() => spy.mockRestore());
  return stopped;
}

export interface Emulated {
  readonly emulator: Emulator;
  readonly clock: WatchedClock;
  /** The emulator's log. */
  readonly errors: unknown[];
}

/** Starts an emulator on a frozen clock and a free port. `cleanUp` closes it. */
export async function emulated(options: EmulatorOptions = {}): Promise<Emulated> {
  const clock = new WatchedClock();
  const errors: unknown[] = [];
  const logger = { error: (...data: unknown[]) => void errors.push(data.at(-1)) };
  const emulator = await Emulator.start({ clock, logger, ...options });
  later(() => emulator.close());
  return { emulator, clock, errors };
}

/** A way to call an emulator below the client. */
export interface RawWay {
  readonly name: string;
  readonly http2: boolean;
  readonly open: (emulator: Emulator) => Transport;
}

/** Opens a transport over a separate HTTP/2 connection. `cleanUp` closes it. */
function overHttp2(
  emulator: Emulator,
  make: (options: { baseUrl: string; sessionManager: Http2SessionManager }) => Transport,
): Transport {
  const sessionManager = new Http2SessionManager(emulator.url);
  later(() => sessionManager.abort());
  return make({ baseUrl: emulator.url, sessionManager });
}

export const memory: RawWay = { name: "memory", http2: true, open: ({ transport }) => transport };
export const connectHttp2: RawWay = {
  name: "Connect over HTTP/2",
  http2: true,
  open: (emulator) =>
    overHttp2(emulator, (options) => createConnectTransport({ httpVersion: "2", ...options })),
};
export const grpc: RawWay = {
  name: "gRPC",
  http2: true,
  open: (emulator) => overHttp2(emulator, (options) => createGrpcTransport(options)),
};
export const connectHttp1: RawWay = {
  name: "Connect over HTTP/1.1",
  http2: false,
  open: ({ url }) => createConnectTransport({ httpVersion: "1.1", baseUrl: url }),
};
export const grpcWeb: RawWay = {
  name: "gRPC-Web over HTTP/1.1",
  http2: false,
  open: ({ url }) => createGrpcWebTransport({ httpVersion: "1.1", baseUrl: url }),
};

export const rawWays: readonly RawWay[] = [memory, connectHttp2, grpc, connectHttp1, grpcWeb];

/** Builds an intent, by default for 1 usd to the account of ones. */
export function intentOf(options: { amount?: string; currency?: string } = {}): PaymentIntent {
  return PaymentIntent.from({
    destination: account(1),
    amount: options.amount ?? "1",
    currency: (options.currency ?? "usd") as "usd",
  });
}

/** Registers the request of an intent, with some fields replaced. */
export async function register(
  emulator: Emulator,
  intent: PaymentIntent,
  fields: PaymentFields = {},
): Promise<void> {
  await sendPayment(emulator, rendezvousKey(intent.payload), payment(fields));
}

/** Returns whether a stream is open at a key at which a message is stored. */
export async function isStreamOpen(emulator: Emulator, intentId: string): Promise<boolean> {
  const { intent } = await createClient(EmulatorService, emulator.transport).getIntent({ intentId });
  return intent?.streamOpen ?? false;
}
