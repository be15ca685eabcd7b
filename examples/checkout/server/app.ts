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

/** Options for {@link createApp}. */
export interface AppOptions {
  readonly book: OrderBook;
  readonly desk: OrderDesk;
  readonly receiveWebhook: (request: Request) => Promise<Response>;
  /** URL of the sequencer for browsers; the only other origin that the page can connect to. */
  readonly browserSequencerUrl: string;
  readonly ordersPerMinute: number;
  /** Output folder of `vite build`. */
  readonly pages: string;
  readonly log: (line: string) => void;
  readonly extension?: AppExtension | undefined;
}

/** An extension, used by the demo; see `demo-wallet.ts`. */
export interface AppExtension {
  readonly routes: (app: Hono) => void;
  /** HTML that replaces `<!--extension-->` in the order page. */
  readonly orderHtml: string;
}

const MAX_BODY_BYTES = 4_096;

export function createApp(options: AppOptions): Hono {
  const { book, desk, receiveWebhook, pages, log, extension } = options;
  const app = new Hono();
  app.use(securityHeaders(options.browserSequencerUrl));

  // Before any body parser: the signature covers the raw body.
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
  // Only by its unguessable id; there is no list of orders.
  app.get("/api/orders/:id", async (c) => {
    const order = await book.byId(c.req.param("id"));
    return order === undefined ? c.json({ error: "Order not found." }, 404) : c.json(desk.view(order));
  });
  extension?.routes(app);

  const shop = readFileSync(join(pages, "index.html"), "utf8");
  const order = readFileSync(join(pages, "order.html"), "utf8");
  app.get("/", (c) => page(c, shop));
  const orderPage = order.replace("<!--extension-->", extension?.orderHtml ?? "");
  // The page itself says that the order is missing.
  app.get("/orders/:id", async (c) =>
    page(c, orderPage, (await book.byId(c.req.param("id"))) === undefined ? 404 : 200),
  );
  app.use("/assets/*", serveStatic({ root: pages, onFound: (path, c) => cacheAsset(path, c) }));
  app.get("/favicon.svg", serveStatic({ root: pages }));

  app.notFound((c) =>
    /\btext\/html\b/.test(c.req.header("accept") ?? "")
      ? page(c, NOT_FOUND, 404)
      : c.json({ error: "Not found." }, 404),
  );
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
    // The URL of an order grants access to it, so do not send it to other sites.
    referrerPolicy: "no-referrer",
    xFrameOptions: "DENY",
    // The proxy that terminates TLS sets it.
    strictTransportSecurity: false,
  });
}

function page(c: Context, html: string, status: 200 | 404 = 200): Response {
  c.header("cache-control", "no-cache");
  return c.html(html, status) as Response;
}

const NOT_FOUND = `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <meta name="viewport" content="width=device-width, initial-scale=1" />
  <title>Page not found · Small Hours</title>
  <h1>Page not found</h1>
  <p>Nothing is at this address. Check the link, or start again in the shop.</p>
  <p><a href="/">Back to the shop</a></p>
</html>
`;

/** Sets the cache headers. A file with a hash in its name never changes. */
function cacheAsset(path: string, c: Context): void {
  const isHashed = /-[\w-]{8}\.\w+$/.test(path);
  c.header("cache-control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
}

async function readJson(c: Context): Promise<unknown> {
  // A cross-site form cannot send this type without a preflight, which always fails.
  if (!/^application\/json(;|$)/i.test(c.req.header("content-type") ?? ""))
    throw new HTTPException(415, { message: "Orders must be sent as application/json." });
  try {
    return await c.req.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new CartError("The order must be valid JSON.");
    throw error;
  }
}

function answerError(error: Error, c: Context, log: (line: string) => void): Response {
  if (error instanceof CartError) return c.json({ error: error.message }, 400);
  if (error instanceof OrderKeyError)
    return c.json({ error: "This order was placed with a different basket." }, 409);
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  if (error instanceof CodeIntentsError) {
    log(`sequencer error: ${error.code}: ${error.message}`);
    if (!error.retryable) return c.json({ error: "This order cannot be paid. Please contact us." }, 502);
    c.header("retry-after", "2");
    return c.json({ error: "Payments are unavailable right now. Please try again." }, 503);
  }
  // Only the name: a database error message can contain stored data.
  log(`request failed: ${error.name}`);
  return c.json({ error: "Something went wrong. Please try again." }, 500);
}
