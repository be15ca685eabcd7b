// Many watches on one client, through a proxy that allows a number of streams on each connection.
import { createClient } from "@connectrpc/connect";

const CREATES = 20;
const IN_FLIGHT = 32;

// Watches end this long after the last payment was reported, or the last stream was opened.
const NO_PROGRESS_MS = 15_000;

const order = {
  destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR",
  amount: "2.50",
  currency: "usd",
};

/**
 * Watches intents through a proxy, creates further intents meanwhile, and pays every watched intent.
 *
 * @param {object} options
 * @param {import("code-intents/emulator").Emulator} options.emulator
 * @param {string} options.url The proxy.
 * @param {"connect" | "grpc"} options.protocol
 * @param {number} options.count Number of watches.
 * @returns What happened: `creates` and `heard` are milliseconds, from the call to its answer and from the payment to its
 *   event. What failed is missing, and `failures` says why.
 */
export async function watchThrough({ emulator, url, protocol, count }) {
  const { CodeClient } = await import("code-intents");
  const { EmulatorService } = await import("../../gen/codeintents/emulator/v1/emulator_service_pb.js");
  const direct = new CodeClient({ transport: emulator.transport });
  const control = createClient(EmulatorService, emulator.transport);
  const code = new CodeClient({ baseUrl: url, protocol, logger: { warn() {} } });
  const failures = new Map();
  const failed = (error) => {
    const reason = String(error.code ?? error);
    failures.set(reason, (failures.get(reason) ?? 0) + 1);
  };
  const stuck = new AbortController();
  let timer;
  const progress = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stuck.abort(), NO_PROGRESS_MS);
  };
  try {
    const intents = [];
    await inFlight(count, async () => intents.push(await direct.paymentIntents.create(order)));
    const paidAt = new Map();
    const heard = [];
    const sources = {};
    progress();
    const watches = intents.map(async (intent) => {
      try {
        const { heardFrom } = await code.paymentIntents.waitForPayment(intent, { signal: stuck.signal });
        heard.push(performance.now() - (paidAt.get(intent) ?? Number.NaN));
        sources[heardFrom] = (sources[heardFrom] ?? 0) + 1;
        progress();
      } catch (error) {
        failed(error);
      }
    });
    // All watches stand before the first create and the first payment.
    let standing = 0;
    for (const { id: intentId } of intents) {
      while (!stuck.signal.aborted && !(await control.getIntent({ intentId })).intent?.streamOpen) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (stuck.signal.aborted) break;
      standing++;
      progress();
    }
    const creates = [];
    await inFlight(CREATES, async () => {
      const startedAt = performance.now();
      try {
        await code.paymentIntents.create(order, { timeoutMs: NO_PROGRESS_MS });
        creates.push(performance.now() - startedAt);
      } catch (error) {
        failed(error);
      }
    });
    progress();
    await inFlight(count, async (i) => {
      paidAt.set(intents[i], performance.now());
      await emulator.wallet.pay(intents[i]);
      progress();
    });
    await Promise.all(watches);
    return { count, standing, heard, sources, creates, createsAsked: CREATES, failures };
  } finally {
    clearTimeout(timer);
    await code.close();
    await direct.close();
  }
}

async function inFlight(count, work) {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < count; i = next++) await work(i);
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, worker));
}
