import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { CodeClient, PaymentIntent } from "code-intents";
import type { ShopConfig } from "../../../examples/checkout/server/config.js";
import type { OrderBook } from "../../../examples/checkout/server/order.js";
import { type LedgerCalls, perform } from "./worker.js";

/** Adds one fault to the shop, by name. The tests prove with it that the model finds each kind of damage. */
export function makeCareless(name: string, book: OrderBook, config: ShopConfig, ledger: LedgerCalls): void {
  if (name === "") return;
  const change = changes[name];
  if (change === undefined) throw new Error(`no careless merchant is called "${name}"`);
  change(book, config, ledger);
}

type Change = (book: OrderBook, config: ShopConfig, ledger: LedgerCalls) => void;

const changes: Readonly<Record<string, Change>> = {
  /** Sends the goods at each report of a payment. */
  "no once-store": (book, _, { url }) => {
    const { fulfil } = book;
    book.fulfil = async (intentId, by, at) => {
      await perform(url, randomUUID(), intentId, "send-goods");
      return fulfil.call(book, intentId, by, at);
    };
  },

  /** Records the payment, and sends the goods after that from memory. */
  "no outbox": (book, _, { url, pass }) => {
    const { fulfil } = book;
    book.fulfil = async (intentId, by, at) => {
      const outcome = await fulfil.call(book, intentId, by, at);
      if (outcome === "fulfilled") void send(intentId);
      return outcome;
    };
    const send = async (intentId: string) => {
      await pass("sending", intentId, "send-goods");
      while (!(await perform(url, intentId, intentId, "send-goods"))) await pause(20);
      await pass("sent", intentId, "send-goods");
    };
  },

  /** Treats a scan as a payment. */
  "fulfils on scanned": (book, { sequencerUrl }) => {
    const code = new CodeClient({ baseUrl: sequencerUrl });
    const { settle } = book;
    book.settle = async (intentId, outcome, at) => {
      await settle.call(book, intentId, outcome, at);
      const order = await book.byIntent(intentId);
      if (order === undefined || outcome !== "registered") return;
      const { clientSecret, amount, currency, destination } = order;
      const intent = PaymentIntent.fromClientSecret({ clientSecret, amount, currency, destination });
      void (async () => {
        for await (const { type } of code.paymentIntents.watch(intent, { timeoutMs: 60_000 }))
          if (type === "scanned") await book.fulfil(intentId, "status", Date.now());
      })().catch(() => {});
    };
  },

  /** Treats `already_submitted` as registered, so that a bare status counts. */
  "trusts a bare status": (book) => {
    const { settle } = book;
    book.settle = (intentId, outcome, at) =>
      settle.call(book, intentId, outcome === "refused" ? "refused" : "registered", at);
  },
};
