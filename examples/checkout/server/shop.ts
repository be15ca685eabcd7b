import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createAdaptorServer } from "@hono/node-server";
import { CodeClient } from "code-intents";
import type { Hono } from "hono";
import { type AppExtension, createApp } from "./app.js";
import type { ShopConfig } from "./config.js";
import type { OrderBook } from "./order.js";
import { OrderDesk } from "./orders.js";
import { startReconciling } from "./reconcile.js";
import { SqliteOrderBook } from "./store-sqlite.js";
import { WEBHOOK_PATH, webhookReceiver } from "./webhook.js";

/** A shop that is open. */
export interface Shop {
  readonly url: string;
  /** Finishes what is running, and closes the books. */
  close(): Promise<void>;
}

/**
 * Opens the shop: the page, the orders, the webhook, and the reconciling.
 *
 * @param extend what the demo adds, given the orders
 * @throws Error with advice where the port is taken
 */
export async function openShop(
  config: ShopConfig,
  extend?: (book: OrderBook) => AppExtension,
): Promise<Shop> {
  let app: Hono | undefined;
  const server = createAdaptorServer({
    fetch: (request, env) => app?.fetch(request, env) ?? new Response(null, { status: 503 }),
  });
  // The webhook's URL names the port, which may be known only now.
  const port = await listen(server, config);
  const url = `http://${config.host}:${port}`;

  const book = new SqliteOrderBook(config.database);
  const { idempotencySecret, browserSequencerUrl } = config;
  const code = new CodeClient({ baseUrl: config.sequencerUrl, idempotencySecret, logger: { warn: log } });
  const desk = new OrderDesk({
    ...config,
    book,
    code,
    webhookUrl: `${config.publicUrl ?? url}${WEBHOOK_PATH}`,
  });
  app = createApp({
    book,
    desk,
    receiveWebhook: webhookReceiver(book, config.webhookPublicKey, log),
    browserSequencerUrl,
    ordersPerMinute: config.ordersPerMinute,
    pages: fileURLToPath(new URL("../page/", import.meta.url)),
    log,
    extension: extend?.(book),
  });
  const stopReconciling = startReconciling({ book, desk, code, everyMs: config.reconcileEveryMs, log });

  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await code.close();
    await stopReconciling();
    if ("closeAllConnections" in server) server.closeAllConnections();
    await closed;
    book.close();
  };
  let closing: Promise<void> | undefined;
  return {
    url,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Ends with Ctrl-C, and in a container. */
export function closeOnSignals(close: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close());
}

function listen(server: ReturnType<typeof createAdaptorServer>, { host, port }: ShopConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is taken: end what listens there, or set PORT to another (PORT=0 takes a free one).`;
      reject(error.code === "EADDRINUSE" ? new Error(taken, { cause: error }) : error);
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** One line each, with the intent's id at most: it is public, while an order's id opens the order. */
function log(line: string): void {
  console.log(`[shop] ${line}`);
}
