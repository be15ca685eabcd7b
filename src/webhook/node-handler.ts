import type { ByteReader } from "./body.js";
import { bytesOf } from "./bytes-of.js";
import { createDelivery, type WebhookHandlerOptions } from "./delivery.js";
import type { WebhookExpect } from "./expectation.js";
import { bodyUnavailable, type Incoming, iteratorReader } from "./incoming.js";

/** The part of a `node:http` request that is used; Express's fits too. */
export interface NodeWebhookRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express: the URL before a router cut its own part off. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Left by a body parser: text and bytes are taken. */
  readonly body?: unknown;
  /** Left by some hosts beside a parsed `body`. */
  readonly rawBody?: unknown;
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  /** Called where the answer comes before the end of the body, so that the sender stops. */
  destroy?(): unknown;
}

/** The part of a `node:http` response that is used; Express's fits too. */
export interface NodeWebhookResponse {
  statusCode: number;
  shouldKeepAlive?: boolean;
  /** Called before `end`. */
  setHeader(name: string, value: string): unknown;
  /** Told once the answer is handed to the system. */
  once(event: "finish", listener: () => void): unknown;
  /** Sends the answer. */
  end(body: string): unknown;
}

/**
 * A webhook receiver for `node:http`, Express and what resembles them: `(req, res)`. It answers as `webhookHandler`.
 *
 * It reads the raw body itself. Where a body parser was first, it takes the text or the bytes that
 * `express.text({ type: "application/jwt" })` or `express.raw(...)` left in `req.body`; the parser's own limit applies
 * then. Where a parser consumed the body and left neither, the answer is 500, and the log says what to mount.
 *
 * @throws InputError for options that cannot be used. The returned function never rejects
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
    // Whoever sent too much or too slowly would otherwise go on sending.
    if (status === 408 || status === 413) {
      res.shouldKeepAlive = false;
      res.once("finish", () => req.destroy?.());
    }
    res.end(body);
  };
}

/** A `node:http` request as {@link Incoming}. */
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

// A parser that skipped the request leaves `req.body` empty (`{}` or nothing) and the stream untouched.
function streamedBody(req: NodeWebhookRequest): ByteReader {
  if (req.readableDidRead === true || req.readableEnded === true) {
    throw bodyUnavailable(
      "A body parser took it and left no raw text: mount the webhook's route before express.json() and the like, " +
        'or give it express.raw({ type: "application/jwt" }). A webhook is a JWT, not JSON',
    );
  }
  return iteratorReader(req);
}
