// A Lambda function that takes orders over HTTP and fulfils them by webhook. It runs behind API Gateway (HTTP
// and REST APIs), a function URL and a load balancer.
import { CodeClient, CodeIntentsError } from "code-intents";
import { lambdaWebhookHandler, PRODUCTION_WEBHOOK_PUBLIC_KEY } from "code-intents/webhook";
import { findOrder, findOrderByIntent, fulfilOnce, placeOrder, registerOrder } from "./orders.mjs";
import { problemOf } from "./problems.mjs";

/** @typedef {import("aws-lambda").APIGatewayProxyEventV2 | import("aws-lambda").APIGatewayProxyEvent | import("aws-lambda").ALBEvent} Event */
/** @typedef {{ statusCode: number, headers: Record<string, string>, body: string }} Result */

const destination = process.env.CODE_DESTINATION ?? "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const code = new CodeClient({ idempotencySecret: process.env.CODE_IDEMPOTENCY_SECRET });

// The signature covers the raw body, which API Gateway sends in base64. The handler decodes it.
const receive = lambdaWebhookHandler({
  publicKey: process.env.CODE_WEBHOOK_PUBLIC_KEY ?? PRODUCTION_WEBHOOK_PUBLIC_KEY,
  expect: findOrderByIntent,
  fulfilOnce: ({ intent }) => fulfilOnce(intent),
});

/**
 * @param {Event} event
 * @returns {Promise<Result>}
 */
export async function handler(event) {
  const path = "rawPath" in event ? event.rawPath : event.path;
  const method = "rawPath" in event ? event.requestContext.http.method : event.httpMethod;
  if (path === "/code-webhook") return receive(event);
  try {
    if (method === "POST" && path === "/orders") return await takeOrder(event);
    if (method === "GET" && path.startsWith("/orders/")) return showOrder(path.slice("/orders/".length));
    return json(404, { error: "not_found" });
  } catch (error) {
    const { status, code, retryAfter } = problemOf(error);
    if (status >= 500 || error instanceof CodeIntentsError) console.error(`HTTP ${status}: ${error}`);
    return json(
      status,
      { error: code },
      retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
    );
  }
}

/** @param {Event} event */
async function takeOrder(event) {
  const { id, product } = Object(parseBody(event));
  // The page creates the id with crypto.randomUUID(), once per cart.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || typeof product !== "string")
    return json(400, { error: "malformed_order" });
  const webhookUrl = `${process.env.PUBLIC_URL}/code-webhook`;
  const order = placeOrder(code, { id, product, destination, webhookUrl });
  await registerOrder(code, order);
  const { intentId, clientSecret, amount, currency, state } = order;
  // The page needs these to rebuild the intent. Anyone who knows the client secret can sign for the intent.
  const shown = { id, intentId, clientSecret, amount, currency, destination: order.destination, state };
  return json(201, shown, { location: `/orders/${id}` });
}

/** @param {string} id */
function showOrder(id) {
  const order = findOrder(id);
  return order === undefined
    ? json(404, { error: "unknown_order" })
    : json(200, { id: order.id, state: order.state });
}

/** @param {Event} event */
function parseBody({ body, isBase64Encoded }) {
  try {
    return JSON.parse(Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8").toString());
  } catch {
    return undefined;
  }
}

/**
 * @param {number} statusCode
 * @param {object} body
 * @param {Record<string, string>} [headers]
 * @returns {Result}
 */
function json(statusCode, body, headers = {}) {
  const always = { "content-type": "application/json", "cache-control": "no-store" };
  return { statusCode, headers: { ...always, ...headers }, body: JSON.stringify(body) };
}
