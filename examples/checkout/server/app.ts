import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { CodeIntentsError } from "code-intents";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import type { OrderBook } from "./order.js";
import { type OrderDesk, OrderKeyError } from "./orders.js";
import { CartError, priceList, readCart } from "./prices.js";
import { rateLimit } from "./rate-limit.js";
import { WEBHOOK_PATH } from "./webhook.js";

/** What the routes are made of. */
export interface AppOptions {
  readonly book: OrderBook;
  readonly desk: OrderDesk;
  readonly receiveWebhook: (request: Request) => Promise<Response>;
  /** Where browsers reach the sequencer; the only other origin that the page may talk to. */
  readonly browserSequencerUrl: string;
  readonly ordersPerMinute: number;
  /** The folder that `vite build` wrote. */
  readonly pages: string;
  readonly log: (line: string) => void;
  readonly extension?: AppExtension | undefined;
}

/** What the demo adds; see `demo-wallet.ts`. */
export interface AppExtension {
  readonly routes: (app: Hono) => void;
  /** HTML that takes the place of `<!--extension-->` in the page of an order. */
  readonly orderHtml: string;
}

const MAX_BODY_BYTES = 4_096;

export function createApp(options: AppOptions): Hono {
  const { book, desk, receiveWebhook, pages, log, extension } = options;
  const app = new Hono();
  app.use(securityHeaders(options.browserSequencerUrl));

  // Before anything that reads a body: the signature is over the body as it came.
  app.post(WEBHOOK_PATH, (c) => receiveWebhook(c.req.raw));

  app.use("/api/*", async (c, next) => {
    c.header("cache-control", "no-store");
    await next();
  });
  app.get("/api/prices", (c) => c.json(priceList()));
  app.post(
    "/api/orders",
    rateLimit(options.ordersPerMinute),
    bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => c.json({ error: "The order is too large." }, 413) }),
    async (c) => {
      const order = await desk.place(readCart(await readJson(c)));
      return c.json(desk.view(order));
    },
  );
  // Only by its id, which nobody can guess; there is no list of orders.
  app.get("/api/orders/:id", async (c) => {
    const order = await book.byId(c.req.param("id"));
    return order === undefined ? c.json({ error: "There is no such order." }, 404) : c.json(desk.view(order));
  });
  extension?.routes(app);

  const shop = readFileSync(join(pages, "index.html"), "utf8");
  const order = readFileSync(join(pages, "order.html"), "utf8");
  app.get("/", (c) => page(c, shop));
  app.get("/orders/:id", (c) => page(c, order.replace("<!--extension-->", extension?.orderHtml ?? "")));
  app.use("/assets/*", serveStatic({ root: pages, onFound: (path, c) => cacheAsset(path, c) }));
  app.get("/favicon.svg", serveStatic({ root: pages }));

  app.notFound((c) => c.json({ error: "There is nothing here." }, 404));
  app.onError((error, c) => answerError(error, c, log));
  return app;
}

function securityHeaders(sequencerUrl: string) {
  const sequencer = new URL(sequencerUrl).origin;
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      // `http` becomes `ws`, and `https` becomes `wss`.
      connectSrc: ["'self'", sequencer, sequencer.replace(/^http/, "ws")],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    // The address of an order opens it: no other site learns it.
    referrerPolicy: "no-referrer",
    xFrameOptions: "DENY",
    // Whoever ends TLS before this server says it.
    strictTransportSecurity: false,
  });
}

function page(c: Context, html: string): Response {
  c.header("cache-control", "no-cache");
  return c.html(html) as Response;
}

/** Names with a hash never change what they hold. */
function cacheAsset(path: string, c: Context): void {
  const isHashed = /-[\w-]{8}\.\w+$/.test(path);
  c.header("cache-control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
}

async function readJson(c: Context): Promise<unknown> {
  // A form of another site cannot send this type without asking first, and it is never allowed.
  if (!/^application\/json(;|$)/i.test(c.req.header("content-type") ?? ""))
    throw new HTTPException(415, { message: "Orders are sent as application/json." });
  try {
    return await c.req.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new CartError("The order is not JSON.");
    throw error;
  }
}

function answerError(error: Error, c: Context, log: (line: string) => void): Response {
  if (error instanceof CartError) return c.json({ error: error.message }, 400);
  if (error instanceof OrderKeyError)
    return c.json({ error: "This order was made with another basket." }, 409);
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  if (error instanceof CodeIntentsError) {
    log(`the sequencer: ${error.code}: ${error.message}`);
    if (!error.retryable) return c.json({ error: "This order cannot be paid. Please contact us." }, 502);
    c.header("retry-after", "2");
    return c.json({ error: "Payments do not answer just now. Please try again." }, 503);
  }
  // The name alone: messages of a database may hold what it stores.
  log(`failed: ${error.name}`);
  return c.json({ error: "Something went wrong here. Please try again." }, 500);
}
