/** The payment calls of REST v1. */
import { create } from "@bufbuild/protobuf";
import {
  RequestToReceiveBillSchema,
  SendMessageRequestSchema,
  SendMessageResponse_Result,
} from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  RegisterWebhookRequestSchema,
  RegisterWebhookResponse_Result,
} from "../../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import type { SequencerServices } from "../calls/services.js";
import { queryValue } from "../go/query.js";
import { type WebhookUrlRules, webhookUrlProblem } from "../rules/webhook-url.js";
import { base58Of, type JsonResponse, messageOf, RestFailure, type RestRequest, readFields } from "./call.js";

/**
 * Handles POST /v1/createIntent: SendMessage of a payment request, then RegisterWebhook if the body contains
 * a webhook.
 */
export async function createIntent(
  request: RestRequest,
  services: SequencerServices,
  webhookUrls: WebhookUrlRules,
): Promise<JsonResponse> {
  const { webhook, ...body } = await readFields(request, ["intent", "message", "signature", "*webhook"]);
  const rendezvous = base58Of(body.intent, 32, "intent is not a public key");
  const signature = base58Of(body.signature, 64, "signature is invalid");
  const value = messageOf(RequestToReceiveBillSchema, body.message);
  if (webhook !== undefined) {
    const problem = await webhookUrlProblem(webhook, webhookUrls, true);
    if (problem !== undefined) throw new RestFailure(400, problem);
  }
  const { result } = await services.sendMessage(
    create(SendMessageRequestSchema, {
      message: { kind: { case: "requestToReceiveBill", value } },
      rendezvousKey: { value: rendezvous },
      signature: { value: signature },
    }),
  );
  if (result !== SendMessageResponse_Result.OK) throw new RestFailure(500, "internal server error");
  if (webhook !== undefined) await registerWebhook(rendezvous, webhook, services);
  return { status: 200, body: { success: true } };
}

/**
 * Registers the webhook. Any other result is a 500 although the request is already stored, as in the real
 * sequencer.
 */
async function registerWebhook(
  rendezvous: Uint8Array,
  url: string,
  services: SequencerServices,
): Promise<void> {
  const { result } = await services.registerWebhook(
    create(RegisterWebhookRequestSchema, { intentId: { value: rendezvous }, url }),
  );
  if (
    result !== RegisterWebhookResponse_Result.OK &&
    result !== RegisterWebhookResponse_Result.ALREADY_REGISTERED
  ) {
    throw new RestFailure(500, "internal server error");
  }
}

/** Handles GET /v1/getStatus. */
export async function getStatus(
  { method, query }: RestRequest,
  services: SequencerServices,
): Promise<JsonResponse> {
  if (method !== "GET") throw new RestFailure(400, "http get expected");
  const intent = queryValue(query, "intent");
  if (intent === undefined) throw new RestFailure(400, "intent query parameter missing");
  const value = base58Of(intent, 32, "intent id is not a public key");
  const { exists, intentSubmitted } = await services.getStatus(
    create(GetStatusRequestSchema, { intentId: { value } }),
  );
  const status = intentSubmitted ? "SUBMITTED" : exists ? "PENDING" : "UNKNOWN";
  return { status: 200, body: { success: true, status } };
}
