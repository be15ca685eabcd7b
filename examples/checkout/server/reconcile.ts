import { type CodeClient, CodeIntentsError } from "code-intents";
import { reconcile } from "code-intents/webhook";
import type { Order, OrderBook } from "./order.js";
import type { OrderDesk } from "./orders.js";

/** Options for {@link startReconciling}. */
export interface ReconcilerOptions {
  readonly book: OrderBook;
  readonly desk: OrderDesk;
  readonly code: CodeClient;
  /** Milliseconds between the end of a round and the start of the next. */
  readonly everyMs: number;
  readonly log: (line: string) => void;
}

// Longer than the sequencer retries a webhook. Check older orders manually.
const LOOK_BACK_MS = 7 * 24 * 3_600_000;

/** The status of an order for which no status counts. */
const UNPROVEN = { intentSubmitted: false } as const;

/**
 * Completes work that a crash, an outage or a lost webhook left undone, immediately and then at an interval.
 * It registers stored orders that never reached the sequencer or that the sequencer has lost, and fulfils
 * paid orders without a webhook.
 *
 * @returns a function that stops it and resolves after the current round has ended
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
      // A status applies to our order only after our request is registered.
      if (order.registeredAt === undefined && (await desk.register(order)) !== "registered") return UNPROVEN;
      const status = await code.paymentIntents.getStatus(order.intentId, { signal: ended });
      if (status.state !== "unknown") return status;
      // Registered, but the sequencer has lost it: a restored backup, or a restarted emulator.
      if ((await desk.register(order)) !== "registered") return UNPROVEN;
      return code.paymentIntents.getStatus(order.intentId, { signal: ended });
    },
    fulfil: (order) => book.fulfil(order.intentId, "status", Date.now()),
  });
  for await (const { order, outcome, ...rest } of results) {
    if (ended.aborted) return;
    if (outcome === "fulfilled")
      log(`intent ${order.intentId}: paid according to its status; no webhook received`);
    if ("error" in rest) log(`intent ${order.intentId} is still open: ${nameOf(rest.error)}`);
  }
}

/** Errors of the package contain no secrets. For any other error, use only the name. */
function nameOf(error: unknown): string {
  if (error instanceof CodeIntentsError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.name : typeof error;
}
