import { base64urlnopad } from "@scure/base";
import { TransportError, UnsupportedError } from "../errors.js";
import type { Intent } from "../intents/intent.js";
import { type CreateIntentBody, PaymentIntent } from "../intents/payment-intent.js";
import { fromBase58, toBase58 } from "../lib/bytes.js";
import { CAPABILITIES, type Capabilities } from "./capabilities.js";
import {
  type CallContext,
  type IntentStatus,
  type LoggedInUser,
  type Sequencer,
  statusOf,
  type UserIdRequest,
  type WebhookRegistration,
  type WebhookTarget,
} from "./port.js";
import { errorOfHttpStatus } from "./status-error.js";
import type { HttpClient, HttpRequest, HttpResponse } from "./transports/types.js";

/** Returns a sequencer that is called over REST v1. */
export function restSequencer(baseUrl: string, httpClient: HttpClient): Sequencer {
  return new RestSequencer(baseUrl, httpClient);
}

const USER_ID_LENGTH = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true });

class RestSequencer implements Sequencer {
  readonly capabilities: Capabilities = CAPABILITIES.rest;
  readonly messages = undefined;
  readonly #root: string;
  readonly #httpClient: HttpClient;

  constructor(baseUrl: string, httpClient: HttpClient) {
    const base = baseUrl.replace(/\/+$/, "");
    this.#root = base.endsWith("/v1") ? base : `${base}/v1`;
    this.#httpClient = httpClient;
  }

  async register(intent: Intent, attempt: CallContext): Promise<WebhookRegistration | undefined> {
    await this.#createIntent(bodyOf(intent), attempt);
    return intent.webhook === undefined ? undefined : "registered_or_existing";
  }

  /** REST has no such call, so the intent is sent again with the webhook. */
  async registerWebhook(
    { intent }: WebhookTarget,
    url: string,
    attempt: CallContext,
  ): Promise<WebhookRegistration> {
    if (intent === undefined) {
      throw new UnsupportedError(
        "unsupported_by_protocol",
        "REST registers a webhook only together with its intent; pass the PaymentIntent instead of its id",
      );
    }
    await this.#createIntent({ ...bodyOf(intent), webhook: url }, attempt);
    return "registered_or_existing";
  }

  async getStatus(publicKey: Uint8Array, attempt: CallContext): Promise<IntentStatus> {
    const url = `${this.#root}/getStatus?intent=${toBase58(publicKey)}`;
    const { status } = await this.#call(attempt, { method: "GET", url, headers: {} });
    switch (status) {
      case "SUBMITTED":
        return statusOf(true, undefined, true);
      case "PENDING":
        return statusOf(true, undefined, false);
      case "UNKNOWN":
        return statusOf(false, undefined, false);
      default:
        throw malformedResponse("has an unknown status", 200);
    }
  }

  async getUserId(
    { publicKey, message, signature }: UserIdRequest,
    attempt: CallContext,
  ): Promise<LoggedInUser> {
    const { user } = await this.#post("getUserId", attempt, {
      intent: toBase58(publicKey),
      message: base64urlnopad.encode(message),
      signature: toBase58(signature),
    });
    if (user === undefined) return { userId: undefined };
    if (typeof user !== "string" || fromBase58(user)?.length !== USER_ID_LENGTH)
      throw malformedResponse("has a user that is not a public key", 200);
    return { userId: user };
  }

  async close(): Promise<void> {
    this.#httpClient.close();
  }

  async #createIntent(body: CreateIntentBody, attempt: CallContext): Promise<void> {
    await this.#post("createIntent", attempt, body);
  }

  #post(call: string, attempt: CallContext, body: object): Promise<Record<string, unknown>> {
    return this.#call(attempt, {
      method: "POST",
      url: `${this.#root}/${call}`,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async #call(attempt: CallContext, request: Omit<HttpRequest, "signal">): Promise<Record<string, unknown>> {
    const headers = { accept: "application/json", ...attempt.headers, ...request.headers };
    return successOf(await this.#httpClient.send({ ...request, headers, signal: attempt.signal }));
  }
}

function bodyOf(intent: Intent): CreateIntentBody {
  if (intent instanceof PaymentIntent) return intent.toRestBody();
  throw new UnsupportedError(
    "unsupported_by_protocol",
    "REST registers payments only, with or without a login; use another protocol for a login alone",
  );
}

/** Returns the body of a response that is marked as a success. Throws for any other. */
function successOf(answer: HttpResponse): Record<string, unknown> {
  const body = parseObject(answer.body);
  if (answer.status !== 200) throw failureOf(answer, body);
  if (body === undefined)
    throw malformedResponse(answer.body.length === 0 ? "is empty" : "is not a JSON object", 200);
  if (body.success !== true) throw malformedResponse("is not marked as a success", 200);
  return body;
}

function failureOf(
  { status: httpStatus, retryAfterMs }: HttpResponse,
  body: Record<string, unknown> | undefined,
): Error {
  const error = typeof body?.error === "string" ? body.error : "";
  const wrapped = /^rpc error: code = (\w+) desc = ([\s\S]*)$/.exec(error);
  return (
    errorOfHttpStatus(httpStatus, wrapped?.[2] ?? error, { retryAfterMs }) ??
    malformedResponse("has a status that REST v1 does not use", httpStatus)
  );
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function malformedResponse(what: string, httpStatus: number): TransportError {
  return new TransportError("malformed_response", {
    message: `The response (HTTP ${httpStatus}) ${what}. Check that baseUrl leads to a sequencer's REST v1`,
    httpStatus,
  });
}
