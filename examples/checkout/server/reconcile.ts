import { type CodeClient, CodeIntentsError } from "code-intents";
import { reconcile } from "code-intents/webhook";
import type { Order, OrderBook } from "./order.js";
import type { OrderDesk } from "./orders.js";

/** What reconciling works on. */
export interface ReconcilerOptions {
  readonly book: OrderBook;
  readonly desk: OrderDesk;
  readonly code: CodeClient;
  /** Milliseconds between the end of a round and the next. */
  readonly everyMs: number;
  readonly log: (line: string) => void;
}

// As long as the sequencer tries a webhook, and then some. Older orders are looked at by hand.
const LOOK_BACK_MS = 7 * 24 * 3_600_000;

/**
 * Does what a crash, an outage or a lost webhook left undone, at once and then at an interval: orders that were kept but never
 * registered, or that the sequencer forgot, are registered, and paid orders that nobody told of are fulfilled.
 *
 * @returns what ends it; resolves when nothing of it runs any more
 */
export function startReconciling(options: ReconcilerOptions): () => Promise<void> {
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let round = Promise.resolve();
  const next = () => {
    round = reconcileOnce(options, ended.signal)
      .catch((error: unknown) => options.log(`reconciling failed: ${nameOf(error)}`))
      .then(() => {
        if (!ended.signal.aborted) timer = setTimeout(next, options.everyMs);
      });
  };
  next();
  return async () => {
    ended.abort();
    clearTimeout(timer);
    await round;
  };
}

async function reconcileOnce(
  { book, desk, code, log }: ReconcilerOptions,
  ended: AbortSignal,
): Promise<void> {
  const unpaid = await book.unpaid(Date.now() - LOOK_BACK_MS);
  const results = reconcile(unpaid, {
    getStatus: async (order: Order) => {
      // A status speaks of our order only once our request is known to be there.
      if (order.registeredAt === undefined) await desk.register(order);
      const status = await code.paymentIntents.getStatus(order.intentId, { signal: ended });
      if (status.state !== "unknown") return status;
      // It was registered, and the sequencer has forgotten it: a restored backup, or an emulator that started anew.
      await desk.register(order);
      return code.paymentIntents.getStatus(order.intentId, { signal: ended });
    },
    fulfil: (order) => book.fulfil(order.intentId, "status", Date.now()),
  });
  for await (const { order, outcome, ...rest } of results) {
    if (ended.aborted) return;
    if (outcome === "fulfilled")
      log(`intent ${order.intentId}: paid by its status; its webhook has not come`);
    if ("error" in rest) log(`intent ${order.intentId} stays open: ${nameOf(rest.error)}`);
  }
}

/** Messages of the package hold no secrets; of anything else, the name alone. */
function nameOf(error: unknown): string {
  if (error instanceof CodeIntentsError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.name : typeof error;
}
