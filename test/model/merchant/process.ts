/**
 * The merchant's process: the shop of examples/checkout as it is, with a worker for its outbox. It reports to
 * the model where it is, and waits there: the model kills it at these points.
 */
import { configFromEnvironment } from "../../../examples/checkout/server/config.js";
import type { OrderBook } from "../../../examples/checkout/server/order.js";
import { openShop } from "../../../examples/checkout/server/shop.js";
import type { Leaked, MerchantReport } from "../messages.js";
import { makeCareless } from "./careless.js";
import { startWorker } from "./worker.js";

const RECONCILE_EVERY_MS = 200;

const { MODEL_LEDGER = "", MODEL_CARELESS = "", ...env } = process.env;

let reports = 0;
const waiting = new Map<number, () => void>();
process.on("message", (number: number) => {
  waiting.get(number)?.();
  waiting.delete(number);
});
// The model has ended.
process.on("disconnect", () => process.exit());

function report(message: MerchantReport): void {
  process.send?.(message);
}

/** Reports a point, and resolves when the model lets the process go on. */
function pass(point: string, intentId: string, detail = "", leaked?: Leaked): Promise<void> {
  const number = reports++;
  return new Promise((resolve) => {
    waiting.set(number, resolve);
    report({ type: "point", number, point, intentId, detail, leaked });
  });
}

/** Adds the points to the order store. The shop calls the methods of this one object. */
function addPoints(book: OrderBook): void {
  const { add, settle, fulfil, unpaid } = book;
  // A kill between the commit and the report of `stored` leaves the order to the reports that follow.
  const leakOf = async (intentId: string): Promise<Leaked | undefined> => {
    const order = await book.byIntent(intentId);
    if (order === undefined) return undefined;
    const { orderKey, clientSecret, amount, destination, webhookUrl } = order;
    return { orderKey, intentId, clientSecret, amount, destination, webhookUrl };
  };
  book.add = async (order) => {
    const kept = await add.call(book, order);
    await pass("stored", kept.intentId, kept.amount, await leakOf(kept.intentId));
    return kept;
  };
  book.settle = async (intentId, outcome, at) => {
    await pass("settling", intentId, outcome, await leakOf(intentId));
    await settle.call(book, intentId, outcome, at);
    await pass("settled", intentId, outcome);
  };
  book.fulfil = async (intentId, by, at) => {
    await pass("paying", intentId, by, await leakOf(intentId));
    const outcome = await fulfil.call(book, intentId, by, at);
    await pass("paid", intentId, `${by}: ${outcome}`);
    return outcome;
  };
  book.unpaid = (since) => {
    report({ type: "round" });
    return unpaid.call(book, since);
  };
}

const config = { ...configFromEnvironment(env), reconcileEveryMs: RECONCILE_EVERY_MS };
const ledger = { url: MODEL_LEDGER, pass };
const shop = await openShop(config, (book) => {
  makeCareless(MODEL_CARELESS, book, config, ledger);
  addPoints(book);
  return { routes: () => {}, orderHtml: "" };
});
startWorker(config.database, ledger, MODEL_CARELESS === "no outbox", () => report({ type: "idle" }));
report({ type: "open", url: shop.url });
