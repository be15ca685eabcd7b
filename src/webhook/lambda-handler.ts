import { InputError } from "../errors.js";
import { createDelivery, type WebhookHandlerOptions } from "./delivery.js";
import { describeInput } from "./describe-input.js";
import type { WebhookExpect } from "./expectation.js";
import { bodyUnavailable, type Incoming } from "./incoming.js";
import { describeConverted } from "./token-form.js";

/**
 * The parts of an AWS Lambda event that this package uses. Events of API Gateway (HTTP and REST APIs), of
 * function URLs and of Application Load Balancers fit.
 */
export interface LambdaWebhookEvent {
  /** The body, in base64 if `isBase64Encoded`. */
  readonly body?: string | null | undefined;
  /** API Gateway sets it for content types that it treats as binary, such as `application/jwt`. */
  readonly isBase64Encoded?: boolean | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined;
  /** Load balancers send only these if multi-value headers are enabled. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
  /** REST APIs and load balancers. */
  readonly httpMethod?: string | undefined;
  /** REST APIs and load balancers. */
  readonly path?: string | undefined;
  /** HTTP APIs and function URLs. */
  readonly rawPath?: string | undefined;
  /** HTTP APIs and function URLs: `http.method`. */
  readonly requestContext?: unknown;
}

/** The response of a Lambda function to API Gateway, a function URL or a load balancer. */
export interface LambdaWebhookResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  /** Set if the event has only multi-value headers, because a load balancer then ignores `headers`. */
  readonly multiValueHeaders?: Record<string, string[]>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/**
 * Creates a webhook receiver for AWS Lambda behind API Gateway (HTTP and REST APIs), a function URL or an
 * Application Load Balancer. It responds like {@link webhookHandler}.
 *
 * It decodes bodies in base64 (`isBase64Encoded`). A function keeps no memory between its instances, so use a
 * store or a database that all instances share.
 *
 * @throws InputError for invalid options. The returned function rejects only if its argument is not such an
 * event, with an InputError and before it fulfils
 * @example
 * ```ts
 * import { lambdaWebhookHandler, type OnceStore, PRODUCTION_WEBHOOK_PUBLIC_KEY } from "code-intents/webhook";
 *
 * declare const store: OnceStore; // a table that all instances share
 *
 * export const handler = lambdaWebhookHandler({
 *   publicKey: PRODUCTION_WEBHOOK_PUBLIC_KEY,
 *   expect: async (intentId) => (intentId === order.intentId ? order : undefined),
 *   store,
 *   fulfil: async ({ intent }) => orders.save({ intent, paid: true }),
 * });
 * ```
 */
export function lambdaWebhookHandler<Expect extends WebhookExpect>(
  options: WebhookHandlerOptions<Expect>,
): (event: LambdaWebhookEvent) => Promise<LambdaWebhookResult> {
  const deliver = createDelivery(options);
  return async (event) => {
    const result = await deliver(lambdaIncoming(event), ({ status, body }, headers) => ({
      statusCode: status,
      headers: { ...headers },
      ...(hasOnlyMultiValueHeaders(event) ? { multiValueHeaders: multiValue(headers) } : {}),
      body,
      isBase64Encoded: false as const,
    }));
    return result as LambdaWebhookResult;
  };
}

function lambdaIncoming(event: unknown): Incoming {
  if (!isEvent(event)) {
    throw new InputError(
      "invalid_option",
      "event",
      `${describeInput(event)} lambdaWebhookHandler needs an event of API Gateway, a function URL or a load balancer. ` +
        "Nothing was verified or fulfilled",
    );
  }
  return {
    server: "lambda",
    method: event.httpMethod ?? methodOf(event),
    url: event.rawPath ?? event.path ?? "",
    header: (name) => headerOf(event, name),
    body: () => bodyOf(event),
  };
}

function isEvent(event: unknown): event is LambdaWebhookEvent {
  if (typeof event !== "object" || event === null || "readable" in event) return false;
  const { httpMethod, headers, multiValueHeaders } = event as LambdaWebhookEvent;
  const hasHeaders = [headers, multiValueHeaders].some(
    (value) => typeof value === "object" && value !== null,
  );
  return hasHeaders && typeof (httpMethod ?? methodOf(event)) === "string";
}

function methodOf({ requestContext }: LambdaWebhookEvent): string | undefined {
  return (requestContext as { readonly http?: { readonly method?: string } } | null | undefined)?.http
    ?.method;
}

// REST APIs keep the sender's spelling of header names.
function headerOf({ headers, multiValueHeaders }: LambdaWebhookEvent, name: string): string | undefined {
  const find = <Value>(values: Readonly<Record<string, Value>> | null | undefined): Value | undefined =>
    Object.entries(values ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
  return find(headers) ?? find(multiValueHeaders)?.join(", ");
}

function bodyOf(event: LambdaWebhookEvent): string | Uint8Array | undefined {
  const body: unknown = event.body;
  if (body === undefined || body === null || body === "") return undefined;
  if (typeof body !== "string") {
    const found = describeConverted(body)?.replace("It is", "A middleware replaced it with");
    throw bodyUnavailable("lambda", found ?? `event.body is a ${typeof body}`);
  }
  if (event.isBase64Encoded !== true) return body;
  try {
    return Uint8Array.from(globalThis.atob(body), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw bodyUnavailable(
      "lambda",
      "event.isBase64Encoded is true, but a middleware has decoded the body",
      cause,
    );
  }
}

function hasOnlyMultiValueHeaders({ headers, multiValueHeaders }: LambdaWebhookEvent): boolean {
  return (headers ?? undefined) === undefined && (multiValueHeaders ?? undefined) !== undefined;
}

function multiValue(headers: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}
