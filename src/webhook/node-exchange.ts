import { InputError } from "../errors.js";
import type { ByteReader } from "./body.js";
import { bytesOf } from "./bytes-of.js";
import type { Answer } from "./delivery.js";
import { bodyUnavailable, type Incoming, isWebhookRequest, iteratorReader } from "./incoming.js";
import type { ServerKind } from "./raw-body.js";
import { describeConverted } from "./token-form.js";

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
  readonly headersSent?: boolean;
  readonly writableEnded?: boolean;
  /** Called before `end`. */
  setHeader(name: string, value: string): unknown;
  /** Notifies once the response is handed to the operating system. */
  once?(event: "finish", listener: () => void): unknown;
  /** Sends the response. */
  end(body: string): unknown;
}

/** The parts of a Fastify request that this package uses. */
export interface FastifyWebhookRequest
  extends Pick<NodeWebhookRequest, "method" | "url" | "originalUrl" | "headers" | "body" | "rawBody"> {
  /** The request of `node:http`, from which an unread body is read. */
  readonly raw: NodeWebhookRequest;
}

/** The parts of a Fastify reply that this package uses. */
export interface FastifyWebhookReply {
  /** Whether a response was sent, or `hijack` was called. */
  readonly sent: boolean;
  /** The response of `node:http`. */
  readonly raw?: NodeWebhookResponse;
  /** Sets the status. */
  code(status: number): unknown;
  /** Sets a header. */
  header(name: string, value: string): unknown;
  /** Sends the response. */
  send(body: string): unknown;
}

/** The parts of Koa's `ctx` that this package uses. */
export interface KoaWebhookContext {
  /** The request of `node:http`, from which an unread body is read. */
  readonly req: NodeWebhookRequest;
  /** The response of `node:http`. */
  readonly res: NodeWebhookResponse;
  /** Koa's request. A body parser sets its `body`, and some also its `rawBody`. */
  readonly request: object;
  readonly originalUrl?: string | undefined;
  /** `false` if Koa does not send the response. */
  readonly respond?: boolean | undefined;
  status: number;
  body: unknown;
  /** Sets a header. */
  set(name: string, value: string): unknown;
}

/** A request, and the reply to respond with. */
export interface Exchange {
  readonly incoming: Incoming;
  /** Whether a response was already sent. */
  sent(): boolean;
  /** Sends the response. Returns the value that the framework awaits. */
  respond(answer: Answer, headers: Readonly<Record<string, string>>): unknown;
}

/**
 * Recognizes the request and the reply that a server passed to a handler: `(req, res)` of `node:http` or
 * Express, `(request, reply)` of Fastify, or Koa's `ctx`.
 *
 * @throws InputError `req` or `res`, if they are none of these or a response was already sent. Nothing was
 * read
 */
export function exchangeOf(first: unknown, second: unknown): Exchange {
  const exchange = isKoaContext(first) ? koaExchange(first) : pairExchange(first, second);
  if (exchange.sent()) {
    throw invalid(
      "res",
      "a response was already sent, or the reply was hijacked. Call the handler before responding, and after reply.hijack() pass " +
        "reply.raw",
    );
  }
  return exchange;
}

function pairExchange(first: unknown, second: unknown): Exchange {
  const request = requireRequest(first);
  const incoming = nodeIncoming(request, second);
  const stop = (): unknown => streamOf(request).destroy?.();
  if (isNodeResponse(second)) return nodeExchange(incoming, second, stop);
  if (isFastifyReply(second)) return fastifyExchange(incoming, second, stop);
  throw invalid("res", `${describe(second, "response")}. ${responseAdvice}`);
}

const responseAdvice =
  "Call handler(req, res) in Express, NestJS and node:http, handler(request, reply) in Fastify, and handler(ctx) in Koa. " +
  "Nothing was verified or fulfilled";

function nodeExchange(incoming: Incoming, res: NodeWebhookResponse, stop: () => unknown): Exchange {
  return {
    incoming,
    sent: () => res.headersSent === true || res.writableEnded === true,
    respond({ status, body }, headers) {
      res.statusCode = status;
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
      endSender(status, res, stop);
      res.end(body);
    },
  };
}

function fastifyExchange(incoming: Incoming, reply: FastifyWebhookReply, stop: () => unknown): Exchange {
  return {
    incoming,
    sent: () => reply.sent === true,
    respond({ status, body }, headers) {
      reply.code(status);
      for (const [name, value] of Object.entries(headers)) reply.header(name, value);
      if (reply.raw !== undefined) endSender(status, reply.raw, stop);
      reply.send(body);
      // Fastify's hooks can still be sending. An async handler that returns the reply waits for them.
      return reply;
    },
  };
}

