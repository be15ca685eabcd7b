import { TransportError, UnsupportedError } from "../errors.js";
import type { CreateIntentBody, PaymentIntent } from "../intents/payment-intent.js";
import { toBase58 } from "../lib/bytes.js";
import { CAPABILITIES, type Capabilities } from "./capabilities.js";
import {
  type Attempt,
  type IntentStatus,
  type Sequencer,
  statusOf,
  type WebhookRegistration,
  type WebhookTarget,
} from "./port.js";
import { statusRefusal } from "./refusal.js";
import type { RestAnswer, RestRequest, RestSender } from "./transports/types.js";

/** A sequencer that is reached by REST v1. */
export function restSequencer(baseUrl: string, sender: RestSender): Sequencer {
  return new RestSequencer(baseUrl, sender);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

class RestSequencer implements Sequencer {
  readonly capabilities: Capabilities = CAPABILITIES.rest;
  readonly messages = undefined;
  readonly #root: string;
  readonly #sender: RestSender;

  constructor(baseUrl: string, sender: RestSender) {
    const base = baseUrl.replace(/\/+$/, "");
    this.#root = base.endsWith("/v1") ? base : `${base}/v1`;
    this.#sender = sender;
  }

  async createPaymentIntent(
    intent: PaymentIntent,
    attempt: Attempt,
  ): Promise<WebhookRegistration | undefined> {
    await this.#createIntent(intent.toRestBody(), attempt);
    return intent.webhook === undefined ? undefined : "registered_or_existing";
  }

  /** REST has no such call: the intent is sent again, with the webhook. */
  async registerWebhook(
    { intent }: WebhookTarget,
    url: string,
    attempt: Attempt,
  ): Promise<WebhookRegistration> {
    if (intent === undefined) {
      throw new UnsupportedError(
        "unsupported_by_protocol",
        "REST registers a webhook only together with its intent; pass the PaymentIntent instead of its id",
      );
    }
    await this.#createIntent({ ...intent.toRestBody(), webhook: url }, attempt);
    return "registered_or_existing";
  }

  async getStatus(publicKey: Uint8Array, attempt: Attempt): Promise<IntentStatus> {
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
        throw malformed("no status that is known", 200);
    }
  }

  async close(): Promise<void> {
    this.#sender.close();
  }

  async #createIntent(body: CreateIntentBody, attempt: Attempt): Promise<void> {
    await this.#call(attempt, {
      method: "POST",
      url: `${this.#root}/createIntent`,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async #call(attempt: Attempt, request: Omit<RestRequest, "signal">): Promise<Record<string, unknown>> {
    const headers = { accept: "application/json", ...attempt.headers, ...request.headers };
    return successOf(await this.#sender.send({ ...request, headers, signal: attempt.signal }));
  }
}

/** The body of an answer that says of itself that it is a success; everything else throws. */
function successOf(answer: RestAnswer): Record<string, unknown> {
  const body = parseObject(answer.body);
  if (answer.status !== 200) throw failureOf(answer.status, body);
  if (body === undefined) throw malformed(answer.body.length === 0 ? "empty" : "not a JSON object", 200);
  if (body.success !== true) throw malformed("not marked as a success", 200);
  return body;
}

function failureOf(httpStatus: number, body: Record<string, unknown> | undefined): Error {
  const error = typeof body?.error === "string" ? body.error : "";
  const wrapped = /^rpc error: code = (\w+) desc = ([\s\S]*)$/.exec(error);
  return statusRefusal(httpStatus, wrapped?.[2] ?? error) ?? malformed("no status of REST v1", httpStatus);
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

function malformed(what: string, httpStatus: number): TransportError {
  return new TransportError("malformed_response", {
    message: `The answer (HTTP ${httpStatus}) is ${what}. Check that baseUrl leads to a sequencer's REST v1`,
    httpStatus,
  });
}
