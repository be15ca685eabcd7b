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

/** A running shop. */
export interface Shop {
  readonly url: string;
  /** Finishes running requests, then closes the client and the database. */
  close(): Promise<void>;
}

/**
 * Opens the shop: pages, orders, webhook and reconciliation.
 *
 * @param extend creates an extension for the order store; the demo uses it
 * @throws Error with a hint if the port is in use
 */
export async function openShop(
  config: ShopConfig,
  extend?: (book: OrderBook) => AppExtension,
): Promise<Shop> {
  let app: Hono | undefined;
  const server = createAdaptorServer({
    fetch: (request, env) => app?.fetch(request, env) ?? new Response(null, { status: 503 }),
  });
  // Listen first: the webhook URL contains the port, which is unknown until then if it is 0.
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

/** Closes on Ctrl-C, and on the stop signal of a container. */
export function closeOnSignals(close: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close());
}

function listen(server: ReturnType<typeof createAdaptorServer>, { host, port }: ShopConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is in use: stop the program that uses it, or set PORT to another port (0 picks a free one).`;
      reject(error.code === "EADDRINUSE" ? new Error(taken, { cause: error }) : error);
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Logs a line. It can contain an intent id, which is public, but never an order id, which grants access. */
function log(line: string): void {
  console.log(`[shop] ${line}`);
}