function koaExchange(ctx: KoaWebhookContext): Exchange {
  const incoming = koaIncoming(ctx);
  const stop = (): unknown => ctx.req.destroy?.();
  // With `ctx.respond = false`, Koa sends nothing.
  if (ctx.respond === false) return nodeExchange(incoming, ctx.res, stop);
  return {
    incoming,
    sent: () => ctx.res.headersSent === true || ctx.res.writableEnded === true,
    respond({ status, body }, headers) {
      ctx.status = status;
      for (const [name, value] of Object.entries(headers)) ctx.set(name, value);
      endSender(status, ctx.res, stop);
      ctx.body = body;
    },
  };
}

// A sender of a body that is too large or too slow would otherwise continue sending.
function endSender(status: number, res: NodeWebhookResponse, stop: () => unknown): void {
  if (status !== 408 && status !== 413) return;
  res.shouldKeepAlive = false;
  res.once?.("finish", stop);
}

type AnyRequest = NodeWebhookRequest | FastifyWebhookRequest;

function streamOf(request: AnyRequest): NodeWebhookRequest {
  return Symbol.asyncIterator in request ? request : request.raw;
}

function nodeIncoming(request: AnyRequest, reply: unknown): Incoming {
  const server = serverOf(request, reply);
  const stream = streamOf(request);
  return {
    server,
    method: request.method,
    url: request.originalUrl ?? request.url ?? "",
    header: (name) => headerOf(request, name),
    body: () => wholeBody(request) ?? streamedBody(stream, request.body, server),
  };
}

function koaIncoming({ req, request, originalUrl }: KoaWebhookContext): Incoming {
  const parsed: Parsed = request;
  return {
    server: "koa",
    method: req.method,
    url: originalUrl ?? req.url ?? "",
    header: (name) => headerOf(req, name),
    body: () => wholeBody(parsed) ?? streamedBody(req, parsed.body, "koa"),
  };
}

function headerOf({ headers }: Pick<AnyRequest, "headers">, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.join(", ");
}

interface Parsed {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

function wholeBody({ body, rawBody }: Parsed): string | Uint8Array | undefined {
  for (const candidate of [rawBody, body]) {
    if (typeof candidate === "string") return candidate;
    const bytes = bytesOf(candidate);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

// A parser that skipped the request leaves its body empty (`{}` or undefined) and the stream unread.
function streamedBody(stream: NodeWebhookRequest, parsed: unknown, server: ServerKind): ByteReader {
  if (stream.readableDidRead !== true && stream.readableEnded !== true) return iteratorReader(stream);
  throw bodyUnavailable(
    server,
    describeConverted(parsed)?.replace("It is", "It left") ?? "Other code has read it",
  );
}

function serverOf(request: AnyRequest, reply: unknown): ServerKind {
  if (isFastifyReply(reply) || "raw" in request) return "fastify";
  return "originalUrl" in request || "body" in request ? "express" : "node";
}

function requireRequest(value: unknown): AnyRequest {
  if (isRecord(value) && isRecord(value.headers) && typeof value.headers.get !== "function") {
    const stream = isRecord(value.raw) && !(Symbol.asyncIterator in value) ? value.raw : value;
    if (typeof (stream as Partial<NodeWebhookRequest>)[Symbol.asyncIterator] === "function") {
      return value as unknown as AnyRequest;
    }
  }
  throw invalid("req", `${describe(value, "request")}. ${responseAdvice}`);
}

function isNodeResponse(value: unknown): value is NodeWebhookResponse {
  return isRecord(value) && has(value, "setHeader", "end");
}

function isFastifyReply(value: unknown): value is FastifyWebhookReply {
  return isRecord(value) && has(value, "code", "header", "send");
}

function isKoaContext(value: unknown): value is KoaWebhookContext {
  return (
    isRecord(value) &&
    has(value, "set") &&
    isRecord(value.request) &&
    isRecord(value.req) &&
    isNodeResponse(value.res)
  );
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}

function has(value: Record<PropertyKey, unknown>, ...methods: string[]): boolean {
  return methods.every((name) => typeof value[name] === "function");
}

/** Names what was passed where a request or response of Node must be. */
function describe(value: unknown, wanted: "request" | "response"): string {
  if (value === undefined || value === null) return `is ${value}, and must be the ${wanted}`;
  if (isWebhookRequest(value)) return "is a Request of the Fetch API. Use webhookHandler for it";
  if (!isRecord(value)) {
    return typeof value === "function"
      ? `is a function, and must be the ${wanted}`
      : `is a ${typeof value}, and must be the ${wanted}`;
  }
  if (isRecord(value.req) && isWebhookRequest(value.req.raw)) {
    return "is a context of Hono. Use webhookHandler for it, with c.req.raw";
  }
  if (isRecord(value.ctx) && isKoaContext(value.ctx)) return `is the ${wanted} of Koa. Pass its ctx`;
  if (wanted === "request" && typeof value.body === "string" && "isBase64Encoded" in value) {
    return "is an event of AWS Lambda. Use lambdaWebhookHandler for it";
  }
  return `is not a ${wanted} that this handler can ${wanted === "request" ? "read" : "send"}`;
}

function invalid(field: "req" | "res", problem: string): InputError {
  return new InputError("invalid_option", field, problem);
}
