import { bytesOf } from "./bytes-of.js";
import { isWebhookRequest } from "./incoming.js";
import { rawBodyAdvice } from "./raw-body.js";
import { describeConverted } from "./token-form.js";

/**
 * Describes a value that is not the webhook that a function needs, and what to pass instead. Recognizes the
 * requests and contexts of frameworks, events of AWS Lambda, and converted bodies. Ends with a full stop.
 */
export function describeInput(input: unknown): string {
  if (input === undefined || input === null || input === "") {
    const what = input === "" ? "is empty" : `is ${input}`;
    return `${what}: most often, no body parser has run for application/jwt. ${rawBodyAdvice(undefined)}.`;
  }
  if (typeof input !== "object") return `is a ${typeof input}.`;
  if (isWebhookRequest(input))
    return "is a Request of the Fetch API. Pass it to webhookHandler or verifyWebhook.";
  return named(input) ?? bodyOf(input);
}

function named(input: object): string | undefined {
  const { req, request, raw, headers, then, getReader, isBase64Encoded } = input as Record<string, unknown>;
  if (typeof then === "function") return "is a promise. Await it.";
  if (isWebhookRequest(partOf(req, "raw"))) return "is a context of Hono. Pass c.req.raw.";
  if (isWebhookRequest(raw)) return "is a request of Hono. Pass c.req.raw.";
  if (isWebhookRequest(request)) return "is an event or a context that contains a Request. Pass its request.";
  if (typeof isBase64Encoded === "boolean") {
    return `is an event of AWS Lambda. Use lambdaWebhookHandler. With verifyWebhook: ${rawBodyAdvice("lambda")}.`;
  }
  if (isObject(req) && isObject(request)) return "is the ctx of Koa. Use nodeWebhookHandler: handler(ctx).";
  if (isObject(raw) && isObject(headers)) {
    return "is a request of Fastify. Use nodeWebhookHandler: handler(request, reply).";
  }
  if (isObject(headers) && Symbol.asyncIterator in input) {
    return "is a request of node:http, Express or NestJS. Use nodeWebhookHandler: handler(req, res).";
  }
  if (typeof getReader === "function" || Symbol.asyncIterator in input) {
    return "is a stream. Pass the Request, or the body after reading it to its end.";
  }
  return undefined;
}

function bodyOf(input: object): string {
  if (input instanceof ArrayBuffer) return "is an ArrayBuffer. Pass new Uint8Array(buffer).";
  if (bytesOf(input) !== undefined) return "is bytes without a request.";
  const converted = describeConverted(input);
  if (converted === undefined) return "is an object.";
  return `${converted.replace("It is", "is")}. ${rawBodyAdvice(undefined)}.`;
}

function partOf(value: unknown, name: string): unknown {
  return isObject(value) ? (value as Record<string, unknown>)[name] : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
