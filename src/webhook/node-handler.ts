import type { ByteReader } from "./body.js";
import { bytesOf } from "./bytes-of.js";
import { createDelivery, type WebhookHandlerOptions } from "./delivery.js";
import type { WebhookExpect } from "./expectation.js";
import { bodyUnavailable, type Incoming, iteratorReader } from "./incoming.js";

/** The parts of a `node:http` request that this package uses. An Express request fits too. */
export interface NodeWebhookRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express: the full URL, before a router removed its mount path. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Set by a body parser. Text and bytes are accepted. */
  readonly body?: unknown;
  /** Set by some hosts in addition to a parsed `body`. */
  readonly rawBody?: unknown;
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  /** Called when the response comes before the end of the body, to stop the sender. */
  destroy?(): unknown;
}

/** The parts of a `node:http` response that this package uses. An Express response fits too. */
export interface NodeWebhookResponse {
  statusCode: number;
  shouldKeepAlive?: boolean;
  /** Called before `end`. */
  setHeader(name: string, value: string): unknown;
  /** Notifies once the response is handed to the operating system. */
  once(event: "finish", listener: () => void): unknown;
  /** Sends the response. */
  end(body: string): unknown;
}

/**
 * Creates a webhook receiver `(req, res)` for `node:http`, Express and compatible servers. It responds like
 * {@link webhookHandler}.
 *
 * It reads the raw body. If a body parser ran first, it uses the text or the bytes that
 * `express.text({ type: "application/jwt" })` or `express.raw(...)` left in `req.body`. The parser's own
 * limit then applies too. If a parser consumed the body and left neither, the response is 500 and the log
 * says how to mount the route.
 *
 * @throws InputError for invalid options. The returned function never rejects
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { memoryOnceStore, nodeWebhookHandler, PRODUCTION_WEBHOOK_PUBLIC_KEY } from "code-intents/webhook";
 *
 * const handler = nodeWebhookHandler({
 *   publicKey: PRODUCTION_WEBHOOK_PUBLIC_KEY,
 *   expect: async (intentId) => (intentId === order.intentId ? order : undefined),
 *   store: memoryOnceStore(), // in production, one that your processes share
 *   fulfil: async ({ intent }) => orders.save({ intent, paid: true }),
 * });
 * createServer(handler); // Express: app.post("/webhooks/code/:token", handler), before express.json()
 * ```
 */
export function nodeWebhookHandler<Expect extends WebhookExpect>(
  options: WebhookHandlerOptions<Expect>,
): (req: NodeWebhookRequest, res: NodeWebhookResponse) => Promise<void> {
  const deliver = createDelivery(options);
  return async (req, res) => {
    const { status, body } = await deliver(nodeIncoming(req));
    res.statusCode = status;
    res.setHeader("content-type", "text/plain; charset=utf-8");
    res.setHeader("cache-control", "no-store");
    if (status === 405) res.setHeader("allow", "POST");
    // A sender of a body that is too large or too slow would otherwise continue sending.
    if (status === 408 || status === 413) {
      res.shouldKeepAlive = false;
      res.once("finish", () => req.destroy?.());
    }
    res.end(body);
  };
}

/** Adapts a `node:http` request to {@link Incoming}. */
function nodeIncoming(req: NodeWebhookRequest): Incoming {
  return {
    method: req.method,
    url: req.originalUrl ?? req.url ?? "",
    header(name) {
      const value = req.headers[name];
      return typeof value === "string" ? value : value?.join(", ");
    },
    body: () => wholeBody(req) ?? streamedBody(req),
  };
}

function wholeBody({ body, rawBody }: NodeWebhookRequest): string | Uint8Array | undefined {
  for (const candidate of [rawBody, body]) {
    if (typeof candidate === "string") return candidate;
    const bytes = bytesOf(candidate);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

// A parser that skipped the request leaves `req.body` empty (`{}` or undefined) and the stream unread.
function streamedBody(req: NodeWebhookRequest): ByteReader {
  if (req.readableDidRead === true || req.readableEnded === true) {
    throw bodyUnavailable(
      "A body parser consumed it and left no raw text. Mount the webhook route before express.json() and similar parsers, " +
        'or use express.raw({ type: "application/jwt" }) for it. A webhook is a JWT, not JSON',
    );
  }
  return iteratorReader(req);
}
