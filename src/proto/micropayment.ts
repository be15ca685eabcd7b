/**
 * `code.micropayment.v1`: the state of an intent, and the registration of its webhook.
 *
 * @example
 * ```ts
 * import { createClient, type Transport } from "@connectrpc/connect";
 * import { MicroPayment } from "code-intents/proto/micropayment";
 *
 * async function isPaid(transport: Transport, intentId: Uint8Array<ArrayBuffer>): Promise<boolean> {
 *   const client = createClient(MicroPayment, transport);
 *   const status = await client.getStatus({ intentId: { value: intentId } });
 *   return status.intentSubmitted;
 * }
 * ```
 *
 * @module
 */
export {
  type GetStatusRequest,
  GetStatusRequestSchema,
  type GetStatusResponse,
  GetStatusResponseSchema,
  MicroPayment,
  type RegisterWebhookRequest,
  RegisterWebhookRequestSchema,
  type RegisterWebhookResponse,
  RegisterWebhookResponse_Result,
  RegisterWebhookResponse_ResultSchema,
  RegisterWebhookResponseSchema,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
